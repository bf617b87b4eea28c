// What was found, and the stacks of attention behind it: queries read the picture, queries one another, patches theirs.
// uses: picture
// uses: overlay

const STACK_OF = { query: "cross", relevance: "cross", here: "cross", between: "between", encoder: "encoder" }; // what is shown -> of which stack
const FEW = 400; // cells of a grid that sampling points are counted in
const STEPS = 65535; // of a place, from one picture's width left of the picture to one right of it

// A deformable stack: each query reads a few points, each of its own level, wherever it likes.
class Points {
  constructor(header, parts, prefix) {
    Object.assign(this, { header, layers: header.heads.length, levels: header.levels, n: header.levels.length });
    this.heads = header.heads.flatMap((n, layer) => Array.from({ length: n }, (_, head) => ({ layer, head })));
    this.widest = Math.max(...header.heads);
    this.rows = new Map(header.cells.map((cell, i) => [cell, i]));
    this.grids = (header.grids ?? []).map((grid) => plainSide(grid));
    [this.weights, this.places] = [parts[`${prefix}weights`], parts[`${prefix}places`]];
  }

  exists({ layer, head }) { return head < (this.header.heads[layer] ?? 0); }

  // The points of one query as {level, x, y, weight}: x and y in parts of the picture, weights as float32 has them.
  of({ layer, head }, q) {
    if (!this.rows.has(q)) return null;
    const row = this.heads.findIndex((other) => sameHead(other, { layer, head })) * this.rows.size + this.rows.get(q);
    return this.levels.map((level, i) => {
      const at = row * this.n + i;
      const [x, y] = [0, 1].map((axis) => (3 * this.places[2 * at + axis]) / STEPS - 1);
      return { level, x, y, weight: this.weights[at] };
    });
  }

  // The same of all heads of a layer, each with its part of the mean.
  ofMean(layer, q) {
    const n = this.header.heads[layer];
    if (!this.rows.has(q)) return null;
    return Array.from({ length: n }, (_, head) => this.of({ layer, head }, q).map((point) => ({ ...point, weight: point.weight / n }))).flat();
  }
}

const plainSide = (grid) => new Side({ n: grid[0] * grid[1], first: 0, grid, cover: [1, 1], special: [], base: null });

class Payload {
  constructor({ header, parts }) {
    Object.assign(this, { header, parts, id: header.id, n: parts.sure.length });
    this.stacks = Object.fromEntries(Object.entries(header.stacks).map(([name, stack]) => [name, stackOf(stack, parts, `${name}_`)]));
    this.cells = this.cellsOf();
    this.also = new Map();
    for (let i = 0; i < parts.also_sure.length; i++) {
      const [q, label] = [parts.also[2 * i], parts.also[2 * i + 1]];
      this.also.set(q, [...(this.also.get(q) ?? []), { label: header.names[label], sure: parts.also_sure[i] }]);
    }
    this.order = Array.from({ length: this.n }, (_, q) => q).sort((a, b) => parts.sure[b] - parts.sure[a] || a - b);
  }

  // The grid that a pointed place is found in where the queries read the picture.
  cellsOf() {
    const { cross, encoder } = this.stacks;
    if (!(cross instanceof Points)) return cross?.keys ?? null;
    const levels = encoder instanceof Points ? encoder.grids : encoder ? [encoder.keys] : [plainSide([10, 10])];
    return levels.find(({ patches }) => patches <= FEW) ?? levels.at(-1);
  }

  get dense() { return !(this.stacks.cross instanceof Points); }
  sure(q) { return this.parts.sure[q]; }
  label(q) { return this.header.names[this.parts.best[q]]; }
  // Where a query's box lies in a box that the picture fills.
  box(q, { x = 0, y = 0, width = 1, height = 1 } = {}) {
    const [left, top, right, bottom] = this.parts.boxes.subarray(4 * q, 4 * q + 4);
    return { x: x + left * width, y: y + top * height, width: (right - left) * width, height: (bottom - top) * height };
  }

