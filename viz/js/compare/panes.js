// Three matrices on common axes, A, B and B − A: one pair of words is under the pointer in all three.

const GAP = 16; // between panes
const WRITTEN = 11; // pixels of a cell from which words are written beside rows and columns
const LARGEST = 30; // pixels of a cell
const LEAN = 40; // pixels that the last column's words reach beyond it
const BITS = { width: 34, gap: 6 }; // the bars that say how far apart each row is
const PANES = ["a", "b", "change"];

class Panes {
  constructor(view) {
    this.view = view;
    this.panes = PANES.map((name) => new Pane(this, name));
    this.element = el("div", { className: "panes", tabIndex: 0, role: "application",
      "aria-label": "Three matrices on common axes: arrow keys move from word to word, Escape lets go" },
    ...this.panes.map(({ element }) => element));
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  // Sizes for so many pixels: side by side if they are wide enough.
  layout(width) {
    const { payload, font } = this.view;
    this.wide = width >= 640;
    this.element.classList.toggle("side", this.wide);
    const pen = this.panes[0].picture.getContext("2d");
    pen.font = `12px ${font}`;
    const widest = (units) => Math.min(104, Math.max(...units.a.map((_, i) => pen.measureText(axisLabel(units, i)).width)) + 8);
    const [n, m] = [payload.n, payload.m];
    const room = (left) => (this.wide ? (width - left - BITS.width - BITS.gap - 2 * GAP) / 3 : width - left - BITS.width - BITS.gap);
    const left = Math.ceil(widest(payload.rows));
    const cell = (space) => Math.min(LARGEST, space / m, 640 / n);
    this.written = cell(room(left)) >= WRITTEN;
    this.left = this.written ? left : 0;
    this.cell = Math.max(1, cell(room(this.left)));
    if (this.cell > 4) this.cell = Math.floor(this.cell);
    this.top = this.written ? Math.ceil(widest(payload.columns) * 0.8) + 6 : 0;
    [this.width, this.height] = [this.cell * m, this.cell * n];
    [this.view.root.dataset.cell, this.view.root.dataset.rows] = [this.cell, n];
    this.panes.forEach((pane) => pane.layout());
  }

  draw() { this.panes.forEach((pane) => pane.draw()); }
  mark() { this.panes.forEach((pane) => pane.mark()); }

  key(event) {
    const { payload, cell } = this.view;
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const first = { r: payload.n - 1, c: 0 };
    const [r, c] = cell ? [cell.r + move[0], cell.c + move[1]] : [first.r, first.c];
    this.view.pin({ r: Math.min(payload.n - 1, Math.max(0, r)), c: Math.min(payload.m - 1, Math.max(0, c)) }, true);
  }
}

const axisLabel = (units, i, side = null) => shorten(units.label(i, side), 14);

class Pane {
  constructor(panes, name) {
    Object.assign(this, { panes, name });
    this.title = el("figcaption", {});
    this.picture = el("canvas", { role: "img", className: "say" });
    this.marks = el("canvas", { ariaHidden: "true", className: "marks" });
    this.sheet = el("div", { className: "sheet" }, this.picture, this.marks);
    this.element = el("figure", { className: "pane" }, this.title, this.sheet);
    this.element.dataset.pane = name;
    this.sheet.addEventListener("pointermove", (event) => this.view.point(this.cellAt(event)));
    this.sheet.addEventListener("pointerleave", () => this.view.point(null));
    this.sheet.addEventListener("click", (event) => this.view.pin(this.cellAt(event)));
  }

  get view() { return this.panes.view; }
  get first() { return this.name === "a" || !this.panes.wide; } // has the rows' words beside it
  get left() { return this.first ? this.panes.left : 0; }
  get extra() { return this.name === "change" ? BITS.gap + BITS.width : 0; }

  layout() {
    const { panes } = this;
    [this.width, this.height] = [this.left + panes.width + this.extra, panes.top + panes.height];
    this.sheet.style.cssText = `width:${this.width}px;height:${this.height}px`;
    this.element.style.width = `${this.width}px`;
    this.title.style.paddingLeft = `${this.left}px`;
  }

  cellAt(event) {
    const { panes } = this;
    const box = this.sheet.getBoundingClientRect();
    const c = Math.floor((event.clientX - box.left - this.left) / panes.cell);
    const r = Math.floor((event.clientY - box.top - panes.top) / panes.cell);
    const { n, m } = this.view.payload;
    return r >= 0 && r < n && c >= 0 && c < m ? { r, c } : null;
  }

  // The colour of a cell as a pixel.
  pixel(matrices, theme, r, c) {
    const { payload } = this.view;
    if (payload.later(r, c)) return theme.pixel("sunk");
    if (this.name !== "change") return theme.pixels[matrices.code(this.name, r, c)];
    const t = matrices.thousandths(r, c) / 1000;
    return theme.changePixels[Math.round(127.5 + Math.sign(t) * Math.sqrt(Math.abs(t)) * 127.5)];
  }

