// The comparison as numbers: heads in order, and for a pair of heads two matrices, their difference, the bits of a row.

const NOTHING = 65535; // in place of a row's bits, where there is nothing to compare

const headWords = ({ layer, head }) => `${layer}.${head}`;
const pairWords = ({ a, b }) => (headWords(a) === headWords(b) ? headWords(a) : `${headWords(a)}-${headWords(b)}`);
const headTitle = ({ layer, head }) => `layer ${layer} · head ${head}`;

class Payload {
  constructor({ header, parts }) {
    Object.assign(this, { header, parts, id: header.id, sides: header.sides, causal: header.causal });
    this.rows = new Units(header.rows);
    this.columns = header.columns ? new Units(header.columns) : this.rows;
    [this.n, this.m] = [this.rows.length, this.columns.length];
    this.heads = Array.from(parts.bits, (half, i) => ({ layer: parts.heads[2 * i], head: parts.heads[2 * i + 1], half }));
    this.slots = new Map(header.sent.map(([la, ha, lb, hb], slot) =>
      [pairWords({ a: { layer: la, head: ha }, b: { layer: lb, head: hb } }), slot]));
    if (!this.slots.size) return;
    this.halves = { a: readHalves(parts.a, parts.a_fine), b: readHalves(parts.b, parts.b_fine) };
  }

  exists({ a, b }) {
    return [a, b].every(({ layer, head }, side) => head < (this.header.heads_of[side][layer] ?? 0));
  }

  matrices(pair) {
    const slot = this.slots.get(pairWords(pair));
    return slot === undefined ? null : new Matrices(this, slot);
  }

  // True if a column comes after the row in a model that reads only what came before.
  later(r, c) { return this.causal && this.rows === this.columns && c > r; }
}

// What rows or columns say; null on a side where one does not stand.
class Units {
  constructor({ a, b }) {
    Object.assign(this, { a, b, length: a.length });
  }
  paired(i) { return this.a[i] !== null && this.b[i] !== null; }
  same(i) { return this.paired(i) && this.a[i].trim() === this.b[i].trim(); }
  only(i) { return this.a[i] === null ? "b" : "a"; }
  // The word with its place on the common axis, as in a sentence.
  named(i, side = null) { return [quoted(this.label(i, side)), ` (${i})`]; }
  // The words of row or column i: on one side, or of both ("cat → dog"; from right to left where both are read so).
  label(i, side = null) {
    if (side && this[side][i] !== null) return shown(this[side][i]);
    if (!this.paired(i)) return shown(this[this.only(i)][i]);
    if (this.same(i)) return shown(this.a[i]);
    const arrow = [this.a[i], this.b[i]].every((label) => directionOf([label]) === "rtl") ? "←" : "→";
    return `${shown(this.a[i])} ${arrow} ${shown(this.b[i])}`;
  }
}

// One head of A and one of B on common axes.
class Matrices {
  constructor(payload, slot) {
    Object.assign(this, { payload, slot, size: payload.n * payload.m });
  }
  at(r, c) { return this.slot * this.size + r * this.payload.m + c; }
  half(side, r, c) { return this.payload.halves[side][this.at(r, c)]; }
  code(side, r, c) { return this.payload.parts[side][this.at(r, c)]; }
  thousandths(r, c) { return this.payload.parts.change[this.at(r, c)] - 1000; }
  bits(r) {
    const half = this.payload.parts.row_bits[this.slot * this.payload.n + r];
    return half === NOTHING ? null : half;
  }
  get mean() {
    const half = this.payload.parts.mean_bits[this.slot];
    return half === NOTHING ? null : half;
  }
  bad(side, r) {
    const bad = this.payload.parts[`${side}_bad`];
    return Boolean(bad?.[this.slot * this.payload.n + r]) && this.payload.rows[side][r] !== null;
  }
  // Row numbers by their bits, most first; and of the whole picture the cells that changed most.
  get topRow() {
    const rows = Array.from({ length: this.payload.n }, (_, r) => r).filter((r) => this.bits(r) !== null);
    return rows.reduce((best, r) => (best === null || this.bits(r) > this.bits(best) ? r : best), null);
  }
  topCells(most) {
    const { change } = this.payload.parts;
    const cells = [];
    for (let i = 0; i < this.size; i++) {
      const size = Math.abs(change[this.slot * this.size + i] - 1000);
      if (!size || (cells.length === most && size <= cells.at(-1).size)) continue;
      cells.push({ r: Math.floor(i / this.payload.m), c: i % this.payload.m, size });
      cells.sort((x, y) => y.size - x.size);
      if (cells.length > most) cells.pop();
    }
    return cells;
  }
}
