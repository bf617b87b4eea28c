// Parallel coordinates: an axis for each knob and one for the figure, a line for each run, a brush on any axis.

const SIZE = { height: 290, top: 46, bottom: 20, left: 54, right: 62, reach: 13 };
const SVG = "http://www.w3.org/2000/svg";

function svgNode(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Whether a row is within all brushes: [low, high] by axis, the figure's last.
function within(row, brushes) {
  const places = [...row.places, row.score];
  return Object.entries(brushes).every(([axis, [low, high]]) => {
    const place = places[axis];
    return place !== null && place >= low - 1e-6 && place <= high + 1e-6;
  });
}

// The ticks that a brush of one key press covers: up or down from where it is.
function nextBrush(ticks, brush, step) {
  const places = ticks.map(([place]) => place).sort((a, b) => a - b);
  const gap = Math.min(0.5, ...places.slice(1).map((place, i) => place - places[i])) / 2 || 0.1;
  const middle = brush ? (brush[0] + brush[1]) / 2 : step > 0 ? -1 : 2;
  const on = step > 0 ? places.find((place) => place > middle + 1e-6) : places.findLast((place) => place < middle - 1e-6);
  const place = on ?? (step > 0 ? places.at(-1) : places[0]);
  return [Math.max(0, place - gap), Math.min(1, place + gap)];
}

class Coordinates {
  constructor(sheet) {
    this.sheet = sheet;
    this.element = svgNode("svg", { role: "group", "aria-label": "Parallel coordinates: a line for each run" });
  }

  x(i) {
    const { left, right } = SIZE;
    const n = this.axes.length - 1;
    return left + (n ? i / n : 0.5) * (this.width - left - right);
  }
  y(place) { return SIZE.top + (1 - place) * (SIZE.height - SIZE.top - SIZE.bottom); }
  placeAt(y) { return Math.max(0, Math.min(1, 1 - (y - SIZE.top) / (SIZE.height - SIZE.top - SIZE.bottom))); }

  draw(width) {
    const { header, rows } = this.sheet;
    Object.assign(this, { width, axes: [...header.axes, header.figure] });
    this.element.setAttribute("viewBox", `0 0 ${width} ${SIZE.height}`);
    this.element.setAttribute("height", SIZE.height);
    this.lines = rows.map((row) => this.line(row));
    this.marks = svgNode("g", {});
    this.element.replaceChildren(...this.axes.map((axis, i) => this.axis(axis, i)), ...this.lines, this.marks,
      ...this.axes.map((axis, i) => this.ticks(axis, i)), ...this.axes.map((axis, i) => this.grip(axis, i)));
    this.show();
  }

  axis(axis, i) {
    const x = this.x(i);
    const last = i === this.axes.length - 1;
    const group = svgNode("g", {}, svgNode("line", { class: "axis", x1: x, x2: x, y1: this.y(0), y2: this.y(1) }));
    const name = svgNode("text", { class: "name", x, y: i % 2 && this.width < 560 ? 34 : 18, "text-anchor": i ? (last ? "end" : "middle") : "start" }, axis.label);
    if (last) name.setAttribute("x", x + SIZE.right - 6);
    if (!i) name.setAttribute("x", 6);
    group.append(name);
    return group;
  }

  // The values along an axis, over the lines.
  ticks(axis, i) {
    const x = this.x(i);
    const last = i === this.axes.length - 1;
    const group = svgNode("g", { class: "ticks" });
    let free = Infinity;
    for (const [place, words] of [...axis.ticks].sort((a, b) => a[0] - b[0])) {
      const y = this.y(place);
      if (free - y < 13) continue;
      free = y;
      group.append(svgNode("text", { x: last ? x + 8 : x - 8, y: y + 4, "text-anchor": last ? "start" : "end" }, words));
    }
    return group;
  }

  line(row) {
    const points = row.places.map((place, i) => [this.x(i), this.y(place)]);
    if (row.score !== null) points.push([this.x(this.axes.length - 1), this.y(row.score)]);
    const path = points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    const node = svgNode("path", { class: row.score === null ? "run none" : "run", d: path, stroke: this.sheet.colour(row) });
    node.addEventListener("pointerenter", () => this.sheet.over(row.number));
    node.addEventListener("pointerleave", () => this.sheet.over(null));
    return node;
  }

  grip(axis, i) {
    const x = this.x(i);
    const node = svgNode("rect", { class: "grip", x: x - SIZE.reach, y: SIZE.top - 6, width: 2 * SIZE.reach, height: SIZE.height - SIZE.top - SIZE.bottom + 12, rx: 5,
      tabindex: 0, role: "slider", "aria-orientation": "vertical", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 100, "aria-label": `${axis.label}: arrows choose, Escape clears` });
    const at = (event) => this.placeAt(((event.clientY - this.element.getBoundingClientRect().y) / this.element.getBoundingClientRect().height) * SIZE.height);
    let from = null;
    node.addEventListener("pointerdown", (event) => {
      from = at(event);
      node.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    node.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const to = at(event);
      if (Math.abs(to - from) > 0.02) this.sheet.brush(i, [Math.min(from, to), Math.max(from, to)]);
    });
    node.addEventListener("pointerup", (event) => {
      if (from !== null && Math.abs(at(event) - from) <= 0.02) this.sheet.brush(i, null);
      from = null;
    });
    node.addEventListener("keydown", (event) => {
      const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (step) this.sheet.brush(i, nextBrush(axis.ticks, this.sheet.brushes[i], step));
      else if (event.key === "Escape") this.sheet.brush(i, null);
      else return;
      event.preventDefault();
    });
    return node;
  }

  // Brushes, and which lines are lit.
  show() {
    const { rows, brushes, pointed } = this.sheet;
    this.marks.replaceChildren(...Object.entries(brushes).map(([i, [low, high]]) =>
      svgNode("rect", { class: "brush", x: this.x(Number(i)) - 7, width: 14, y: this.y(high), height: Math.max(2, this.y(low) - this.y(high)), rx: 4 })));
    rows.forEach((row, n) => {
      const node = this.lines[n];
      node.classList.toggle("dim", !this.sheet.lit(row));
      node.classList.toggle("on", row.number === pointed);
      if (row.number === pointed) node.parentNode?.insertBefore(node, this.marks);
    });
  }
}
