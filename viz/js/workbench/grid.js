// All heads as thumbnails: one canvas for the pictures, one for the marks of the chosen heads, buttons on top.

const LABELS = { left: 24, top: 18 };

class Grid {
  constructor(bench) {
    this.bench = bench;
    this.pictures = el("canvas", { className: "say", role: "img" });
    this.marks = el("canvas", { "aria-hidden": "true" });
    this.cells = el("div", { role: "grid", "aria-label": "Heads, one row per layer", "aria-multiselectable": "true" });
    this.sheet = el("div", { className: "sheet" }, this.pictures, this.marks, this.cells);
    this.element = el("div", { className: "grid" }, this.sheet);
    this.cells.addEventListener("keydown", (event) => this.key(event));
    this.cells.addEventListener("click", (event) => this.click(event));
  }

  // Cell size for a pane of so many pixels, from 20 to 72.
  measure(width) {
    const { widest, layers } = this.bench.payload;
    const fit = (gap) => Math.floor((width - LABELS.left + gap) / widest - gap);
    this.gap = fit(5) >= 26 ? 5 : 3;
    this.cell = Math.max(20, Math.min(72, fit(this.gap)));
    this.pixels = Math.round(this.cell * pixelRatio()); // a thumbnail shows no more rows than these
    this.width = LABELS.left + widest * (this.cell + this.gap) - this.gap + 3;
    this.pitch = this.cell + this.gap + (layers > 8 ? 0 : 3);
    this.height = LABELS.top + layers * this.pitch;
  }

  x(head) { return LABELS.left + head * (this.cell + this.gap); }
  y(layer) { return LABELS.top + layer * this.pitch; }

  // New data: a row of buttons per layer, its label first.
  build() {
    const { payload } = this.bench;
    this.buttons = payload.heads.map((head, index) => {
      const { role, score } = payload.statistics?.[index] ?? {};
      const what = role ? `: ${role}${score === null ? "" : `, ${score.toFixed(2)}`}` : "";
      const name = `layer ${head.layer}, head ${head.head}${what}`;
      const button = el("button", { type: "button", role: "gridcell", tabIndex: -1, title: name, "aria-label": name });
      button.dataset.head = `${head.layer}.${head.head}`;
      return button;
    });
    this.rowLabels = payload.header.heads.map((n, layer) => {
      const heads = payload.heads.filter((head) => head.layer === layer).slice(0, MOST_HEADS);
      const title = `Select the ${n > MOST_HEADS ? `first ${MOST_HEADS} heads` : "heads"} of layer ${layer}`;
      return pressable("row-label", `L${layer}`, () => this.bench.choose(heads), { tabIndex: -1, title });
    });
    const rows = this.rowLabels.map((label, layer) => el("div", { role: "row" },
      el("div", { role: "rowheader" }, label), ...this.buttons.filter((_, i) => payload.heads[i].layer === layer)));
    this.cells.replaceChildren(...rows);
    this.at = payload.index(this.bench.state.head);
  }

  layout(width) {
    const { payload } = this.bench;
    this.measure(width);
    this.sheet.style.cssText = `width:${this.width}px;height:${this.height}px`;
    const place = (node, x, y, w, h) => { node.style.cssText = `left:${x}px;top:${y}px;width:${w}px;height:${h}px`; };
    this.rowLabels.forEach((label, layer) => place(label, 0, this.y(layer), LABELS.left - 2, this.cell));
    this.buttons.forEach((button, i) =>
      place(button, this.x(payload.heads[i].head), this.y(payload.heads[i].layer), this.cell, this.cell));
  }

