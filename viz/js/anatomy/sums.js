// What a cell is made of, by the rule of its stage: the same rules as models/scratch/again.py, one cell at a time.
//
// Returns {made, boxes, strips, words}: `made` is the cell computed anew, or null where nothing is computed; `boxes` an
// equation, a list of {value, name, detail} and operators; `strips` rows of numbers over what is summed, `unit` its name.

const MOST_TERMS = 5; // written out; the others are summed up

const STREAM = (payload, stage) =>
  stage.reads.map((number) => payload.stages[number]).find(({ name }) => !["mean", "variance", "mean square"].includes(name));

// A sum of products over `unit`: the largest are written out.
function sumOfProducts(first, second, { names, unit, label = (k) => `${unit} ${k}`, bias = null, biasName = "bias" }) {
  const products = Float64Array.from(first, (a, k) => a * second[k]);
  const order = Array.from(products.keys()).sort((a, b) => Math.abs(products[b]) - Math.abs(products[a]));
  const listed = order.slice(0, MOST_TERMS);
  const others = order.slice(MOST_TERMS).reduce((sum, k) => sum + products[k], 0);
  const boxes = listed.flatMap((k, i) => [...(i ? ["+"] : []),
    { value: products[k], name: label(k), detail: `${numberWords(first[k])} × ${numberWords(second[k])}` }]);
  if (products.length > MOST_TERMS) boxes.push("+", { value: others, name: `${products.length - MOST_TERMS} others together` });
  if (bias !== null) boxes.push("+", { value: bias, name: biasName });
  const made = products.reduce((sum, value) => sum + value, bias ?? 0);
  return { made, boxes, unit, label, strips: [[names[0], first], [names[1], second], ["product", products]] };
}

// A sum of plain terms, such as of a mean.
function sumOfTerms(terms, { names, unit, source, over = 1 }) {
  const order = Array.from(terms.keys()).sort((a, b) => Math.abs(terms[b]) - Math.abs(terms[a]));
  const listed = order.slice(0, MOST_TERMS);
  const others = order.slice(MOST_TERMS).reduce((sum, k) => sum + terms[k], 0);
  const boxes = ["(", ...listed.flatMap((k, i) => [...(i ? ["+"] : []), { value: terms[k], name: `${unit} ${k}` }])];
  if (terms.length > MOST_TERMS) boxes.push("+", { value: others, name: `${terms.length - MOST_TERMS} others together` });
  boxes.push(")", "/", { value: over, name: "dimensions", whole: true });
  const made = terms.reduce((sum, value) => sum + value, 0) / over;
  return { made, boxes, unit, label: (k) => `${unit} ${k}`, strips: [[names[0], source], ...(names[1] ? [[names[1], terms]] : [])] };
}

const powerWords = (score, most) => `e^(${numberWords(score)} ${most < 0 ? "+" : THEME.minus} ${numberWords(Math.abs(most))})`;
const doubles = (array, each = (x) => x) => Float64Array.from(array, each);

