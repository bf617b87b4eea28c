// A heat-map of two knobs: the best of the runs that share both values.

// Rows by cell: each axis has its values, or so many bins of a range.
function cellsOf(rows, axes, [across, down]) {
  const bin = (axis, place) => (axis.bins ? Math.min(axis.bins - 1, Math.floor(place * axis.bins)) : axis.ticks.findIndex(([at]) => Math.abs(at - place) < 1e-3));
  const cells = new Map();
  for (const row of rows) {
    const key = `${bin(axes[across], row.places[across])},${bin(axes[down], row.places[down])}`;
    cells.set(key, [...(cells.get(key) ?? []), row]);
  }
  return cells;
}

const bestOf = (rows) => rows.reduce((best, row) => (row.score !== null && row.score > (best?.score ?? -1) ? row : best), null);

class Heat {
  constructor(sheet) {
    this.sheet = sheet;
    this.pair = [0, 1];
    this.picture = svgNode("svg", { role: "group", "aria-label": "Heat-map of two knobs" });
    this.choose = el("div", { className: "choose" });
    this.element = el("section", { ariaLabel: "Heat-map" }, el("div", { className: "bar" }, this.choose), this.picture);
  }

  draw(width) {
    const { axes } = this.sheet.header;
    this.element.hidden = axes.length < 2;
    if (this.element.hidden) return;
    this.pair = this.pair.map((i, n) => (i < axes.length ? i : n));
    this.choose.replaceChildren(el("h2", { textContent: "Best of" }), this.select(0), "by", this.select(1));
    this.width = width;
    this.grid();
  }

  select(n) {
    const options = this.sheet.header.axes.map(({ label }, i) => el("option", { value: String(i), textContent: label, selected: i === this.pair[n] }));
    const node = el("select", { ariaLabel: n ? "Down" : "Across" }, ...options);
    node.onchange = () => {
      const chosen = Number(node.value);
      if (this.pair[1 - n] === chosen) this.pair[1 - n] = this.pair[n];
      this.pair[n] = chosen;
      this.draw(this.width);
    };
    return node;
  }

  names(axis) {
    if (!axis.bins) return axis.ticks.map(([, words]) => words);
    const [first, last] = [axis.ticks[0][1], axis.ticks.at(-1)[1]];
    return Array.from({ length: axis.bins }, (_, i) => (i === 0 ? `from ${first}` : i === axis.bins - 1 ? `to ${last}` : ""));
  }

  grid() {
    const { header, rows } = this.sheet;
    const [across, down] = this.pair.map((i) => header.axes[i]);
    const [columns, lines] = [this.names(across), this.names(down)];
    const [left, top, bottom] = [74, 8, 40];
    const height = Math.max(150, Math.min(250, lines.length * 46));
    const [w, h] = [(this.width - left - 14) / columns.length, height / lines.length];
    this.picture.setAttribute("viewBox", `0 0 ${this.width} ${height + top + bottom}`);
    this.picture.setAttribute("height", height + top + bottom);
    const cells = cellsOf(rows, header.axes, this.pair);
    this.cells = [];
    const nodes = [];
    const shown = (n) => Math.max(1, Math.ceil(n.length * 52 / (this.width - left)));
    columns.forEach((words, i) => { if (i % shown(columns) === 0) nodes.push(svgNode("text", { x: left + (i + 0.5) * w, y: top + height + 15, "text-anchor": "middle" }, words)); });
    lines.forEach((words, i) => nodes.push(svgNode("text", { x: left - 8, y: top + (lines.length - i - 0.5) * h + 4, "text-anchor": "end" }, words)));
    nodes.push(svgNode("text", { class: "name", x: left + (this.width - left - 14) / 2, y: top + height + 33, "text-anchor": "middle" }, across.label));
    columns.forEach((_, i) => lines.forEach((_, j) => nodes.push(...this.cell(cells.get(`${i},${j}`) ?? [], { x: left + i * w, y: top + (lines.length - 1 - j) * h, w, h }))));
    this.picture.replaceChildren(...nodes);
    this.show();
  }

  cell(inside, { x, y, w, h }) {
    const best = bestOf(inside);
    const node = svgNode("rect", { class: "cell", x: x + 1, y: y + 1, width: Math.max(1, w - 2), height: Math.max(1, h - 2), rx: 3, fill: best ? this.sheet.colour(best) : "var(--sunk)" });
    if (!inside.length) return [node];
    const words = best ? best.figures[this.sheet.which] : inside.every((row) => row.why) ? "out" : "…";
    Object.entries({ tabindex: 0, role: "button", "aria-label": `${inside[0].words[this.pair[0]]}, ${inside[0].words[this.pair[1]]}: ${words}` })
      .forEach(([name, value]) => node.setAttribute(name, value));
    node.addEventListener("pointerenter", () => best && this.sheet.over(best.number));
    node.addEventListener("pointerleave", () => this.sheet.over(null));
    const choose = () => this.sheet.only(inside.map((row) => row.number));
    node.addEventListener("click", choose);
    node.addEventListener("keydown", (event) => { if (["Enter", " "].includes(event.key)) { choose(); event.preventDefault(); } });
    this.cells.push([node, inside]);
    const text = svgNode("text", { x: x + w / 2, y: y + h / 2 + 4, "text-anchor": "middle", "pointer-events": "none" }, w > 34 ? words : "");
    text.style.fill = best ? this.sheet.ink(best) : "var(--muted)";
    return [node, text];
  }

  show() {
    for (const [node, inside] of this.cells ?? []) {
      node.classList.toggle("on", inside.some((row) => row.number === this.sheet.pointed) || (this.sheet.picked && inside.some((row) => this.sheet.picked.includes(row.number))));
    }
  }
}
