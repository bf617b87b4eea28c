// What the From here pane is made of: one row of weights per head, how they are ordered, and what their colours mean.

const NORMS = {
  all: { title: "over all", words: "colours: one scale for all rows" },
  row: { title: "by row", words: "colours: each row up to its own strongest weight" },
  column: { title: "by column", words: "colours: each column up to its strongest head" },
};
const ORDERS = [{ name: "layer", title: "layer" }, { name: "weight", title: "weight" }];

// The heads whose weights are here, by layer.
function sentHeads(payload) {
  return [...payload.matrices.keys()].sort((a, b) => a - b).map((index) => payload.tiles[index]);
}

// What each head (row) gives each position (column) seen from the active token: {codes, columns, reach}.
// `reach[c]` is 0 where no head can read.
function fromHere(payload, heads, { side, index }) {
  const columns = payload.tokens(side === "query" ? "key" : "query").length;
  const pair = (c) => (side === "query" ? [index, c] : [c, index]);
  const reach = Uint8Array.from({ length: columns }, (_, c) => (pair(c)[1] < payload.width(pair(c)[0]) ? 1 : 0));
  const codes = new Uint8Array(heads.length * columns);
  heads.forEach((head, r) => {
    const matrix = payload.matrix(head);
    for (let c = 0; c < columns; c++) if (reach[c]) codes[r * columns + c] = matrix.code(...pair(c));
  });
  return { codes, columns, reach };
}

// Rows in the order asked for: as they are, or by falling rank; equal ranks stay as they were.
function rowOrder(n, rank) {
  const order = Array.from({ length: n }, (_, r) => r);
  return rank ? order.sort((a, b) => rank(b) - rank(a) || a - b) : order;
}

// The level, 0 to 1, of each code: relative to the strongest of all, of its row or of its column. Hidden columns have
// no say in what is strongest elsewhere.
function normed(codes, rows, columns, norm, scale, hidden) {
  const groups = { all: () => 0, row: (r) => r, column: (r, c) => c }[norm];
  const n = { all: 1, row: rows, column: columns }[norm];
  const tops = new Uint8Array(n).fill(1);
  const apart = norm !== "column" && hidden.includes(0);
  const members = scale === "rank" ? Array.from({ length: n }, () => []) : null;
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++, i++) {
      if (hidden[c] && apart) continue;
      const group = groups(r, c);
      if (codes[i] > tops[group]) tops[group] = codes[i];
      members?.[group].push(codes[i]);
    }
  }
  const made = new Map(); // tables by top: most groups share theirs with others
  const table = (group) => {
    const name = members ? group : tops[group];
    if (!made.has(name)) made.set(name, scaleTable(scale, tops[group], members?.[group]));
    return made.get(name);
  };
  const tables = Array.from({ length: n }, (_, group) => table(group));
  const levels = new Float32Array(codes.length);
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++, i++) levels[i] = tables[groups(r, c)][codes[i]];
  }
  return levels;
}

// Where rows begin, and where the last one ends: `gap` pixels between rows of different groups.
function rowTops(groups, height, gap) {
  const tops = [0];
  groups.forEach((group, r) => {
    const another = r + 1 < groups.length && groups[r + 1] !== group;
    tops.push(tops[r] + height + (another ? gap : 0));
  });
  return tops;
}

// The row at a height, or -1.
function rowAt(tops, height, y) {
  let [low, high] = [0, tops.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (tops[middle] <= y) low = middle;
    else high = middle - 1;
  }
  return y >= tops[low] && y < tops[low] + height && low < tops.length - 1 ? low : -1;
}

// How many heads are here and how many are not.
function hereWords(payload, live) {
  const all = payload.heads.length;
  const here = [...payload.matrices.keys()].filter((index) => index < all).length;
  const count = (n) => `${thousands(n)} ${n === 1 ? "head" : "heads"}`;
  if (here === all) return `all ${count(all)}`;
  const gone = all - here;
  const held = `this file holds ${gone === 1 ? "it" : "them"} as thumbnails only`;
  const why = live ? "choose one and its layer is read" : held;
  return `${here} of ${count(all)}: ${thousands(gone)} ${gone === 1 ? "is" : "are"} not here, ${why}`;
}

// Rows as an image, each column the strongest of the positions that share it: levels on the ramp, hidden ones in grey.
function rowsImage(theme, { levels, rows, columns, reach, hidden, order }, most) {
  const width = Math.min(columns, Math.max(1, Math.floor(most)));
  const edges = blockEdges(columns, width);
  const greys = greyTable(theme);
  const sunk = theme.pixel("sunk");
  const image = new ImageData(width, rows);
  const out = new Uint32Array(image.data.buffer);
  const kinds = Uint8Array.from({ length: width }, (_, x) => {
    const [from, to] = [edges[x], edges[x + 1]];
    if (!reach.subarray(from, to).includes(1)) return 0;
    return hidden.subarray(from, to).includes(0) ? 1 : 2;
  });
  order.forEach((row, r) => {
    for (let x = 0; x < width; x++) {
      let level = 0;
      for (let c = edges[x]; c < edges[x + 1]; c++) {
        if (kinds[x] === 1 && hidden[c]) continue;
        level = Math.max(level, levels[row * columns + c]);
      }
      const at = Math.round(255 * level);
      out[r * width + x] = [sunk, theme.pixels[at], greys[at]][kinds[x]];
    }
  });
  const canvas = el("canvas", { width, height: rows });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
