// What the visitor chose, and how the page's address says it (`show=here&head=2.0&query=3&threshold=90&...`).

const SHOWS = [
  { name: "query", title: "Query reads" },
  { name: "relevance", title: "Relevance" },
  { name: "here", title: "Who looks here" },
  { name: "between", title: "Query to query" },
  { name: "encoder", title: "Encoder" },
];
const CHOICES = { // key -> its values, the first the one to begin with
  show: SHOWS.map(({ name }) => name), of: ["head", "mean"], way: ["reads", "read"], layers: ["all", "one"], sort: ["class", "number"],
  smooth: ["nearest", "bilinear"], scale: ["sqrt", "linear"], grid: ["off", "on"],
};
const KEYS = ["show", "query", "head", "of", "threshold", "patch", "way", "level", "from", "layers", "sort", "smooth", "scale", "opacity", "grid"];
const [LEAST_SURE, MOST_SURE, SURE] = [50, 99, 90]; // hundredths

class State extends Choices {
  constructor() {
    super(KEYS, CHOICES, READERS);
    this.heads = { cross: { layer: 0, head: 0 }, between: { layer: 0, head: 0 }, encoder: { layer: 0, head: 0 } };
    [this.query, this.threshold, this.opacity] = [0, SURE, OPACITY];
    [this.patch, this.pinned] = [null, false]; // the patch that is pointed at
    [this.level, this.from] = [null, 0]; // of sampling points: the level that is shown (null: all), and that reads
  }

  get head() { return this.heads[STACK_OF[this.show]]; }
  set head(head) { this.heads[STACK_OF[this.show]] = head; }

  fields() {
    return {
      ...this.chosen,
      query: String(this.query),
      head: `${this.head.layer}.${this.head.head}`,
      threshold: (this.threshold / 100).toFixed(2),
      patch: this.pinned && this.patch !== null ? String(this.patch) : "",
      level: this.level === null ? "" : String(this.level),
      from: String(this.from),
      opacity: String(this.opacity),
    };
  }
}

const READERS = {
  query(state, text, payload) {
    const query = whole(text);
    if (!(query < payload.n)) return `asked for query ${shorten(text, 20)}; this model has ${payload.n}, counted from 0`;
    state.query = query;
    return "";
  },
  head(state, text, payload) {
    const [layer, head] = text.split(".").map(whole);
    const stack = payload.stacks[STACK_OF[state.show]];
    if (!stack?.exists({ layer, head })) return `asked for head ${shorten(text, 20)}; there is none of that number here`;
    state.head = { layer, head };
    return "";
  },
  threshold(state, text) {
    const value = text.trim() === "" ? NaN : Math.round(100 * Number(text));
    if (!(value >= LEAST_SURE && value <= MOST_SURE)) return `asked for the confidence “${shorten(text, 20)}”; it goes from 0.50 to 0.99`;
    state.threshold = value;
    return "";
  },
  patch(state, text) {
    const patch = whole(text);
    if (Number.isNaN(patch)) return `asked for patch ${shorten(text, 20)}; write its number, counted from 0`;
    [state.patch, state.pinned] = [patch, true];
    return "";
  },
  level(state, text, { stacks }) {
    const level = whole(text), n = stacks.cross instanceof Points ? Math.max(...stacks.cross.levels) + 1 : 0;
    if (!(level < n)) return `asked for level ${shorten(text, 20)}; this model has ${n || "none"}`;
    state.level = level;
    return "";
  },
  from(state, text, { stacks }) {
    const from = whole(text), n = stacks.encoder instanceof Points ? stacks.encoder.grids.length : 1;
    if (!(from < n)) return `asked for cells of level ${shorten(text, 20)}; this model has ${n}`;
    state.from = from;
    return "";
  },
  opacity: readOpacity,
};
