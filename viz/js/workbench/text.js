// Text: what was read as running text or as the picture it was, shaded by what the active position reads, or by what
// reads it. Each side is a block: RunningText or PictureText, both with
// `element`, `build()`, `layout(width, room)`, `measure(origin)`, `box(index)`, `shade(levels)`, `scrolled()`,
// `activate(index)`, `number(best)` and `focus(index)`.

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
    [this.overlay, this.cover] = [slider("Overlay", 100, (value) => this.lay(value)), 60];
    this.overlay.element.classList.add("overlay");
    this.passage = el("div", { className: "passage" });
    this.numbers = Array.from({ length: this.listed }, () => el("span", { className: "weight", ariaHidden: "true" }));
    this.scroller = el("div", { className: "reader", tabIndex: -1 }, this.passage, ...this.numbers);
    [this.where, this.half] = [span("", "Where in the text"), span("")];
    this.caption = el("div", { className: "bar cap strip-words" }, this.where, spring(), this.half);
    this.strip = el("canvas", { className: "say", role: "img" });
    this.element = el("div", { className: "text" }, this.scroller, this.caption, this.strip);
    this.scroller.addEventListener("scroll", () => this.scrolled());
  }

  get controls() {
    const { sinks, payload } = this.bench;
    const overlay = payload.picture ? [this.overlay.element] : [];
    return [sinks.element, this.legend, ...overlay, ...(payload.self ? [spring(), this.direction.element] : [])];
  }
  weaker(share, n) { return `${share} on ${n} weaker ${this.bench.payload.things(n)}, shaded only`; }

  // The block that stands for a side: in self-attention one is both.
  get sides() { return this.bench.payload.self ? ["both"] : ["query", "key"]; }
  block(side) { return this.blocks[this.bench.payload.self ? "both" : side]; }
  get pictured() { return Boolean(this.bench.payload.picture); }

  layout(width, room) {
    [this.width, this.room] = [width, this.pictured ? room : room - STRIP.caption];
  }

  // The room in which nothing has to scroll.
  get whole() { return this.pictured ? 0 : this.scroller.scrollHeight + STRIP.least + STRIP.caption; }

  draw() {
    const { payload, state, theme } = this.bench;
    const n = payload.queries.length;
    this.scroller.dataset.size = n <= 24 ? "largest" : n <= 60 ? "large" : n <= 240 ? "medium" : "small";
    this.scroller.style.maxHeight = this.pictured ? "" : `${Math.max(200, this.room - STRIP.least)}px`;
    const name = `${payload.id} ${state.hideSinks} ${state.pair}`;
    if (this.built !== name) this.build();
    this.built = name;
    this.caption.hidden = this.strip.hidden = this.pictured;
    this.overlay.set(this.cover);
    const pictures = Object.values(this.blocks).filter((block) => block.seen).length;
    for (const block of Object.values(this.blocks)) block.layout(this.width - 6, this.room, pictures);
    this.measure();
    this.stripHeight = Math.max(STRIP.least, Math.min(this.bench.wide ? STRIP.most : 120, this.room - this.scroller.offsetHeight));
    rampBar(this.ramp, theme, this.pictured ? overPicture().beam : theme.beam);
    this.point();
  }

  // How much of the picture the shades cover, in hundredths.
  lay(value) {
    this.cover = value;
    this.overlay.set(value);
    this.point();
  }

  // Bring the active token into sight.
  reveal() {
    const { side, index } = this.bench.state.active;
    const box = this.block(side).box(index);
    const { scrollTop, clientHeight } = this.scroller;
    const inSight = box && box.y >= scrollTop && box.y + box.height <= scrollTop + clientHeight;
    if (box && !inSight) this.scroller.scrollTop = box.y - clientHeight / 2;
  }

  build() {
    const { payload, state } = this.bench;
    const held = this.passage.contains(this.passage.getRootNode().activeElement);
    this.blocks = Object.fromEntries(this.sides.map((side) => {
      const seen = isSeen(payload, side === "key" ? "key" : "query");
      return [side, seen ? new PictureText(this, side) : new RunningText(this, side)];
    }));
    for (const block of Object.values(this.blocks)) block.build();
    this.passage.replaceChildren(...Object.values(this.blocks).map(({ element }) => element));
    this.passage.classList.toggle("both-seen", Object.values(this.blocks).every(({ seen }) => seen));
    if (held) this.block(state.active.side).focus(state.active.index);
  }

  // Where everything lies: numbers are put over tokens without asking the page to lay itself out again.
  measure() {
    const origin = this.passage.getBoundingClientRect();
    for (const block of Object.values(this.blocks)) block.measure(origin);
  }

  // The other direction; from a position that has none, to what it reads most.
  turn(side) {
    const { payload, state } = this.bench;
    const { index } = state.active;
    const hidden = leftOut(payload, state, { side, index });
    this.bench.point({ side, index: hidden ? readShades(this.bench).best[0]?.index ?? index : index }, true);
  }

  point() {
    const { payload, state } = this.bench;
    this.direction.set(state.active.side);
    const shades = readShades(this.bench);
    const [here, there] = [this.block(state.active.side), this.block(shades.side)];
    for (const block of new Set([here, there])) {
      block.shade(block === there ? shades.levels : new Int16Array(block.tokens.length));
      block.activate(block === here ? state.active.index : null);
    }
    this.number(there, shades.best);
    this.top.textContent = shades.best.length ? places2(shades.best[0].half) : "";
    this.note();
    if (this.pictured) return;
    const where = `Where in the text${stripWords(payload, shades, this.width)}`;
    if (this.where.textContent !== where) this.where.textContent = where;
    drawStrip(this.strip, this.width, this.stripHeight, this.bench, shades);
    this.half.textContent = payload.self ? halfWords(this.bench, shades) : "";
  }

  scrolled() {
    this.turned ??= requestAnimationFrame(() => {
      this.turned = null;
      for (const block of Object.values(this.blocks)) block.scrolled();
    });
  }

  note() {
    const { payload, state, sinks } = this.bench;
    const matrix = payload.matrix(state.head);
    const { side, index } = state.active;
    if (!state.hideSinks) sinks.note.textContent = "nothing hidden";
    else if (side === "query") sinks.note.textContent = matrix ? `${hiddenWords(matrix, index)} hidden` : "";
    else sinks.note.textContent = "sinks left out";
  }

  // The five largest in numbers over their tokens; one that would cover another moves aside.
  number(block, best) {
    const placed = [];
    for (const other of Object.values(this.blocks)) other.number(other === block ? best : []);
    this.numbers.forEach((node, i) => {
      const box = best[i] && block.box(best[i].index);
      node.hidden = !box;
      if (!box) return;
      node.textContent = places2(best[i].half);
      node.classList.toggle("over", Boolean(box.inside));
      const place = beside(placed, box, node.textContent.length * 7, this.width - 10);
      placed.push(place);
      node.style.transform = `translate(${Math.round(place.x)}px,${place.y}px)`;
    });
  }

  // The position under the pointer or the focus. In self-attention it is looked at as the active one is, if it can be.
  at(side, index) {
    const { payload, state } = this.bench;
    if (side !== "both") return { side, index };
    const [now, other] = state.active.side === "query" ? ["query", "key"] : ["key", "query"];
    return { side: leftOut(payload, state, { side: now, index }) ? other : now, index };
  }
  over(side, index) { this.bench.point(this.at(side, index)); }
  pin(side, index) { this.bench.pin(this.at(side, index)); }
}

PANES.push({ name: "text", title: "Text", order: 1, make: (bench) => new TextPane(bench) });
