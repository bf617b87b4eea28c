// A panel of numbers as colours, row by row, each of which can be read off.

class HeatPanel {
  constructor(panel, parts, sheet) {
    Object.assign(this, { panel, sheet, values: parts[panel.part] });
    this.size = panel.rows * panel.columns;
    this.canvas = el("canvas", { tabIndex: 0, role: "img" });
    this.bar = el("canvas", {});
    this.keys = el("div", { className: "scale" }, figure(panel.low, panel.digits ?? 2), this.bar, figure(panel.high, panel.digits ?? 2));
    this.element = this.canvas;
  }

  height() { return this.panel.height ?? 220; }

  draw(theme, width, at) {
    const { panel, canvas } = this;
    const height = this.height();
    const pen = prepare(canvas, width, height);
    pen.font = this.sheet.font;
    const { rows, columns } = panel;
    const place = (this.place = { left: EDGE.left, top: EDGE.top, w: Math.max(1, width - EDGE.left - EDGE.right), h: height - EDGE.top - EDGE.bottom });
    const image = this.picture(theme);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, place.left, place.top, place.w, place.h);
    [pen.strokeStyle, pen.lineWidth] = [theme.colour.border, 1];
    pen.strokeRect(place.left - 0.5, place.top - 0.5, place.w + 1, place.h + 1);
    pen.fillStyle = theme.colour.muted;
    [pen.textAlign, pen.textBaseline] = ["right", "middle"];
    const name = (labels, first, i) => labels?.[i] ?? figure(first + i);
    for (const i of ticks(0, rows - 1, 4).filter(Number.isInteger)) {
      pen.fillText(name(panel.row_names, panel.first_row ?? 0, i), place.left - 6, place.top + ((i + 0.5) / rows) * place.h);
    }
    [pen.textAlign, pen.textBaseline] = ["center", "alphabetic"];
    for (const i of ticks(0, columns - 1, place.w / 70).filter(Number.isInteger)) {
      pen.fillText(name(null, panel.first_column ?? 0, i), place.left + ((i + 0.5) / columns) * place.w, place.top + place.h + 15);
    }
    pen.fillText(panel.x, place.left + place.w / 2, place.top + place.h + 30);
    pen.save();
    pen.translate(11, place.top + place.h / 2);
    pen.rotate(-Math.PI / 2);
    pen.fillText(panel.y, 0, 0);
    pen.restore();
    if (at !== null) this.ring(pen, theme, place, at);
    rampBar(this.bar, theme, panel.ramp === "beam" ? theme.beam : theme.change);
    canvas.ariaLabel = `${panel.title}. ${this.read(at ?? 0).map((p) => p.strong ?? p).join("")}`;
  }

  // One pixel per number; what cannot be read (NaN) has the colour of nothing.
  picture(theme) {
    if (this.painted?.theme === theme) return this.painted.image;
    const { rows, columns, low, high, ramp } = this.panel;
    const table = ramp === "beam" ? theme.pixels : theme.changePixels;
    const image = el("canvas", { width: columns, height: rows });
    const pen = image.getContext("2d");
    const data = pen.createImageData(columns, rows);
    const pixels = new Uint32Array(data.data.buffer);
    const nothing = theme.pixel("sunk");
    this.values.forEach((value, i) => {
      const code = Math.round((255 * (value - low)) / (high - low || 1));
      pixels[i] = Number.isFinite(value) ? table[Math.min(255, Math.max(0, code))] : nothing;
    });
    pen.putImageData(data, 0, 0);
    this.painted = { theme, image };
    return image;
  }

  ring(pen, theme, place, at) {
    const { rows, columns } = this.panel;
    const [row, column] = [Math.floor(at / columns), at % columns];
    const [w, h] = [place.w / columns, place.h / rows];
    [pen.strokeStyle, pen.lineWidth] = [theme.colour.ink, 1.5];
    pen.strokeRect(place.left + column * w - 1.5, place.top + row * h - 1.5, w + 3, h + 3);
  }

  at({ x, y }) {
    const { rows, columns } = this.panel;
    const cell = (share, n) => Math.min(n - 1, Math.max(0, Math.floor(share * n)));
    return cell((y - this.place.top) / this.place.h, rows) * columns + cell((x - this.place.left) / this.place.w, columns);
  }

  step(at, key) {
    const { rows, columns } = this.panel;
    if (at === null) return 0;
    const [row, column] = [Math.floor(at / columns), at % columns];
    const [down, across] = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key] ?? [0, 0];
    return Math.min(rows - 1, Math.max(0, row + down)) * columns + Math.min(columns - 1, Math.max(0, column + across));
  }

  read(at) {
    const { panel } = this;
    const [row, column] = [Math.floor(at / panel.columns), at % panel.columns];
    const named = panel.row_names?.[row];
    const where = `${panel.y} ${named ?? figure((panel.first_row ?? 0) + row)}, ${panel.x} ${figure((panel.first_column ?? 0) + column)}`;
    return [strong(where), `: ${figure(this.values[at], panel.read_digits ?? 3)}`];
  }
}
