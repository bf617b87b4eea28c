// Neurons: for one query and all keys, how the weights come about: q, k and q × k per dimension, then number by number.
// Query and key of one head are sent when this pane asks for them; only rows in sight exist as nodes.

const NEURONS = { row: 26, stacked: 74, more: 20, number: 58, weight: 94, gap: 10, foot: 64 };

class NeuronsPane {
  constructor(bench) {
    this.bench = bench;
    this.listed = 3;
    [this.strongest, this.dimension, this.at, this.rows] = [true, null, null, new Map()];
    this.order = segmented("Order of keys", [{ name: "weight", title: "strongest first" }, { name: "text", title: "text order" }],
      (name) => this.sort(name), true);
    this.ramp = el("canvas", { width: 96, height: 10, ariaHidden: "true" });
    this.legend = el("span", { className: "control cap" }, THEME.minus, this.ramp, "+", (this.scales = span("wrap")));
    this.picker = el("select", { "aria-label": "Query", onchange: () => this.pick() });
    this.words = el("div", { className: "n-words", hidden: true, role: "status" });
    this.formula = el("div", { className: "n-formula" });
    this.check = el("div", { className: "n-check cap" });
    this.queryStrip = el("canvas", { ariaHidden: "true" });
    this.heading = el("div", { className: "n-row n-heading" });
    this.spacer = el("div", { className: "n-spacer", role: "rowgroup" });
    this.scroller = el("div", { className: "n-scroller", tabIndex: -1, role: "grid" }, this.spacer);
    this.sink = el("div", { className: "n-sink cap" });
    this.readout = el("div", { className: "n-readout" });
    this.marks = Array.from({ length: 3 }, () => el("i", { className: "n-mark", hidden: true }));
    this.body = el("div", { className: "n-body" }, this.heading, this.scroller, this.sink, this.readout);
    this.element = el("div", { className: "neurons" }, this.words, this.formula, this.check, this.body);
    this.listen();
  }

  listen() {
    this.scroller.addEventListener("scroll", () => this.showRows());
    this.body.addEventListener("pointermove", (event) => this.over(event));
    this.body.addEventListener("pointerleave", () => this.leave());
    this.scroller.addEventListener("click", () => this.parts && this.bench.pin({ side: "query", index: this.query }));
    this.scroller.addEventListener("focusin", (event) => {
      if (event.target.matches(":focus-visible")) this.mark(Number(event.target.dataset.key), this.dimension);
    });
    this.scroller.addEventListener("focusout", () => this.leave());
    this.scroller.addEventListener("keydown", (event) => this.key(event));
  }

  get controls() { return [this.order.element, this.legend]; }
  weaker(share, n) { return `${share} on ${n} weaker ${this.bench.payload.things(n)}`; }

  // What the server is to be asked for: the head in focus, and the pinned query where rows come one at a time.
  get needs() {
    const { payload: { header }, state } = this.bench;
    const { layer, head, tile } = state.head;
    if (tile) return null;
    const there = header.neurons;
    if (!there || there.head[0] !== layer || there.head[1] !== head) {
      return `${layer}.${head}` + (state.pinned && state.active.side === "query" ? `.${state.active.index}` : "");
    }
    if (there.query === undefined || !state.pinned || state.active.side !== "query") return null;
    return there.query === state.active.index ? null : `${layer}.${head}.${state.active.index}`;
  }

  // ---- Data

  read() {
    const { payload, state } = this.bench;
    if (this.known !== payload) [this.known, this.all] = [payload, payload.header.neurons ? new HeadParts(payload) : null];
    const fits = this.all && sameHead(this.all.head, state.head);
    this.parts = fits && !this.all.why ? this.all : null;
    return fits;
  }

  // Why there is no picture, in a sentence.
  missing(fits) {
    const { live, state } = this.bench;
    const name = longName(state.head);
    if (state.head.tile) return [strong(`${name}: `), "several heads at once have no query and no key. Choose one head to see where its weights come from."];
    if (fits) return [strong(`${name}: `), this.all.why];
    if (live) return [`Reading query and key of ${name.toLowerCase()} …`];
    if (!this.all) return ["This file was written without queries and keys."];
    return ["This file holds query and key of ", strong(longName(this.all.head).toLowerCase()), " only, not of ", name.toLowerCase(), "."];
  }

  // The query: the active token, or the one before if that is a key now; in a long text the one that was sent.
  get query() {
    const { active } = this.bench.state;
    if (this.parts?.query !== null && this.parts) return this.parts.query;
    if (active.side === "query") this.latest = active.index;
    if (!(this.latest < this.bench.payload.queries.length)) this.latest = startToken(this.bench.payload, this.bench.state).index;
    return this.latest;
  }

