// The payload as numbers: codes to draw with, halves to write with, and what is known of each head.

// The labels of a sequence: each is preceded by a mark that occurs in none of them. `grid` is rows and columns of
// patches, `patch` the height and width of one in pixels of the picture, null where there are none.
function readSequence({ labels, special, grid = null, patch = null }) {
  const mark = String.fromCodePoint(labels.codePointAt(0));
  const list = labels.slice(mark.length).split(mark);
  const flags = new Uint8Array(list.length);
  for (const position of special) flags[position] = 1;
  return { labels: list, special: flags, length: list.length, grid, patch };
}

// One head in full: weights of query q on keys 0 .. width(q) - 1, row after row.
class Matrix {
  constructor(payload, head, slot, codes, halves) {
    Object.assign(this, { payload, head, slot, codes, halves });
    this.histograms = {};
  }
  start(q) { return this.payload.causal ? (q * (q + 1)) / 2 : q * this.payload.keys.length; }
  width(q) { return this.payload.width(q); }
  half(q, k) { return k >= 0 && k < this.width(q) ? this.halves[this.start(q) + k] : 0; }
  code(q, k) { return k < this.width(q) ? this.codes[this.start(q) + k] : 0; }
  // Larger for a larger weight; ties in halves are broken by the code.
  rank(q, k) { return this.half(q, k) * 256 + this.code(q, k); }
  // The least and the most that code and halves leave possible.
  bounds(q, k) {
    const [code, half] = [this.code(q, k), this.half(q, k)];
    const low = Math.max(half / 2000, (Math.max(0, code - 0.5) / 255) ** 2);
    return [low, Math.min((half + 1) / 2000, ((code + 0.5) / 255) ** 2)];
  }
  estimate(q, k) {
    const [low, high] = this.bounds(q, k);
    return (low + high) / 2;
  }
  // The mass on all sinks, in halves; it is sent where there are several of them.
  hidden(q) {
    const { hidden, queries, sink } = this.payload;
    return hidden ? hidden[this.slot * queries.length + q] : this.half(q, sink.indexOf(1));
  }
  // The mass on either text of a pair, in halves, with its sinks or without.
  onText(q, text, withoutSinks) {
    const { texts, queries } = this.payload;
    return texts[(4 * this.slot + 2 * withoutSinks + text) * queries.length + q];
  }
  total(q) { return this.payload.totals ? this.payload.totals[this.slot * this.payload.queries.length + q] : 2000; }
}

class Payload {
  constructor({ header, parts, picture = null }) {
    Object.assign(this, { header, parts, picture, id: header.id, causal: header.causal });
    this.queries = readSequence(header.queries);
    this.keys = header.keys ? readSequence(header.keys) : this.queries;
    this.self = this.keys === this.queries;
    this.sink = new Uint8Array(this.keys.length);
    for (const position of header.sinks) this.sink[position] = 1;
    this.rows = [...header.heads, ...(header.extra?.length ? [header.extra.length] : [])]; // of the grid: how many in each
    this.first = this.rows.map((_, layer) => this.rows.slice(0, layer).reduce((a, b) => a + b, 0));
    this.heads = header.heads.flatMap((n, layer) => Array.from({ length: n }, (_, head) => ({ layer, head })));
    this.tiles = [...this.heads, ...readTiles(header)]; // the heads, and after them what stands for several
    [this.hidden, this.totals, this.texts] = [parts.hidden, parts.totals, parts.texts];
    this.pair = header.pair && { ...header.pair, of: Int8Array.from(header.pair.of, (c) => (c === "-" ? -1 : Number(c))) };
    this.readMatrices();
    this.readThumbnails();
    this.readStatistics();
  }

