// Query to query: who reads whom, a square for each pair, sorted by class so that rivals for one object stand together.

const EDGE = { left: 128, top: 24, least: 11 }; // pixels: names at the left, numbers above; a row that carries its name

class Between {
  constructor(view) {
    this.view = view;
    this.picture = el("canvas", { tabIndex: 0, role: "img", className: "pairs" });
    this.legend = el("div", { className: "legend cap" });
    this.note = el("div", { className: "nothing", hidden: true });
    this.element = el("div", { className: "between" }, this.picture, this.note, this.legend);
    this.picture.addEventListener("pointermove", (event) => this.point(this.cell(event)));
    this.picture.addEventListener("pointerleave", () => this.point(null));
    this.picture.addEventListener("click", (event) => { const at = this.cell(event); if (at) this.view.choose(at.row); });
    this.picture.addEventListener("keydown", (event) => this.key(event));
    this.at = null;
  }

  layout(room) {
    const n = this.view.payload.n;
    this.left = Math.min(EDGE.left, Math.round(room * 0.3));
    this.side = Math.max(80, Math.min(room - this.left, TALLEST - EDGE.top));
    this.pitch = this.side / n;
  }

  cell({ offsetX, offsetY }) {
    const { order } = this.view;
    const [row, column] = [offsetY - EDGE.top, offsetX - this.left].map((at) => Math.floor(at / this.pitch));
    const inside = (i) => i >= 0 && i < order.length;
    return inside(row) && inside(column) ? { row: order[row], column: order[column] } : null;
  }

  point(at) {
    if (at?.row === this.at?.row && at?.column === this.at?.column) return;
    this.at = at;
    this.view.soon();
  }

  key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    const { order, state } = this.view;
    this.view.choose(order[Math.min(order.length - 1, Math.max(0, order.indexOf(state.query) + step))]);
    event.preventDefault();
    event.stopPropagation();
  }

  draw() {
    const { view, view: { payload, state, theme, font, order, stack } } = this;
    this.note.hidden = !view.missing;
    this.picture.hidden = this.legend.hidden = Boolean(view.missing);
    this.note.textContent = view.missing;
    if (view.missing) return;
    const pen = prepare(this.picture, this.left + this.side, EDGE.top + this.side);
    drawPairs(pen, stack, sheetOf(state), order, state.scale, theme, { x: this.left, y: EDGE.top, width: this.side, height: this.side });
    [pen.font, pen.textBaseline] = [`12px ${font}`, "middle"];
    this.labels(pen);
    const chosen = order.indexOf(state.query);
    [pen.strokeStyle, pen.lineWidth] = [theme.colour.primary, 2];
    pen.strokeRect(this.left, EDGE.top + chosen * this.pitch, this.side, this.pitch);
    if (this.at) {
      const [r, c] = [order.indexOf(this.at.row), order.indexOf(this.at.column)];
      [pen.strokeStyle, pen.lineWidth] = [theme.colour.ink, 1.5];
      pen.strokeRect(this.left + c * this.pitch, EDGE.top + r * this.pitch, this.pitch, this.pitch);
    }
    this.picture.ariaLabel = plainText(view.sentence);
    const bar = el("canvas", { ariaHidden: "true" });
    rampBar(bar, theme);
    const most = Math.max(...order.map((q) => between(stack, sheetOf(state), q, false)[0].rank >> 8));
    this.legend.replaceChildren(el("span", {}, "weight 0", bar, places2(most)), span("", `${state.scale} scale`), spring(),
      span("", "a row is the query that reads"));
  }

  // Names of rows as long as they fit, else of each class once; a line between what was kept and what was not.
  labels(pen) {
    const { payload, state, theme, order } = this.view;
    const name = (q) => shorten(shown(payload.label(q)), 14);
    pen.textAlign = "right";
    let last = null;
    order.forEach((q, i) => {
      const kept = this.view.isKept(q), y = EDGE.top + (i + 0.5) * this.pitch;
      const group = kept ? name(q) : "not kept";
      const text = this.pitch >= EDGE.least ? `${q} ${kept ? `${name(q)} ${certain(payload.sure(q))}` : "not kept"}` : group === last ? "" : group;
      pen.fillStyle = q === state.query ? theme.colour.ink : theme.colour.muted;
      if (text && (this.pitch >= EDGE.least || i === 0 || y - this.drawnAt >= EDGE.least)) {
        pen.fillText(text, this.left - 6, y);
        this.drawnAt = y;
      }
      last = group;
    });
    pen.textAlign = "center";
    const step = Math.ceil(20 / this.pitch);
    order.forEach((q, i) => { if (i % step === 0) pen.fillText(q, this.left + (i + 0.5) * this.pitch, EDGE.top / 2); });
    const kept = order.filter((q) => this.view.isKept(q)).length;
    if (state.sort !== "class" || !kept || kept === order.length) return;
    [pen.strokeStyle, pen.lineWidth] = [theme.colour.muted, 1];
    const edge = Math.round(kept * this.pitch) + 0.5;
    pen.beginPath();
    pen.moveTo(this.left, EDGE.top + edge);
    pen.lineTo(this.left + this.side, EDGE.top + edge);
    pen.moveTo(this.left + edge, EDGE.top);
    pen.lineTo(this.left + edge, EDGE.top + this.side);
    pen.stroke();
  }
}

// A head's pairs as an image: rows read, columns are read, both in this order.
function drawPairs(pen, stack, name, order, scale, theme, { x, y, width, height }) {
  const n = order.length;
  const rows = order.map((q) => stack.row(name, q));
  const values = Float32Array.from({ length: n * n }, (_, i) => (rows[Math.floor(i / n)].codes[order[i % n]] / 255) ** 2);
  const image = new ImageData(n, n);
  const out = new Uint32Array(image.data.buffer);
  scaled(values, scale).forEach((level, i) => { out[i] = theme.pixels[Math.round(255 * level)]; });
  const canvas = el("canvas", { width: n, height: n });
  canvas.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = n > width;
  pen.drawImage(canvas, x, y, width, height);
  rows.forEach(({ bad }, i) => bad && hatch(pen, theme, x, y + (i * height) / n, width, height / n));
  [pen.strokeStyle, pen.lineWidth] = [theme.colour.border, 1];
  pen.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
}