  // ---- Sizes

  layout(width, room) {
    [this.width, this.room] = [width, room];
  }

  // What stands over and under the rows, in pixels, and the room in which the rows need not scroll.
  get around() { return [this.heading, this.formula, this.check, this.sink].reduce((sum, node) => sum + node.offsetHeight, NEURONS.foot); }
  get whole() { return this.parts ? this.around + this.sorted.length * this.row : 0; }

  // Columns of numbers: [name, title, what it is, numbers of a row].
  columns() {
    const { parts } = this;
    const capped = parts.softcap !== null;
    return [
      ["dot", "q · k", "the sum of q × k over all dimensions"],
      ...(parts.scales ? [["scaled", "× scale", `times ${few(parts.scale)}`]] : []),
      ...(capped ? [["capped", "capped", `held between ${THEME.minus}${few(parts.softcap)} and ${few(parts.softcap)} by tanh`]] : []),
      ...(parts.bias ? [parts.pieces ? ["bias", "+ bias", "what the model adds by position"]
        : ["bias", "+ rest", "scale, position and whatever else comes between"]] : []),
      ["score", "= score", "what the softmax is taken of"],
    ];
  }

  measure() {
    const { payload } = this.bench;
    const shownColumns = this.columns();
    const longest = Math.max(...Array.from(payload.keys.labels.slice(0, 500), (label) => [...shown(label)].length));
    const label = Math.max(92, Math.min(130, 14 + 8 * longest));
    const free = this.width - 14 - label - NEURONS.weight - shownColumns.length * NEURONS.number - (3 + shownColumns.length) * NEURONS.gap;
    this.stacked = free / 2 < 84;
    const strip = this.stacked ? (this.width - 24) / 2 : Math.min(240, free / 2);
    this.fold = foldOf(this.parts.d, strip);
    this.numbers = shownColumns;
    this.row = this.stacked ? NEURONS.stacked + (shownColumns.length > 3 ? NEURONS.more : 0) : NEURONS.row;
    this.body.style.setProperty("--n-row", `${this.row}px`);
    const places = shownColumns.map(() => `${NEURONS.number}px`).join(" ");
    this.body.style.setProperty("--n-columns", `${label}px ${this.fold.width}px ${this.fold.width}px ${places} minmax(${NEURONS.weight}px,1fr)`);
    this.body.style.setProperty("--n-strip", `${this.fold.width}px`);
    this.body.classList.toggle("stacked", this.stacked);
  }

  // ---- Drawing

  draw() {
    const fits = this.read();
    this.body.hidden = this.formula.hidden = this.check.hidden = !this.parts;
    this.words.hidden = Boolean(this.parts);
    this.legend.style.visibility = this.parts ? "" : "hidden";
    this.order.set(this.strongest ? "weight" : "text");
    if (!this.parts) return this.sayMissing(fits);
    this.formula.textContent = formulaWords(this.parts);
    this.check.textContent = checkWords(this.parts) + this.partly();
    this.check.classList.toggle("wrong", this.parts.check > 1e-5);
    rampBar(this.ramp, this.bench.theme, this.bench.theme.change);
    this.measure();
    this.fillPicker();
    this.drawn = null;
    return this.point();
  }

  sayMissing(fits) {
    fill(this.words, this.missing(fits));
    this.words.style.minHeight = `${this.room}px`;
    if (!this.bench.live && this.all && !fits) {
      const { head } = this.all;
      this.words.append(el("div", {}, pressable("button", `Show ${headName(head)}`, () => this.bench.choose([head]))));
    }
  }

  partly() {
    const { parts, bench: { live, payload } } = this;
    if (parts.query === null) return "";
    const all = thousands(payload.queries.length);
    return `. All ${all} queries would be more than 4 MB: only this one was sent` + (live ? "; pin another to read it." : ".");
  }

  fillPicker() {
    const { payload, state } = this.bench;
    const name = `${payload.id} ${state.hideSinks} ${state.pair} ${this.parts.query}`;
    if (this.picked === name) return;
    this.picked = name;
    const only = this.bench.live ? null : this.parts.query;
    const queries = payload.queries.labels.map((label, index) => ({ label, index }))
      .filter(({ index }) => (only === null || index === only) && !hiddenAs(payload, state).query[index]);
    this.picker.replaceChildren(...queries.map(({ label, index }) =>
      el("option", { value: String(index), textContent: `${index} ${shorten(shown(label), 24)}` })));
  }