  get layers() { return this.header.heads.length; }
  get widest() { return Math.max(...this.header.heads); }
  // What the positions are, in words: tokens, or patches of a picture.
  get thing() { return this.header.thing ?? "token"; }
  thingOf(side) { return this.tokens(side).grid ? "patch" : side === "key" ? this.thing : "token"; }
  things(n) { return n === 1 ? this.thing : this.thing === "patch" ? "patches" : `${this.thing}s`; }
  width(q) { return this.causal ? q + 1 : this.keys.length; }
  tokens(side) { return side === "query" ? this.queries : this.keys; }
  index({ layer, head }) { return this.first[layer] + head; }
  exists({ layer, head }) { return head >= 0 && head < (this.rows[layer] ?? 0); }
  // The head or tile of this place, as it is known here; the one that another payload knew, or null.
  named(head) { return this.exists(head) ? this.tiles[this.index(head)] : null; }
  again(old) {
    if (old.tile) return this.tiles.find(({ tile }) => tile?.name === old.tile.name) ?? null;
    return old.layer < this.layers ? this.named(old) : null;
  }
  matrix(head) { return this.matrices.get(this.index(head)); }

  readMatrices() {
    const sent = this.header.sent?.map(([layer, head]) => this.index({ layer, head })) ?? this.tiles.map((_, i) => i);
    const [n, m] = [this.queries.length, this.keys.length];
    const size = this.causal ? (n * (n + 1)) / 2 : n * m;
    const { codes, fine } = this.parts;
    const halves = readHalves(codes, fine);
    const cut = (array, slot) => array.subarray(slot * size, (slot + 1) * size);
    this.matrices = new Map(sent.map((i, slot) =>
      [i, new Matrix(this, this.tiles[i], slot, cut(codes, slot), cut(halves, slot))]));
  }

  readThumbnails() {
    if (!this.header.pooled) return;
    const [n, m] = this.header.pooled;
    const size = this.causal ? (n * (n + 1)) / 2 : n * m;
    this.thumbnails = this.tiles.map((_, i) => this.parts.thumbnails.subarray(i * size, (i + 1) * size));
  }

  // Entropy in bits, distance in tokens, sink mass in halves, role and its score, and in halves the scores that the
  // header lists, per head; null where there is none.
  readStatistics() {
    const table = this.parts.statistics;
    if (!table) return;
    const column = (row, i) => table[row * this.heads.length + i];
    const number = (row, i, scale) => (column(row, i) ? (column(row, i) - 1) / scale : null);
    this.statistics = this.heads.map((_, i) => ({
      entropy: number(0, i, 100),
      distance: number(1, i, 10),
      sink: number(2, i, 1),
      role: column(3, i) ? this.header.roles[column(3, i) - 1] : "",
      score: number(4, i, 100),
      scores: Object.fromEntries((this.header.scores ?? []).map((name, row) => [name, number(5 + row, i, 1)])),
    }));
  }

  // True if a head's row is no distribution (NaN, all zero, ...): there is nothing to draw for it.
  bad(head, q) {
    if (!this.parts.bad) return false;
    const bit = this.index(head) * this.queries.length + q;
    return ((this.parts.bad[bit >> 3] >> (7 - (bit & 7))) & 1) === 1;
  }

  // A head's codes pooled by maximum into at most rows x columns blocks: {codes, rows, columns}, kept for next time.
  pooled(index, rows, columns) {
    const [n, m] = this.header.pooled ?? [this.queries.length, this.keys.length];
    [rows, columns] = [Math.min(rows, n), Math.min(columns, m)];
    this.pools ??= new Map();
    const name = `${index} ${rows} ${columns}`;
    if (!this.pools.has(name)) {
      const codes = this.thumbnails?.[index] ?? this.matrices.get(index).codes;
      this.pools.set(name, { rows, columns, codes: poolCodes(codes, this.causal, n, m, rows, columns) });
    }
    return this.pools.get(name);
  }
}

// Codes of an n x m matrix (or of its lower triangle) pooled by maximum into rows x columns blocks.
function poolCodes(codes, causal, n, m, rows, columns) {
  const pooled = new Uint8Array(rows * columns);
  const columnOf = new Int32Array(m);
  const [rowEdges, columnEdges] = [blockEdges(n, rows), blockEdges(m, columns)];
  for (let c = 0; c < columns; c++) columnOf.fill(c, columnEdges[c], columnEdges[c + 1]);
  for (let r = 0, i = 0; r < rows; r++) {
    for (let q = rowEdges[r]; q < rowEdges[r + 1]; q++) {
      const width = causal ? q + 1 : m;
      for (let k = 0; k < width; k++, i++) {
        const at = r * columns + columnOf[k];
        if (codes[i] > pooled[at]) pooled[at] = codes[i];
      }
    }
  }
  return pooled;
}
