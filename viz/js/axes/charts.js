// Charts one above another on one axis of steps, with a cross that follows the pointer and a line that says the numbers.
// A kind says what it draws (refresh, draw, words), and at which step its data end (last).

const EDGES = { left: 48, right: 12, top: 26, bottom: 26 };

class Charts extends Mounted {
  constructor(parent, name) {
    super(parent);
    this.canvas = el("canvas", { role: "img" });
    this.cross = el("canvas", { className: "cross", "aria-hidden": "true" });
    this.sheet = el("div", { className: "sheet", tabIndex: 0 }, this.canvas, this.cross);
    this.legend = el("div", { className: "cap legend" });
    this.status = el("div", { className: "status", "aria-live": "polite" });
    this.frame = el("section", { className: `charts ${name}`, "aria-label": "Curves", hidden: true },
      el("div", { className: "bar" }, el("h2", { textContent: "Curves" }), spring(), this.legend), this.sheet, this.status);
    this.root.replaceChildren(el("style", { textContent: CHARTS_STYLE }), this.failure, this.frame);
    this.sheet.addEventListener("pointermove", (event) => this.point(this.stepAt(pointIn(this.sheet, event).x)));
    this.sheet.addEventListener("pointerleave", () => this.point(null));
    this.sheet.addEventListener("keydown", (event) => this.key(event));
    this.sheet.addEventListener("blur", () => this.point(null));
    this.listen();
  }

  take({ header, parts }) {
    [this.payload, this.parts] = [header, parts];
    this.frame.hidden = false;
    this.dress();
  }

  x(step) { return EDGES.left + (step / this.most) * (this.width - EDGES.left - EDGES.right); }
  stepAt(x) {
    const share = (x - EDGES.left) / (this.width - EDGES.left - EDGES.right);
    return share < -0.02 || share > 1.02 ? null : Math.max(0, Math.min(this.last, Math.round(share * this.most)));
  }

  axis(ticks, place, words) {
    const { pen, theme: { colour }, width, font } = this;
    [pen.font, pen.textAlign, pen.textBaseline, pen.lineWidth] = [`12px ${font}`, "right", "middle", 1];
    let free = Infinity;
    for (const tick of ticks) {
      const y = Math.round(place(tick)) + 0.5;
      pen.strokeStyle = colour.line;
      pen.beginPath();
      pen.moveTo(EDGES.left, y);
      pen.lineTo(width - EDGES.right, y);
      pen.stroke();
      if (free - y < 14) continue;
      free = y;
      pen.fillStyle = colour.muted;
      pen.fillText(words(tick), EDGES.left - 6, y);
    }
  }

  // Where a logarithmic axis from low to high, so high on the screen, puts a value.
  logarithmic([least, most], top, height) {
    const [low, high] = [Math.max(1e-6, least * 0.9), Math.max(most * 1.1, least * 2)];
    const place = (value) => top + height - (Math.log(Math.max(value, low) / low) / Math.log(high / low)) * height;
    return { ticks: logTicks(low, high), place };
  }

  // The values at the right of a chart's name, the last one outermost.
  ends(values, y) {
    const { pen } = this;
    [pen.textAlign, pen.textBaseline, pen.font] = ["right", "middle", `600 13px ${this.font}`];
    let x = this.width - EDGES.right;
    for (const [text, ink] of [...values].reverse()) {
      pen.fillStyle = ink;
      pen.fillText(text, x, y);
      x -= pen.measureText(text).width + 12;
    }
  }

  line(at, values, place, colour, width, dash = [], alpha = 1) {
    const { pen } = this;
    pen.save();
    [pen.strokeStyle, pen.lineWidth, pen.globalAlpha, pen.lineJoin] = [colour, width, alpha, "round"];
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
      pen.fillStyle = colour;
      pen.beginPath();
      pen.arc(this.x(at[0]), place(values[0]), 2.5, 0, 7);
      pen.fill();
    }
  }

  drawSteps() {
    const { pen, theme: { colour }, font, height } = this;
    [pen.font, pen.fillStyle, pen.textBaseline] = [`12px ${font}`, colour.muted, "middle"];
    for (const tick of ticksTo(this.most, this.width < 420 ? 3 : 5)) {
      if (!Number.isInteger(tick)) continue; // of a run of very few steps
      pen.textAlign = this.x(tick) > this.width - 30 ? "right" : "center";
      pen.fillText(thousands(tick), Math.min(this.x(tick), this.width - 2), height - 11);
    }
  }

  point(step) {
    this.pointed = step;
    const pen = prepare(this.cross, this.width, this.height);
    if (step !== null) {
      pen.fillStyle = this.theme.colour.primary;
      pen.fillRect(Math.round(this.x(step)), EDGES.top, 1, this.height - EDGES.bottom - EDGES.top);
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
}
