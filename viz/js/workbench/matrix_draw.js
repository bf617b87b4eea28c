// What the Matrix pane is made of: pure functions for sizes, zoom and pooling first, then what is drawn.

const CELLS = { widest: 104, highest: 46, apart: 2.6, slim: 26, number: 34, line: 16, pitch: 15, most: 4 };

// The size of a cell when all of the matrix is in sight. Cells fill the room, but none is far wider than high or the
// other way round, unless it is slim anyway.
function fitCells(n, m, width, height) {
  let [w, h] = [Math.min(width / m, CELLS.widest), Math.min(height / n, CELLS.highest)];
  w = Math.min(w, Math.max(CELLS.apart * h, CELLS.slim));
  h = Math.min(h, Math.max(CELLS.apart * w, CELLS.slim));
  return { w, h };
}

// How far one may zoom in: until numbers fit, and up to four times where that leaves more than two cells in sight.
const mostZoom = ({ w, h, n, m }) => Math.max(1, Math.min(CELLS.most, n / 2, m / 2), 60 / w, 24 / h);

// A view is {z, x, y}: the zoom, and the cell (with a fraction) at the upper left corner. n x m cells of w x h pixels
// fill the plot at zoom 1, so a view stays inside if 0 <= x <= m - m / z.
function inside({ z, x, y }, n, m) {
  const within = (at, size) => Math.min(size - size / z, Math.max(0, at));
  return { z, x: within(x, m), y: within(y, n) };
}

// Zoom so that what lies at (px, py), in pixels of the plot, stays there.
function zoomAt(view, z, px, py, { w, h, n, m }) {
  const next = Math.min(mostZoom({ w, h, n, m }), Math.max(1, z));
  const stay = (at, pixels, size) => at + pixels / (size * view.z) - pixels / (size * next);
  return inside({ z: next, x: stay(view.x, px, w), y: stay(view.y, py, h) }, n, m);
}

// How many rows (or columns) an image of `length` cells has at a zoom: no more than `pixels` of the screen at zoom 1,
// twice as many at 2, and so on, until each cell has its own.
const blocksAt = (length, pixels, z) =>
  Math.min(length, Math.max(1, Math.floor(pixels)) * 2 ** Math.floor(Math.log2(z) + 1e-9));

// 1, 2, 5, 10, 20, ...: the first of them at which labels lie far enough apart.
function labelStep(pitch, least) {
  for (let ten = 1; ; ten *= 10) for (const step of [1, 2, 5]) if (step * ten * pitch >= least) return step * ten;
}

// The positions from `first` to `last` that get a label.
function labelled(first, last, step) {
  const start = Math.ceil(first / step) * step;
  return Array.from({ length: Math.max(0, Math.floor((last - start) / step) + 1) }, (_, i) => start + i * step);
}

// Codes pooled by maximum into rows x columns blocks, hidden keys and queries left out where a block has others as
// well: {codes, grey, greyRows, masked}. `grey` marks columns of hidden keys only, `greyRows` rows of hidden queries;
// masked(r) is the first column that row cannot read.
function poolVisible(codes, causal, n, m, rows, columns, hidden, hiddenRows = null) {
  const [rowEdges, columnEdges] = [blockEdges(n, rows), blockEdges(m, columns)];
  const [columnOf, grey] = [new Int32Array(m), new Uint8Array(columns)];
  for (let c = 0; c < columns; c++) {
    const [from, to] = [columnEdges[c], columnEdges[c + 1]];
    columnOf.fill(c, from, to);
    if (!hidden) continue;
    grey[c] = hidden.subarray(from, to).includes(0) ? 0 : 1;
    if (!grey[c]) for (let k = from; k < to; k++) if (hidden[k]) columnOf[k] = -1;
  }
  const pooled = new Uint8Array(rows * columns);
  const greyRows = Uint8Array.from({ length: rows }, (_, r) =>
    (hiddenRows && !hiddenRows.subarray(rowEdges[r], rowEdges[r + 1]).includes(0) ? 1 : 0));
  for (let r = 0, i = 0; r < rows; r++) {
    const base = r * columns;
    for (let q = rowEdges[r]; q < rowEdges[r + 1]; q++) {
      const width = causal ? q + 1 : m;
      if (hiddenRows?.[q] && !greyRows[r]) { i += width; continue; }
      for (let k = 0; k < width; k++, i++) {
        const c = columnOf[k];
        if (c >= 0 && codes[i] > pooled[base + c]) pooled[base + c] = codes[i];
      }
    }
  }
  const masked = (r) => {
    if (!causal) return columns;
    const c = columnEdges.findIndex((edge) => edge > rowEdges[r + 1] - 1);
    return c < 0 ? columns : c;
  };
  return { codes: pooled, grey, greyRows, masked };
}

