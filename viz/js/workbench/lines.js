// Lines: queries on the left, keys on the right, a line for each weight that is not under the threshold.
// Only the rows in sight exist as buttons and as lines; the strong lines of the active token lie on a canvas of their own.

const LINES = { head: 24, foot: 30, font: 15 };

class Lines {
  constructor(bench) {
    this.bench = bench;
    this.listed = 3;
    this.headings = ["query", "reads", "weights"].map((name) => el("span", { className: `cap at-${name}` }));
    this.base = el("canvas", { className: "base", "aria-hidden": "true" });
    this.strong = el("canvas", { className: "say strong-lines", role: "img" });
    this.spacer = el("div", { className: "spacer", role: "group", "aria-label": "Tokens: queries left, keys right" });
    this.scroller = el("div", { className: "scroller", tabIndex: -1 }, this.spacer);
    this.nothing = el("div", { className: "nothing", hidden: true });
    this.element = el("div", { className: "lines" }, this.base, this.strong, ...this.headings, this.scroller, this.nothing);
    this.buttons = { query: new Map(), key: new Map() };
    this.scroller.addEventListener("scroll", () => this.scrolled());
    this.spacer.addEventListener("pointermove", (event) => this.over(event));
    this.spacer.addEventListener("click", (event) => this.click(event));
    this.spacer.addEventListener("keydown", (event) => this.key(event));
    this.spacer.addEventListener("focusin", (event) => this.focused(event));
  }

  get controls() { return [this.bench.sinks.element, this.bench.threshold.element]; }
  weaker(share, n) { return n === 1 ? `${share} on 1 weaker token` : `${share} spread over ${n} weaker tokens`; }

  // Positions in each column, the row of each position, and where columns and rows lie.
  layout(width, room) {
    const { payload, state, font } = this.bench;
    const column = (n, out) => Array.from({ length: n }, (_, i) => i).filter((i) => !out(i));
    const special = (i) => hiddenToken(payload, state, i);
    const sink = (k) => state.hideSinks && payload.sink[k] && payload.keys.special[k];
    this.columns = { query: column(payload.queries.length, special), key: column(payload.keys.length, sink) };
    this.rows = {};
    for (const side of ["query", "key"]) {
      this.rows[side] = new Map(this.columns[side].map((position, row) => [position, row]));
    }
    this.place(width, this.labelWidth(`${LINES.font}px ${font}`, width));
    const n = Math.max(1, this.columns.query.length, this.columns.key.length);
    const available = room - LINES.head - LINES.foot;
    const snug = n > 40 ? 22 : 27;
    this.row = n * snug <= available ? Math.min(34, Math.floor(available / n)) : snug;
    this.height = Math.min(n * this.row, available);
    [this.width, this.contentHeight] = [width, n * this.row];
  }

  labelWidth(font, width) {
    const { payload } = this.bench;
    const pen = el("canvas").getContext("2d");
    pen.font = `600 ${font}`;
    let widest = 34;
    for (const label of new Set([...payload.queries.labels, ...payload.keys.labels])) {
      widest = Math.max(widest, pen.measureText(shorten(shown(label), 40)).width);
    }
    return Math.min(Math.ceil(widest) + 13, Math.floor(width * 0.24), 160);
  }

  place(width, label) {
    const wide = width >= 440;
    this.left = label + (wide ? 52 : 2);
    const middle = Math.min(380, Math.max(64, width - this.left - label - (wide ? 190 : 76)));
    this.right = this.left + middle;
    this.bars = this.right + label + 8;
    this.label = label;
    this.barWidth = width - this.bars - 12;
  }

  draw() {
    this.element.style.height = `${LINES.head + this.height + LINES.foot}px`;
    this.scroller.style.cssText = `top:${LINES.head}px;height:${this.height}px`;
    this.spacer.style.height = `${this.contentHeight}px`;
    this.scroller.classList.toggle("long", this.contentHeight > this.height);
    this.base.style.top = `${LINES.head}px`;
    for (const side of ["query", "key"]) {
      for (const button of this.buttons[side].values()) button.remove();
      this.buttons[side].clear();
    }
    this.note();
    this.scrolled();
  }