  point() {
    if (!this.parts) return;
    const { query } = this;
    const { state, theme } = this.bench;
    const name = `${query} ${this.strongest}`;
    if (this.drawn !== name) this.drawAll(query);
    this.drawn = name;
    const cell = state.cell && state.cell.q === query ? state.cell.k : null;
    this.mark(cell ?? (state.active.side === "key" ? state.active.index : this.at), this.dimension, false);
    this.picker.value = String(query);
    this.body.style.setProperty("--n-head", theme.heads[state.focus]);
  }

  drawAll(query) {
    const { parts, bench: { theme, payload } } = this;
    this.values = parts.row(query);
    this.sorted = keyOrder(this.values, this.strongest);
    this.placeOf = new Map(this.sorted.map((k, place) => [k, place]));
    const { score, dot, scaled, bias, taken } = this.values;
    this.places = { dot: placesFor(dot), rest: Math.min(placesFor(scaled), placesFor(bias)) };
    this.drawHeading();
    this.spacer.style.height = `${this.sorted.length * this.row}px`;
    this.scroller.ariaRowCount = String(this.sorted.length);
    this.scroller.ariaLabel = `Keys of “${shown(payload.queries.labels[query])}”, ${this.strongest ? "strongest first" : "in text order"}`;
    this.sink.hidden = parts.sink === null;
    this.sink.textContent = parts.sink === null ? "" : `The learnt sink takes ${weightWords(taken)} of the weight: it goes to no key.`;
    const least = this.stacked ? 400 : 182;
    this.scroller.style.height = `${Math.min(this.sorted.length * this.row, Math.max(least, this.room - this.around))}px`;
    this.scales.textContent = `sqrt scale: q to ${few(this.values.mostQ)}, k to ${few(parts.most)}, q × k to ${few(this.values.mostProduct)}`;
    const masked = score.reduce((n, value) => n + Number.isNaN(value), 0);
    if (this.at === null || !(this.at < score.length) || masked === score.length) this.at = this.sorted[0];
    const held = this.scroller.contains(this.scroller.getRootNode().activeElement);
    for (const { element } of this.rows.values()) element.remove();
    this.rows.clear();
    this.showRows();
    if (held) this.focusRow(this.at);
    drawStripOf(this.queryStrip, this.fold, parts.d, (d) => parts.vector(query)[d], this.values.mostQ, theme, theme.pixel("page"));
  }

  // The query's vector over the keys' column, and what each column is.
  drawHeading() {
    const name = `${this.bench.payload.id} ${this.numbers.length} ${this.stacked}`;
    if (this.heading.dataset.for === name) return;
    this.heading.dataset.for = name;
    const title = (text, more, className) => el("span", { className: `cap ${className}`, title: more, textContent: text });
    const columns = this.numbers.map(([, text, more]) => title(text, more, "n-number"));
    const words = [title("query", "the token that reads", "n-name"), title("q, below it k", "one cell per dimension", "n-vector"),
      title(`q × k, ${thousands(this.parts.d)} dimensions`, "query times key in each dimension", "n-product")];
    const more = this.stacked ? [] : [...columns, title("weight", "softmax of the scores", "n-weight")];
    this.heading.replaceChildren(...words, ...more, this.picker, el("span", { className: "n-strip" }, this.queryStrip));
  }

  showRows() {
    if (!this.parts || !this.values) return;
    const { scrollTop, clientHeight } = this.scroller;
    const first = Math.max(0, Math.floor(scrollTop / this.row) - 2);
    const wanted = new Set(this.sorted.slice(first, Math.ceil((scrollTop + clientHeight) / this.row) + 2));
    wanted.add(this.at);
    for (const [k, { element }] of this.rows) {
      if (wanted.has(k)) wanted.delete(k);
      else { element.remove(); this.rows.delete(k); }
    }
    for (const k of wanted) this.addRow(k);
  }

