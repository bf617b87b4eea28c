// Text: the running text, shaded by what the token under the pointer reads, or by what reads it.

const STRIP = 58; // pixels

class Text {
  constructor(bench) {
    this.bench = bench;
    this.listed = 5;
    this.ramp = el("canvas", { "aria-hidden": "true" });
    this.top = el("span", { className: "cap" });
    this.legend = el("span", { className: "control cap" }, "0", this.ramp, this.top);
    this.direction = segmented("Direction", [{ name: "query", title: "reads" }, { name: "key", title: "is read by" }],
      (side) => this.turn(side), true);
    this.passage = el("div", { className: "passage" });
    this.numbers = Array.from({ length: this.listed }, () => el("span", { className: "weight", "aria-hidden": "true" }));
    this.scroller = el("div", { className: "reader", tabIndex: -1 }, this.passage, ...this.numbers);
    this.caption = el("div", { className: "bar cap strip-words" }, el("span", { textContent: "Where in the text" }), el("i"),
      (this.half = el("span")));
    this.strip = el("canvas", { className: "say", role: "img" });
    this.element = el("div", { className: "text" }, this.scroller, this.caption, this.strip);
    this.passage.addEventListener("pointerover", (event) => this.over(event, (at) => bench.point(at)));
    this.passage.addEventListener("click", (event) => this.over(event, (at) => bench.pin(at)));
    this.passage.addEventListener("keydown", (event) => this.key(event));
    this.passage.addEventListener("focusin", (event) => {
      if (event.target.matches(":focus-visible")) this.over(event, (at) => bench.point(at));
    });
  }

  get controls() {
    const { sinks, payload } = this.bench;
    return [sinks.element, this.legend, ...(payload.self ? [el("i", { className: "spring" }), this.direction.element] : [])];
  }
  weaker(share, n) { return `${share} on ${n} weaker ${n === 1 ? "token" : "tokens"}, shaded only`; }

  // Which side a block of tokens stands for: in self-attention the one text is both.
  get sides() { return this.bench.payload.self ? ["both"] : ["query", "key"]; }
  list(side) { return this.spans[this.bench.payload.self ? "both" : side]; }

  layout(width, room) {
    [this.width, this.room] = [width, room - STRIP - 40];
  }

  draw() {
    const { payload, state } = this.bench;
    const n = payload.queries.length;
    this.scroller.dataset.size = n <= 60 ? "large" : n <= 240 ? "medium" : "small";
    this.scroller.style.maxHeight = `${Math.max(200, this.room)}px`;
    const name = `${payload.id} ${state.hideSinks}`;
    if (this.built !== name) this.build();
    this.built = name;
    this.measure();
    this.point();
  }

  build() {
    const { payload, state } = this.bench;
    this.spans = {};
    this.looks = {};
    this.passage.replaceChildren(...this.sides.map((side) => {
      const tokens = side === "key" ? payload.keys : payload.queries;
      const block = el("div", { className: "block", dir: "auto", role: "group", "aria-label": side === "both" ? "Text" : side });
      if (side !== "both") block.append(el("div", { className: "cap", textContent: side === "query" ? "queries" : "keys" }));
      this.spans[side] = tokens.labels.map((label, index) => {
        if (hiddenToken(payload, state, index)) return null;
        return appendToken(block, side, index, label, tokens.special[index]);
      });
      this.looks[side] = new Int16Array(tokens.length).fill(-1);
      return block;
    }));
    this.stop = null;
  }

  // Where each token's first line lies: numbers are put over tokens without asking the page to lay itself out again.
  measure() {
    const origin = this.passage.getBoundingClientRect();
    this.boxes = Object.fromEntries(Object.entries(this.spans).map(([side, spans]) => [side, spans.map((span) => {
      const box = span?.getClientRects()[0];
      return box && { x: box.left - origin.left, y: box.top - origin.top, width: box.width, height: box.height };
    })]));
  }

  turn(side) {
    this.bench.point({ side, index: this.bench.state.active.index }, true);
  }

  point() {
    const { payload, state, theme } = this.bench;
    this.direction.set(state.active.side);
    const shades = readShades(this.bench);
    this.shade(shades);
    this.frameActive();
    this.number(shades);
    rampBar(this.ramp, theme, 96);
    this.top.textContent = shades.best.length ? places2(shades.best[0].half) : "";
    this.note();
    drawStrip(this.strip, this.width, this.bench, shades);
    this.half.textContent = payload.self ? halfWords(this.bench, shades) : "";
  }

