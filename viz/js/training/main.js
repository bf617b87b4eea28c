// Curves of a run: four charts on one axis of steps. New data only draws anew: the root and its canvas stay.
// uses: axes

const CHARTS = { top: 62, gap: 34, loss: 190, accuracy: 110, norm: 84, lr: 74 };
const NAMES = { loss: "Loss", accuracy: "Validation accuracy", norm: "Gradient norm", lr: "Learning rate" };
const MORE = 96; // pixels of a further chart
const TOLD = 3; // changes near a step that are told
const OVER = [2, 4, 5, 3]; // head colours of runs laid over this one: the first two are its own

class Training extends Charts {
  constructor(parent) { super(parent, "tr"); }

  get last() { return this.parts.loss_at.at(-1) ?? 0; }

  refresh() {
    this.width = this.sheet.clientWidth;
    if (!this.width) return;
    this.font = getComputedStyle(this.frame).fontFamily;
    const { colour, heads } = this.theme;
    this.colours = { train: heads[0], validation: heads[1] };
    this.payload.others.forEach((_, i) => { this.colours[`other${i}`] = heads[OVER[i % OVER.length]]; });
    const key = (name, words) => {
      const line = el("i", { className: name });
      line.style.borderColor = this.colours[name] ?? colour.muted;
      return el("span", { className: "key" }, line, words);
    };
    this.legend.replaceChildren(key("train", "train"), key("validation", "validation"),
      ...this.payload.others.map((name, i) => key(`other${i}`, name)),
      span("", `faint: every step; strong: the last ${this.payload.reach}, averaged`));
    this.layout();
    this.draw();
    this.point(this.pointed ?? null);
  }

  layout() {
    let y = CHARTS.top;
    this.at = {};
    for (const name of Object.keys(NAMES)) {
      this.at[name] = { top: y, height: CHARTS[name] };
      y += CHARTS[name] + CHARTS.gap;
    }
    this.payload.charts.forEach((chart, i) => {
      y += this.keysOf(chart).length > 1 ? 18 : 0;
      this.at[`chart_${i}`] = { top: y, height: MORE };
      y += MORE + CHARTS.gap;
    });
    this.height = y - CHARTS.gap + EDGES.bottom;
    this.sheet.style.height = `${this.height}px`;
    // the axis grows in steps, so that it does not slide under the reader's eyes
    const { total } = this.payload;
    this.most = Math.max(this.last, total, ...this.payload.others.map((_, i) => this.parts[`other_${i}_at`].at(-1) ?? 0));
  }

  draw() {
    const { parts, payload, theme: { colour } } = this;
    const pen = prepare(this.canvas, this.width, this.height);
    this.pen = pen;
    this.drawMarks(); // under the curves and their names
    this.drawLoss();
    const { top, height } = this.at.accuracy;
    const share = (value) => top + height - value * height;
    this.axis([0, 0.5, 1], share, percent);
    this.line(parts.looked, parts.accuracy, share, this.colours.validation, 2, [5, 3]);
    payload.others.forEach((_, i) => this.line(parts[`other_${i}_looked`], parts[`other_${i}_accuracy`], share, this.colours[`other${i}`], 1.5, [5, 3]));
    this.named("accuracy", [[parts.accuracy.length ? percent(parts.accuracy.at(-1)) : "", this.colours.validation]]);
    this.drawFromZero("norm", colour.ink);
    this.drawFromZero("lr", colour.ink);
    payload.charts.forEach((chart, i) => this.drawMore(chart, i));
    this.drawSteps();
    this.canvas.ariaLabel = this.words(this.last);
    this.root.dataset.points = parts.loss_at.length;
    this.root.dataset.marks = payload.marks.length;
  }

