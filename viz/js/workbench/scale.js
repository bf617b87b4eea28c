// From codes to how much of the ramp is used: four scales, each a table of 256 numbers from 0 to 1.

const SCALES = {
  linear: { low: "0", high: "1", words: "linear scale", t: (weight) => weight },
  sqrt: { low: "0", high: "1", words: "sqrt scale", t: Math.sqrt },
  log: { low: "0.001", high: "1", words: "log scale", t: (weight) => 1 + Math.log10(Math.max(weight, 1e-9)) / 3 },
  rank: { low: "lowest", high: "highest", words: "rank among the head’s weights" },
};

// t of each code; `top` is the code where the ramp ends, `codes` what ranks are taken among.
function scaleTable(name, top = 255, codes = null) {
  if (name === "rank") return rankTable(codes);
  return Float32Array.from({ length: 256 }, (_, code) =>
    Math.min(1, Math.max(0, SCALES[name].t((code / top) ** 2))));
}

// The share of a head's weights that are smaller, ties counted half; 0 for what is too small for a code.
function rankTable(codes) {
  const counts = new Uint32Array(256);
  for (const code of codes) counts[code]++;
  let below = 0;
  return Float32Array.from(counts, (count, code) => {
    const t = code && codes.length ? (below + count / 2) / codes.length : 0;
    below += count;
    return t;
  });
}

// The codes of a head's thumbnail or matrix, whichever there is.
function codesOf(payload, index) {
  return payload.matrices.get(index)?.codes ?? payload.thumbnails[index];
}

const ownTop = (payload) => payload.keys.length > OWN_TOP_FROM;

// The strongest code beside the sinks, at least that of 0.25; 255 for short texts, where all heads share one scale.
function topOf(payload, index) {
  if (!ownTop(payload)) return 255;
  payload.tops ??= new Map();
  if (!payload.tops.has(index)) {
    const { codes, rows, columns } = payload.pooled(index, 48, 48);
    const edges = blockEdges(payload.keys.length, columns);
    const free = Array.from({ length: columns }, (_, c) => !payload.sink.subarray(edges[c], edges[c + 1]).includes(1));
    let top = LEAST_TOP;
    for (let i = 0; i < rows * columns; i++) if (free[i % columns] && codes[i] > top) top = codes[i];
    payload.tops.set(index, top);
  }
  return payload.tops.get(index);
}

// Colours of a head's 256 codes as pixels.
function pixelTable(theme, payload, index, scale) {
  const table = scaleTable(scale, topOf(payload, index), codesOf(payload, index));
  return Uint32Array.from(table, (t) => theme.pixels[Math.round(255 * t)]);
}

// A head's matrix as an image of at most size x size pixels; `masked` colours what a causal head cannot read.
function matrixImage(payload, index, size, pixels, masked) {
  const { codes, rows, columns } = payload.pooled(index, size, size);
  const image = new ImageData(columns, rows);
  const out = new Uint32Array(image.data.buffer);
  for (let i = 0; i < out.length; i++) {
    out[i] = payload.causal && i % columns > Math.floor(i / columns) ? masked : pixels[codes[i]];
  }
  const canvas = el("canvas", { width: columns, height: rows });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// Hatch a head's bad rows: what is no distribution must not look like one.
function hatchRows(pen, theme, payload, head, x, y, width, height) {
  if (!payload.parts.bad) return;
  const row = height / payload.queries.length;
  for (let q = 0; q < payload.queries.length; q++) {
    if (payload.bad(head, q)) hatch(pen, theme, x, y + q * row, width, Math.max(1, row));
  }
}
