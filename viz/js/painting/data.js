// A painting as it comes: cells, what each could have been, and what was read while it was painted.
// uses: picture
// uses: overlay

class Canvas10 {
  constructor({ header, parts }) {
    Object.assign(this, header, { header, parts });
    [this.rows, this.columns] = header.grid;
    this.n = this.rows * this.columns;
    this.text = header.words.length;
    this.first = header.names.length - header.colours.length; // the token of palette number 0
    this.halves = readHalves(parts.weights, parts.fine);
    this.layers = header.heads.length;
    this.list = header.heads.flatMap((n, layer) => Array.from({ length: n }, (_, head) => ({ layer, head })));
    this.widest = Math.max(...header.heads);
    this.size = ((this.text + this.n - 1) * (this.text + this.n)) / 2; // of one head's lower triangle
    const chosen = header.candidates.length + header.masks.findIndex(([name]) => name === header.mask);
    this.codes = this.picture(chosen);
    this.byHand = new Map(header.put);
  }

  // What `Heads` reads.
  get stackOf() {
    return { heads: this.list, layers: this.layers, widest: this.widest, header: { heads: this.header.heads }, exists: (head) => this.exists(head) };
  }

  exists({ layer, head }) { return head < (this.header.heads[layer] ?? 0); }
  picture(number) { return this.parts.pictures.subarray(number * this.n, (number + 1) * this.n); }
  place(cell) { return [Math.floor(cell / this.columns), cell % this.columns]; }
  colour(code) { return this.colours[code][1]; }
  nameOf(code) { return this.colours[code][0]; }
  own(cell, code) { return this.parts.every[cell * this.names.length + this.first + code]; }
  offered(cell, code) { return this.parts.offered[cell * this.colours.length + code]; }

  // The probability of everything that is no cell.
  elsewhere(cell) {
    const from = cell * this.names.length;
    return this.parts.every.subarray(from, from + this.first).reduce((sum, value) => sum + value, 0);
  }

  // How many colours were likelier.
  rank(cell) {
    const own = this.own(cell, this.codes[cell]);
    return this.colours.filter((_, code) => this.own(cell, code) > own).length;
  }

  // What was read while this cell was painted: words, then the cells before it; codes and halves of each.
  read({ layer, head }, cell) {
    const number = this.list.findIndex((other) => sameHead(other, { layer, head }));
    const query = this.text - 1 + cell; // the position that says what comes next
    const from = number * this.size + (query * (query + 1)) / 2;
    const cut = (start, end) => ({ codes: this.parts.weights.subarray(from + start, from + end), halves: this.halves.subarray(from + start, from + end) });
    return { words: cut(0, this.text), cells: cut(this.text, query + 1), onWords: this.parts.on_words[number * this.n + cell] };
  }

  // The cell that was least sure: where the picture was decided.
  get decisive() {
    let best = 0;
    for (let cell = 1; cell < this.n; cell++) if (this.own(cell, this.codes[cell]) < this.own(best, this.codes[best])) best = cell;
    return best;
  }

  allows(mask, query, key) {
    const n = this.text + this.n, bytes = this.parts.allowed.length / this.masks.length;
    const bit = query * n + key;
    return Boolean(this.parts.allowed[mask * bytes + (bit >> 3)] & (128 >> (bit & 7)));
  }
}

// The first `shown` cells of a picture, each a pixel; the rest see-through.
function cellImage(data, codes, shown) {
  const image = new ImageData(data.columns, data.rows);
  const out = new Uint32Array(image.data.buffer);
  for (let cell = 0; cell < shown; cell++) out[cell] = packPixel(data.colour(codes[cell]));
  const canvas = el("canvas", { width: data.columns, height: data.rows });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// Weights over the cells before one, as pixels of the ramp; the rest as it was.
function weightImage(data, weights, pixels, empty) {
  const image = new ImageData(data.columns, data.rows);
  const out = new Uint32Array(image.data.buffer).fill(empty);
  weights.forEach((code, cell) => { out[cell] = pixels[code]; });
  const canvas = el("canvas", { width: data.columns, height: data.rows });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
