// Charts of a fine-tuning, one above another on one axis of steps. New data only draws anew: the canvas stays.
// uses: axes

const PLACES = { top: 40, gap: 38, log: 180, share: 150, zero: 80 };

class Learning extends Charts {
  constructor(parent) { super(parent, "ln"); }

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
    this.height = y - PLACES.gap + EDGES.bottom;
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

  draw() {
    this.pen = prepare(this.canvas, this.width, this.height);
    this.payload.charts.forEach((chart, i) => this.chart(chart, this.tops[i]));
    this.drawSteps();
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
    const last = ({ key }) => (this.parts[`${key}_smooth`] ?? this.parts[key]).at(-1);
    const there = chart.lines.filter((line) => last(line) !== undefined);
    this.ends(there.map((line) => [words(last(line)), this.ink(line)]), top - 15);
  }

  scale({ scale }, top, range) {
    const height = PLACES[scale];
    if (scale === "share") return { ticks: [0, 0.5, 1], place: (v) => top + height - v * height, words: percent };
    if (scale === "zero") {
      const high = range && range[1] > 0 ? range[1] * 1.05 : 1;
      return { ticks: ticksTo(high, 2), place: (v) => top + height - (v / high) * height, words: figure };
    }
    return { ...this.logarithmic(range ?? [0.1, 1], top, height), words: figure };
  }

  // A line to measure by, with its name above its right end.
  level([name, value], place, words) {
    const { pen, theme: { colour }, width } = this;
    const y = Math.round(place(value)) + 0.5;
    [pen.strokeStyle, pen.fillStyle, pen.textAlign] = [colour.muted, colour.muted, "right"];
    pen.setLineDash([2, 3]);
    pen.beginPath();
    pen.moveTo(EDGES.left, y);
    pen.lineTo(width - EDGES.right, y);
    pen.stroke();
    pen.setLineDash([]);
    pen.fillText(`${name} ${words(value)}`, width - EDGES.right - 4, y - 9);
  }

  // What the curves say at a step.
  words(step) {
    const said = this.payload.charts.map(({ title, scale, lines }) => {
      const values = lines.map((line) => {
        const name = this.parts[`${line.key}_smooth`] ? `${line.key}_smooth` : line.key;
        const i = before(this.parts[`${name}_at`], step);
        const own = line.name === title.toLowerCase() ? "" : `${line.name} `;
        return i < 0 ? "" : `${own}${(scale === "share" ? percent : figure)(this.parts[name][i])}`;
      });
      return values.some(Boolean) ? `${title}: ${values.filter(Boolean).join(", ")}` : "";
    });
    return [`Step ${thousands(step)} of ${thousands(this.payload.total)}`, ...said.filter(Boolean)].join(" · ");
  }
}

export default function (host) { return mount(Learning, host); }
