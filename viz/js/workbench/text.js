// Text: the running text, shaded by what the token under the pointer reads, or by what reads it.

const NONE = -9; // no level of the ramp: what is on screen is not known
const STRIP = { least: 58, most: 180, foot: 16, caption: 48 }; // pixels

class TextPane {
  constructor(bench) {
    this.bench = bench;
    this.listed = 5;
    this.ramp = el("canvas", { width: 96, height: 10, ariaHidden: "true" });
    this.top = span("");
    this.legend = el("span", { className: "control cap" }, "0", this.ramp, this.top);
    this.direction = segmented("Direction", [{ name: "query", title: "reads" }, { name: "key", title: "is read by" }],
      (side) => this.turn(side), true);
    this.passage = el("div", { className: "passage" });
    this.numbers = Array.from({ length: this.listed }, () => el("span", { className: "weight", ariaHidden: "true" }));
    this.scroller = el("div", { className: "reader", tabIndex: -1 }, this.passage, ...this.numbers);
    this.half = span("");
    const caption = el("div", { className: "bar cap strip-words" }, "Where in the text", spring(), this.half);
    this.strip = el("canvas", { className: "say", role: "img" });
    this.element = el("div", { className: "text" }, this.scroller, caption, this.strip);
    this.passage.addEventListener("pointerover", (event) => this.over(event, (at) => bench.point(at)));
    this.passage.addEventListener("click", (event) => this.over(event, (at) => bench.pin(at)));
    this.passage.addEventListener("keydown", (event) => this.key(event));
    this.passage.addEventListener("focusin", (event) => {
      if (event.target.matches(":focus-visible")) this.over(event, (at) => bench.point(at));
    });
  }

  get controls() {
    const { sinks, payload } = this.bench;
    return [sinks.element, this.legend, ...(payload.self ? [spring(), this.direction.element] : [])];
  }
  weaker(share, n) { return `${share} on ${n} weaker ${this.bench.payload.things(n)}, shaded only`; }

  // The block of tokens that stands for a side: in self-attention the one text is both.
  get blocks() { return this.bench.payload.self ? ["both"] : ["query", "key"]; }
  block(side) { return this.bench.payload.self ? "both" : side; }
  list(side) { return this.spans[this.block(side)]; }

  layout(width, room) {
    [this.width, this.room] = [width, room - STRIP.caption];
  }

  // The room in which nothing has to scroll.
  get whole() { return this.scroller.scrollHeight + STRIP.least + STRIP.caption; }

  draw() {
    const { payload, state } = this.bench;
    const n = payload.queries.length;
    this.scroller.dataset.size = n <= 24 ? "largest" : n <= 60 ? "large" : n <= 240 ? "medium" : "small";
    this.scroller.style.maxHeight = `${Math.max(200, this.room - STRIP.least)}px`;
    const name = `${payload.id} ${state.hideSinks}`;
    if (this.built !== name) this.build();
    this.built = name;
    this.measure();
    this.stripHeight = Math.max(STRIP.least, Math.min(this.bench.wide ? STRIP.most : 120, this.room - this.scroller.offsetHeight));
    rampBar(this.ramp, this.bench.theme);
    this.point();
  }

  // Bring the active token into sight.
  reveal() {
    const { side, index } = this.bench.state.active;
    const box = this.boxes[this.block(side)][index];
    const { scrollTop, clientHeight } = this.scroller;
    const inSight = box && box.y >= scrollTop && box.y + box.height <= scrollTop + clientHeight;
    if (box && !inSight) this.scroller.scrollTop = box.y - clientHeight / 2;
  }

  build() {
    const { payload, state } = this.bench;
    const held = this.passage.contains(this.passage.getRootNode().activeElement);
    [this.spans, this.looks, this.stop, this.framed, this.strongest] = [{}, {}, null, null, []];
    this.passage.replaceChildren(...this.blocks.map((side) => {
      const tokens = payload.tokens(side === "key" ? "key" : "query");
      const title = { both: "Text", query: "queries", key: "keys" }[side];
      const block = el("div", { className: "block", dir: "auto", role: "group", "aria-label": title });
      if (side !== "both") block.append(el("div", { className: "cap", textContent: title }));
      const gone = (index) => hiddenToken(payload, state, index);
      this.spans[side] = tokens.labels.map((label, index) =>
        (gone(index) ? null : appendToken(block, side, index, label, tokens.special[index])));
      this.looks[side] = new Int16Array(tokens.length).fill(NONE);
      return block;
    }));
    if (held) this.list(state.active.side)[state.active.index]?.focus();
  }

