// What is left out on purpose, and why: sinks, and of a pair of texts the one that is not asked about.

const [SINK, OTHER] = [1, 2];

// Per position why it is hidden, 0 where it is not: {query, key}. A pair is written as two letters, "ab": a reads b.
function hiddenAs(payload, state) {
  const { pair, queries, keys, sink } = payload;
  const name = `${state.hideSinks} ${pair ? state.pair : ""}`;
  payload.hides ??= new Map();
  if (!payload.hides.has(name)) {
    const [from, to] = pair && state.pair ? [...state.pair].map((letter) => "ab".indexOf(letter)) : [-1, -1];
    const other = (position, text) => (text >= 0 && pair.of[position] >= 0 && pair.of[position] !== text ? OTHER : 0);
    payload.hides.set(name, {
      query: Uint8Array.from({ length: queries.length }, (_, q) => (hiddenToken(payload, state, q) ? SINK : other(q, from))),
      key: Uint8Array.from({ length: keys.length }, (_, k) => (state.hideSinks && sink[k] ? SINK : other(k, to))),
    });
  }
  return payload.hides.get(name);
}

// Positions that are hidden with the sinks: special tokens that are sinks leave both columns of a self-attention.
// Over a picture they stay as queries: what CLS reads is what a picture is looked at for.
function hiddenToken(payload, state, position) {
  const { self, sink, queries } = payload;
  return Boolean(state.hideSinks && self && sink[position] && queries.special[position] && !queries.grid);
}

// Whether a position is of the text that is not asked about: nothing can point at it.
function leftOut(payload, state, { side, index }) {
  return hiddenAs(payload, state)[side][index] === OTHER;
}

// The position nearest to this one that can be pointed at.
function nearestShown(payload, state, { side, index }) {
  const n = payload.tokens(side).length;
  for (let far = 0; far < n; far++) {
    for (const at of [index + far, index - far]) {
      if (at >= 0 && at < n && !leftOut(payload, state, { side, index: at })) return at;
    }
  }
  return index;
}

// The mass that is hidden from a query, in halves: on sinks, and on the text that is not asked about.
function hiddenMass(matrix, state, q) {
  const { pair } = matrix.payload;
  const sinks = state.hideSinks ? matrix.hidden(q) : 0;
  if (!pair || !state.pair) return { sinks, other: 0 };
  const text = 1 - "ab".indexOf(state.pair[1]);
  return { sinks, other: matrix.onText(q, text, state.hideSinks) };
}

// A number of halves as a share of 1, in the middle of what it leaves open.
const shareOf = (halves) => (halves ? (halves + 0.5) / 2000 : 0);

const hiddenShareOf = (matrix, state, q) => {
  const { sinks, other } = hiddenMass(matrix, state, q);
  return shareOf(sinks) + shareOf(other);
};

// The text that is not asked about, as something that is read or reads: "the question".
function otherName({ pair }, state, side) {
  return `the ${pair.names[1 - "ab".indexOf(state.pair[side === "query" ? 0 : 1])]}`;
}

// What is hidden in words, for a caption: "[CLS] and [SEP]", "the question".
function hiddenNames(payload, state) {
  const words = [];
  if (state.hideSinks && payload.sink.includes(1)) words.push(sinkWords(payload));
  if (payload.pair && state.pair) words.push(otherName(payload, state, "key"));
  return words.join(", ");
}