  draw() {
    const { panes, view, left } = this;
    const { payload, theme, font } = view;
    const matrices = payload.matrices(view.pair);
    const pen = prepare(this.picture, this.width + LEAN, this.height);
    [pen.font, pen.textBaseline] = [`12px ${font}`, "middle"];
    fill(this.title, this.heading());
    if (panes.written) this.words(pen, theme);
    if (matrices) {
      const image = new ImageData(payload.m, payload.n);
      const out = new Uint32Array(image.data.buffer);
      for (let i = 0; i < out.length; i++) out[i] = this.pixel(matrices, theme, Math.floor(i / payload.m), i % payload.m);
      const canvas = el("canvas", { width: payload.m, height: payload.n });
      canvas.getContext("2d").putImageData(image, 0, 0);
      pen.imageSmoothingEnabled = false;
      pen.drawImage(canvas, left, panes.top, panes.width, panes.height);
      this.absent(pen, theme, matrices);
      if (this.extra) this.bars(pen, theme, matrices);
    }
    pen.strokeStyle = theme.colour.border;
    pen.strokeRect(left + 0.5, panes.top + 0.5, panes.width - 1, panes.height - 1);
    this.mark();
  }

  heading() {
    const { payload: { sides }, pair } = this.view;
    const [one, two] = sides;
    if (this.name === "change") return [strong(`${two.title} ${THEME.minus} ${one.title}`)];
    const side = this.name === "a" ? one : two;
    const head = headWords(pair.a) === headWords(pair.b) ? "" : ` · ${headTitle(pair[this.name])}`;
    return [strong(side.title), `${head}${side.what ? ` · ${side.what}` : ""}`];
  }

  words(pen, theme) {
    const { panes, left } = this;
    const { rows, columns, n, m } = this.view.payload;
    const side = this.name === "change" ? null : this.name;
    const ink = (units, i) => (units.same(i) ? theme.colour.muted : theme.colour.ink);
    if (this.first) {
      pen.textAlign = "right";
      for (let r = 0; r < n; r++) {
        pen.fillStyle = ink(rows, r);
        pen.fillText(axisLabel(rows, r), left - 6, panes.top + (r + 0.5) * panes.cell, left - 8);
      }
    }
    pen.textAlign = "left";
    for (let c = 0; c < m; c++) {
      pen.save();
      pen.translate(left + (c + 0.5) * panes.cell + 2, panes.top - 5);
      pen.rotate(-Math.PI / 3.4);
      pen.fillStyle = ink(columns, c);
      pen.fillText(axisLabel(columns, c, side), 0, 0, 104);
      pen.restore();
    }
  }

  // Rows and columns that stand on the other side only, and rows without weights, are hatched.
  absent(pen, theme, matrices) {
    const { panes, left, name } = this;
    const { rows, columns, n, m } = this.view.payload;
    const here = (units, i) => (name === "change" ? units.paired(i) : units[name][i] !== null);
    const sides = name === "change" ? ["a", "b"] : [name];
    for (let r = 0; r < n; r++) {
      const y = panes.top + r * panes.cell;
      if (!here(rows, r)) hatch(pen, theme, left, y, panes.width, panes.cell, "sunk", "border");
      else if (sides.some((side) => matrices.bad(side, r))) hatch(pen, theme, left, y, panes.width, panes.cell);
    }
    if (name === "change") return; // there a word that one side lacks counts as one that it does not read
    for (let c = 0; c < m; c++) {
      if (here(columns, c)) continue;
      hatch(pen, theme, left + c * panes.cell, panes.top, panes.cell, panes.height, "sunk", "border");
    }
  }

  bars(pen, theme, matrices) {
    const { panes } = this;
    const x = this.left + panes.width + BITS.gap;
    const height = Math.max(1, Math.min(8, panes.cell - 2));
    for (let r = 0; r < this.view.payload.n; r++) {
      const half = matrices.bits(r);
      if (half === null) continue;
      const y = panes.top + (r + 0.5) * panes.cell - height / 2;
      pen.fillStyle = theme.colour.line;
      pen.fillRect(x, y, BITS.width, height);
      pen.fillStyle = theme.colour.muted;
      pen.fillRect(x, y, (BITS.width * half) / 2000, height);
    }
  }

  mark() {
    const { panes, left } = this;
    const { cell, theme, pinned } = this.view;
    const pen = prepare(this.marks, this.width, this.height);
    if (!cell) return;
    const [x, y] = [left + cell.c * panes.cell, panes.top + cell.r * panes.cell];
    [pen.strokeStyle, pen.lineWidth, pen.globalAlpha] = [theme.colour.ink, 1, 0.55];
    pen.strokeRect(left + 0.5, y + 0.5, panes.width - 1, panes.cell - 1);
    pen.strokeRect(x + 0.5, panes.top + 0.5, panes.cell - 1, panes.height - 1);
    [pen.globalAlpha, pen.lineWidth, pen.strokeStyle] = [1, 2, pinned ? theme.colour.primary : theme.colour.ink];
    pen.strokeRect(x - 1, y - 1, panes.cell + 2, panes.cell + 2);
  }
}
