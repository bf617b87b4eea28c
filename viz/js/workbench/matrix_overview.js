// The whole matrix in small beside a long one, pooled by maximum, with a brush: a frame around the part in sight. Drag it
// to move, its edges to zoom, or draw another one.

const OVERVIEW = { width: 150, height: 92, large: 1.6, grip: 7, click: 4, long: 5 }; // pixels; `long`: of a cell

// Where the brush lies in a plot of width x height pixels that shows n x m cells: {x, y, w, h}.
function brushOf({ z, x, y }, n, m, width, height) {
  return { x: (x / m) * width, y: (y / n) * height, w: width / z, h: height / z };
}

// The view that a brush from one point to another asks for, one corner staying at `from`; it has the plot's shape and
// its longer side decides. Points are in pixels of a plot of width x height; `most` is the largest zoom.
function brushed(from, to, { n, m, width, height, most }) {
  const [dx, dy] = [(to.x - from.x) / width, (to.y - from.y) / height];
  const part = Math.min(1, Math.max(1 / most, Math.abs(dx), Math.abs(dy)));
  const start = (at, size, d) => (d < 0 ? at / size - part : at / size);
  return inside({ z: 1 / part, x: start(from.x, width, dx) * m, y: start(from.y, height, dy) * n }, n, m);
}

// What a pointer at (x, y) takes hold of: "move", "new", or the corner that stays while an edge is dragged.
function gripOf(brush, x, y, grip) {
  const near = (at, edge) => Math.abs(at - edge) <= grip;
  const [right, below] = [brush.x + brush.w, brush.y + brush.h];
  if (x < brush.x - grip || x > right + grip || y < brush.y - grip || y > below + grip) return "new";
  const small = brush.w < 3 * grip || brush.h < 3 * grip; // too small for edges of its own: it moves
  if (!small && (near(x, brush.x) || near(x, right) || near(y, brush.y) || near(y, below))) {
    return { x: near(x, brush.x) ? right : brush.x, y: near(y, brush.y) ? below : brush.y };
  }
  return "move";
}

