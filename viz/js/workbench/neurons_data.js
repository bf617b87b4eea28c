// What one head computed with: query and key in float32, and from them, for one query, every number up to the weights.

class HeadParts {
  constructor({ header: { neurons }, parts, keys, queries }) {
    const [layer, head] = neurons.head;
    Object.assign(this, { scale: null, softcap: null, sink: null, query: null }, neurons, { head: { layer, head } });
    [this.nKeys, this.nQueries] = [keys.length, queries.length];
    [this.q, this.k] = [parts.neurons_query, parts.neurons_key];
    [this.bias, this.bits] = [parts.neurons_bias ?? null, parts.neurons_mask];
    this.most = this.k ? largestOf(this.k) : 0;
  }

  // The row of the arrays that belongs to a query; -1 if it was not sent.
  place(query) { return this.query === null ? query : this.query === query ? 0 : -1; }
  vector(query) { return this.q.subarray(this.place(query) * this.d, (this.place(query) + 1) * this.d); }
  key(k) { return this.k.subarray(k * this.d, (k + 1) * this.d); }

  allows(query, k) {
    if (this.mask === "all") return true;
    if (this.mask === "causal") return k <= query;
    const bit = this.place(query) * this.nKeys + k;
    return ((this.bits[bit >> 3] >> (7 - (bit & 7))) & 1) === 1;
  }

  get pieces() { return this.scale !== null; } // else what lies between product and score is one number
  get scales() { return this.pieces && this.scale !== 1; }

  // Per key: product, scaled, capped, bias, score, weight (NaN scores where masked); and what the sink takes.
  row(query) {
    if (this.last?.query === query) return this.last;
    const at = this.place(query);
    if (at < 0) return null;
    const column = () => new Float64Array(this.nKeys);
    const row = { query, dot: column(), scaled: column(), capped: column(), bias: column(), score: column() };
    const vector = this.vector(query);
    row.mostQ = largestOf(vector);
    row.mostProduct = 0;
    for (let k = 0; k < this.nKeys; k++) {
      const key = this.key(k);
      for (let d = 0; d < this.d; d++) {
        const product = vector[d] * key[d];
        row.dot[k] += product;
        row.mostProduct = Math.max(row.mostProduct, Math.abs(product));
      }
      row.scaled[k] = row.dot[k] * (this.scale ?? 1);
      row.capped[k] = this.softcap ? this.softcap * Math.tanh(row.scaled[k] / this.softcap) : row.scaled[k];
      row.bias[k] = this.bias ? this.bias[at * this.nKeys + k] : 0;
      row.score[k] = this.allows(query, k) ? row.capped[k] + row.bias[k] : NaN;
    }
    return (this.last = Object.assign(row, softmaxOf(row.score, this.sink)));
  }

  // The dimensions of a pair, the one that adds or takes most first.
  contributions(query, k, most) {
    const [vector, key] = [this.vector(query), this.key(k)];
    const product = (d) => vector[d] * key[d];
    return largest(this.d, (d) => Math.abs(product(d)), most).map((d) => ({ d, product: product(d) }));
  }
}

function largestOf(numbers) {
  let most = 0;
  for (const number of numbers) if (Math.abs(number) > most) most = Math.abs(number);
  return most;
}

// Weights of the scores that are numbers; a sink takes its share and is no key.
function softmaxOf(scores, sink) {
  let top = sink ?? -Infinity;
  for (const score of scores) if (score > top) top = score;
  const weight = scores.map((score) => (Number.isNaN(score) ? 0 : Math.exp(score - top)));
  const taken = sink === null ? 0 : Math.exp(sink - top);
  const sum = weight.reduce((a, b) => a + b, taken);
  return { weight: weight.map((power) => (sum ? power / sum : 0)), taken: sum ? taken / sum : 0 };
}

