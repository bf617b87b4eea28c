// A panel of curves over one axis, with bands around them, and a rule that reads them all off.

class LinesPanel {
  constructor(panel, parts, sheet) {
    Object.assign(this, { panel, sheet, strongest: null });
    this.xs = Array.from(parts[panel.x.part]);
    this.lines = panel.lines.map((line) => ({
      ...line, ys: parts[line.part], low: line.band && parts[line.band[0]], high: line.band && parts[line.band[1]],
    }));
    this.size = this.xs.length;
    this.canvas = el("canvas", { tabIndex: 0, role: "img" });
    this.keys = el("div", { className: "keys", role: "group", "aria-label": "Curves" }, ...this.lines.map((line, i) => this.key(line, i)));
    this.element = this.canvas;
  }

  key(line, i) {
    const sample = el("canvas", {});
    const button = pressable("", "", () => {
      this.strongest = this.strongest === i ? null : i;
      this.sheet.refresh();
    }, { ariaPressed: "false", title: `Bring ${line.name} forward` });
    button.append(sample, line.name);
    return button;
  }

  height() { return this.panel.height ?? 200; }

  draw(theme, width, at) {
    const { panel, canvas } = this;
    const height = this.height();
    const pen = prepare(canvas, width, height);
    pen.font = this.sheet.font;
    const place = (this.place = frameOf({ width, height, x: panel.x, y: panel.y }));
    drawAxes(pen, theme, place, panel);
    this.marks(pen, theme, place);
    this.levels(pen, theme, place);
    pen.save();
    pen.beginPath();
    pen.rect(place.left - 2, place.top - 2, place.w + 4, place.h + 4);
    pen.clip();
    this.lines.forEach((line, i) => this.band(pen, theme, place, line, i));
    this.lines.forEach((line, i) => this.curve(pen, theme, place, line, i));
    pen.restore();
    if (at !== null) this.rule(pen, theme, place, at);
    this.samples(theme);
    canvas.ariaLabel = `${panel.title}. ${this.read(at ?? 0).map((p) => p.strong ?? p).join("")}`;
  }

  faded(i) { return this.strongest !== null && this.strongest !== i; }

  // Vertical lines with a name: where training ended.
  marks(pen, theme, place) {
    for (const { x, label } of this.panel.marks ?? []) {
      const px = Math.round(place.x(x)) + 0.5;
      [pen.strokeStyle, pen.fillStyle] = [theme.colour.muted, theme.colour.muted];
      pen.setLineDash([2, 3]);
      pen.beginPath();
      pen.moveTo(px, place.top);
      pen.lineTo(px, place.top + place.h);
      pen.stroke();
      pen.setLineDash([]);
      [pen.textAlign, pen.textBaseline] = [px > place.left + place.w / 2 ? "right" : "left", "top"];
      pen.fillText(label, px + (pen.textAlign === "left" ? 5 : -5), place.top + 2);
    }
  }

  // The same across.
  levels(pen, theme, place) {
    for (const [y, label] of this.panel.levels ?? []) {
      const py = Math.round(place.y(y)) + 0.5;
      [pen.strokeStyle, pen.fillStyle, pen.textAlign, pen.textBaseline] = [theme.colour.muted, theme.colour.muted, "left", "bottom"];
      pen.setLineDash([2, 3]);
      pen.beginPath();
      pen.moveTo(place.left, py);
      pen.lineTo(place.left + place.w, py);
      pen.stroke();
      pen.setLineDash([]);
      pen.fillText(label, place.left + 5, py - 2);
    }
  }

  band(pen, theme, place, line, i) {
    if (!line.low || this.faded(i)) return;
    pen.fillStyle = theme.heads[line.colour];
    pen.globalAlpha = 0.16;
    pen.beginPath();
    this.xs.forEach((x, k) => pen[k ? "lineTo" : "moveTo"](place.x(x), place.y(line.low[k])));
    for (let k = this.xs.length - 1; k >= 0; k--) pen.lineTo(place.x(this.xs[k]), place.y(line.high[k]));
    pen.fill();
    pen.globalAlpha = 1;
  }

  curve(pen, theme, place, line, i) {
    [pen.strokeStyle, pen.lineWidth, pen.globalAlpha] = [theme.heads[line.colour], this.strongest === i ? 3 : 2, this.faded(i) ? 0.18 : 1];
    pen.setLineDash(DASHES[line.dash ?? 0]);
    pen.beginPath();
    let open = false;
    this.xs.forEach((x, k) => {
      const y = line.ys[k];
      if (Number.isFinite(y)) pen[open ? "lineTo" : "moveTo"](place.x(x), place.y(y));
      open = Number.isFinite(y);
    });
    pen.stroke();
    pen.setLineDash([]);
    if (this.panel.dots) this.dots(pen, place, line);
    pen.globalAlpha = 1;
  }

  dots(pen, place, line) {
    pen.fillStyle = pen.strokeStyle;
    this.xs.forEach((x, k) => {
      if (!Number.isFinite(line.ys[k])) return;
      pen.beginPath();
      pen.arc(place.x(x), place.y(line.ys[k]), 2.5, 0, 7);
      pen.fill();
    });
  }

  rule(pen, theme, place, k) {
    const px = Math.round(place.x(this.xs[k])) + 0.5;
    [pen.strokeStyle, pen.lineWidth] = [theme.colour.ink, 1];
    pen.beginPath();
    pen.moveTo(px, place.top);
    pen.lineTo(px, place.top + place.h);
    pen.stroke();
    this.lines.forEach((line, i) => {
      if (!Number.isFinite(line.ys[k]) || this.faded(i)) return;
      pen.fillStyle = theme.heads[line.colour];
      pen.beginPath();
      pen.arc(px, place.y(line.ys[k]), 3.5, 0, 7);
      pen.fill();
    });
  }

  samples(theme) {
    [...this.keys.children].forEach((button, i) => {
      button.ariaPressed = String(this.strongest === i);
      const pen = prepare(button.firstChild, 26, 10);
      [pen.strokeStyle, pen.lineWidth] = [theme.heads[this.lines[i].colour], 2.5];
      pen.setLineDash(DASHES[this.lines[i].dash ?? 0]);
      pen.beginPath();
      pen.moveTo(0, 5);
      pen.lineTo(26, 5);
      pen.stroke();
    });
    this.keys.hidden = this.lines.length < 2;
  }

  at({ x }) { return nearestIndex(this.xs, this.place.back(x)); }

  step(at, key) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0;
    return by ? Math.min(this.size - 1, Math.max(0, (at ?? (by > 0 ? -1 : this.size)) + by)) : at;
  }

  // Every curve where the rule stands.
  read(k) {
    const { panel } = this;
    const number = (value) => (panel.digits === null ? twoDigits(value) : figure(value, panel.digits ?? 2));
    const y = (value) => (panel.y.percent ? `${figure(value * 100, 0)} %` : number(value));
    const each = this.lines.flatMap((line, i) => {
      if (!Number.isFinite(line.ys[k]) || this.faded(i)) return [];
      const spread = line.low && line.high[k] > line.low[k] ? ` (${y(line.low[k])} to ${y(line.high[k])})` : "";
      return [`${this.lines.length > 1 ? `${line.name} ` : ""}${y(line.ys[k])}${spread}`];
    });
    return [strong(`${panel.x.reads ?? panel.x.label} ${figure(this.xs[k], panel.x.digits)}`), `: ${each.join(" · ")}`];
  }
}
