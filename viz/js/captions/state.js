// What the visitor chose, and how that is written in the page's address (`map=head&head=1.0&word=2&...`).

const MAPS = [{ name: "head", title: "Head" }, { name: "mean", title: "Layer mean" }, { name: "relevance", title: "Relevance" }];
const CHOICES = { layers: ["all", "one"], smooth: ["nearest", "bilinear"], scale: ["sqrt", "linear"], grid: ["on", "off"], grey: ["off", "on"] };
const KEYS = ["map", "head", "word", "layers", "smooth", "scale", "opacity", "grid", "grey"];

class State extends Choices {
  constructor() {
    super(KEYS, CHOICES, READERS);
    Object.assign(this, { map: MAPS[0].name, head: { layer: 0, head: 0 }, word: 0, patch: null, opacity: OPACITY });
  }

  fields() {
    const { map, head: { layer, head }, word, opacity } = this;
    return { map, head: `${layer}.${head}`, word: String(word), opacity: String(opacity), ...this.chosen };
  }
}

const READERS = {
  map: (state, text) => readMap(state, text, MAPS),
  head: readHead,
  word(state, text, payload) {
    const word = whole(text);
    if (!(word < payload.words.length)) return `asked for word ${shorten(text, 20)}; there are ${payload.words.length}, counted from 0`;
    state.word = word;
    return "";
  },
  opacity: readOpacity,
};
