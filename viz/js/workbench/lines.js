// Lines: queries on the left, keys on the right, a line for each weight that is not under the threshold.
// Only rows in sight exist as buttons and as lines; the strong lines of the active token lie on a canvas of their own.

const LINES = { head: 24, foot: 30, font: 15 };

class LinesPane {
  constructor(bench) {
    this.bench = bench;
    this.listed = 3;
    this.headings = [span("cap"), span("cap"), span("cap")]; // over queries, keys and bars
    this.base = el("canvas", { className: "base", "aria-hidden": "true" });
    this.strong = el("canvas", { className: "say strong-lines", role: "img" });
    this.spacer = el("div", { className: "spacer", role: "group", "aria-label": "Tokens: queries left, keys right" });
    this.scroller = el("div", { className: "scroller", tabIndex: -1 }, this.spacer);
    this.nothing = el("div", { className: "nothing", hidden: true });
    const drawings = [this.base, this.strong, ...this.headings];
    this.element = el("div", { className: "lines" }, ...drawings, this.scroller, this.nothing);
    this.buttons = { query: new Map(), key: new Map() };
    this.scroller.addEventListener("scroll", () => this.scrolled());
    this.spacer.addEventListener("pointermove", (event) => this.over(event));
    this.spacer.addEventListener("click", (event) => this.click(event));
    this.spacer.addEventListener("keydown", (event) => this.key(event));
    this.spacer.addEventListener("focusin", (event) => this.focused(event));
  }

  get controls() { return [this.bench.sinks.element, this.bench.threshold.element]; }
  weaker(share, n) {
    return `${share} ${n === 1 ? "on" : "spread over"} ${n} weaker ${this.bench.payload.things(n)}`;
  }

  // Positions in each column, the row of each position, and where columns and rows lie.
  layout(width, room) {
    const { payload, state, font } = this.bench;
    const column = (n, out) => Array.from({ length: n }, (_, i) => i).filter((i) => !out(i));
    const hides = hiddenAs(payload, state);
    const gone = (k) => hides.key[k] === OTHER || (hides.key[k] && payload.keys.special[k]);
    this.columns = { query: column(payload.queries.length, (q) => hides.query[q]), key: column(payload.keys.length, gone) };
    this.rows = {};
    for (const side of ["query", "key"]) {
      this.rows[side] = new Map(this.columns[side].map((position, row) => [position, row]));
    }
    this.place(width, this.labelWidth(`${LINES.font}px ${font}`, width));
    const n = Math.max(1, this.columns.query.length, this.columns.key.length);
    const available = room - LINES.head - LINES.foot;
    const snug = n > 40 || this.bench.room ? 22 : 27;
    this.row = n * snug <= available ? Math.min(38, Math.floor(available / n)) : snug;
    this.height = Math.min(n * this.row, available);
    [this.width, this.contentHeight] = [width, n * this.row];
  }

  // The room in which nothing has to scroll.
  get whole() { return LINES.head + this.contentHeight + LINES.foot; }

  labelWidth(font, width) {
    const { payload } = this.bench;
    const pen = el("canvas").getContext("2d");
    pen.font = `600 ${font}`;
    let widest = 34;
    for (const label of new Set([...payload.queries.labels, ...payload.keys.labels])) {
      widest = Math.max(widest, pen.measureText(shorten(shown(label), 40)).width);
    }
    const crop = payload.picture ? CROP.row + 6 : 0;
    return Math.min(Math.ceil(widest) + 13 + crop, Math.floor(width * 0.24) + crop / 2, 160);
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
    this.note();
    this.renew();
    this.scrolled();
  }

  // Where places or labels changed, new buttons; the focus stays on the active token.
  renew() {
    const { payload, state } = this.bench;
    const name = [payload.id, state.hideSinks, state.pair, this.width, this.row, this.left, this.right].join();
    if (this.renewed === name) return;
    this.renewed = name;
    this.refocus = this.spacer.contains(this.spacer.getRootNode().activeElement);
    for (const side of ["query", "key"]) {
      for (const button of this.buttons[side].values()) button.remove();
      this.buttons[side].clear();
    }
  }

  // How much is hidden and how many lines are off, in words beside the controls.
  note() {
    const { payload, state, sinks, threshold } = this.bench;
    const sum = lineSums(this.bench, this.columns.query);
    const hidden = payload.matrix(state.head) ? `${percent(sum.hidden)} of mass hidden` : "";
    sinks.note.textContent = state.hideSinks ? hidden : "nothing hidden";
    const value = (state.threshold / 100).toFixed(2);
    const lines = `${thousands(sum.off)} ${sum.off === 1 ? "line" : "lines"}${state.threshold ? "" : " under 0.005"}`;
    threshold.note.textContent = sum.off + sum.on ? `${value} · ${lines} off, ${percent(sum.offMass)}` : value;
  }

  get limit() { return Math.max(LEAST_LINE, 20 * this.bench.state.threshold); }

