// Numbers and places in words. A number is float32; what is written is that number, rounded to the digits shown.

const minus = (text) => text.replace("-", THEME.minus);

function numberWords(value) {
  if (value === Infinity || value === -Infinity) return value > 0 ? "∞" : `${THEME.minus}∞`;
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size < 0.00005) return minus(value.toExponential(1));
  return minus(value.toFixed(size < 10 ? 4 : size < 100 ? 3 : size < 10_000 ? 2 : 0));
}

// For a cell of a heat map.
const shortNumber = (value) => {
  if (!Number.isFinite(value)) return numberWords(value);
  const size = Math.abs(value);
  return minus(value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0)).replace(/^(.?)0\.00$/, "0");
};

// A small difference: 4.8e-6 as 4.8 × 10⁻⁶ would be written in a report.
const tinyNumber = (value) => (value === 0 ? "0" : value.toExponential(1));

const UNITS = { dimension: "dimension", hidden: "hidden unit", pixel: "pixel", class: "class" };

// How a column of a stage is called: the key, the token of the vocabulary, or its number.
function columnName(payload, stage, column) {
  const axis = stage.axes.at(-1);
  if (axis === "key") return quoted(payload.labels(stage.keys)[column]);
  if (axis === "token") return quoted(payload.vocabulary[column][1]);
  return `${UNITS[axis] ?? axis} ${column}`;
}

// Shape in symbols and in numbers: [T, d_head] = [9, 64].
function shapeWords(payload, stage) {
  const { config } = payload.header;
  const symbols = { head: "H", position: "T", query: "T", key: "T", hidden: "d_ff", token: "d_vocab", class: "classes", pixel: "pixels" };
  const cross = stage.axes.includes("key") && stage.keys !== stage.side;
  const named = stage.axes.map((axis, i) => {
    if (axis === "dimension") return stage.shape[i] === 1 ? "1" : stage.axes[0] === "head" ? "d_head" : "d_model";
    if (axis === "key" && cross) return "S";
    return symbols[axis] ?? axis;
  });
  const words = stage.axes.map((axis, i) => {
    const n = thousands(stage.shape[i]);
    const many = { query: "queries", token: "tokens", class: "classes", hidden: "hidden units" }[axis] ?? `${axis}s`;
    return `${n} ${stage.shape[i] === 1 ? axis : many}`;
  });
  return { symbols: `[${named.join(", ")}] = [${stage.shape.map(thousands).join(", ")}]`, words: words.join(" × ") };
}
