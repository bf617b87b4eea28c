// Sentences about what is drawn, as parts (see common.js).

// The sinks by name, each name once: special tokens as they are, words in quotes.
function sinkNames({ keys, sink }) {
  const name = (k) => shorten(shown(keys.labels[k]), 14);
  const all = keys.labels.map((_, k) => k).filter((k) => sink[k]);
  return [...new Set(all.map((k) => (keys.special[k] ? name(k) : `“${name(k)}”`)))];
}

function sinkWords(payload) {
  const names = sinkNames(payload);
  return names.length > 3 ? `${names.length} sinks` : wordList(names);
}

// The `most` largest of `n` ranks, largest first, as indices; a negative rank is never among them.
function largest(n, rank, most) {
  const best = [];
  for (let index = 0; index < n; index++) {
    const value = rank(index);
    if (value < 0 || (best.length === most && value <= best.at(-1).value)) continue;
    let at = best.length;
    while (at && best[at - 1].value < value) at--;
    best.splice(at, 0, { index, value });
    if (best.length > most) best.pop();
  }
  return best.map(({ index }) => index);
}

// What a query reads: the strongest visible keys, and in halves or shares what else there is. Always adds up.
function readRow(payload, matrix, q, state, most) {
  const { key } = hiddenAs(payload, state);
  const out = (k) => key[k];
  const width = matrix.width(q);
  const top = largest(width, (k) => (out(k) ? -1 : matrix.rank(q, k)), most);
  const listed = top.filter((k, i) => i === 0 || matrix.half(q, k) >= LEAST_LINE);
  let nVisible = 0;
  for (let k = 0; k < width; k++) nVisible += !out(k);
  const hidden = hiddenMass(matrix, state, q);
  const total = matrix.total(q) === 2000 ? 1 : (matrix.total(q) + 0.5) / 2000;
  const named = listed.reduce((sum, k) => sum + matrix.estimate(q, k), 0);
  const rest = Math.max(0, total - named - shareOf(hidden.sinks) - shareOf(hidden.other));
  return { listed, ...hidden, rest, nWeaker: nVisible - listed.length, total };
}

// reads “cat” 0.54, “mat” 0.10
function namedWeights(verb, labels, indices, half) {
  const link = (i) => (i ? ", " : ` ${verb} `);
  return indices.flatMap((at, i) => [link(i), quoted(labels[at]), " ", strong(places2(half(at)))]);
}

// “it” reads “cat” 0.54, “mat” 0.10; 19 % on [CLS] hidden, 12 % spread over 12 weaker tokens.
function rowSentence(payload, matrix, q, state, pane) {
  const row = readRow(payload, matrix, q, state, pane.listed);
  const start = quoted(payload.queries.labels[q]);
  const uneven = unevenRow(matrix, q); // what is no share of 1 is told as weight
  const mass = uneven ? places2 : percentOf;
  const hidden = [];
  if (row.sinks) hidden.push(`${mass(row.sinks)} on ${sinkWords(payload)}`);
  if (row.other) hidden.push(`${mass(row.other)} on ${otherName(payload, state, "key")}`);
  if (!row.listed.length) return [start, ` reads only what is hidden: ${wordList(hidden)}.`];
  const rests = hidden.map((words) => `${words} hidden`);
  if (row.nWeaker) rests.push(pane.weaker(uneven ? places2(2000 * row.rest) : percent(row.rest), row.nWeaker));
  if (uneven || row.total > 1.003) rests.push(`its weights add up to ${row.total.toFixed(2)}`);
  else if (row.total < 0.997) rests.push(`${percent(1 - row.total)} on nothing`);
  const named = namedWeights("reads", payload.keys.labels, row.listed, (k) => matrix.half(q, k));
  return [start, ...named, rests.length ? `; ${rests.join(", ")}.` : "."];
}

// “cat” is read by “it” 0.54, “was” 0.12; 0.04 or less by each of the 12 others.
function columnSentence(payload, matrix, k, pane, hidden) {
  const { queries } = payload;
  const can = (q) => k < payload.width(q) && !hidden(q);
  const half = (q) => matrix.half(q, k);
  const readers = largest(queries.length, (q) => (can(q) ? matrix.rank(q, k) : -1), pane.listed + 1);
  const listed = readers.slice(0, pane.listed).filter((q, i) => i === 0 || half(q) >= LEAST_LINE);
  const start = quoted(payload.keys.labels[k]);
  if (!listed.length) return [start, ` is read by no ${payload.thingOf("query")} that is shown.`];
  const named = namedWeights("is read by", queries.labels, listed, half);
  const others = queries.labels.filter((_, q) => can(q)).length - listed.length;
  if (!others) return [start, ...named, "."];
  const next = places2(half(readers[listed.length]));
  const bound = next.startsWith("<") ? next : `${next} or less`;
  return [start, ...named, `; ${bound} by ${others === 1 ? "the 1 other" : `each of the ${others} others`}.`];
}

// “it” (8) reads “cat” (2) 0.540, the other 16 tokens 0.460 together.
function cellSentence(payload, matrix, q, k) {
  const names = [quoted(payload.queries.labels[q]), ` (${q}) `];
  const key = [quoted(payload.keys.labels[k]), ` (${k})`];
  if (k >= payload.width(q)) return [...names, "cannot read ", ...key, ": it comes later."];
  const sentence = [...names, "reads ", ...key, " ", strong(places3(matrix.half(q, k)))];
  const others = payload.width(q) - 1;
  if (!others || Math.abs(matrix.total(q) - 2000) > 6) return [...sentence, "."];
  const rest = 2 * (1000 - Math.floor((matrix.half(q, k) + 1) / 2));
  const whom = others === 1 ? `the other ${payload.thing}` : `the other ${others} ${payload.things(others)}`;
  return [...sentence, `, ${whom} ${places3(rest)}${others === 1 ? "" : " together"}.`];
}

// What the status line says, for the head in focus; it is also every canvas's label.
function statusSentence(bench) {
  const { payload, state, pane } = bench;
  const { side, index } = state.active;
  const matrix = payload.matrix(state.head);
  const start = [strong(`${longName(state.head)}:`), " "];
  if (!matrix) return [...start, bench.missingWords()];
  const q = state.cell ? state.cell.q : index;
  if ((state.cell || side === "query") && payload.bad(state.head, q)) {
    const why = " has no usable weights (not numbers, or all zero): its row is hatched, nothing is drawn.";
    return [...start, quoted(payload.queries.labels[q]), why];
  }
  if (state.cell) return [...start, ...cellSentence(payload, matrix, q, state.cell.k)];
  if (side === "query") return [...start, ...rowSentence(payload, matrix, index, state, pane)];
  const hides = hiddenAs(payload, state).query;
  const hidden = (other) => hides[other] || payload.bad(state.head, other);
  return [...start, ...columnSentence(payload, matrix, index, pane, hidden)];
}
