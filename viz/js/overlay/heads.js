// All heads as small maps of the same thing; a row of buttons per layer, or one layer with larger pictures. The view says
// what a head looks like: `stack` (its layers and heads), `overOf(head)`, `thumbnail(pen, over, box)`, `headAspect`,
// `headTip(head)`, `headsWords(stale)`, `chooses(head)`, `markHead(pen, box, over)`, `pickHead(head)`.

const LABEL = { left: 26, top: 18 };
const SMALL = { least: 26, most: 88, gap: 4 };

class Heads {
  constructor(view) {
    this.view = view;
    this.pictures = el("canvas", { ariaHidden: "true" });
    this.cells = el("div", { role: "grid", "aria-label": "Heads, one row per layer" });
    this.sheet = el("div", { className: "sheet" }, this.pictures, this.cells);
    this.size = span("cap");
    this.words = span("cap");
    this.layers = segmented("Layers shown", [{ name: "all", title: "All layers" }, { name: "one", title: "One" }],
      (layers) => view.set({ layers }), true);
    this.element = el("div", { className: "heads" },
      el("div", { className: "bar" }, el("b", { textContent: "Heads" }), this.size, spring(), this.layers.element),
      el("div", { className: "scroll" }, this.sheet), this.words);
    this.cells.addEventListener("click", (event) => this.pick(this.buttons.indexOf(event.target.closest("button"))));
    this.cells.addEventListener("keydown", (event) => this.key(event));
  }

  // The heads that are shown, and how many stand in a row.
  get shown() {
    const { stack, state } = this.view;
    return state.layers === "all" ? stack.heads : stack.heads.filter(({ layer }) => layer === state.head.layer);
  }

  layout(room) {
    const { stack, state, headAspect } = this.view;
    const all = state.layers === "all";
    this.list = this.shown;
    const inner = room - (all ? LABEL.left : 0);
    const fit = (columns) => Math.floor((inner + SMALL.gap) / columns - SMALL.gap);
    this.columns = all ? stack.widest : Math.max(1, Math.min(this.list.length, Math.ceil(Math.sqrt(this.list.length))));
    this.width = Math.max(SMALL.least, Math.min(all ? SMALL.most : 150, fit(this.columns)));
    this.height = Math.round(this.width / headAspect);
    this.left = all ? LABEL.left : 0;
    this.pitch = this.height + SMALL.gap + (all ? 0 : 16);
    const rows = all ? stack.layers : Math.ceil(this.list.length / this.columns);
    this.sheetWidth = this.left + this.columns * (this.width + SMALL.gap) + 2;
    this.sheetHeight = LABEL.top + rows * this.pitch;
    this.sheet.style.cssText = `width:${this.sheetWidth}px;height:${this.sheetHeight}px`;
    const equal = stack.header.heads.every((n) => n === stack.widest);
    this.size.textContent = `${stack.layers} ${stack.layers === 1 ? "layer" : "layers"} × ${equal ? "" : "up to "}${stack.widest}`;
    this.build();
  }

  box(index) {
    const { layer, head } = this.list[index];
    const all = this.view.state.layers === "all";
    const [row, column] = all ? [layer, head] : [Math.floor(index / this.columns), index % this.columns];
    return { x: this.left + column * (this.width + SMALL.gap), y: LABEL.top + row * this.pitch, width: this.width, height: this.height };
  }

  build() {
    const { stack, state } = this.view;
    this.buttons = this.list.map((head, i) => {
      const name = `layer ${head.layer}, head ${head.head}${this.view.headTip(head)}`;
      const node = el("button", { type: "button", role: "gridcell", tabIndex: -1, title: name, "aria-label": name });
      node.dataset.head = `${head.layer}.${head.head}`;
      const { x, y, width, height } = this.box(i);
      node.style.cssText = `left:${x}px;top:${y}px;width:${width}px;height:${height}px`;
      return node;
    });
    const layers = state.layers === "all" ? stack.header.heads.map((_, layer) => layer) : [state.head.layer];
    this.cells.replaceChildren(...layers.map((layer) =>
      el("div", { role: "row" }, ...this.buttons.filter((_, i) => this.list[i].layer === layer))));
    this.at = Math.max(0, this.list.findIndex((head) => sameHead(head, state.head)));
  }

  draw() {
    const { state, theme, font } = this.view;
    const pen = prepare(this.pictures, this.sheetWidth, this.sheetHeight);
    [pen.font, pen.textBaseline, pen.fillStyle] = [`12px ${font}`, "middle", theme.colour.muted];
    this.labels(pen);
    let stale = 0;
    this.list.forEach((head, i) => {
      const box = this.box(i);
      const over = this.view.overOf(head);
      stale += over.stale;
      if (over.stale) pen.globalAlpha = 0.45;
      this.view.thumbnail(pen, over, box);
      pen.globalAlpha = 1;
      this.mark(pen, head, box, over);
    });
    this.words.textContent = this.view.headsWords(stale);
    this.buttons.forEach((button, i) => {
      button.ariaSelected = String(this.view.chooses(this.list[i]));
      button.tabIndex = i === this.at ? 0 : -1;
    });
    this.layers.set(state.layers);
  }

  labels(pen) {
    const { stack, state } = this.view;
    if (state.layers === "one") {
      pen.textAlign = "left";
      pen.fillText(`layer ${state.head.layer}`, 0, 8);
      this.list.forEach(({ head }, i) => pen.fillText(`head ${head}`, this.box(i).x, this.box(i).y + this.height + 9));
      return;
    }
    pen.textAlign = "center";
    for (let head = 0; head < stack.widest; head++) pen.fillText(head, LABEL.left + head * (this.width + SMALL.gap) + this.width / 2, 8);
    pen.textAlign = "left";
    for (let layer = 0; layer < stack.layers; layer++) pen.fillText(`L${layer}`, 0, LABEL.top + layer * this.pitch + this.height / 2);
  }

  mark(pen, head, box, over) {
    const { theme } = this.view;
    this.view.markHead(pen, box, over);
    if (!this.view.chooses(head)) return;
    [pen.strokeStyle, pen.lineWidth] = [theme.colour.page, 5];
    pen.strokeRect(box.x, box.y, box.width, box.height);
    [pen.strokeStyle, pen.lineWidth] = [theme.heads[0], 3];
    pen.strokeRect(box.x - 0.5, box.y - 0.5, box.width + 1, box.height + 1);
  }

  pick(index) {
    if (index < 0) return;
    this.view.pickHead({ ...this.list[index] });
  }

  key(event) {
    const { stack, state } = this.view;
    const { layer, head } = this.list[this.at];
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const to = state.layers === "all" ? { layer: layer + step[0], head: head + step[1] } : { layer, head: head + step[1] + step[0] * this.columns };
    const index = stack.exists(to) ? this.list.findIndex((other) => sameHead(other, to)) : -1;
    if (index < 0) return;
    this.at = index;
    this.buttons.forEach((button, i) => { button.tabIndex = i === index ? 0 : -1; });
    this.buttons[index].focus();
  }
}
