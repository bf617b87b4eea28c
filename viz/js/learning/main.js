// Charts of a fine-tuning, one above another on one axis of steps. New data only draws anew: the canvas stays.
// uses: axes

const PLACES = { left: 48, right: 12, top: 30, gap: 38, bottom: 24, log: 180, share: 150, zero: 80 };

class Learning extends Mounted {
  constructor(parent) {
    super(parent);
    this.canvas = el("canvas", { role: "img" });
    this.cross = el("canvas", { className: "cross", "aria-hidden": "true" });
    this.sheet = el("div", { className: "sheet", tabIndex: 0 }, this.canvas, this.cross);
    this.legend = el("div", { className: "cap legend" });
    this.status = el("div", { className: "status", "aria-live": "polite" });
    this.frame = el("section", { className: "ln", "aria-label": "Curves", hidden: true },
      el("div", { className: "bar" }, el("h2", { textContent: "Curves" }), spring(), this.legend), this.sheet, this.status);
    this.root.replaceChildren(el("style", { textContent: LEARNING_STYLE }), this.failure, this.frame);
    this.sheet.addEventListener("pointermove", (event) => this.point(this.stepAt(pointIn(this.sheet, event).x)));
    this.sheet.addEventListener("pointerleave", () => this.point(null));
    this.sheet.addEventListener("blur", () => this.point(null));
    this.sheet.addEventListener("keydown", (event) => this.key(event));
    this.listen();
  }

  take({ header, parts }) {
    [this.payload, this.parts] = [header, parts];
    this.frame.hidden = false;
    this.dress();
  }

  get lines() { return this.payload.charts.flatMap((chart) => chart.lines); }
  get last() { return Math.max(0, ...this.lines.map(({ key }) => this.parts[`${key}_at`].at(-1) ?? 0)); }
  ink(line) { return this.theme.heads[line.colour]; }

  refresh() {
    this.width = this.sheet.clientWidth;
    if (!this.width) return;
    this.font = getComputedStyle(this.frame).fontFamily;
    this.most = Math.max(1, this.last, this.payload.total);
    let y = PLACES.top;
    this.tops = this.payload.charts.map(({ scale }) => {
      const top = y;
      y += PLACES[scale] + PLACES.gap;
      return top;
    });
    this.height = y - PLACES.gap + PLACES.bottom;
    this.sheet.style.height = `${this.height}px`;
    this.name();
    this.draw();
    this.point(this.pointed ?? null);
  }

  // Each name once, though its curve may be in several charts.
  name() {
    const seen = new Map(this.lines.map((line) => [line.name, line]));
    const keys = [...seen.values()].map((line) => {
      const mark = el("i", { className: line.dashed ? "dashed" : "" });
      mark.style.borderColor = this.ink(line);
      return el("span", { className: "key" }, mark, line.name);
    });
    const smooth = this.lines.some((line) => line.smooth);
    this.legend.replaceChildren(...keys, span("", smooth ? `strong: the last ${this.payload.reach} steps, averaged` : ""));
  }

  x(step) { return PLACES.left + (step / this.most) * (this.width - PLACES.left - PLACES.right); }
  stepAt(x) {
    const share = (x - PLACES.left) / (this.width - PLACES.left - PLACES.right);
    return share < -0.02 || share > 1.02 ? null : Math.max(0, Math.min(this.last, Math.round(share * this.most)));
  }

  draw() {
    this.pen = prepare(this.canvas, this.width, this.height);
    this.payload.charts.forEach((chart, i) => this.chart(chart, this.tops[i]));
    const { pen, theme: { colour } } = this;
    [pen.font, pen.fillStyle, pen.textBaseline] = [`12px ${this.font}`, colour.muted, "middle"];
    for (const tick of ticksTo(this.most, this.width < 420 ? 3 : 5)) {
      if (!Number.isInteger(tick)) continue;
      pen.textAlign = this.x(tick) > this.width - 30 ? "right" : "center";
      pen.fillText(thousands(tick), Math.min(this.x(tick), this.width - 2), this.height - 10);
    }
    this.canvas.ariaLabel = this.words(this.last);
    this.root.dataset.points = Math.max(0, ...this.lines.map(({ key }) => this.parts[key].length));
  }

  chart(chart, top) {
    const { pen, theme: { colour } } = this;
    const curves = chart.lines.map(({ key }) => this.parts[key]);
    const { ticks, place, words } = this.scale(chart, top, extent(...curves, chart.level ? [chart.level[1]] : []));
    [pen.textBaseline, pen.textAlign, pen.font, pen.fillStyle] = ["middle", "left", `600 13px ${this.font}`, colour.ink];
    pen.fillText(chart.scale === "log" ? `${chart.title} (log)` : chart.title, 4, top - 15);
    this.axis(ticks, place, words);
    if (chart.level) this.level(chart.level, place, words);
    for (const line of chart.lines) {
      const { [`${line.key}_at`]: at, [line.key]: values, [`${line.key}_smooth`]: smooth } = this.parts;
      this.line(at, values, place, this.ink(line), smooth ? 1 : 2, line.dashed ? [5, 3] : [], smooth ? 0.26 : 1);
      if (smooth) this.line(this.parts[`${line.key}_smooth_at`], smooth, place, this.ink(line), 2);
    }
    this.ends(chart, top, words);
  }

