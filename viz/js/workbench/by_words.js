// Words instead of tokens: the server merges (rows averaged, columns summed), the browser keeps its place in the text.

FIELDS.push({
  key: "words",
  start: false,
  write: (state) => (state.words ? "on" : ""),
  read(state, text) {
    if (text !== "on" && text !== "off") return `asked for words=${shorten(text, 20)}; there are on and off`;
    state.words = text === "on";
    return "";
  },
});

// Which word each token is of, from how many tokens each word has.
const wordOfToken = (sizes) => sizes.flatMap((size, word) => Array(size).fill(word));
const lastOfWord = (sizes, word) => sizes.slice(0, word + 1).reduce((sum, size) => sum + size, 0) - 1;

// The same place after the text was merged, or taken apart again: a word stands where its last token did.
function movedTo(sizes, merged, index) {
  return merged ? (wordOfToken(sizes)[index] ?? sizes.length - 1) : lastOfWord(sizes, Math.min(index, sizes.length - 1));
}

class ByWords {
  constructor(bench) {
    this.bench = bench;
    this.switch = toggle("Words", () => this.turn());
    this.tool = this.switch.element;
    this.tool.title = "Merge the tokens of a word: rows averaged, columns summed";
  }

  // How the text falls into words, if some word has several tokens: {merged, queries, keys}, sizes in tokens.
  get found() { return this.bench.payload.header.words; }
  get possible() { return this.bench.live && Boolean(this.found); }
  get text() { return ["query", "key"].map((side) => this.bench.payload.tokens(side).labels.join("")).join("\n"); }

  turn() {
    if (!this.possible) return false;
    this.bench.set({ words: !this.bench.state.words });
    return true;
  }

  take() {
    const { bench, held } = this;
    const { found } = this;
    this.tool.hidden = !this.possible;
    if (!bench.live) bench.state.words = found?.merged ?? false; // as the file was written
    [this.asked, this.said] = [null, this.text];
    if (!held || !found || held.merged === found.merged || held.said !== this.said) return;
    const sizes = held.side === "query" ? found.queries : (found.keys ?? found.queries);
    const index = movedTo(sizes, found.merged, held.index);
    Object.assign(bench.state, { active: { side: held.side, index }, pinned: held.pinned, cell: null });
  }

  draw() {
    const { words } = this.bench.state;
    this.switch.set(words);
    this.hold();
    if (!this.possible || words === this.found.merged || words === this.asked) return;
    this.asked = words;
    this.bench.send("words", words ? "on" : "off");
  }

  point() { this.hold(); }

  // Where the visitor is, to find the place again.
  hold() {
    const { active, pinned } = this.bench.state;
    this.held = { ...active, pinned, merged: this.found?.merged, said: this.said };
  }
}

PARTS.push((bench) => new ByWords(bench));
