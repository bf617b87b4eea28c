// The large map over the picture; of several classes one beside the other. Point at a patch, click to pin it.

const TALLEST = 470; // pixels
const NUMBERED = 3; // strongest patches that carry their number
const ROOM = 34; // pixels a cell needs for its number

class Stage {
  constructor(view) {
    this.view = view;
    this.panes = [];
    this.row = el("div", { className: "panes" });
    this.note = el("div", { className: "nothing", hidden: true });
    this.legend = el("div", { className: "legend cap" });
    this.element = el("div", { className: "stage" }, this.row, this.note, this.legend);
  }

  // One canvas for each map, as wide as there is room for.
  layout(room) {
    const { view } = this;
    const n = Math.max(1, view.maps.length);
    const width = Math.floor(Math.min((room - 14 * (n - 1)) / n, TALLEST * view.aspect));
    this.box = { x: 0, y: 0, width, height: Math.round(width / view.aspect) };
    while (this.panes.length < n) this.panes.push(this.pane(this.panes.length));
    this.panes.length = n;
    this.row.replaceChildren(...this.panes.map(({ element }) => element));
  }

  pane(index) {
    const picture = el("canvas", { className: "over", tabIndex: index ? -1 : 0, role: "img" });
    const title = span("cap");
    const element = el("figure", { className: "pane" }, el("figcaption", {}, title), picture);
    picture.addEventListener("pointermove", ({ offsetX, offsetY }) => this.move(offsetX, offsetY));
    picture.addEventListener("pointerleave", () => this.leave());
    picture.addEventListener("click", ({ offsetX, offsetY }) => this.click(offsetX, offsetY));
    picture.addEventListener("keydown", (event) => this.key(event));
    return { element, picture, title };
  }

  at(x, y) { return this.view.pointable && patchAt(this.view.pointSide, x, y, this.box); }
  move(x, y) { this.view.point(this.at(x, y)); }
  leave() { this.view.point(null); }
  click(x, y) { this.view.pin(this.at(x, y)); }

  key(event) {
    const { view } = this;
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!view.pointable) return;
    if (event.key === "Enter" || event.key === " ") view.pin(view.state.patch);
    else if (step) {
      const side = view.pointSide;
      const [row, column] = view.state.patch === null ? side.grid.map((n) => n >> 1) : side.place(view.state.patch);
      const [r, c] = [row + step[0], column + step[1]];
      if (view.state.patch === null) view.point(row * side.grid[1] + column, true);
      else if (r >= 0 && c >= 0 && r < side.grid[0] && c < side.grid[1]) view.point(r * side.grid[1] + c, true);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  draw() {
    const { view } = this;
    this.note.hidden = !view.missing;
    this.row.hidden = Boolean(view.missing);
    this.legend.hidden = Boolean(view.missing);
    this.note.textContent = view.missing;
    if (view.missing) return;
    view.maps.forEach((over, i) => this.drawPane(this.panes[i], over));
    this.drawLegend();
  }

  drawPane({ picture, title }, over) {
    const { view, box } = this;
    const pen = prepare(picture, box.width, box.height);
    this.paint(pen, over);
    this.mark(pen, over);
    title.textContent = over.title ?? "";
    title.parentNode.hidden = !over.title;
    picture.ariaLabel = plainText(view.sentence);
    picture.style.cursor = view.pointable ? "crosshair" : "default";
  }

  // The picture with its map.
  paint(pen, over) {
    const { view: { state, image }, box } = this;
    drawOver(pen, image, over, { ...box, opacity: state.opacity / 100, smooth: state.smooth === "bilinear", scale: state.scale });
    if (state.grid === "on") this.drawGrid(pen, over.side);
    if (!over.bad) this.drawNumbers(pen, over);
  }

  // The patch that is pointed at.
  mark(pen, over) {
    const { view, view: { state, pointSide: side }, box } = this;
    const patch = over.signed ? over.at : state.patch;
    if (patch !== null && view.pointable && !over.stale) outline(pen, cellBox(side, Math.min(patch, side.patches - 1), box));
  }

  drawGrid(pen, side) {
    const [rows, columns] = side.grid;
    const { width, height } = cellBox(side, 0, this.box);
    if (Math.min(width, height) < 6) return; // lines would cover what they are to show
    pen.strokeStyle = "rgb(255 255 255 / 16%)";
    pen.lineWidth = 1;
    pen.beginPath();
    for (let c = 0; c <= columns; c++) [pen.moveTo(c * width, 0), pen.lineTo(c * width, rows * height)];
    for (let r = 0; r <= rows; r++) [pen.moveTo(0, r * height), pen.lineTo(columns * width, r * height)];
    pen.stroke();
  }

  drawNumbers(pen, over) {
    const { font } = this.view;
    pen.font = `600 13px ${font}`;
    [pen.textAlign, pen.textBaseline] = ["center", "middle"];
    for (const patch of strongest(over, NUMBERED)) {
      const cell = cellBox(over.side, patch, this.box);
      const text = over.text(patch);
      const width = pen.measureText(text).width + 8;
      if (cell.height < ROOM * 0.6 || text.startsWith("<") || text.startsWith("0 ")) continue;
      const x = Math.min(this.box.width - width / 2 - 1, Math.max(width / 2 + 1, cell.x + cell.width / 2));
      const y = cell.y + cell.height / 2;
      pen.fillStyle = "rgb(15 19 25 / 82%)";
      pen.beginPath();
      pen.roundRect(x - width / 2, y - 9, width, 18, 4);
      pen.fill();
      pen.fillStyle = "#FFF4D2";
      pen.fillText(text, x, y + 0.5);
    }
  }

  drawLegend() {
    const { view } = this;
    const [over] = view.maps;
    const bar = el("canvas", { ariaHidden: "true" });
    rampBar(bar, view.theme, levelsOf(over, view.state.scale).ramp);
    const [low, high] = rampEnds(over);
    const scale = over.signed ? "" : `${view.state.scale === "sqrt" ? "sqrt" : "linear"} scale`;
    this.legend.replaceChildren(el("span", {}, low, bar, high), span("", scale), spring(), view.opacity.element);
  }
}

// What stands at either end of a map's colours.
function rampEnds(over) {
  if (over.signed) return [`${THEME.minus}1`, "+1, cosine similarity"];
  if (over.top !== undefined) return ["0", "strongest patch of its own map"];
  return ["weight 0", over.side.patches ? over.text(strongest(over, 1)[0]) : "0"];
}
