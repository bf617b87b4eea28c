// Position embeddings as a whole: at each patch's place a small map of how alike its embedding is to all others
// (Dosovitskiy et al. 2021, figure 7). Point at one and it is the large map; click to hold it.

const TILES = 14; // most small maps on a side: of more patches every second, third, ... is shown
const CELLS = 18; // most cells on a side of a small map: of more, neighbours are averaged

class Lattice {
  constructor(view) {
    this.view = view;
    this.picture = el("canvas", { className: "whole", role: "img" });
    this.words = span("cap");
    this.element = el("div", { className: "lattice" }, el("b", { textContent: "Every patch against every patch" }), this.picture, this.words);
    const at = ({ offsetX, offsetY }) => this.patchAt(offsetX, offsetY);
    this.picture.addEventListener("pointermove", (event) => view.point(at(event)));
    this.picture.addEventListener("pointerleave", () => view.point(null));
    this.picture.addEventListener("click", (event) => view.pin(at(event)));
  }

  // Which patches have a small map, by how many cells are averaged in it, and where they stand.
  layout(room) {
    const { keys } = this.view.payload, [rows, columns] = keys.grid;
    const longest = Math.max(rows, columns);
    this.step = Math.ceil(longest / TILES);
    this.pool = Math.ceil(longest / CELLS);
    const every = (n) => Array.from({ length: Math.ceil(n / this.step) }, (_, i) => i * this.step);
    [this.rows, this.columns] = [every(rows), every(columns)];
    [this.high, this.wide] = [rows, columns].map((n) => Math.ceil(n / this.pool)); // cells of a small map
    const [w, h] = [this.columns.length * (this.wide + 1) - 1, this.rows.length * (this.high + 1) - 1]; // in cells, gaps between
    const scale = Math.max(1, Math.floor(room / w)); // whole pixels, so that all cells are alike
    const shrink = Math.min(1, room / w);
    [this.width, this.height] = [w * scale * shrink, h * scale * shrink].map(Math.round);
    this.cell = this.width / w;
    this.size = [w, h];
  }

  // The pooled row of one patch as colours, [cell].
  row(patch, pixels) {
    const { parts: { positions }, keys } = this.view.payload, [rows, columns] = keys.grid;
    const out = [];
    for (let r = 0; r < this.high; r++) {
      for (let c = 0; c < this.wide; c++) {
        let [sum, n] = [0, 0];
        for (let y = r * this.pool; y < Math.min(rows, (r + 1) * this.pool); y++) {
          for (let x = c * this.pool; x < Math.min(columns, (c + 1) * this.pool); x++) {
            sum += positions[patch * keys.patches + y * columns + x];
            n += 1;
          }
        }
        out.push((pixels[Math.round((255 * sum) / n / 200)] | 0xff000000) >>> 0); // hundredths from -100 on as 0 to 255
      }
    }
    return out;
  }

  // All small maps as one image, drawn once per payload.
  image() {
    const { view } = this, { payload } = view;
    if (this.made === payload.id) return this.canvas;
    const theme = (Theme[OVERLAY] ??= new Theme(OVERLAY));
    const [w, h] = this.size, image = new ImageData(w, h);
    const out = new Uint32Array(image.data.buffer);
    this.rows.forEach((row, i) => this.columns.forEach((column, j) => {
      const colours = this.row(row * payload.keys.grid[1] + column, theme.changePixels);
      const from = i * (this.high + 1) * w + j * (this.wide + 1);
      colours.forEach((colour, k) => { out[from + Math.floor(k / this.wide) * w + (k % this.wide)] = colour; });
    }));
    this.canvas = el("canvas", { width: w, height: h });
    this.canvas.getContext("2d").putImageData(image, 0, 0);
    this.made = payload.id;
    return this.canvas;
  }

  draw() {
    const { view } = this, { payload, maps: [over] } = view;
    this.element.hidden = view.state.map !== "positions" || Boolean(view.missing);
    if (this.element.hidden) return;
    const pen = prepare(this.picture, this.width, this.height);
    pen.imageSmoothingEnabled = this.cell < 1;
    pen.drawImage(this.image(), 0, 0, this.width, this.height);
    const box = this.tile(over.at);
    if (box) outline(pen, box);
    const { side } = over, { length: n } = this.rows, { length: m } = this.columns;
    const all = this.step === 1 ? `all ${thousands(side.patches)} patches` : `${n} × ${m} of the ${thousands(side.patches)} patches, every ${ordinal(this.step)} row and column`;
    const pooled = this.pool === 1 ? "" : `, ${this.pool} × ${this.pool} of them averaged to a cell`;
    this.words.textContent = `A small map for ${all}, each where its patch stands in the picture: how alike its position is to all others’${pooled}.`;
    this.picture.ariaLabel = `${this.words.textContent} ${plainText(view.sentence)}`;
  }

  // Where the small map of a patch lies; null if it has none.
  tile(patch) {
    const [row, column] = this.view.payload.keys.place(patch);
    const [i, j] = [this.rows.indexOf(row), this.columns.indexOf(column)];
    if (i < 0 || j < 0) return null;
    const { cell } = this;
    return { x: j * (this.wide + 1) * cell, y: i * (this.high + 1) * cell, width: this.wide * cell, height: this.high * cell };
  }

  patchAt(x, y) {
    const [i, j] = [Math.floor(y / this.cell / (this.high + 1)), Math.floor(x / this.cell / (this.wide + 1))];
    const inside = i >= 0 && j >= 0 && i < this.rows.length && j < this.columns.length;
    return inside ? this.rows[i] * this.view.payload.keys.grid[1] + this.columns[j] : null;
  }
}

const ordinal = (n) => ({ 2: "second", 3: "third" })[n] ?? `${n}th`;

const LATTICE_STYLE = `
.lattice{display:flex;flex-direction:column;gap:6px;margin-top:14px;align-items:flex-start}
.lattice[hidden]{display:none}
.lattice .whole{cursor:crosshair;border-radius:3px}
`;
