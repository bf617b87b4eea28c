// Sentences about what is drawn. A sentence is a list of parts: text, {strong}, {token}; tokens stay data all the way.

const quoted = (label) => ({ token: shorten(shown(label), 28) });

// Show a sentence in a node: every token in a <bdi> of its own, so that no script turns the line around it.
function fill(node, sentence) {
  node.replaceChildren(...sentence.map((part) => {
    if (typeof part === "string") return part;
    if (part.strong) return el("b", { textContent: part.strong });
    return el("span", {}, "“", el("bdi", { textContent: part.token }), "”");
  }));
}

const plainText = (sentence) => sentence.map((part) => part.strong ?? (part.token ? `“${part.token}”` : part)).join("");

// a, b and c
function wordList(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

// The sinks by name, each name once: special tokens as they are, words in quotes, many as a number.
function sinkNames(payload, upTo = Infinity) {
  const names = new Set();
  for (let k = 0; k < payload.keys.length && k < upTo; k++) {
    if (payload.sink[k]) names.add(payload.keys.special[k] ? shown(payload.keys.labels[k]) : `“${shown(payload.keys.labels[k])}”`);
  }
  return [...names].map((name) => shorten(name, 16));
}
const sinkWords = (payload) => {
  const names = sinkNames(payload);
  return names.length > 3 ? `${names.length} sinks` : wordList(names);
};

// The `most` largest of `n` ranks, largest first: [{index, rank}].
function largest(n, rank, most) {
  const best = [];
  for (let index = 0; index < n; index++) {
    const value = rank(index);
    if (value < 0 || (best.length === most && value <= best.at(-1).rank)) continue;
    let at = best.length;
    while (at && best[at - 1].rank < value) at--;
    best.splice(at, 0, { index, rank: value });
    if (best.length > most) best.pop();
  }
  return best;
}

// What a query reads: the strongest visible keys, and in halves and shares what else there is. Always adds up.
function readRow(payload, matrix, q, hideSinks, most) {
  const rank = (k) => (hideSinks && payload.sink[k] ? -1 : matrix.rank(q, k));
  const width = matrix.width(q);
  const top = largest(width, rank, most).map(({ index }) => ({ index, half: matrix.half(q, index) }));
  const listed = top.filter(({ half }, i) => i === 0 || half >= 10);
  let nVisible = 0;
  for (let k = 0; k < width; k++) nVisible += !(hideSinks && payload.sink[k]);
  const hidden = hideSinks ? matrix.hidden(q) : 0;
  const total = (matrix.total(q) === 2000 ? 2000 : matrix.total(q) + 0.5) / 2000;
  const named = listed.reduce((sum, { index }) => sum + matrix.estimate(q, index), 0);
  const rest = Math.max(0, total - named - (hidden ? (hidden + 0.5) / 2000 : 0));
  return { listed, hidden, rest, nWeaker: nVisible - listed.length, total };
}

// “it” reads “cat” 0.54, “mat” 0.10; 19 % on [CLS] hidden, 12 % spread over 12 weaker tokens.
function rowSentence(payload, matrix, q, hideSinks, pane) {
  const row = readRow(payload, matrix, q, hideSinks, pane.listed);
  const { labels } = payload.keys;
  const sentence = [quoted(payload.queries.labels[q])];
  if (!row.listed.length) return [...sentence, ` reads only what is hidden: ${percentOf(row.hidden)} on ${sinkWords(payload)}.`];
  row.listed.forEach(({ index, half }, i) =>
    sentence.push(i ? ", " : " reads ", quoted(labels[index]), " ", { strong: places2(half) }));
  const rests = [];
  if (row.hidden) rests.push(`${percentOf(row.hidden)} on ${sinkWords(payload)} hidden`);
  if (row.nWeaker) rests.push(pane.weaker(percent(row.rest), row.nWeaker));
  if (row.total < 0.997) rests.push(`${percent(1 - row.total)} on nothing`);
  if (row.total > 1.003) rests.push(`its weights add up to ${row.total.toFixed(2)}`);
  return [...sentence, rests.length ? `; ${rests.join(", ")}.` : "."];
}

// “cat” is read by “it” 0.54, “was” 0.12; 0.04 or less by each of 12 others.
function columnSentence(payload, matrix, k, hideSinks, pane, hidden) {
  const { queries } = payload;
  const can = (q) => k < payload.width(q) && !hidden(q);
  const readers = largest(queries.length, (q) => (can(q) ? matrix.rank(q, k) : -1), pane.listed + 1);
  const listed = readers.slice(0, pane.listed).filter(({ index }, i) => i === 0 || matrix.half(index, k) >= 10);
  const sentence = [quoted(payload.keys.labels[k])];
  if (!listed.length) return [...sentence, " is read by no token that is shown."];
  listed.forEach(({ index }, i) =>
    sentence.push(i ? ", " : " is read by ", quoted(queries.labels[index]), " ", { strong: places2(matrix.half(index, k)) }));
  let others = -listed.length;
  for (let q = 0; q < queries.length; q++) others += can(q);
  if (!others) return [...sentence, "."];
  const next = places2(matrix.half(readers[listed.length].index, k));
  const bound = next.startsWith("<") ? next : `${next} or less`;
  return [...sentence, `; ${bound} by ${others === 1 ? "the 1 other" : `each of the ${others} others`}.`];
}

// “it” reads “cat” 0.540, the other 16 tokens 0.460.
function cellSentence(payload, matrix, q, k) {
  const names = [quoted(payload.queries.labels[q]), ` (${q}) `];
  if (k >= payload.width(q)) return [...names, "cannot read ", quoted(payload.keys.labels[k]), ` (${k}): it comes later.`];
  const sentence = [...names, "reads ", quoted(payload.keys.labels[k]), ` (${k}) `, { strong: places3(matrix.half(q, k)) }];
  const others = payload.width(q) - 1;
  if (!others || Math.abs(matrix.total(q) - 2000) > 6) return [...sentence, "."];
  const rest = 2 * Math.round(1000 - Math.floor((matrix.half(q, k) + 1) / 2));
  return [...sentence, `, ${others === 1 ? "the other token" : `the other ${others} tokens`} ${places3(rest)} together.`];
}

// What the status line says, for the head in focus; it is also every canvas's label.
function statusSentence(bench) {
  const { payload, state, pane } = bench;
  const { side, index } = state.active;
  const matrix = payload.matrix(state.head);
  const start = [{ strong: `${longName(state.head)}:` }, " "];
  if (!matrix) return [...start, bench.missingWords()];
  const q = state.cell ? state.cell.q : index;
  if ((state.cell || side === "query") && payload.bad(state.head, q)) {
    return [...start, quoted(payload.queries.labels[q]), " has no usable weights (not numbers, or all zero): its row is hatched, nothing is drawn."];
  }
  if (state.cell) return [...start, ...cellSentence(payload, matrix, q, state.cell.k)];
  if (side === "query") return [...start, ...rowSentence(payload, matrix, index, state.hideSinks, pane)];
  const hidden = (other) => hiddenToken(payload, state, other) || payload.bad(state.head, other);
  return [...start, ...columnSentence(payload, matrix, index, state.hideSinks, pane, hidden)];
}