  note() {
    const { payload, state, sinks } = this.bench;
    const matrix = payload.matrix(state.head);
    const { side, index } = state.active;
    if (!state.hideSinks) sinks.note.textContent = "nothing hidden";
    else if (side === "query") sinks.note.textContent = matrix ? `${percentOf(matrix.hidden(index))} hidden` : "";
    else sinks.note.textContent = "sinks left out";
  }

  // A colour per token at the other end; only tokens whose colour changes are touched.
  shade({ side, levels }) {
    const { theme } = this.bench;
    const [spans, looks] = [this.list(side), this.looks[this.bench.payload.self ? "both" : side]];
    if (this.painted !== theme) looks.fill(-9);
    this.painted = theme;
    for (const other of Object.keys(this.looks)) if (this.looks[other] !== looks) this.clear(other);
    levels.forEach((level, i) => {
      if (looks[i] === level || !spans[i]) return;
      looks[i] = level;
      spans[i].style.background = level > 0 ? theme.beam[level] : "";
      spans[i].style.color = level > 0 ? theme.beamInk[level] : "";
      spans[i].classList.toggle("cannot", level === -2);
    });
  }

  clear(side) {
    this.spans[side].forEach((span) => { if (span) span.style.background = span.style.color = ""; });
    this.looks[side].fill(0);
  }

  frameActive() {
    const { state, payload } = this.bench;
    const { side, index } = state.active;
    const span = this.list(side)[index] ?? null;
    if (this.framed !== span) this.framed?.classList.remove("active", "pinned", "bad");
    span?.classList.add("active");
    span?.classList.toggle("pinned", state.pinned);
    span?.classList.toggle("bad", side === "query" && payload.bad(state.head, index));
    this.framed = span;
    const stop = span ?? Object.values(this.spans).flat().find(Boolean);
    if (this.stop && this.stop !== stop) this.stop.tabIndex = -1;
    if (stop) stop.tabIndex = 0;
    this.stop = stop;
  }

  // The five largest in numbers over their tokens; one that would cover another moves aside.
  number({ side, best }) {
    const boxes = this.boxes[this.bench.payload.self ? "both" : side];
    const placed = [];
    this.strongest?.forEach((span) => span.classList.remove("strong"));
    this.strongest = best.map(({ index }) => this.list(side)[index]).filter(Boolean);
    this.strongest.forEach((span) => span.classList.add("strong"));
    this.numbers.forEach((node, i) => {
      const box = best[i] && boxes[best[i].index];
      node.hidden = !box;
      if (!box) return;
      node.textContent = places2(best[i].half);
      const room = node.textContent.length * 7;
      const y = Math.round(box.y - 13);
      let x = box.x + box.width / 2 - room / 2;
      for (const other of placed) if (other.y === y && Math.abs(other.x - x) < room + 2) x = x < other.x ? other.x - room - 2 : other.x + room + 2;
      placed.push({ x, y });
      node.style.transform = `translate(${Math.round(x)}px,${y}px)`;
    });
  }

  over(event, act) {
    const span = event.target.closest("[data-index]");
    if (!span) return;
    const { side } = span.dataset;
    act({ side: side === "both" ? this.bench.state.active.side : side, index: Number(span.dataset.index) });
  }

  key(event) {
    const span = event.target.closest("[data-index]");
    if (!span) return;
    if (event.key === "Enter" || event.key === " ") this.over(event, (at) => this.bench.pin(at));
    else if (!event.key.startsWith("Arrow")) return;
    else this.next(span, event.key)?.focus();
    event.preventDefault();
  }

  // The neighbour in the text, or the nearest token of the line above or below.
  next(span, key) {
    const spans = this.spans[span.dataset.side];
    const at = Number(span.dataset.index);
    const step = key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1;
    if (key === "ArrowLeft" || key === "ArrowRight") {
      for (let i = at + step; i >= 0 && i < spans.length; i += step) if (spans[i]) return spans[i];
      return null;
    }
    const boxes = this.boxes[span.dataset.side];
    const here = boxes[at];
    let [best, least] = [null, Infinity];
    boxes.forEach((box, i) => {
      if (!box || (box.y - here.y) * step < here.height / 2) return;
      const distance = Math.abs(box.y - here.y) * 1000 + Math.abs(box.x + box.width / 2 - here.x - here.width / 2);
      if (distance < least) [best, least] = [spans[i], distance];
    });
    return best;
  }
}

PANES.push({ name: "text", title: "Text", order: 1, make: (bench) => new Text(bench) });