  // Where each token's first line lies: numbers are put over tokens without asking the page to lay itself out again.
  measure() {
    const origin = this.passage.getBoundingClientRect();
    const { scale } = SCREEN;
    this.boxes = Object.fromEntries(Object.entries(this.spans).map(([side, spans]) => [side, spans.map((span) => {
      const box = span?.getClientRects()[0];
      return box && { x: (box.left - origin.left) / scale, y: (box.top - origin.top) / scale,
        width: box.width / scale, height: box.height / scale };
    })]));
  }

  turn(side) {
    this.bench.point({ side, index: this.bench.state.active.index }, true);
  }

  point() {
    const { payload, state } = this.bench;
    this.direction.set(state.active.side);
    const shades = readShades(this.bench);
    this.shade(shades);
    this.frameActive();
    this.number(shades);
    this.top.textContent = shades.best.length ? places2(shades.best[0].half) : "";
    this.note();
    drawStrip(this.strip, this.width, this.stripHeight, this.bench, shades);
    this.half.textContent = payload.self ? halfWords(this.bench, shades) : "";
  }

  note() {
    const { payload, state, sinks } = this.bench;
    const matrix = payload.matrix(state.head);
    const { side, index } = state.active;
    if (!state.hideSinks) sinks.note.textContent = "nothing hidden";
    else if (side === "query") sinks.note.textContent = matrix ? `${hiddenWords(matrix, index)} hidden` : "";
    else sinks.note.textContent = "sinks left out";
  }

  // A colour per token at the other end; only tokens whose colour changes are touched.
  shade({ side, levels }) {
    const { theme } = this.bench;
    const [spans, looks] = [this.list(side), this.looks[this.block(side)]];
    if (this.painted !== theme) looks.fill(NONE);
    this.painted = theme;
    for (const other of this.blocks) if (other !== this.block(side)) this.clear(other);
    levels.forEach((level, i) => {
      if (looks[i] === level || !spans[i]) return;
      looks[i] = level;
      spans[i].style.background = level > 0 ? theme.beam[level] : "";
      spans[i].style.color = level > 0 ? theme.beamInk[level] : "";
      spans[i].classList.toggle("cannot", level === -2);
    });
  }

  clear(side) {
    this.spans[side].forEach((word) => { if (word) word.style.background = word.style.color = ""; });
    this.looks[side].fill(0);
  }

  frameActive() {
    const { state, payload } = this.bench;
    const { side, index } = state.active;
    const word = this.list(side)[index] ?? null;
    if (this.framed !== word) this.framed?.classList.remove("active", "pinned", "bad");
    word?.classList.add("active");
    word?.classList.toggle("pinned", state.pinned);
    word?.classList.toggle("bad", side === "query" && payload.bad(state.head, index));
    this.framed = word;
    const stop = word ?? Object.values(this.spans).flat().find(Boolean);
    if (this.stop && this.stop !== stop) this.stop.tabIndex = -1;
    if (stop) stop.tabIndex = 0;
    this.stop = stop;
  }

  // The five largest in numbers over their tokens; one that would cover another moves aside.
  number({ side, best }) {
    const boxes = this.boxes[this.block(side)];
    const placed = [];
    this.strongest.forEach((word) => word.classList.remove("strong"));
    this.strongest = best.map(({ index }) => this.list(side)[index]).filter(Boolean);
    this.strongest.forEach((word) => word.classList.add("strong"));
    this.numbers.forEach((node, i) => {
      const box = best[i] && boxes[best[i].index];
      node.hidden = !box;
      if (!box) return;
      node.textContent = places2(best[i].half);
      const place = beside(placed, box, node.textContent.length * 7, this.width - 10);
      placed.push(place);
      node.style.transform = `translate(${Math.round(place.x)}px,${place.y}px)`;
    });
  }

  over(event, act) {
    const word = event.target.closest("[data-index]");
    if (!word) return;
    const { side } = word.dataset;
    act({ side: side === "both" ? this.bench.state.active.side : side, index: Number(word.dataset.index) });
  }

  key(event) {
    const word = event.target.closest("[data-index]");
    if (!word) return;
    if (event.key === "Enter" || event.key === " ") this.over(event, (at) => this.bench.pin(at));
    else if (!event.key.startsWith("Arrow")) return;
    else this.next(word, event.key)?.focus();
    event.preventDefault();
  }

  // The neighbour in the text, or the nearest token of the line above or below.
  next(word, key) {
    const spans = this.spans[word.dataset.side];
    const at = Number(word.dataset.index);
    const step = key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1;
    if (key === "ArrowLeft" || key === "ArrowRight") {
      for (let i = at + step; i >= 0 && i < spans.length; i += step) if (spans[i]) return spans[i];
      return null;
    }
    const boxes = this.boxes[word.dataset.side];
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

PANES.push({ name: "text", title: "Text", order: 1, make: (bench) => new TextPane(bench) });
