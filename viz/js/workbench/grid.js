// All heads as thumbnails: one canvas for the pictures, one for the marks of the chosen heads, buttons on top.

const LABELS = { left: 24, top: 18 };
const GRID_MOST = 72; // pixels: a thumbnail is no larger, unless there is less room
const ROW = { gap: 6, name: 46, under: 15, most: 118, cell: 56 }; // of the tiles under the layers, with their names

// The largest thumbnail with which a grid is no higher than this, its labels, gaps and the row under the layers counted.
function gridMost(height, { layers, rows }) {
  const fixed = LABELS.top + layers * 8 + (rows.length > layers ? ROW.gap + ROW.under : 0);
  return Math.max(20, Math.floor((height - fixed) / rows.length));
}

class Grid {
  constructor(bench) {
    this.bench = bench;
    this.most = GRID_MOST; // pixels
    this.pictures = el("canvas", { className: "say", role: "img" });
    this.marks = el("canvas", { "aria-hidden": "true" });
    this.cells = el("div", { role: "grid", "aria-label": "Heads, one row per layer", "aria-multiselectable": "true" });
    this.sheet = el("div", { className: "sheet" }, this.pictures, this.marks, this.cells);
    this.element = el("div", { className: "grid" }, this.sheet);
    this.cells.addEventListener("keydown", (event) => this.key(event));
    this.cells.addEventListener("click", (event) => this.click(event));
  }

  // Cell size for a pane of so many pixels, from 20 to the most.
  measure(width) {
    const { widest, layers } = this.bench.payload;
    const fit = (gap) => Math.floor((width - LABELS.left + gap) / widest - gap);
    this.gap = fit(5) >= 26 ? 5 : 3;
    this.cell = Math.max(20, Math.min(this.most, fit(this.gap)));
    // a row more is not much taller than the layers alone would be
    if (this.bench.payload.rows.length > layers) {
      this.cell = Math.max(Math.min(this.cell, ROW.cell), Math.floor((layers * this.cell - ROW.gap - ROW.under) / (layers + 1)));
    }
    this.pixels = Math.round(this.cell * pixelRatio()); // a thumbnail shows no more rows than these
    this.width = LABELS.left + widest * (this.cell + this.gap) - this.gap + 3;
    this.pitch = this.cell + this.gap + (layers > 8 ? 0 : 3);
    this.height = LABELS.top + layers * this.pitch;
    this.measureTiles(width);
  }

  // The row under the layers: a tile's name stands beside it, or under it where there is no room.
  measureTiles(width) {
    const n = this.bench.payload.rows[this.bench.payload.layers];
    if (!n) return;
    const column = this.cell + this.gap;
    this.slot = column >= ROW.name ? column : Math.min(ROW.most, Math.floor((width - LABELS.left) / n));
    this.beside = this.slot - this.cell >= ROW.name;
    this.width = Math.max(this.width, LABELS.left + n * this.slot);
    this.height += ROW.gap + this.cell + (this.beside ? 3 : ROW.under);
  }

  x({ head, tile }) { return LABELS.left + head * (tile ? this.slot : this.cell + this.gap); }
  y({ layer, tile }) { return LABELS.top + layer * this.pitch + (tile ? ROW.gap : 0); }

  // New data: a row of buttons per layer, its label first.
  build() {
    const { payload } = this.bench;
    this.buttons = payload.tiles.map(({ layer, head }) => {
      const button = el("button", { type: "button", role: "gridcell", tabIndex: -1 });
      button.dataset.head = `${layer}.${head}`;
      return button;
    });
    this.rowLabels = payload.rows.map((n, layer) => {
      const heads = payload.tiles.filter((head) => head.layer === layer).slice(0, MOST_HEADS);
      const whose = layer < payload.layers ? `of layer ${layer}` : "together";
      const title = `Select the ${n > MOST_HEADS ? `first ${MOST_HEADS} heads` : "heads"} ${whose}`;
      const name = layer < payload.layers ? `L${layer}` : "All";
      return pressable("row-label", name, () => this.bench.choose(heads), { tabIndex: -1, title });
    });
    const rows = this.rowLabels.map((label, layer) => el("div", { role: "row" },
      el("div", { role: "rowheader" }, label), ...this.buttons.filter((_, i) => payload.tiles[i].layer === layer)));
    this.cells.replaceChildren(...rows);
    this.at = payload.index(this.bench.state.head);
  }