  drawLoss() {
    const { parts } = this;
    const { top, height } = this.at.loss;
    const over = this.payload.others.flatMap((_, i) => [parts[`other_${i}_loss`], parts[`other_${i}_validation`]]);
    const range = extent(parts.loss, parts.validation, ...over);
    if (!range) { this.named("loss", []); return; }
    const { ticks, place } = this.logarithmic(range, top, height);
    this.axis(ticks, place, figure);
    this.payload.others.forEach((_, i) => {
      const ink = this.colours[`other${i}`];
      this.line(parts[`other_${i}_at`], parts[`other_${i}_loss`], place, ink, 1.5);
      this.line(parts[`other_${i}_looked`], parts[`other_${i}_validation`], place, ink, 1.5, [5, 3]);
    });
    this.line(parts.loss_at, parts.loss, place, this.colours.train, 1, [], 0.26);
    this.line(parts.loss_smooth_at, parts.loss_smooth, place, this.colours.train, 2);
    this.line(parts.looked, parts.validation, place, this.colours.validation, 2, [5, 3]);
    const ends = [[parts.loss_smooth.at(-1), this.colours.train], [parts.validation.at(-1), this.colours.validation]];
    this.named("loss", ends.filter(([value]) => value !== undefined).map(([value, ink]) => [figure(value), ink]));
  }

  drawFromZero(name, ink) {
    const { parts } = this;
    const { top, height } = this.at[name];
    const range = extent(parts[name]);
    const high = range && range[1] > 0 ? range[1] * 1.05 : 1;
    const place = (value) => top + height - (value / high) * height;
    this.axis(ticksTo(high, 2), place, figure);
    if (name === "lr") this.line(parts.lr_at, parts.lr, place, ink, 2);
    else {
      this.line(parts.norm_at, parts.norm, place, ink, 1, [], 0.26);
      this.line(parts.norm_smooth_at, parts.norm_smooth, place, ink, 2);
    }
    const end = (name === "lr" ? parts.lr : parts.norm_smooth).at(-1);
    this.named(name, end === undefined ? [] : [[figure(end), ink]]);
  }

  // What the lines of a further chart are told apart by.
  keysOf(chart) { return [...new Set(chart.groups)]; }

  drawMore(chart, i) {
    const { parts, pen, theme: { colour, heads }, font } = this;
    const name = `chart_${i}`;
    const { top, height } = this.at[name];
    const [at, values] = [parts[`${name}_at`], parts[name]];
    const n = at.length;
    const range = n ? extent(chart.log ? values.filter((value) => value > 0) : values) : null;
    const keys = this.keysOf(chart);
    if (range) {
      const [low, high] = chart.log ? [range[0] * 0.9, Math.max(range[1] * 1.1, range[0] * 2)] : [0, range[1] > 0 ? range[1] * 1.05 : 1];
      const place = chart.log
        ? (value) => top + height - (Math.log(Math.max(value, low) / low) / Math.log(high / low)) * height
        : (value) => top + height - (value / high) * height;
      this.axis(chart.log ? logTicks(low, high) : ticksTo(high, 2), place, figure);
      chart.groups.forEach((group, line) => {
        const nth = keys.indexOf(group);
        this.line(at, values.subarray(line * n, (line + 1) * n), place, heads[nth % heads.length], 1.5, nth < heads.length ? [] : [4, 2]);
      });
    }
    this.named(name, [], keys.length > 1 ? 18 : 0, chart.title);
    if (keys.length < 2) return;
    [pen.font, pen.textBaseline, pen.textAlign] = [`12px ${font}`, "middle", "left"];
    let x = 4;
    keys.forEach((key, nth) => {
      const wide = pen.measureText(key).width + 20;
      if (x + wide > this.width) return;
      pen.fillStyle = heads[nth % heads.length];
      pen.fillRect(x, top - 16, 12, nth < heads.length ? 2 : 1);
      pen.fillStyle = colour.muted;
      pen.fillText(key, x + 16, top - 15);
      x += wide + 10;
    });
  }