// Rows in the order they are shown: by weight, the masked ones last, or as in the text.
function keyOrder({ weight, score }, strongestFirst) {
  const order = Array.from(weight, (_, k) => k);
  if (!strongestFirst) return order;
  const rank = (k) => (Number.isNaN(score[k]) ? -1 : weight[k]);
  return order.sort((a, b) => rank(b) - rank(a) || (score[b] || 0) - (score[a] || 0) || a - b);
}

// ---- Numbers and formulas in words

// A number with its sign as typography has it; a zero has none.
function signed(number, places, plus = false) {
  const text = Math.abs(number).toFixed(places);
  if (!(Number(text) > 0)) return text;
  return (number < 0 ? THEME.minus : plus ? "+" : "") + text;
}

// Decimals that leave about four digits to the largest of the numbers.
function placesFor(numbers) {
  let most = 0;
  for (const number of numbers) if (Math.abs(number) > most) most = Math.abs(number);
  return most >= 1000 ? 0 : most >= 100 ? 1 : most >= 10 ? 2 : 3;
}

const weightWords = (weight) => (weight < 0.0005 ? "<0.001" : (Math.floor(weight * 1000 + 0.5) / 1000).toFixed(3));
const power10 = (number) => (number ? number.toExponential(0) : "0");
const few = (number) => String(Number(number.toPrecision(3))).replace("-", THEME.minus);

// score = q · k / √64 + bias
function formulaWords({ pieces, scale, d, softcap, bias, sink }) {
  if (!pieces) return "score = q · k, scaled and shifted in ways this model does not show one by one; weight = softmax(score)";
  const root = Math.abs(scale * Math.sqrt(d) - 1) < 1e-6;
  const scaled = `q · k${scale === 1 ? "" : root ? ` / √${d}` : ` × ${few(scale)}`}`;
  const capped = softcap ? `${few(softcap)} · tanh(${scaled} / ${few(softcap)})` : scaled;
  const sinks = sink === null ? "" : ` over the keys and a learnt sink of score ${signed(sink, 3)}`;
  return `score = ${capped}${bias ? " + bias" : ""}; weight = softmax(score)${sinks}`;
}

function checkWords({ check, query }) {
  const where = query === null ? "" : " of this query";
  if (check <= 1e-5) return `softmax(q · k) equals the model’s weight${where}: difference ${power10(check)}`;
  return `softmax(q · k) misses the model’s weight${where} by ${power10(check)}`;
}

// “it” · “cat”: q · k 3.214; largest products: dimensions 17 (+1.320), 4 (+0.902) and 33 (−0.551).
function pairSentence(payload, parts, row, k, dimension) {
  const { query } = row;
  const best = parts.contributions(query, k, 5);
  const [vector, key] = [parts.vector(query), parts.key(k)];
  const places = placesFor([best[0]?.product ?? 0]);
  const name = [quoted(payload.queries.labels[query]), " · ", quoted(payload.keys.labels[k])];
  const dims = best.map(({ d, product }) => `${d} (${signed(product, places, true)})`);
  const most = [": q · k ", strong(signed(row.dot[k], placesFor(row.dot))), `; largest products: ${dims.length === 1 ? "dimension" : "dimensions"} ${wordList(dims)}.`];
  if (dimension === null) return [...name, ...most];
  const [q, kk] = [vector[dimension], key[dimension]];
  const product = signed(q * kk, placesFor([q * kk]), true);
  return [strong(`Dimension ${dimension}:`), ` q ${signed(q, placesFor([q]))} × k ${signed(kk, placesFor([kk]))} = `,
    strong(product), ". ", ...name, ...most];
}

// What a row says to those who listen.
function rowWords(payload, parts, row, k) {
  const places = placesFor(row.scaled);
  const dot = `q · k ${signed(row.dot[k], placesFor(row.dot))}`;
  const name = `“${shown(payload.keys.labels[k])}” (${k}): ${dot}`;
  if (Number.isNaN(row.score[k])) return `${name}, masked`;
  return `${name}, score ${signed(row.score[k], places)}, weight ${weightWords(row.weight[k])}`;
}