  scale({ scale }, top, range) {
    const height = PLACES[scale];
    if (scale === "share") return { ticks: [0, 0.5, 1], place: (v) => top + height - v * height, words: percent };
    if (scale === "zero") {
      const high = range && range[1] > 0 ? range[1] * 1.05 : 1;
      return { ticks: ticksTo(high, 2), place: (v) => top + height - (v / high) * height, words: figure };
    }
    const [least, most] = range ?? [0.1, 1];
    const [low, high] = [Math.max(1e-6, least * 0.9), Math.max(most * 1.1, least * 2, 2e-6)];
    const place = (v) => top + height - (Math.log(Math.max(v, low) / low) / Math.log(high / low)) * height;
    return { ticks: logTicks(low, high), place, words: figure };
  }

  axis(ticks, place, words) {
    const { pen, theme: { colour }, width } = this;
    [pen.font, pen.textAlign, pen.lineWidth] = [`12px ${this.font}`, "right", 1];
    let free = Infinity;
    for (const tick of ticks) {
      const y = Math.round(place(tick)) + 0.5;
      pen.strokeStyle = colour.line;
      pen.beginPath();
      pen.moveTo(PLACES.left, y);
      pen.lineTo(width - PLACES.right, y);
      pen.stroke();
      if (free - y < 14) continue;
      free = y;
      pen.fillStyle = colour.muted;
      pen.fillText(words(tick), PLACES.left - 6, y);
    }
  }

  // A line to measure by, with its name above its right end.
  level([name, value], place, words) {
    const { pen, theme: { colour }, width } = this;
    const y = Math.round(place(value)) + 0.5;
    [pen.strokeStyle, pen.fillStyle, pen.textAlign] = [colour.muted, colour.muted, "right"];
    pen.setLineDash([2, 3]);
    pen.beginPath();
    pen.moveTo(PLACES.left, y);
    pen.lineTo(width - PLACES.right, y);
    pen.stroke();
    pen.setLineDash([]);
    pen.fillText(`${name} ${words(value)}`, width - PLACES.right - 4, y - 9);
  }

  // Where the curves stand now, at the right of the chart's name.
  ends({ lines }, top, words) {
    const { pen } = this;
    [pen.textAlign, pen.font] = ["right", `600 13px ${this.font}`];
    let x = this.width - PLACES.right;
    for (const line of [...lines].reverse()) {
      const value = (this.parts[`${line.key}_smooth`] ?? this.parts[line.key]).at(-1);
      if (value === undefined) continue;
      pen.fillStyle = this.ink(line);
      pen.fillText(words(value), x, top - 15);
      x -= pen.measureText(words(value)).width + 12;
    }
  }

  line(at, values, place, ink, width, dash = [], alpha = 1) {
    const { pen } = this;
    pen.save();
    [pen.strokeStyle, pen.lineWidth, pen.globalAlpha, pen.lineJoin] = [ink, width, alpha, "round"];
    pen.setLineDash(dash);
    pen.beginPath();
    let open = false; // a number that is none is a gap
    values.forEach((value, i) => {
      if (Number.isFinite(value)) pen[open ? "lineTo" : "moveTo"](this.x(at[i]), place(value));
      open = Number.isFinite(value);
    });
    pen.stroke();
    pen.restore();
    if (values.length === 1 && Number.isFinite(values[0])) {
      pen.fillStyle = ink;
      pen.beginPath();
      pen.arc(this.x(at[0]), place(values[0]), 2.5, 0, 7);
      pen.fill();
    }
  }

  point(step) {
    this.pointed = step;
    const pen = prepare(this.cross, this.width, this.height);
    if (step !== null) {
      pen.fillStyle = this.theme.colour.primary;
      pen.fillRect(Math.round(this.x(step)), PLACES.top - 6, 1, this.height - PLACES.bottom - PLACES.top + 6);
    }
    this.status.textContent = this.words(step ?? this.last);
  }

  key(event) {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    const size = Math.max(1, Math.round(this.most / 100));
    this.point(Math.max(0, Math.min(this.last, (this.pointed ?? this.last) + move * size)));
  }

  // What the curves say at a step.
  words(step) {
    const said = this.payload.charts.map(({ title, scale, lines }) => {
      const values = lines.map((line) => {
        const name = this.parts[`${line.key}_smooth`] ? `${line.key}_smooth` : line.key;
        const i = before(this.parts[`${name}_at`], step);
        return i < 0 ? "" : `${line.name} ${(scale === "share" ? percent : figure)(this.parts[name][i])}`;
      });
      return values.some(Boolean) ? `${title}: ${values.filter(Boolean).join(", ")}` : "";
    });
    return [`Step ${thousands(step)} of ${thousands(this.payload.total)}`, ...said.filter(Boolean)].join(" · ");
  }
}

export default function (host) { return mount(Learning, host); }
