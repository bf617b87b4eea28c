// The numbers of a stage as a heat map: rows are positions; the cell in focus follows the pointer and the arrows.

const CELL = { most: 44, least: 2, row: 30, lowest: 12, written: 38 };
const GUTTER = 8;

class Matrix {
  constructor(anatomy) {
    this.anatomy = anatomy;
    this.canvas = el("canvas", { className: "matrix", tabIndex: 0, role: "img" });
    this.scroller = el("div", { className: "matrix-frame" }, this.canvas);
    this.ramp = el("canvas", { width: 96, height: 10, ariaHidden: "true" });
    this.range = [span("cap"), span("cap")];
    this.note = span("cap");
    this.legend = el("div", { className: "bar legend" }, this.range[0], this.ramp, this.range[1], this.note);
    this.element = el("div", {}, this.scroller, this.legend);
    this.canvas.addEventListener("pointermove", (event) => this.over(event));
    this.canvas.addEventListener("pointerdown", (event) => this.over(event));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  // How large things are, for this stage at this width.
  layout(width) {
    const { anatomy } = this;
    const { payload, stage } = anatomy;
    [this.rows, this.columns] = payload.size(stage);
    const pen = this.canvas.getContext("2d");
    pen.font = `13px ${anatomy.font}`;
    const labels = payload.rows(stage);
    const widest = Math.max(...labels.map((label) => pen.measureText(shorten(shown(label), 16)).width), 20);
    this.left = Math.min(Math.ceil(widest) + GUTTER + 4, Math.round(width * 0.3));
    const named = ["key", "token"].includes(stage.axes.at(-1));
    this.top = named ? 74 : this.columns > 1 ? 20 : 6;
    const room = width - this.left - 2;
    const single = this.columns === 1;
    this.cell = single ? Math.min(stage.name === "tokens" ? 110 : 420, room) : Math.max(named ? 22 : CELL.least, Math.min(CELL.most, room / this.columns));
    this.height = Math.max(CELL.lowest, Math.min(CELL.row, Math.floor(460 / this.rows)));
    if (named && stage.axes.at(-1) === "key") this.height = Math.max(this.height, Math.min(this.cell, Math.floor(520 / this.rows)));
    this.named = named;
    return [this.left + this.cell * this.columns + 2, this.top + this.height * this.rows + 2];
  }

  // Which of the two ramps, and where it ends.
  scale(stage, head) {
    const { payload } = this.anatomy;
    const from = payload.start(stage, head);
    const [rows, columns] = payload.size(stage);
    const values = stage.values.subarray(from, from + rows * columns);
    const finite = values.filter(Number.isFinite);
    const top = finite.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
    return { shares: ["attention weights", "probabilities"].includes(stage.name), ids: stage.name === "tokens", top };
  }

  draw() {
    const { anatomy } = this;
    const { payload, stage, theme, head } = anatomy;
    const [width, height] = this.layout(anatomy.stageWidth);
    const pen = prepare(this.canvas, width, height);
    const scale = (this.scaled = this.scale(stage, head));
    const ramp = scale.shares ? theme.beam : theme.change;
    for (let row = 0; row < this.rows; row++) {
      const y = this.top + row * this.height;
      for (let column = 0; column < this.columns; column++) {
        const value = payload.at(stage, head, row, column);
        const x = this.left + column * this.cell;
        const gap = this.cell > 8 ? 1 : 0;
        const [w, h] = [this.cell - gap + (gap ? 0 : 0.5), this.height - 1];
        if (!Number.isFinite(value)) hatch(pen, theme, x, y, w, h, "sunk", "border");
        else if (!scale.ids) {
          pen.fillStyle = ramp[levelOf(value, scale)];
          pen.fillRect(x, y, this.columns === 1 ? Math.max(2, (w - 70) * (Math.abs(value) / scale.top)) : w, h);
        }
        if (this.cell >= CELL.written && this.height >= 17) this.write(pen, value, x + w / 2, y + this.height / 2, scale);
      }
    }
    this.label(pen);
    this.heads(pen, stage);
    this.mark(pen);
    this.legends(scale, ramp);
  }

  write(pen, value, x, y, scale) {
    const { theme, stage } = this.anatomy;
    pen.font = `12px ${this.anatomy.font}`;
    [pen.textAlign, pen.textBaseline] = ["center", "middle"];
    const level = Number.isFinite(value) && !scale.ids ? levelOf(value, scale) : -1;
    pen.fillStyle = level < 0 ? theme.colour.ink : scale.shares ? theme.beamInk[level] : theme.changeInk[level];
    if (value === 0) pen.fillStyle = theme.colour.faint;
    const wide = this.columns === 1;
    if (wide && !scale.ids) {
      [pen.fillStyle, pen.textAlign] = [theme.colour.ink, "right"];
      x = this.left + this.cell - 8;
    }
    pen.fillText(stage.name === "tokens" ? thousands(value) : wide ? numberWords(value) : shortNumber(value), x, y);
  }

  label(pen) {
    const { payload, stage, theme, row, font, column } = this.anatomy;
    [pen.textAlign, pen.textBaseline] = ["right", "middle"];
    const labels = payload.rows(stage);
    for (let i = 0; i < this.rows; i++) {
      pen.font = `${i === row ? 600 : 400} ${Math.min(13, this.height)}px ${font}`;
      pen.fillStyle = i === row ? theme.colour.ink : theme.colour.muted;
      pen.fillText(clip(pen, shown(labels[i]), this.left - GUTTER), this.left - GUTTER, this.top + (i + 0.5) * this.height);
    }
    if (this.columns === 1) return;
    const names = this.named ? (i) => shorten(shown(stage.axes.at(-1) === "key" ? payload.labels(stage.keys)[i] : payload.vocabulary[i][1]), 11) : String;
    const every = this.named ? 1 : [1, 8, 16, 32, 64, 128, 256, 512].find((step) => step * this.cell > 34);
    for (let i = 0; i < this.columns; i += every) {
      const x = this.left + (i + (this.named ? 0.5 : 0)) * this.cell;
      pen.font = `${i === column && this.named ? 600 : 400} 12px ${font}`;
      pen.fillStyle = i === column && this.named ? theme.colour.ink : theme.colour.muted;
      pen.save();
      pen.translate(x, this.top - 6);
      if (this.named) pen.rotate(-Math.PI / 3.2);
      pen.textAlign = "left";
      pen.fillText(names(i), 0, 0);
      pen.restore();
    }
  }

  // Where one head ends and the next begins, in what lies side by side.
  heads(pen, stage) {
    const { payload, theme, head } = this.anatomy;
    if (stage.name !== "heads side by side") return;
    const width = payload.header.config.d_head * this.cell;
    pen.strokeStyle = theme.colour.ink;
    pen.lineWidth = 1;
    for (let h = 1; h * width < this.cell * this.columns - 1; h++) {
      pen.beginPath();
      pen.moveTo(this.left + h * width, this.top);
      pen.lineTo(this.left + h * width, this.top + this.rows * this.height);
      pen.stroke();
    }
    pen.lineWidth = 2;
    pen.strokeRect(this.left + head * width, this.top, width, this.rows * this.height - 1);
  }

  mark(pen) {
    const { theme, row, column } = this.anatomy;
    const [x, y] = [this.left + column * this.cell, this.top + row * this.height];
    pen.strokeStyle = theme.colour.ink;
    pen.lineWidth = 1;
    if (this.columns > 1) {
      pen.globalAlpha = 0.45;
      pen.strokeRect(this.left - 0.5, y - 0.5, this.cell * this.columns, this.height);
      pen.globalAlpha = 1;
    }
    const wide = Math.max(this.cell, 5);
    pen.lineWidth = 2;
    pen.strokeStyle = theme.colour.page;
    pen.strokeRect(x + this.cell / 2 - wide / 2 - 2, y - 2, wide + 4, this.height + 3);
    pen.strokeStyle = theme.colour.primary;
    pen.strokeRect(x + this.cell / 2 - wide / 2 - 0.5, y - 0.5, wide, this.height);
  }

  legends(scale, ramp) {
    const { stage, theme, payload } = this.anatomy;
    this.legend.hidden = scale.ids;
    rampBar(this.ramp, theme, ramp);
    this.range[0].textContent = scale.shares ? "0" : numberWords(-scale.top);
    this.range[1].textContent = scale.shares ? numberWords(scale.top) : numberWords(scale.top);
    const words = ["colours by square root"];
    if (stage.axes[0] === "head") words.push(headWords(payload, stage, this.anatomy.head));
    if (stage.axes.at(-1) === "token") words.push(`${this.columns} likely tokens of ${thousands(stage.shape.at(-1))}`);
    if (stage.values.some((value) => value === -Infinity)) words.push("hatched: minus infinity");
    this.note.textContent = words.join(" · ");
  }

  over(event) {
    const { x, y } = pointIn(this.canvas, event);
    const [row, column] = [Math.floor((y - this.top) / this.height), Math.floor((x - this.left) / this.cell)];
    if (row < 0 || row >= this.rows || x > this.left + this.cell * this.columns) return;
    const clamped = Math.max(0, Math.min(this.columns - 1, column));
    this.anatomy.point(row, x < this.left ? this.anatomy.column : clamped);
  }

  key(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -Infinity], End: [0, Infinity] }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const inside = (value, n) => Math.max(0, Math.min(n - 1, value));
    this.anatomy.point(inside(this.anatomy.row + step[0], this.rows), inside(this.anatomy.column + step[1], this.columns));
    this.reveal();
  }

  reveal() {
    const x = this.left + this.anatomy.column * this.cell;
    const { scrollLeft, clientWidth } = this.scroller;
    if (x < scrollLeft || x + this.cell > scrollLeft + clientWidth) this.scroller.scrollLeft = x - clientWidth / 2;
  }
}

// Which head the numbers are of.
function headWords(payload, stage, head) {
  const [own, all] = [payload.heads(stage), payload.header.config.heads];
  if (own === all) return `head ${head}, counted from 0, of ${all}`;
  return `group ${payload.served(stage, head)} of ${own}: head ${head} shares it`;
}

// The colour of a value among 256: shares from 0 up, others from the middle, both by square root.
function levelOf(value, { shares, top }) {
  const part = Math.sqrt(Math.min(1, Math.abs(value) / top));
  if (shares) return Math.round(255 * part);
  return Math.round(127.5 + 127.5 * Math.sign(value) * part);
}