// The strongest pair of a range of queries and keys, hidden keys only if there is nothing else; null out of reach.
function strongest(matrix, [q0, q1], [k0, k1], hidden) {
  let [best, most] = [null, -1];
  for (let q = q0; q < q1; q++) {
    for (let k = k0; k < Math.min(k1, matrix.width(q)); k++) {
      const rank = matrix.rank(q, k) + (hidden?.[k] ? 0 : 2 ** 20);
      if (rank > most) [best, most] = [{ q, k }, rank];
    }
  }
  return best;
}

// The share of a head's mass that is hidden on sinks, over the queries that Lines counts too.
function hiddenShare(payload, state, matrix) {
  let [sum, rows, total] = [0, 0, 0];
  const hides = hiddenAs(payload, state).query;
  for (let q = 0; q < payload.queries.length; q++) {
    if (payload.bad(matrix.head, q) || hides[q]) continue;
    sum += shareOf(hiddenMass(matrix, state, q).sinks);
    total += matrix.total(q) / 2000;
    rows++;
  }
  return rows ? sum / Math.max(rows, total) : 0; // rows of several heads' largest weights hold more than 1
}

// 4 × 4 weights, or 1 weight
function blockWords(n, m, rows, columns) {
  const [down, across] = [Math.ceil(n / rows), Math.ceil(m / columns)];
  return down * across > 1 ? `up to ${down} × ${across} weights` : "";
}

// ---- Drawing

// Grey for hidden keys: the ramp's levels between the page and faint, so that light stays what is read.
function greyTable(theme) {
  const [low, high] = [channels(theme.colour.page), channels(theme.colour.faint)];
  return Uint32Array.from({ length: 256 }, (_, i) =>
    packPixel(low.map((value, j) => Math.round(value + (high[j] - value) * (0.08 + (0.5 * i) / 255)))));
}