  // How much is hidden and how many lines are off, in words beside the controls.
  note() {
    const { payload, state, sinks, threshold } = this.bench;
    const sum = lineSums(this.bench, this.columns.query, payload);
    sinks.note.textContent = !state.hideSinks ? "nothing hidden"
      : sum.focusRows ? `${percent(sum.hiddenOfFocus)} of mass hidden` : "";
    const value = (state.threshold / 100).toFixed(2);
    const under = state.threshold ? "" : " under 0.005";
    threshold.note.textContent = sum.off || sum.on
      ? `${value} · ${thousands(sum.off)} ${sum.off === 1 ? "line" : "lines"}${under} off, ${percent(sum.offMass)}` : value;
  }

  get limit() { return Math.max(LEAST_LINE, 20 * this.bench.state.threshold); }

  y(side, position) {
    return (this.rows[side].get(position) + 0.5) * this.row - this.scroller.scrollTop;
  }

  inSight(side, position) {
    const y = this.y(side, position);
    return y > -this.row && y < this.height + this.row;
  }

  scrolled() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      if (!this.element.isConnected) return;
      this.showTokens();
      this.drawBase();
      this.point();
    });
  }

  // A button for each token in sight, and for the active one, which holds the Tab stop.
  showTokens() {
    const { active } = this.bench.state;
    for (const side of ["query", "key"]) {
      const { labels, length } = this.bench.payload[side === "query" ? "queries" : "keys"];
      const wanted = new Set(this.columns[side].filter((position) => this.inSight(side, position)));
      if (active.side === side && active.index < length && this.rows[side].has(active.index)) wanted.add(active.index);
      for (const [position, button] of this.buttons[side]) {
        if (wanted.has(position)) wanted.delete(position);
        else { button.remove(); this.buttons[side].delete(position); }
      }
      for (const position of wanted) this.buttons[side].set(position, this.tokenButton(side, position, labels[position]));
    }
  }

  tokenButton(side, position, label) {
    const button = el("button", { type: "button", className: `token ${side}`, tabIndex: -1, title: label, dir: "auto",
      textContent: shown(label) });
    [button.dataset.side, button.dataset.index] = [side, position];
    const edge = side === "query" ? `right:calc(100% - ${this.left}px)` : `left:${this.right}px`;
    button.style.cssText = `top:${this.rows[side].get(position) * this.row}px;height:${this.row}px;max-width:${this.label}px;${edge}`;
    this.spacer.append(button);
    return button;
  }

  // Stop and restart the hairlines; a long list is drawn in slices, so that the pointer is answered meanwhile.
  drawBase() {
    const strokes = strokeLines(this, prepare(this.base, this.width, this.height));
    this.strokes = strokes;
    this.busy = true;
    const slice = () => {
      if (this.strokes !== strokes) return;
      this.busy = !strokes.next().done;
      if (this.busy) requestAnimationFrame(slice);
    };
    slice();
  }

  point() {
    if (!this.columns) return;
    const { state } = this.bench;
    this.showActive();
    const pen = prepare(this.strong, this.width, LINES.head + this.height + LINES.foot);
    pen.translate(0, LINES.head);
    const found = strongLines(this);
    this.paintTokens(found);
    drawStrong(this, pen, found);
    this.say();
    this.strong.dataset.lines = found.length;
    this.nothing.hidden = found.length > 0 || state.active.side === "key" || !this.explain();
  }

  // Headings over the columns.
  say() {
    const { payload, state } = this.bench;
    const { side, index } = state.active;
    const [query, reads, weights] = this.headings;
    const label = shorten(shown((side === "query" ? payload.queries : payload.keys).labels[index]), 14);
    query.textContent = side === "query" ? "query" : "read by";
    reads.textContent = side === "query" ? "reads" : "key";
    weights.textContent = side === "query" ? `top-5 weights of “${label}”` : "";
    query.style.right = `calc(100% - ${this.left - 6}px)`;
    reads.style.left = `${this.right + 6}px`;
    weights.style.left = `${this.bars}px`;
    weights.hidden = this.barWidth < 130;
  }

  // Which labels stand out: only those whose look changes are touched.
  paintTokens(found) {
    const { payload, state } = this.bench;
    const { side, index } = state.active;
    const other = side === "query" ? "key" : "query";
    const reached = new Set(found.map((line) => line.position));
    const looks = (on, position) => {
      if (on === side && position === index) return state.pinned ? "active pinned" : "active";
      if (on === other) return reached.has(position) ? "reached" : "faint";
      return "";
    };
    for (const on of ["query", "key"]) {
      for (const [position, button] of this.buttons[on]) {
        const bad = on === "query" && payload.bad(state.head, position) ? " bad" : "";
        const name = `token ${on} ${looks(on, position)}${bad}`;
        if (button.className !== name) button.className = name;
        const stop = on === side && position === index ? 0 : -1;
        if (button.tabIndex !== stop) button.tabIndex = stop;
      }
    }
  }

  showActive() {
    const { side, index } = this.bench.state.active;
    if (this.rows[side].has(index) && !this.buttons[side].has(index)) this.showTokens();
  }

  // LOOK's sentence where a query has no line at all, with a way out; false if there is nothing to explain.
  explain() {
    const { payload, state } = this.bench;
    const { index } = state.active;
    const matrix = payload.matrix(state.head);
    if (!matrix || payload.bad(state.head, index) || !this.rows.query.has(index)) return false;
    const { listed: [best], hidden } = readRow(payload, matrix, index, state.hideSinks, 1);
    if (!best || best.half >= this.limit) return false;
    const value = (this.limit / 2000).toFixed(this.limit < 20 ? 3 : 2);
    const lower = Math.floor(best.half / 20);
    const why = hidden >= 1000 ? [` puts ${percentOf(hidden)} on ${sinkWords(payload)}; no other token`] : [" spreads its weight; no token"];
    const words = el("div");
    fill(words, [{ strong: `${longName(state.head)}: ` }, quoted(payload.queries.labels[index]), ...why,
      ` gets ${value} or more. Highest: `, quoted(payload.keys.labels[best.index]), ` ${places2(best.half)}.`]);
    const button = el("button", { type: "button", className: "button", textContent: `Lower threshold to ${(lower / 100).toFixed(2)}`,
      onclick: () => this.bench.set({ threshold: lower }) });
    this.nothing.replaceChildren(words, ...(this.limit > LEAST_LINE && best.half >= LEAST_LINE ? [button] : []));
    const top = LINES.head + Math.min(this.height - 120, Math.max(0, this.y("query", index) - 20));
    this.nothing.style.cssText = `left:${this.left + 12}px;top:${Math.max(LINES.head, top)}px;width:${Math.min(280, this.width - this.left - 24)}px`;
    return true;
  }

  // The token under the pointer: its label, and the free space outside the lines that belongs to it.
  over(event) {
    const at = this.tokenAt(event);
    if (at) this.bench.point(at);
  }

  tokenAt(event) {
    const box = this.spacer.getBoundingClientRect();
    const [x, row] = [event.clientX - box.left, Math.floor((event.clientY - box.top) / this.row)];
    const side = x <= this.left ? "query" : x >= this.right ? "key" : null;
    const index = side === null ? undefined : this.columns[side][row];
    return index === undefined ? null : { side, index };
  }

  click(event) {
    const { side, index } = event.target.dataset;
    const at = side ? { side, index: Number(index) } : this.tokenAt(event);
    if (at) this.bench.pin(at);
  }

  focused(event) {
    const { side, index } = event.target.dataset;
    if (side && event.target.matches(":focus-visible")) this.bench.point({ side, index: Number(index) });
  }

  key(event) {
    const { side, index } = event.target.dataset;
    const move = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: 0, ArrowRight: 0 }[event.key];
    if (move === undefined || !side) return;
    event.preventDefault();
    const on = { ArrowLeft: "query", ArrowRight: "key" }[event.key] ?? side;
    const row = this.rows[side].get(Number(index)) + move;
    const next = this.columns[on][Math.min(this.columns[on].length - 1, Math.max(0, row))];
    this.focusToken(on, next);
  }

  focusToken(side, index) {
    const top = this.rows[side].get(index) * this.row;
    const { scrollTop } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    if (top + this.row > scrollTop + this.height) this.scroller.scrollTop = top + this.row - this.height;
    if (!this.buttons[side].has(index)) {
      const { labels } = this.bench.payload[side === "query" ? "queries" : "keys"];
      this.buttons[side].set(index, this.tokenButton(side, index, labels[index]));
    }
    this.buttons[side].get(index).focus({ preventScroll: true });
    this.bench.point({ side, index });
  }
}

PANES.push({ name: "lines", title: "Lines", order: 0, make: (bench) => new Lines(bench) });