  // Each thumbnail in words, with what marks it.
  name() {
    const { payload, parts } = this.bench;
    payload.tiles.forEach(({ layer, head, tile }, index) => {
      const { role, score } = payload.statistics?.[index] ?? {};
      const mark = parts.map((part) => part.mark?.(index)).find(Boolean);
      const what = mark ?? (role ? `${role}${score === null ? "" : `, ${score.toFixed(2)}`}` : "");
      const name = tile?.title ?? `layer ${layer}, head ${head}${what && ": "}${what}`;
      if (this.buttons[index].title !== name) this.buttons[index].title = this.buttons[index].ariaLabel = name;
    });
  }

  layout(width) {
    const { payload } = this.bench;
    this.measure(width);
    this.sheet.style.cssText = `width:${this.width}px;height:${this.height}px`;
    const place = (node, x, y, w, h) => { node.style.cssText = `left:${x}px;top:${y}px;width:${w}px;height:${h}px`; };
    this.rowLabels.forEach((label, layer) =>
      place(label, 0, this.y(payload.tiles[payload.first[layer]]), LABELS.left - 2, this.cell));
    payload.tiles.forEach((head, i) => place(this.buttons[i], this.x(head), this.y(head), this.cell, this.cell));
  }

  draw() {
    const { payload, theme, state, font } = this.bench;
    const pen = prepare(this.pictures, this.width, this.height);
    const masked = theme.pixel("sunk");
    pen.imageSmoothingEnabled = false;
    [pen.font, pen.textAlign, pen.textBaseline] = [`12px ${font}`, "center", "middle"];
    pen.fillStyle = theme.colour.muted;
    for (let head = 0; head < payload.widest; head++) pen.fillText(head, this.x({ head }) + this.cell / 2, 8);
    payload.tiles.forEach((head, index) => {
      const pixels = pixelTable(theme, payload, index, state.scale);
      const [x, y] = [this.x(head), this.y(head)];
      pen.drawImage(matrixImage(payload, index, this.pixels, pixels, masked), x, y, this.cell, this.cell);
      hatchRows(pen, theme, payload, head, x, y, this.cell, this.cell);
      pen.strokeStyle = theme.colour.border;
      pen.strokeRect(x + 0.5, y + 0.5, this.cell - 1, this.cell - 1);
      if (head.tile) this.title(pen, head.tile.name, x, y);
      else if (!this.bench.parts.some((part) => part.paint?.(pen, index, x, y, this.cell))) {
        this.role(pen, payload.statistics?.[index].role, x, y);
      }
    });
    this.name();
    this.mark();
  }

  title(pen, name, x, y) {
    pen.fillStyle = this.bench.theme.colour.muted;
    pen.textAlign = this.beside ? "left" : "center";
    if (this.beside) pen.fillText(name, x + this.cell + 6, y + this.cell / 2);
    else pen.fillText(name, x + this.cell / 2, y + this.cell + 9);
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
    for (const head of payload.heads) {
      if (this.bench.off?.has(head)) crossOut(pen, theme, this.x(head), this.y(head), this.cell);
    }
    for (const head of state.chosen) {
      const { slot } = head;
      const [x, y, off] = [this.x(head), this.y(head), state.off.has(slot)];
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
      const selected = String(state.slotOf(payload.tiles[i]) >= 0);
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
    if (add) this.bench.add(this.bench.payload.tiles[index]);
    else this.bench.choose([this.bench.payload.tiles[index]]);
  }

  key(event) {
    const { payload } = this.bench;
    const { layer, head } = payload.tiles[this.at];
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      if (event.target.role === "gridcell") this.pick(this.at, event.shiftKey);
      else return;
    } else if (event.key === "Home" || event.key === "End") {
      this.go({ layer, head: event.key === "Home" ? 0 : payload.rows[layer] - 1 });
    } else if (move) {
      this.go({ layer: layer + move[0], head: head + move[1] });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  go(head) {
    const { payload } = this.bench;
    if (head.layer < 0 || head.layer >= payload.rows.length) return;
    head.head = Math.min(head.head, payload.rows[head.layer] - 1);
    if (head.head < 0) return;
    this.buttons[this.at].tabIndex = -1;
    this.at = payload.index(head);
    this.buttons[this.at].tabIndex = 0;
    this.buttons[this.at].focus();
  }
}