  y(side, position) {
    return (this.rows[side].get(position) + 0.5) * this.row - this.scroller.scrollTop;
  }

  inSight(side, position) {
    const y = this.y(side, position);
    return y > -this.row && y < this.height + this.row;
  }

  // Bring the active token to the middle, if it is out of sight.
  reveal() {
    const { side, index } = this.bench.state.active;
    const y = this.y(side, index);
    if (y < 0 || y > this.height) this.scroller.scrollTop += y - this.height / 2;
  }

  scrolled() {
    if (recording) return void this.paint();
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      if (!this.element.isConnected) return;
      this.paint();
      const { side, index } = this.bench.state.active;
      if (this.refocus) this.buttons[side].get(index)?.focus({ preventScroll: true });
      this.refocus = false;
    });
  }

  paint() {
    this.showTokens();
    this.drawBase();
    this.point();
  }

  // A button for each token in sight, and for the active one, which holds the Tab stop.
  showTokens() {
    const { active } = this.bench.state;
    for (const side of ["query", "key"]) {
      const wanted = new Set(this.columns[side].filter((position) => this.inSight(side, position)));
      if (active.side === side && this.rows[side].has(active.index)) wanted.add(active.index);
      for (const [position, button] of this.buttons[side]) {
        if (wanted.has(position)) wanted.delete(position);
        else { button.remove(); this.buttons[side].delete(position); }
      }
      for (const position of wanted) this.addToken(side, position);
    }
  }

  addToken(side, position) {
    const label = this.bench.payload.tokens(side).labels[position];
    const button = pressable(`token ${side}`, shown(label), null, { tabIndex: -1, title: label, dir: "auto" });
    [button.dataset.side, button.dataset.index] = [side, position];
    const edge = side === "query" ? `right:calc(100% - ${this.left}px)` : `left:${this.right}px`;
    const height = Math.min(this.row, 24);
    const top = this.rows[side].get(position) * this.row + (this.row - height) / 2;
    button.style.cssText = `top:${top}px;height:${height}px;line-height:${height}px;max-width:${this.label}px;${edge}`;
    const crop = cropNode(this.bench.payload, side, position, Math.min(CROP.row, height - 2));
    if (crop) button[side === "query" ? "append" : "prepend"](crop);
    this.spacer.append(button);
    this.buttons[side].set(position, button);
  }

  // Stop and restart the hairlines; a long list is drawn in slices, so that the pointer is answered meanwhile.
  drawBase() {
    const strokes = strokeLines(this, prepare(this.base, this.width, this.height));
    this.strokes = strokes;
    if (recording) return void [...strokes];
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
    if (this.contentHeight > this.height) drawPartly(this, pen);
    this.say();
    this.strong.dataset.lines = found.length;
    this.nothing.hidden = found.length > 0 || state.active.side === "key" || !this.explain();
  }

  // Headings over the columns.
  say() {
    const { payload, state } = this.bench;
    const { side, index } = state.active;
    const [query, reads, weights] = this.headings;
    const label = shorten(shown(payload.tokens(side).labels[index]), 14);
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
    const { listed: [best], sinks } = readRow(payload, matrix, index, state, 1);
    const half = best === undefined ? Infinity : matrix.half(index, best);
    if (half >= this.limit) return false;
    const words = el("div");
    const why = sinks < 1000 ? ` spreads its weight; no ${payload.thing}`
      : ` puts ${percentOf(sinks)} on ${sinkWords(payload)}; no other ${payload.thing}`;
    const limit = (this.limit / 2000).toFixed(this.limit < 20 ? 3 : 2);
    fill(words, [strong(`${longName(state.head)}: `), quoted(payload.queries.labels[index]), why,
      ` gets ${limit} or more. Highest: `, quoted(payload.keys.labels[best]), ` ${places2(half)}.`]);
    const lower = Math.floor(half / 20);
    const button = pressable("button", `Lower threshold to ${(lower / 100).toFixed(2)}`,
      () => this.bench.set({ threshold: lower }));
    this.nothing.replaceChildren(words, ...(half >= LEAST_LINE ? [button] : []));
    const top = LINES.head + Math.max(0, Math.min(this.height - 120, this.y("query", index) - 20));
    const width = Math.min(300, this.width - this.left - 24);
    this.nothing.style.cssText = `left:${this.left + 12}px;top:${top}px;width:${width}px`;
    return true;
  }

  // The token under the pointer: its label, and the free space outside the lines that belongs to it.
  over(event) {
    const at = this.tokenAt(event);
    if (at) this.bench.point(at);
  }

  tokenAt(event) {
    const { x, y } = pointIn(this.spacer, event);
    const row = Math.floor(y / this.row);
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
    if (!this.buttons[side].has(index)) this.addToken(side, index);
    this.buttons[side].get(index).focus({ preventScroll: true });
    this.bench.point({ side, index });
  }
}

PANES.push({ name: "lines", title: "Lines", order: 0, make: (bench) => new LinesPane(bench) });
