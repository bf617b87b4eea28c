// Written tokens against read ones: a matrix per method, rows as they were written.

const CELL = 26; // pixels; less where there are many

class Alignment {
  constructor(view) {
    this.view = view;
    this.canvases = [];
    this.attention = 0; // which of the attention maps is shown
    [this.label, this.cell] = [{ left: 0, top: 0 }, CELL];
    this.element = el("section", {});
  }

  // The attention map that is chosen, and the gradients' beside it.
  get numbers() {
    const { maps } = this.view.header;
    const plain = maps.flatMap((map, i) => (map.gradient ? [] : [i]));
    const gradient = maps.flatMap((map, i) => (map.gradient ? [i] : []));
    return [...(plain.length ? [plain[Math.min(this.attention, plain.length - 1)]] : []), ...gradient];
  }

  draw() {
    const { header } = this.view;
    const plain = header.maps.filter((map) => !map.gradient);
    const choice = segmented("Layers", plain.map(({ name }, i) => ({ name: i, title: i ? name : "All layers" })), (i) => {
      this.attention = i;
      this.view.refresh();
    }, true);
    choice.set(Math.min(this.attention, plain.length - 1));
    this.label = this.margins();
    this.cell = this.size();
    const maps = this.numbers.map((number) => this.map(number));
    const wide = this.label.left + this.cell * header.tokens.length + 30 > this.view.width / 2 - 30;
    const grid = el("div", { className: "maps" }, ...maps);
    if (wide) grid.style.gridTemplateColumns = "minmax(0,1fr)";
    this.element.replaceChildren(el("h2", {}, "Which words it read for each word it wrote", ...(plain.length > 1 ? [choice.element] : [])),
      grid);
    this.canvases.forEach((one) => this.paint(one));
  }

  map(number) {
    const { header, theme } = this.view;
    const { name, about, signed, gradient } = header.maps[number];
    const canvas = el("canvas", { role: "img", tabIndex: 0, ariaLabel: `${name}: a row per written token, a column per token that was read` });
    const bar = el("canvas", { width: 96, height: 10, ariaHidden: "true" });
    rampBar(bar, theme, signed ? theme.change : theme.beam);
    const legend = el("span", { className: "cap bar" }, signed ? "against" : "0", bar, signed ? "for" : "the row’s largest");
    const agreement = gradient ? agreementWords(header.agreement[number - header.maps.findIndex((map) => map.gradient)]) : "";
    const one = { number, canvas };
    if (number === this.numbers[0]) this.canvases = [];
    this.canvases.push(one);
    canvas.addEventListener("pointermove", (event) => this.over(canvas, event));
    canvas.addEventListener("pointerleave", () => this.view.over(null));
    canvas.addEventListener("keydown", (event) => this.key(event));
    return el("div", {}, el("h3", {}, name, legend), el("p", { textContent: `${about} ${agreement}` }), el("div", { className: "align" }, canvas));
  }

  // As much room as the longest labels take.
  margins() {
    const { header, font } = this.view;
    const pen = el("canvas").getContext("2d");
    pen.font = `13px ${font}`;
    const most = (labels, letters) => Math.max(0, ...labels.map((label) => pen.measureText(shorten(shown(label), letters)).width));
    return { left: Math.ceil(most(header.rows, 15)) + 14, top: Math.ceil(most(header.tokens, 13) * 0.87) + 18 };
  }

  size() {
    const room = Math.floor((this.view.width - this.label.left - 70) / this.view.header.tokens.length);
    return Math.max(14, Math.min(CELL, room));
  }

  paint({ number, canvas }) {
    const { header, parts, theme, font, row, token } = this.view;
    const { tokens, rows, maps } = header;
    const { signed } = maps[number];
    const special = new Set(header.special);
    const [n, size, label] = [tokens.length, this.cell, this.label];
    const pen = prepare(canvas, label.left + n * size + 30, label.top + rows.length * size + 2);
    pen.font = `13px ${font}`;
    pen.textBaseline = "middle";
    tokens.forEach((name, i) => {
      pen.save();
      pen.translate(label.left + (i + 0.5) * size, label.top - 6);
      pen.rotate(-Math.PI / 3);
      pen.fillStyle = i === token ? theme.colour.primary : special.has(i) ? theme.colour.faint : theme.colour.ink;
      pen.fillText(shorten(shown(name), 13), 0, 0);
      pen.restore();
    });
    rows.forEach((name, r) => {
      const values = rowOf(parts[`map${number}`], r, n);
      const most = mostOf(values, special);
      const y = label.top + r * size;
      values.forEach((value, i) => {
        const level = levelOf(value, most, signed);
        pen.fillStyle = (signed ? theme.change : theme.beam)[level];
        pen.fillRect(label.left + i * size, y, size - 1, size - 1);
      });
      pen.textAlign = "right";
      pen.fillStyle = r === row ? theme.colour.primary : theme.colour.ink;
      pen.fillText(shorten(shown(name), 15), label.left - 8, y + size / 2);
      pen.textAlign = "left";
    });
    pen.strokeStyle = theme.colour.primary;
    pen.lineWidth = 2;
    if (row >= 0 && row < rows.length) pen.strokeRect(label.left, label.top + row * size, n * size - 1, size - 1);
    if (token !== null) pen.strokeRect(label.left + token * size, label.top + row * size, size - 1, size - 1);
  }

  mark() { this.canvases.forEach((one) => this.paint(one)); }

  over(canvas, event) {
    const { x, y } = pointIn(canvas, event);
    const [token, row] = [Math.floor((x - this.label.left) / this.cell), Math.floor((y - this.label.top) / this.cell)];
    const { header } = this.view;
    if (token < 0 || row < 0 || token >= header.tokens.length || row >= header.rows.length) return;
    this.view.choose(row, token);
  }

  key(event) {
    const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [];
    if (down === undefined) return;
    const inside = (value, n) => Math.min(n - 1, Math.max(0, value));
    const { header, row, token } = this.view;
    this.view.choose(inside(row + down, header.rows.length), inside((token ?? 0) + right, header.tokens.length));
    event.preventDefault();
  }
}
