// Pair: where two texts were read together, which of them reads and which is read.

const READS = [
  { name: "", title: "all" }, { name: "aa", title: "A → A" }, { name: "ab", title: "A → B" },
  { name: "ba", title: "B → A" }, { name: "bb", title: "B → B" },
];

class PairPart {
  constructor(bench) {
    this.bench = bench;
    this.choice = segmented("Which text reads which", READS, (pair) => bench.set({ pair }), true);
    this.words = span("cap");
    this.tool = el("span", { className: "control pair" }, "Texts", this.choice.element, this.words);
  }

  // A text that came without a second one is seen whole.
  take() {
    const { payload, state } = this.bench;
    if (!payload.pair) state.pair = "";
    this.tool.hidden = !payload.pair;
  }

  draw() {
    const { payload, state } = this.bench;
    if (!payload.pair) return;
    this.choice.set(state.pair);
    const [a, b] = payload.pair.names;
    this.words.textContent = `A: ${a}, B: ${b}${this.mass()}`;
  }

  // How much the queries that are shown read of the text that is hidden, on average.
  mass() {
    const { payload, state } = this.bench;
    const matrix = payload.matrix(state.head);
    if (!state.pair || !matrix) return "";
    const { query } = hiddenAs(payload, state);
    let [sum, rows] = [0, 0];
    for (let q = 0; q < payload.queries.length; q++) {
      if (query[q] || payload.bad(state.head, q)) continue;
      sum += shareOf(hiddenMass(matrix, state, q).other);
      rows++;
    }
    return rows ? ` · ${percent(sum / rows)} of mass on ${otherName(payload, state, "key")} hidden` : "";
  }
}

PARTS.push((bench) => new PairPart(bench));

FIELDS.push({
  key: "pair",
  start: "",
  write: (state) => state.pair,
  read(state, text, payload) {
    const names = READS.map(({ name }) => name).filter(Boolean);
    if (!names.includes(text)) return `asked for pair=${shorten(text, 20)}; there are ${wordList(names)}`;
    if (!payload.pair) return `asked for pair=${text}; here only one text was read`;
    state.pair = text;
    return "";
  },
});

STYLES.push(`
.pair{flex-wrap:wrap}
.pair .cap{white-space:normal}
.narrow .pair{width:100%}
`);