  // Queries that are surer than so many hundredths, the surest first; compared as float32, as the library does it.
  kept(threshold) { return this.order.filter((q) => this.sure(q) > Math.fround(threshold / 100)); }

  // What a query says: its best class, and every other one above the threshold.
  said(q, threshold) {
    const least = Math.fround(threshold / 100);
    return [{ label: this.label(q), sure: this.sure(q) }, ...(this.also.get(q) ?? []).filter(({ sure }) => sure > least)];
  }

  // All queries: those kept first, each group by class, then surest first.
  byClass(threshold) {
    const kept = new Set(this.kept(threshold));
    const key = (q) => [kept.has(q) ? 0 : 1, this.parts.best[q], -this.sure(q)];
    return [...this.order].sort((a, b) => {
      const [one, two] = [key(a), key(b)];
      return one[0] - two[0] || one[1] - two[1] || one[2] - two[2] || a - b;
    });
  }
}

function stackOf(header, parts, prefix) {
  if (header.points) return new Points(header, parts, prefix);
  if (!header.there) return new Absent(header);
  return new Sheets(header, parts, prefix);
}

// A stack that is sent when it is asked for.
class Absent {
  constructor(header) {
    Object.assign(this, { header, layers: header.heads.length, widest: Math.max(...header.heads), absent: true });
    this.heads = header.heads.flatMap((n, layer) => Array.from({ length: n }, (_, head) => ({ layer, head })));
    this.queries = new Side(header.queries);
    this.keys = header.keys ? new Side(header.keys) : this.queries;
  }
  exists({ layer, head }) { return head < (this.header.heads[layer] ?? 0); }
}

const certain = (sure) => (sure < 0.005 ? "<0.01" : (Math.floor(sure * 100 + 0.5) / 100).toFixed(2));
const named = (payload, q) => `query ${q} (${shorten(shown(payload.label(q)), 20)} ${certain(payload.sure(q))})`;

// The patch that a point of the picture lies in, or null: places left of the picture or below it were read as nothing.
function cellAt(side, x, y) {
  const inside = x >= 0 && y >= 0 && x < 1 && y < 1;
  return inside ? Math.floor(y * side.grid[0]) * side.grid[1] + Math.floor(x * side.grid[1]) : null;
}

// Which queries look at a patch, most first: {q, rank, text, share}; null where their weights are not here.
function looking(payload, state, patch) {
  const stack = payload.stacks.cross, { layer, head } = state.heads.cross;
  if (!payload.dense) {
    const all = Array.from({ length: payload.n }, (_, q) => {
      const points = state.of === "mean" ? stack.ofMean(layer, q) : stack.of({ layer, head }, q);
      if (!points) return null;
      const near = points.filter(({ level, x, y }) => takes(state, level) && cellAt(payload.cells, x, y) === patch);
      return near.reduce((sum, { weight }) => sum + weight, 0);
    });
    if (all.includes(null)) return null;
    return sorted(all.map((share, q) => ({ q, rank: share, share, text: certain(share) })));
  }
  const name = sheetOf(state);
  if (!stack.isFull(name)) return null;
  const { codes, halves } = stack.column(name, stack.keys.position(patch));
  return sorted(Array.from(codes, (code, q) => ({ q, rank: halves[q] * 256 + code, share: (code / 255) ** 2, text: places2(halves[q]) })));
}

const sorted = (list) => list.sort((a, b) => b.rank - a.rank || a.q - b.q);
const takes = (state, level) => state.level === null || state.level === level;
const sheetOf = (state) => {
  const { layer, head } = state.head;
  return state.of === "mean" ? sheetName("mean", layer) : sheetName("head", layer, head);
};

// What a query reads of the others, or which others read it, most first.
function between(stack, name, q, across) {
  if (!stack.isFull(name)) return null;
  const { codes, halves } = across ? stack.column(name, q) : stack.row(name, q);
  return sorted(Array.from(codes, (code, k) => ({ q: k, rank: halves[k] * 256 + code, share: (code / 255) ** 2, text: places2(halves[k]) })));
}