  // A chart's name, and where its curves stand now.
  named(name, ends, above = 0, words = "") {
    const { pen, theme: { colour }, font } = this;
    const y = this.at[name].top - 15 - above;
    [pen.textBaseline, pen.textAlign, pen.font] = ["middle", "left", `600 13px ${font}`];
    const title = words || (name === "loss" ? "Loss (log)" : NAMES[name]);
    pen.fillStyle = colour.page;
    pen.fillRect(2, y - 9, pen.measureText(title).width + 4, 18);
    pen.fillStyle = colour.ink;
    pen.fillText(title, 4, y);
    this.ends(ends, y);
  }

  // Where a knob moved: a dotted line through all charts with its words on top; where the run broke, a red one.
  drawMarks() {
    const { pen, theme: { colour }, payload, font } = this;
    const bottom = this.height - EDGES.bottom;
    pen.save();
    [pen.font, pen.textBaseline, pen.lineWidth] = [`12px ${font}`, "middle", 1];
    let free = [0, 0];
    const all = [...payload.marks.map((mark) => [...mark, colour.ink]), ...payload.broken.map(([step]) => [step, "broke", colour.wrong])];
    for (const [step, words, ink] of all.sort((a, b) => a[0] - b[0])) {
      const x = Math.round(this.x(step)) + 0.5;
      [pen.strokeStyle, pen.fillStyle] = [ink, ink];
      pen.setLineDash([2, 3]);
      pen.beginPath();
      pen.moveTo(x, 38);
      pen.lineTo(x, bottom);
      pen.stroke();
      pen.beginPath();
      pen.moveTo(x - 4, 30);
      pen.lineTo(x + 4, 30);
      pen.lineTo(x, 37);
      pen.fill();
      const wide = pen.measureText(words).width;
      const left = Math.max(0, Math.min(x - wide / 2, this.width - wide));
      const row = free.findIndex((end) => left >= end); // words that find no room are told when pointed at
      if (row < 0) continue;
      pen.textAlign = "left";
      pen.fillText(words, left, row ? 21 : 7);
      free[row] = left + wide + 10;
    }
    pen.restore();
  }

  // What the curves say at a step.
  words(step) {
    const { parts, payload } = this;
    const [one, two] = [before(parts.loss_smooth_at, step), before(parts.looked, step)];
    const said = [`Step ${thousands(step)}`];
    if (one >= 0) said.push(`training loss ${figure(parts.loss_smooth[one])}`, `gradient norm ${figure(parts.norm_smooth[one])}`);
    if (two >= 0) {
      said.push(`validation at step ${thousands(parts.looked[two])}: loss ${figure(parts.validation[two])}, ${percent(parts.accuracy[two])} ${payload.graded} right, ${percent(parts.exact[two])} of rows without a mistake`);
    }
    if (this.pointed !== null) payload.charts.forEach((chart, i) => {
      const at = before(parts[`chart_${i}_at`], step);
      if (at < 0) return;
      const n = parts[`chart_${i}_at`].length;
      const read = chart.names.map((name, line) => [parts[`chart_${i}`][line * n + at], name]).sort((a, b) => b[0] - a[0]);
      said.push(`${chart.title}: most ${read[0][1]} ${figure(read[0][0])}, least ${read.at(-1)[1]} ${figure(read.at(-1)[0])}`);
    });
    const near = Math.max(1, this.most / 100);
    const close = payload.marks.filter(([at]) => Math.abs(at - step) <= near);
    const marks = close.slice(-TOLD).map(([at, words]) => `${words} at step ${thousands(at)}`);
    if (close.length > TOLD) marks.push(`${close.length - TOLD} more changes near it`);
    const broken = payload.broken.filter(([at]) => Math.abs(at - step) <= near).map(([, why]) => why);
    return `${[said.join(" · "), ...marks, ...broken].join(". ")}`;
  }
}

export default function (host) { return mount(Training, host); }
