// Weights as they come: sheets (heads, means, rollouts), each a matrix [query, key] over the patches of a picture.

// Rows and columns of one side, and which positions are no patches.
class Side {
  constructor({ n, first, grid, cover, special, base }) {
    Object.assign(this, { n, first, grid, cover, special, base, patches: grid ? grid[0] * grid[1] : 0 });
  }
  position(patch) { return this.first + patch; }
  place(patch) { return [Math.floor(patch / this.grid[1]), patch % this.grid[1]]; }
  words(patch) {
    const [row, column] = this.place(patch);
    return `row ${row}, column ${column}`;
  }
}

const sheetName = (...parts) => parts.join(".");

class Sheets {
  // `parts` holds the arrays under `prefix`; `header` says the sides, the heads and which sheets came whole.
  constructor(header, parts, prefix = "") {
    this.header = header;
    this.parts = Object.fromEntries(["codes", "fine", "row_codes", "row_fine", "hidden", "row_hidden", "bad", "row_bad"]
      .map((name) => [name, parts[prefix + name]]));
    this.layers = header.heads.length;
    this.queries = new Side(header.queries);
    this.keys = header.keys ? new Side(header.keys) : this.queries;
    this.size = this.queries.n * this.keys.n;
    this.sheets = new Map(header.sheets.map((name, i) => [sheetName(...name), i]));
    this.slots = new Map(header.full.map((sheet, slot) => [sheet, slot]));
    this.halves = readHalves(this.parts.codes, this.parts.fine);
    this.rowHalves = readHalves(this.parts.row_codes, this.parts.row_fine);
    this.heads = header.heads.flatMap((n, layer) => Array.from({ length: n }, (_, head) => ({ layer, head })));
    this.widest = Math.max(...header.heads);
    this.rows = new Map((header.rows ?? [null]).map((query, i) => [query, i])); // sent of every sheet; null: the base row
  }

  exists({ layer, head }) { return head < (this.header.heads[layer] ?? 0); }
  has(name) { return this.sheets.has(name); }
  isFull(name) { return this.slots.has(this.sheets.get(name)); }
  hasRow(name, q) { return this.rows.has(q) || this.isFull(name); }

  // Codes and halves over all keys: what query `q` reads on a sheet, or its base row.
  row(name, q) {
    const sheet = this.sheets.get(name), { n } = this.keys;
    if (!this.isFull(name) || q === null) {
      const at = sheet * this.rows.size + this.rows.get(q), from = at * n;
      return { codes: this.parts.row_codes.subarray(from, from + n), halves: this.rowHalves.subarray(from, from + n),
        hidden: this.parts.row_hidden[at], bad: Boolean(this.parts.row_bad?.[at]) };
    }
    const slot = this.slots.get(sheet), from = slot * this.size + q * n;
    return { codes: this.parts.codes.subarray(from, from + n), halves: this.halves.subarray(from, from + n),
      hidden: this.parts.hidden[slot * this.queries.n + q], bad: Boolean(this.parts.bad?.[slot * this.queries.n + q]) };
  }

  // The same over all queries: how much each reads key `k`.
  column(name, k) {
    const slot = this.slots.get(this.sheets.get(name)), { n } = this.queries;
    const [codes, halves] = [new Uint8Array(n), new Uint16Array(n)];
    for (let q = 0; q < n; q++) {
      const at = slot * this.size + q * this.keys.n + k;
      [codes[q], halves[q]] = [this.parts.codes[at], this.halves[at]];
    }
    return { codes, halves, hidden: null, bad: false };
  }
}

const sameHead = (a, b) => a.layer === b.layer && a.head === b.head;
const headTitle = ({ layer, head }) => `Layer ${layer} · head ${head}`;

// What is drawn over the picture: `value` per patch of `side` from 0 up, `text(patch)`, [name, text] of special positions,
// `hidden` (halves on them), `stale` if it is the base row because the rows asked for are not here.
function overlayOf(found, side, { stale = false, across = false } = {}) {
  const value = Float32Array.from({ length: side.patches }, (_, i) => (found.codes[side.first + i] / 255) ** 2);
  const rank = (i) => found.halves[side.first + i] * 256 + found.codes[side.first + i];
  const text = (i) => places2(found.halves[side.first + i]);
  const special = side.special.map(([at, title]) => [title, places2(found.halves[at])]);
  return { side, value, rank, text, special, hidden: found.hidden, bad: found.bad, stale, across };
}

// What the patch that is pointed at reads on a sheet, or who reads it.
function weightsOver(payload, state, name) {
  const { queries, keys } = payload;
  const point = pointed(payload, state);
  const stale = !payload.isFull(name) && (point !== null || state.way === "read");
  const across = state.way === "read" && !stale;
  const found = across ? payload.column(name, point) : payload.row(name, stale ? null : point);
  const side = across ? queries : keys;
  return overlayOf(found, side, { stale, across });
}

// The position that is asked about, null for the base row.
function pointed(payload, state) {
  const side = state.way === "read" ? payload.keys : payload.queries;
  if (state.patch !== null && side.grid) return side.position(Math.min(state.patch, side.patches - 1));
  if (state.way !== "read") return null;
  return side.base ?? side.position((Math.floor(side.grid[0] / 2) * side.grid[1]) + (side.grid[1] >> 1));
}

// Patch numbers, the strongest first.
function strongest({ value, rank }, most) {
  return Array.from(value, (_, i) => i).sort((a, b) => rank(b) - rank(a) || a - b).slice(0, most);
}

// The relevance of one answer, a value per key: no share of anything, so its numbers are parts of its own strongest patch.
function relevanceOver(values, keys) {
  const value = Float32Array.from({ length: keys.patches }, (_, i) => Math.max(0, values[keys.first + i]));
  const top = Math.max(...value, 0);
  const text = (i) => (top ? percent(value[i] / top) : "0 %");
  return { side: keys, value, rank: (i) => value[i], text, special: [], hidden: null, bad: false, stale: false, across: false, top };
}