  addRow(k) {
    const { parts, values, bench: { payload, theme } } = this;
    const masked = Number.isNaN(values.score[k]);
    const place = this.placeOf.get(k);
    const [key, product] = [el("canvas", { ariaHidden: "true" }), el("canvas", { ariaHidden: "true" })];
    const [vector, own, ground] = [parts.vector(values.query), parts.key(k), theme.pixel("page")];
    drawStripOf(key, this.fold, parts.d, (d) => own[d], parts.most, theme, ground);
    drawStripOf(product, this.fold, parts.d, (d) => vector[d] * own[d], values.mostProduct, theme, ground);
    const label = el("span", { className: "n-label", title: `${k}: ${payload.keys.labels[k]}` }, el("bdi", { textContent: shown(payload.keys.labels[k]) }));
    const bar = el("i");
    bar.style.width = `${100 * values.weight[k]}%`;
    const weight = el("span", { className: "n-weight" }, el("span", { className: "n-track" }, bar),
      el("b", { textContent: masked ? "masked" : weightWords(values.weight[k]) }));
    const numbers = this.numbers.map(([name, title]) => this.number(name, title, k));
    const element = el("div", { className: masked ? "n-row masked" : "n-row", role: "row", tabIndex: k === this.at ? 0 : -1,
      ariaRowIndex: String(place + 1), ariaLabel: rowWords(payload, parts, values, k) },
    label, el("span", { className: "n-strip" }, key), el("span", { className: "n-strip" }, product),
    ...(this.stacked ? [el("span", { className: "n-numbers" }, ...numbers)] : numbers), weight);
    for (const cell of element.children) cell.role = "gridcell";
    element.dataset.key = k;
    element.style.top = `${place * this.row}px`;
    this.spacer.append(element);
    this.rows.set(k, { element, key, product });
  }

  number(name, title, k) {
    const value = this.values[name][k];
    const masked = Number.isNaN(this.values.score[k]) && (name === "score" || name === "bias");
    const text = masked ? "" : signed(value, name === "dot" ? this.places.dot : this.places.rest);
    return el("span", { className: `n-number n-${name}` }, ...(this.stacked ? [el("small", { textContent: title })] : []), text);
  }

  // ---- What the visitor does

  sort(name) {
    this.strongest = name === "weight";
    this.at = null;
    this.scroller.scrollTop = 0;
    this.draw();
  }

  pick() {
    this.bench.state.pinned = false;
    this.bench.pin({ side: "query", index: Number(this.picker.value) });
  }

  // The row and the dimension that are looked at: framed, named below, and shown by the other panes.
  mark(k, dimension, tell = true) {
    if (!this.values || !(k < this.values.weight.length)) return;
    this.rows.get(this.at)?.element.classList.remove("active");
    [this.at, this.dimension] = [k, dimension];
    if (!this.rows.has(k)) this.addRow(k);
    for (const [other, { element }] of this.rows) element.tabIndex = other === k ? 0 : -1;
    const row = this.rows.get(k);
    row.element.classList.add("active");
    [this.queryStrip, row.key, row.product].forEach((canvas, i) => frameDimension(this.marks[i], canvas, this.fold, dimension));
    fill(this.readout, pairSentence(this.bench.payload, this.parts, this.values, k, dimension));
    if (tell) this.bench.peek({ q: this.values.query, k });
  }

  over(event) {
    if (!this.parts) return;
    const element = event.target.closest(".n-row[data-key]");
    const k = element ? Number(element.dataset.key) : this.at;
    const row = this.rows.get(k);
    const canvas = [this.queryStrip, row?.key, row?.product].find((one) => one === event.target);
    const dimension = canvas ? dimensionAt(event, canvas, this.fold, this.parts.d) : null;
    const same = k === this.at && dimension === this.dimension && this.bench.state.cell?.k === k;
    if (!same && (element || canvas || this.dimension !== null)) this.mark(k, dimension, Boolean(element));
  }

  leave() {
    if (!this.parts) return;
    this.mark(this.at, null, false);
    this.bench.peek(null);
  }

  focusRow(k) {
    const top = this.placeOf.get(k) * this.row;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    if (top + this.row > this.scroller.scrollTop + this.scroller.clientHeight) {
      this.scroller.scrollTop = top + this.row - this.scroller.clientHeight;
    }
    if (!this.rows.has(k)) this.addRow(k);
    this.rows.get(k).element.focus({ preventScroll: true });
  }

  // Up and down through the keys, left and right through the dimensions, Enter pins the query.
  key(event) {
    const { d } = this.parts;
    const place = this.placeOf.get(this.at);
    const last = this.sorted.length - 1;
    const to = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: last }[event.key];
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (to !== undefined) this.moveTo(this.sorted[Math.max(0, Math.min(last, to))]);
    else if (step) this.mark(this.at, this.dimension === null ? (step > 0 ? 0 : d - 1) : (this.dimension + step + d) % d);
    else if (event.key === "Enter" || event.key === " ") this.bench.pin({ side: "query", index: this.query });
    else return;
    event.preventDefault();
  }

  moveTo(k) {
    const { dimension } = this;
    this.mark(k, dimension);
    this.focusRow(k);
    this.mark(k, dimension);
  }

  // The row that is looked at, from the top if there is none.
  reveal() {
    this.scroller.scrollTop = 0;
  }
}

PANES.push({ name: "neurons", title: "Neurons", order: 3, make: (bench) => new NeuronsPane(bench) });