class Overview {
  constructor(pane) {
    this.pane = pane;
    this.picture = el("canvas", { ariaHidden: "true" });
    this.brush = el("div", { className: "brush" });
    this.element = el("div", { className: "overview", tabIndex: 0, role: "application", "aria-roledescription": "overview" },
      this.picture, this.brush);
    const { element } = this;
    element.addEventListener("pointerdown", (event) => this.down(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    element.addEventListener("pointerup", (event) => this.up(event));
    element.addEventListener("pointercancel", () => { this.drag = null; });
    element.addEventListener("keydown", (event) => this.key(event));
  }

  // Worth its place where cells are small; as large as the plot's shape allows.
  layout({ w, h, n, m }, large) {
    this.there = Math.min(w, h) < OVERVIEW.long && n > 1 && m > 1;
    this.element.hidden = !this.there;
    const more = large ? OVERVIEW.large : 1;
    const scale = Math.min((OVERVIEW.width * more) / (w * m), (OVERVIEW.height * more) / (h * n));
    [this.width, this.height] = [Math.max(24, Math.round(w * m * scale)), Math.max(24, Math.round(h * n * scale))];
    return this.there ? this.height + 12 : 0;
  }

  draw() {
    if (!this.there) return;
    const { bench } = this.pane;
    const { width, height } = this;
    this.element.style.cssText = `width:${width}px;height:${height}px`;
    const dpr = devicePixelRatio || 1;
    const image = this.pane.image(Math.round(height * dpr), Math.round(width * dpr));
    const pen = prepare(this.picture, width, height);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, 0, 0, width, height);
    pen.strokeStyle = bench.theme.colour.border;
    pen.strokeRect(0.5, 0.5, width - 1, height - 1);
    this.place();
  }

  get sizes() {
    const { n, m, sizes } = this.pane;
    return { n, m, width: this.width, height: this.height, most: mostZoom(sizes) };
  }
  get frame() { return brushOf(this.pane.view, this.pane.n, this.pane.m, this.width, this.height); }

  place() {
    const { x, y, w, h } = this.frame;
    this.brush.style.cssText = `left:${x}px;top:${y}px;width:${Math.max(3, w)}px;height:${Math.max(3, h)}px`;
    this.element.classList.toggle("whole", this.pane.view.z <= 1);
    this.element.ariaLabel = `Overview of the whole matrix, pooled by maximum; in sight: ${this.pane.rangeWords()}. `
      + "Arrows move the frame, plus and minus zoom, 0 shows all";
  }

  point({ clientX, clientY }) {
    const box = this.element.getBoundingClientRect();
    const within = (at, size) => Math.min(size, Math.max(0, at));
    return { x: within(clientX - box.left, this.width), y: within(clientY - box.top, this.height) };
  }

  down(event) {
    const at = this.point(event);
    const grip = this.pane.view.z <= 1 ? "new" : gripOf(this.frame, at.x, at.y, OVERVIEW.grip);
    this.drag = { grip, at, view: this.pane.view, far: false };
    this.element.setPointerCapture(event.pointerId);
    this.element.focus({ preventScroll: true });
    event.preventDefault();
  }

  move(event) {
    const at = this.point(event);
    if (!this.drag) return void this.shape(at);
    const { grip, at: from, view } = this.drag;
    if (!this.drag.far && Math.hypot(at.x - from.x, at.y - from.y) < OVERVIEW.click) return;
    this.drag.far = true;
    const { n, m } = this.pane;
    if (grip === "move") {
      const [dx, dy] = [((at.x - from.x) / this.width) * m, ((at.y - from.y) / this.height) * n];
      this.pane.look({ z: view.z, x: view.x + dx, y: view.y + dy });
    } else this.pane.look(brushed(grip === "new" ? from : grip, at, this.sizes));
  }

  // The pointer says what it would do.
  shape(at) {
    const grip = this.pane.view.z <= 1 ? "new" : gripOf(this.frame, at.x, at.y, OVERVIEW.grip);
    this.element.style.cursor = { new: "crosshair", move: "move" }[grip] ?? "nwse-resize";
  }

  // A click beside the frame brings it there.
  up(event) {
    const { drag } = this;
    this.drag = null;
    if (!drag || drag.far || drag.grip !== "new" || this.pane.view.z <= 1) return;
    const { z } = this.pane.view;
    const { n, m } = this.pane;
    const at = this.point(event);
    this.pane.look({ z, x: (at.x / this.width) * m - m / z / 2, y: (at.y / this.height) * n - n / z / 2 });
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { n, m, view: { z, x, y } } = this.pane;
    const far = event.shiftKey ? 1 : 0.25;
    const [dx, dy] = [(far * m) / z, (far * n) / z];
    const to = { ArrowLeft: [x - dx, y], ArrowRight: [x + dx, y], ArrowUp: [x, y - dy], ArrowDown: [x, y + dy],
      Home: [0, 0], End: [m, n] }[event.key];
    const factor = { "+": 2, "=": 2, "-": 0.5, "_": 0.5, 0: 0 }[event.key];
    if (to) this.pane.look({ z, x: to[0], y: to[1] });
    else if (factor !== undefined) this.pane.middle(factor);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

STYLES.push(`
.matrix-below{display:flex;gap:12px;align-items:flex-start;margin-top:8px}
.matrix-below .matrix-words{flex:1;margin:0;min-width:0}
.overview{position:relative;flex:none;touch-action:none;cursor:crosshair;user-select:none;-webkit-user-select:none;border-radius:2px}
.overview .brush{position:absolute;border:2px solid var(--primary);border-radius:2px;background:color-mix(in srgb,var(--primary) 12%,transparent);pointer-events:none}
.overview.whole .brush{background:none;border-style:dashed;border-width:1px}
.narrow .matrix-below{flex-wrap:wrap}
.narrow .matrix-below .matrix-words{flex:1 1 180px}
`);