const RULES = {
  given: () => ({ made: null, boxes: [], strips: [] }),
  elsewhere: () => ({ made: null, boxes: [], strips: [] }),

  row({ payload, stage, row, column }) {
    const token = payload.read(stage, "tokens");
    const id = payload.at(token, 0, row, 0);
    const value = payload.at(stage, 0, row, column);
    return { made: value, strips: [["the row", payload.row(stage, 0, row)]], unit: "dimension",
      boxes: [{ value, name: `row ${thousands(id)} of E, dimension ${column}`, detail: "looked up" }] };
  },

  plus({ payload, stage, row, column }) {
    const from = stage.reads.map((n) => payload.stages[n]).find(({ name }) => name !== "tokens");
    const [rows, columns] = payload.size(stage);
    const added = stage.operands.added.subarray(row * columns, (row + 1) * columns);
    const [x, p] = [payload.at(from, 0, row, column), added[column]];
    const what = stage.name === "with positions" ? `position ${row}` : "its segment";
    return { made: x + p, unit: "dimension", strips: [[from.symbol, payload.row(from, 0, row)], [what, added]],
      boxes: [{ value: x, name: from.name }, "+", { value: p, name: what }] };
  },

  times({ payload, stage, row, column }) {
    const [x, by] = [payload.at(payload.read(stage), 0, row, column), stage.operands.by[0]];
    return { made: x * by, strips: [], boxes: [{ value: x, name: payload.read(stage).name }, "×", { value: by, name: "√d_model" }] };
  },

  over({ payload, stage, head, row, column }) {
    const [x, by] = [payload.at(payload.read(stage), head, row, column), stage.operands.by[0]];
    const name = stage.name === "scaled scores" ? `√d_head = √${payload.header.config.d_head}` : "temperature";
    return { made: x / by, strips: [], boxes: [{ value: x, name: payload.read(stage).name }, "/", { value: by, name }] };
  },

  mean({ payload, stage, row }) {
    const x = payload.row(payload.read(stage), 0, row);
    return sumOfTerms(doubles(x), { names: [payload.read(stage).symbol], source: x, unit: "dimension", over: x.length });
  },

  variance({ payload, stage, row }) {
    const [from, mean] = [STREAM(payload, stage), payload.at(payload.read(stage, "mean"), 0, row, 0)];
    const x = payload.row(from, 0, row);
    return sumOfTerms(doubles(x, (v) => (v - mean) ** 2), { names: [from.symbol, "(x − μ)²"], source: x, unit: "dimension", over: x.length });
  },

  square({ payload, stage, row }) {
    const x = payload.row(payload.read(stage), 0, row);
    return sumOfTerms(doubles(x, (v) => v * v), { names: [payload.read(stage).symbol, "x²"], source: x, unit: "dimension", over: x.length });
  },

  standardise({ payload, stage, row, column }) {
    const from = STREAM(payload, stage);
    const [centre, spread] = [payload.read(stage, "mean"), payload.read(stage, "variance", "mean square")];
    const x = payload.at(from, 0, row, column);
    const mean = centre ? payload.at(centre, 0, row, 0) : 0;
    const root = Math.sqrt(payload.at(spread, 0, row, 0) + stage.operands.eps[0]);
    const top = centre ? ["(", { value: x, name: from.name }, "−", { value: mean, name: "mean" }, ")"] : [{ value: x, name: from.name }];
    return { made: (x - mean) / root, strips: [], boxes: [...top, "/", { value: root, name: `√(${spread.name} + ε)` }] };
  },

  affine({ payload, stage, row, column }) {
    const { scale, shift } = stage.operands;
    const x = payload.at(payload.read(stage), 0, row, column);
    const boxes = [{ value: x, name: "standardised" }, "×", { value: scale[column], name: "learnt scale g" }];
    if (shift) boxes.push("+", { value: shift[column], name: "learnt shift b" });
    return { made: x * scale[column] + (shift ? shift[column] : 0), strips: [], boxes };
  },

  linear({ payload, stage, head, row, column }) {
    const from = STREAM(payload, stage);
    const { weight, bias } = stage.operands;
    const x = payload.row(from, 0, row);
    if (!weight) return { made: null, boxes: [], strips: [], words: `The ${thousands(x.length)} weights of this column are not sent: the model is too large.` };
    const columns = payload.size(stage)[1];
    const out = payload.served(stage, head) * columns + column;
    const width = weight.length / x.length;
    const w = Float32Array.from(x, (_, k) => weight[k * width + out]);
    const unit = from.axes.at(-1) === "hidden" ? "hidden unit" : "dimension";
    return sumOfProducts(x, w, { names: [from.symbol, "weights"], unit, bias: bias ? bias[out] : null });
  },

  activated(cell) {
    const sum = RULES.linear(cell);
    const value = cell.payload.at(cell.stage, cell.head, cell.row, cell.column);
    return { ...sum, made: null, after: { before: sum.made, value } };
  },

  activate({ payload, stage, row, column }) {
    const x = payload.at(payload.read(stage), 0, row, column);
    return { made: null, strips: [], bend: x, boxes: [{ value: x, name: "hidden layer", detail: `through ${payload.header.config.activation}` }] };
  },

  rotate({ payload, stage, head, row, column }) {
    const { cos, sin, partner } = stage.operands;
    const from = payload.read(stage);
    const [, columns] = payload.size(stage);
    const [place, other] = [row * columns + column, partner[column]];
    const [a, b] = [payload.at(from, head, row, column), payload.at(from, head, row, other)];
    return { made: a * cos[place] + b * sin[place], strips: [], boxes: [
      { value: a, name: `dimension ${column}` }, "×", { value: cos[place], name: "cosine" }, "+",
      { value: b, name: `dimension ${other}, its partner` }, "×", { value: sin[place], name: "± sine" }] };
  },

  share({ payload, stage, head, row, column }) {
    const from = payload.read(stage);
    const value = payload.at(from, head, row, column);
    return { made: value, strips: [], boxes: [{ value, name: `${from.name} of group ${payload.served(from, head)}`, detail: "the same" }] };
  },

  dot({ payload, stage, head, row, column }) {
    const q = payload.read(stage, "rotated queries", "queries");
    const k = payload.read(stage, "shared keys", "rotated keys", "keys");
    return sumOfProducts(payload.row(q, head, row), payload.row(k, head, column), { names: [q.symbol, k.symbol], unit: "dimension" });
  },

  mask({ payload, stage, head, row, column }) {
    const value = payload.at(stage, head, row, column);
    const before = payload.at(payload.read(stage), head, row, column);
    const masked = value === -Infinity;
    const words = masked ? "This key must not be read by this query." : "This key may be read: the score stays.";
    return { made: masked ? -Infinity : before, strips: [], words, boxes: [{ value: before, name: payload.read(stage).name }] };
  },

  softmax({ payload, stage, head, row, column }) {
    const from = payload.read(stage);
    const scores = payload.row(from, head, row);
    if (stage.axes.at(-1) === "token") return vocabularySoftmax({ payload, stage, row, column, scores });
    const most = scores.reduce((a, b) => Math.max(a, b), -Infinity);
    const raised = doubles(scores, (s) => Math.exp(s - most));
    const sum = raised.reduce((a, b) => a + b, 0);
    const seen = Float32Array.from(scores, (s) => (Number.isFinite(s) ? s : NaN));
    return { made: raised[column] / sum, unit: "key", label: (k) => `“${shown(payload.labels(stage.keys)[k])}”`,
      strips: [[from.symbol, seen], ["eˢ", raised], ["share", doubles(raised, (v) => v / sum)]],
      words: "The row's largest score is taken off before raising e to it, which changes no share.",
      boxes: [{ value: raised[column], name: powerWords(scores[column], most) }, "/",
        { value: sum, name: `sum over ${scores.length} keys` }] };
  },

  mix({ payload, stage, head, row, column }) {
    const [a, v] = [payload.read(stage, "attention weights"), payload.read(stage, "shared values", "values")];
    const keys = payload.labels(a.keys);
    return sumOfProducts(payload.row(a, head, row), payload.column(v, head, column),
      { names: ["A", "V"], unit: "key", label: (k) => `“${shown(keys[k])}”` });
  },

  concatenate({ payload, stage, row, column }) {
    const from = payload.read(stage);
    const width = payload.size(from)[1];
    const [head, own] = [Math.floor(column / width), column % width];
    const value = payload.at(from, head, row, own);
    return { made: value, strips: [], boxes: [{ value, name: `head ${head}, dimension ${own}`, detail: "the same" }] };
  },

  add({ payload, stage, head, row, column }) {
    const [one, other = one] = stage.reads.map((number) => payload.stages[number]);
    const order = one.rail && !other.rail ? [one, other] : [other, one];
    const values = order.map((from) => payload.at(from, head, row, column));
    return { made: values[0] + values[1], unit: "dimension", strips: order.map((from) => [from.symbol, payload.row(from, head, row)]),
      boxes: [{ value: values[0], name: order[0].name }, "+", { value: values[1], name: order[1].name }] };
  },

  multiply({ payload, stage, row, column }) {
    const [one, other] = stage.reads.map((number) => payload.stages[number]);
    const values = [one, other].map((from) => payload.at(from, 0, row, column));
    return { made: values[0] * values[1], strips: [], boxes: [{ value: values[0], name: one.name }, "×", { value: values[1], name: other.name }] };
  },
};

// Over the vocabulary the sum of all tokens follows from the largest share, which is sent.
function vocabularySoftmax({ payload, stage, row, column, scores }) {
  const best = stage.operands.best[row];
  const [most, sum] = [scores.reduce((a, b) => Math.max(a, b), -Infinity), 1 / best];
  const raised = doubles(scores, (s) => Math.exp(s - most));
  const others = sum - raised.reduce((a, b) => a + b, 0);
  const n = payload.header.config.d_vocab;
  return { made: raised[column] / sum, unit: "token", label: (k) => `“${shown(payload.vocabulary[k][1])}”`,
    strips: [["eᴸ", raised], ["share", doubles(raised, (v) => v / sum)]],
    words: `The other ${thousands(n - scores.length)} tokens of the vocabulary add ${numberWords(Math.max(0, others))} to the sum.`,
    boxes: [{ value: raised[column], name: powerWords(scores[column], most) }, "/",
      { value: sum, name: `sum over ${thousands(n)} tokens` }] };
}

const sumOf = (cell) => RULES[cell.stage.rule](cell);
