// Sentences about the comparison, as parts (see common.js).

const signed = (thousandths) => {
  if (!thousandths) return "no change";
  return `${thousandths > 0 ? "+" : THEME.minus}${(Math.abs(thousandths) / 1000).toFixed(3)}`;
};
const bitsWords = (half) => `${places3(half)} bits`;
const chance = (share) => (share < 0.0005 ? "<0.001" : (Math.floor(share * 1000 + 0.5) / 1000).toFixed(3));

// Layer 3 · head 0 differs most of 16 heads: 0.412 bits.
function headline({ heads, header }) {
  if (!heads.length) return ["The two have no head, or no word, in common: nothing can be subtracted."];
  const [first] = heads;
  if (!first.half) return [strong("No head reads differently"), ` to three places: all ${heads.length} read the same.`];
  const title = headTitle(first);
  const of = heads.length > 1 ? ` most of ${heads.length} heads` : "";
  const edited = header.edited.some((head) => head[0] === first.layer && head[1] === first.head);
  const why = edited ? " It is the one that was changed." : "";
  return [strong(`L${title.slice(1)} differs${of}: ${bitsWords(first.half)}.`), why];
}

// Which heads are shown: one, or one of A beside another one of B.
function pairTitle({ a, b }, [one, two]) {
  if (headWords(a) === headWords(b)) return `Layer ${a.layer} · head ${a.head}`;
  return `Layer ${a.layer} · head ${a.head} ${one.within}, layer ${b.layer} · head ${b.head} ${two.within}`;
}

function pairSentence(payload, pair, matrices) {
  const start = [strong(`${pairTitle(pair, payload.sides)}:`), " "];
  const top = matrices.topRow;
  if (matrices.mean === null || top === null) return [...start, "no row stands in both."];
  const n = Array.from({ length: payload.n }, (_, r) => matrices.bits(r)).filter((half) => half !== null).length;
  const over = `${n} ${n === 1 ? "row" : "rows"} that both have`;
  if (!matrices.mean) return [...start, `the same to three places in the ${over}.`];
  const row = [...payload.rows.named(top), ", ", bitsWords(matrices.bits(top)), "."];
  return [...start, strong(bitsWords(matrices.mean)), ` apart, the mean of ${over}; furthest apart is `, ...row];
}

// “sat” reads “cat” 0.412 before and 0.310 after: −0.102. The row is 0.120 bits apart.
function cellSentence(payload, pair, matrices, { r, c }) {
  const { rows, columns, sides } = payload;
  const [row, column] = [rows.named(r), columns.named(c)];
  const start = [strong(`${pairTitle(pair, sides)}:`), " "];
  if (payload.later(r, c)) return [...start, ...row, " cannot read ", ...column, ": it comes later."];
  const read = (side, verb = " reads ") => [...rows.named(r, side), verb, ...columns.named(c, side), " ",
    strong(places3(matrices.half(side, r, c)))];
  const bad = ["a", "b"].find((side) => matrices.bad(side, r));
  if (bad) return [...start, ...row, ` has no usable weights ${within(sides, bad)}: its row is hatched.`];
  if (!rows.paired(r)) {
    const side = rows.only(r);
    const alone = [...row, ` stands ${within(sides, side)} only`];
    if (columns[side][c] === null) return [...start, ...alone, ", ", ...column, " does not: they never meet."];
    return [...start, ...alone, "; there it", ...read(side).slice(2), ". There is no row to compare it with."];
  }
  const bits = matrices.bits(r);
  const end = bits === null ? "." : `. The row is ${bitsWords(bits)} apart.`;
  if (!columns.paired(c)) {
    const side = columns.only(c);
    return [...start, ...read(side), ` ${within(sides, side)}, the only one that has the word${end}`];
  }
  const change = strong(signed(matrices.thousandths(r, c)));
  const [one, two] = [within(sides, "a"), within(sides, "b")];
  const other = rows.same(r) && columns.same(c) ? [strong(places3(matrices.half("b", r, c)))] : read("b");
  return [...start, ...read("a"), ` ${one} and `, ...other, ` ${two}: `, change, end];
}

const within = ([one, two], side) => (side === "a" ? one : two).within;

// next token. A: “bird” 0.085, B: “,” 0.036
function answerSentence({ header: { answers }, sides }) {
  const said = sides.flatMap(({ title }, i) => (answers[i] ? [[title, answers[i]]] : []));
  const same = said.every(([, { question }]) => question === said[0][1].question);
  return [same ? `${said[0][1].question}. ` : "", ...said.flatMap(([title, { question, labels, best }], i) =>
    [`${i ? ", " : ""}${title}${same ? "" : ` (${question})`}: `, quoted(labels[0]), " ", strong(chance(best[0]))])];
}