// A head's matrix as an image of rows x columns pixels, one per block.
function blockImage({ payload, state, theme }, head, rows, columns) {
  const index = payload.index(head);
  const matrix = payload.matrix(head);
  const [n, m] = matrix ? [payload.queries.length, payload.keys.length] : payload.header.pooled;
  const hides = hiddenAs(payload, state);
  const blocks = (of, length) => (of.includes(1) ? wholeBlocks(of, length) : null);
  const gone = Uint8Array.from(hides.key, (why) => (why ? 1 : 0));
  const goneRows = Uint8Array.from(hides.query, (why) => (why === OTHER ? 1 : 0));
  const codes = codesOf(payload, index);
  const pooled = poolVisible(codes, payload.causal, n, m, rows, columns, blocks(gone, m), blocks(goneRows, n));
  const levels = scaleTable(state.scale, topOf(payload, index), codesOf(payload, index));
  const table = Uint32Array.from(levels, (t) => theme.pixels[Math.round(255 * t)]);
  const greys = greyTable(theme);
  const grey = Uint32Array.from(levels, (t) => greys[Math.round(255 * t)]);
  const image = new ImageData(columns, rows);
  const out = new Uint32Array(image.data.buffer);
  const sunk = theme.pixel("sunk");
  for (let r = 0, i = 0; r < rows; r++) {
    const reach = pooled.masked(r);
    for (let c = 0; c < columns; c++, i++) {
      out[i] = c >= reach ? sunk : (pooled.grey[c] || pooled.greyRows[r] ? grey : table)[pooled.codes[i]];
    }
  }
  const canvas = el("canvas", { width: columns, height: rows });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// Which of so many blocks of positions hold flagged ones only.
function wholeBlocks(flags, blocks) {
  const edges = blockEdges(flags.length, blocks);
  return Uint8Array.from({ length: blocks }, (_, i) => (flags.subarray(edges[i], edges[i + 1]).includes(0) ? 0 : 1));
}

// The images drawn last, by name; the oldest are let go when together they have too many pixels.
class Images {
  constructor(most = 9e6) { Object.assign(this, { most, kept: new Map() }); }
  get(name, make) {
    const image = this.kept.get(name) ?? make();
    this.kept.delete(name);
    this.kept.set(name, image);
    let pixels = 0;
    for (const [old, { width, height }] of [...this.kept].reverse()) {
      pixels += width * height;
      if (pixels > this.most && old !== name) this.kept.delete(old);
    }
    return image;
  }
}

// The width of the widest label, in pixels, none counted beyond so many letters.
function widestLabel(labels, font, letters = 24) {
  const pen = el("canvas").getContext("2d");
  pen.font = font;
  let widest = 0;
  for (const label of new Set(labels)) widest = Math.max(widest, pen.measureText(shorten(shown(label), letters)).width);
  return Math.ceil(widest);
}

// One label of a column, upright where columns are narrow: `y` is where it ends above the matrix.
function columnLabel(pen, text, x, y, room, upright) {
  pen.textBaseline = "middle";
  if (!upright) {
    pen.textAlign = "center";
    pen.fillText(clip(pen, text, room), x, y - 8);
    return;
  }
  pen.save();
  pen.translate(x, y - 5);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = "left";
  pen.fillText(clip(pen, text, room), 0, 0.5);
  pen.restore();
}

function rowLabel(pen, text, x, y, room) {
  [pen.textBaseline, pen.textAlign] = ["middle", "right"];
  pen.fillText(clip(pen, text, room), x, y + 0.5);
}

// How far off, in pixels, labels lie that a box over label `index` would touch.
function touched(index, n, step, pitch) {
  const near = labelled(Math.max(0, index - step), Math.min(n - 1, index + step), step);
  return near.map((other) => (other - index) * pitch).filter((d) => d && Math.abs(d) < 17);
}

// A label that stands out, in a box over what else is written there: {x, y, room, upright, side, touched, colour}.
function boxedLabel(pen, theme, text, { x, y, room, upright, side, touched: others = [], colour }) {
  const words = clip(pen, text, room - 6);
  const width = pen.measureText(words).width + 8;
  const row = side === "row";
  const box = row ? [x - width + 3, y - 9, width, 18]
    : upright ? [x - 9, y - 1 - width, 18, width] : [x - width / 2, y - 17, width, 18];
  pen.fillStyle = theme.colour.page;
  if (row) for (const d of others) pen.fillRect(x - room, y + d - 8, room + 2, 16);
  else if (upright) for (const d of others) pen.fillRect(x + d - 8, y - room - 8, 16, room + 6);
  pen.fillStyle = colour ?? theme.colour.ink;
  pen.beginPath();
  pen.roundRect(...box, 4);
  pen.fill();
  pen.fillStyle = theme.colour.page;
  if (row) rowLabel(pen, words, x - 1, y, room);
  else columnLabel(pen, words, x, y, room, upright);
}

// A tip beside a box of the frame, above or below it and inside the frame's width, so that it never covers the box.
function placeTip(tip, sentence, pen, font, { x, y, w, h, left, width, height }) {
  pen.font = `600 14px ${font}`;
  const wide = Math.min(pen.measureText(plainText(sentence)).width + 22, 320, 0.7 * width);
  const beside = x + w + 8 + wide <= width ? x + w + 8 : x - 8 - wide;
  const at = Math.max(Math.min(left + 2, width - wide), beside);
  const edge = y + h / 2 < height / 2 ? `top:${y + h + 8}px` : `bottom:${height - y + 8}px`;
  tip.style.cssText = `left:${at}px;${edge}`;
  fill(tip, sentence);
}
