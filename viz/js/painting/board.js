// The picture as it fills: the newest cell outlined, what it read laid over the cells before it.

const BOARD = 400; // pixels, the most it is wide
const LEAST_TOP = 128; // the code of weight 0.25: a head that reads next to nothing of the cells is not blown up

// The code that has the strongest colour.
const boardTop = ({ payload, state, focus }) => Math.max(LEAST_TOP, ...payload.read(state.head, focus).cells.codes);

class Board {
  constructor(view) {
    this.view = view;
    this.picture = el("canvas", { className: "board", tabIndex: 0, role: "img" });
    this.element = el("div", { className: "easel" }, this.picture);
    this.picture.addEventListener("pointermove", ({ offsetX, offsetY }) => view.hover(this.cellAt(offsetX, offsetY)));
    this.picture.addEventListener("pointerleave", () => view.hover(null));
    this.picture.addEventListener("click", ({ offsetX, offsetY }) => view.hold(this.cellAt(offsetX, offsetY)));
    this.picture.addEventListener("keydown", (event) => this.key(event));
  }

  layout(room) {
    const { rows, columns } = this.view.payload;
    this.side = Math.max(12, Math.floor(Math.min(room, BOARD) / columns));
    [this.width, this.height] = [this.side * columns, this.side * rows];
  }

  cellAt(x, y) {
    const { rows, columns } = this.view.payload;
    const [row, column] = [Math.floor(y / this.side), Math.floor(x / this.side)];
    return row < 0 || column < 0 || row >= rows || column >= columns ? null : row * columns + column;
  }

  draw() {
    const { view, view: { payload: data, theme, state, focus, shown } } = this;
    const pen = prepare(this.picture, this.width, this.height);
    pen.fillStyle = theme.colour.sunk;
    pen.fillRect(0, 0, this.width, this.height);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(cellImage(data, data.codes, shown), 0, 0, this.width, this.height);
    if (state.over === "read" && !view.playing && focus < shown) this.drawRead(pen, focus);
    this.drawGrid(pen);
    for (const [cell] of data.byHand) if (cell < shown) this.dot(pen, cell);
    if (focus < shown || view.hovered !== null) outline(pen, this.box(focus));
    this.picture.ariaLabel = plainText(view.sentence);
  }

  box(cell) {
    const [row, column] = this.view.payload.place(cell);
    return { x: column * this.side, y: row * this.side, width: this.side, height: this.side };
  }

  // Weights over the cells before it: the stronger, the lighter; cells that it could not read stay as they are.
  drawRead(pen, cell) {
    const { payload: data, state } = this.view;
    const theme = Theme.named(OVERLAY);
    const { cells } = data.read(state.head, cell);
    if (!cells.codes.length) return;
    pen.fillStyle = "rgb(15 19 25 / 55%)";
    for (let at = 0; at < cell; at++) {
      const { x, y, width, height } = this.box(at);
      pen.fillRect(x, y, width, height);
    }
    const top = boardTop(this.view);
    cells.codes.forEach((code, at) => {
      const { x, y, width, height } = this.box(at);
      const level = Math.round((255 * code) / top);
      pen.globalAlpha = covering(0.65, level / 255) * (level > 8 ? 1 : 0);
      pen.fillStyle = theme.beam[level];
      pen.fillRect(x + 4, y + 4, width - 8, height - 8);
    });
    pen.globalAlpha = 1;
  }

  drawGrid(pen) {
    const { rows, columns } = this.view.payload;
    pen.strokeStyle = "rgb(128 128 128 / 30%)";
    pen.lineWidth = 1;
    pen.beginPath();
    for (let c = 0; c <= columns; c++) [pen.moveTo(c * this.side, 0), pen.lineTo(c * this.side, this.height)];
    for (let r = 0; r <= rows; r++) [pen.moveTo(0, r * this.side), pen.lineTo(this.width, r * this.side)];
    pen.stroke();
  }

  // A cell that the visitor painted.
  dot(pen, cell) {
    const { x, y } = this.box(cell);
    for (const [colour, radius] of [["#0F1319", 5], ["#FFFFFF", 3]]) {
      pen.fillStyle = colour;
      pen.beginPath();
      pen.arc(x + this.side - 8, y + 8, radius, 0, 7);
      pen.fill();
    }
  }

  key(event) {
    const { view, view: { payload: { columns, n } } } = this;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (event.key === " ") view.play();
    else if (event.key === "Escape") view.hold(null);
    else if (step) {
      const to = view.focus + step;
      if (to >= 0 && to < n) view.hold(to, true);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
