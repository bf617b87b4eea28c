// The payload as numbers: sheets of weights (heads, means, rollouts), and what lies over the picture for a pointed patch.

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

class Payload {
  constructor({ header, parts }) {
    Object.assign(this, { header, parts, id: header.id, layers: header.heads.length });
    this.queries = new Side(header.queries);
    this.keys = header.keys ? new Side(header.keys) : this.queries;
    this.size = this.queries.n * this.keys.n;
    this.sheets = new Map(header.sheets.map((name, i) => [sheetName(...name), i]));
    this.slots = new Map(header.full.map((sheet, slot) => [sheet, slot]));
    this.halves = readHalves(parts.codes, parts.fine);
    this.rowHalves = readHalves(parts.row_codes, parts.row_fine);
    this.heads = header.heads.flatMap((n, layer) => Array.from({ length: n }, (_, head) => ({ layer, head })));
    this.widest = Math.max(...header.heads);
  }

  exists({ layer, head }) { return head < (this.header.heads[layer] ?? 0); }
  has(name) { return this.sheets.has(name); }
  isFull(name) { return this.slots.has(this.sheets.get(name)); }
  distance(head) {
    const tenths = this.parts.distance?.[this.heads.findIndex((h) => sameHead(h, head))] ?? 0;
    return tenths ? (tenths - 1) / 10 : null;
  }

  // Codes and halves over all keys: what query `q` reads on a sheet, or its base row.
  row(name, q) {
    const sheet = this.sheets.get(name), { n } = this.keys;
    if (q === null) {
      const from = sheet * n;
      return { codes: this.parts.row_codes.subarray(from, from + n), halves: this.rowHalves.subarray(from, from + n),
        hidden: this.parts.row_hidden[sheet], bad: Boolean(this.parts.row_bad?.[sheet]) };
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
function weightsOver(payload, state, name) {
  const { queries, keys } = payload;
  const point = pointed(payload, state);
  const stale = !payload.isFull(name) && (point !== null || state.way === "read");
  const across = state.way === "read" && !stale;
  const found = across ? payload.column(name, point) : payload.row(name, stale ? null : point);
  const side = across ? queries : keys;
  const value = Float32Array.from({ length: side.patches }, (_, i) => (found.codes[side.first + i] / 255) ** 2);
  const rank = (i) => found.halves[side.first + i] * 256 + found.codes[side.first + i];
  const text = (i) => places2(found.halves[side.first + i]);
  const special = side.special.map(([at, title]) => [title, places2(found.halves[at])]);
  return { side, value, rank, text, special, hidden: found.hidden, bad: found.bad, stale, across };
}

// The position that is asked about, null for the base row.
function pointed(payload, state) {
  const side = state.way === "read" ? payload.keys : payload.queries;
  if (state.patch !== null && side.grid) return side.position(Math.min(state.patch, side.patches - 1));
  if (state.way !== "read") return null;
  return side.base ?? side.position((Math.floor(side.grid[0] / 2) * side.grid[1]) + (side.grid[1] >> 1));
}

// The relevance of one class: no share of anything, so its numbers are parts of its own strongest patch.
function relevanceOver(payload, index) {
  const { keys } = payload;
  const all = payload.parts.relevance.subarray(index * keys.n, (index + 1) * keys.n);
  const value = Float32Array.from({ length: keys.patches }, (_, i) => Math.max(0, all[keys.first + i]));
  const top = Math.max(...value, 0);
  const text = (i) => (top ? percent(value[i] / top) : "0 %");
  return { side: keys, value, rank: (i) => value[i], text, special: [], hidden: null, bad: false, stale: false, across: false, top };
}

// How alike the position embeddings of one patch and all others are, in hundredths from -100 to 100.
function positionsOver(payload, state) {
  const { keys, parts } = payload;
  const n = keys.patches;
  const at = state.patch === null ? Math.floor(keys.grid[0] / 2) * keys.grid[1] + (keys.grid[1] >> 1) : Math.min(state.patch, n - 1);
  const hundredths = (i) => parts.positions[at * n + i] - 100;
  const value = Float32Array.from({ length: n }, (_, i) => hundredths(i) / 100);
  const text = (i) => `${hundredths(i) < 0 ? THEME.minus : ""}${(Math.abs(hundredths(i)) / 100).toFixed(2)}`;
  return { side: keys, value, rank: (i) => value[i], text, special: [], hidden: null, bad: false, stale: false, across: false, signed: true, at };
}

// Patch numbers, the strongest first.
function strongest({ value, rank }, most) {
  return Array.from(value, (_, i) => i).sort((a, b) => rank(b) - rank(a) || a - b).slice(0, most);
}