  draw() {
    const { payload, theme, state, font } = this.bench;
    const pen = prepare(this.pictures, this.width, this.height);
    const masked = theme.pixel("sunk");
    pen.imageSmoothingEnabled = false;
    [pen.font, pen.textAlign, pen.textBaseline] = [`12px ${font}`, "center", "middle"];
    pen.fillStyle = theme.colour.muted;
    for (let head = 0; head < payload.widest; head++) pen.fillText(head, this.x(head) + this.cell / 2, 8);
    payload.heads.forEach((head, index) => {
      const pixels = pixelTable(theme, payload, index, state.scale);
      const [x, y] = [this.x(head.head), this.y(head.layer)];
      pen.drawImage(matrixImage(payload, index, this.pixels, pixels, masked), x, y, this.cell, this.cell);
      hatchRows(pen, theme, payload, head, x, y, this.cell, this.cell);
      pen.strokeStyle = theme.colour.border;
      pen.strokeRect(x + 0.5, y + 0.5, this.cell - 1, this.cell - 1);
      this.role(pen, payload.statistics?.[index].role, x, y);
    });
    this.mark();
  }

  role(pen, role, x, y) {
    if (!role) return;
    const { theme } = this.bench;
    const size = Math.min(13, Math.round(this.cell * 0.45));
    [pen.fillStyle, pen.globalAlpha] = [theme.colour.page, 0.92];
    pen.beginPath();
    pen.roundRect(x + this.cell - size - 1, y + this.cell - size - 1, size, size, 3);
    pen.fill();
    pen.globalAlpha = 1;
    glyph(pen, role, x + this.cell - size / 2 - 1, y + this.cell - size / 2 - 1, size * 0.62, theme.colour.ink);
  }

  // Frames and numbers of the chosen heads; the pictures stay as they are.
  mark() {
    const { payload, theme, state, font } = this.bench;
    const pen = prepare(this.marks, this.width, this.height);
    for (const { layer, head, slot } of state.chosen) {
      const [x, y, off] = [this.x(head), this.y(layer), state.off.has(slot)];
      [pen.strokeStyle, pen.lineWidth] = [theme.colour.page, 6];
      pen.strokeRect(x, y, this.cell, this.cell);
      [pen.strokeStyle, pen.lineWidth] = [theme.heads[slot], off ? 1 : 3];
      pen.strokeRect(x - 0.5, y - 0.5, this.cell + 1, this.cell + 1);
      const size = Math.min(13, Math.round(this.cell * 0.5));
      pen.fillStyle = theme.heads[slot];
      pen.beginPath();
      pen.roundRect(x - 2, y - 2, size, size, [3, 0, 3, 0]);
      pen.fill();
      [pen.fillStyle, pen.textAlign, pen.textBaseline] = [theme.digits[slot], "center", "middle"];
      pen.font = `700 ${Math.round(size * 0.8)}px ${font}`;
      pen.fillText(slot + 1, x - 2 + size / 2, y - 1.5 + size / 2);
    }
    this.buttons.forEach((button, i) => {
      const selected = String(state.slotOf(payload.heads[i]) >= 0);
      if (button.ariaSelected !== selected) button.ariaSelected = selected;
      const stop = i === this.at ? 0 : -1;
      if (button.tabIndex !== stop) button.tabIndex = stop;
    });
  }

  click(event) {
    const index = this.buttons.indexOf(event.target.closest("button"));
    if (index >= 0) this.pick(index, event.shiftKey);
  }

  pick(index, add) {
    this.at = index;
    if (add) this.bench.add(this.bench.payload.heads[index]);
    else this.bench.choose([this.bench.payload.heads[index]]);
  }

  key(event) {
    const { payload } = this.bench;
    const { layer, head } = payload.heads[this.at];
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      if (event.target.role === "gridcell") this.pick(this.at, event.shiftKey);
      else return;
    } else if (event.key === "Home" || event.key === "End") {
      this.go({ layer, head: event.key === "Home" ? 0 : payload.header.heads[layer] - 1 });
    } else if (move) {
      this.go({ layer: layer + move[0], head: head + move[1] });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  go(head) {
    const { payload } = this.bench;
    if (head.layer < 0 || head.layer >= payload.layers) return;
    head.head = Math.min(head.head, payload.header.heads[head.layer] - 1);
    if (head.head < 0) return;
    this.buttons[this.at].tabIndex = -1;
    this.at = payload.index(head);
    this.buttons[this.at].tabIndex = 0;
    this.buttons[this.at].focus();
  }
}
