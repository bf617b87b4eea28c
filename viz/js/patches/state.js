// What the visitor chose, and how that is written in the page's address (`map=rollout&fuse=max&patch=12&...`).

const MAPS = [
  { name: "head", title: "Head" },
  { name: "mean", title: "Layer mean" },
  { name: "rollout", title: "Rollout" },
  { name: "relevance", title: "Relevance" },
  { name: "positions", title: "Positions" },
];
const CHOICES = { // key -> its values, the first the one to begin with
  layers: ["all", "one"], way: ["reads", "read"], fuse: ["mean", "max", "min"],
  smooth: ["nearest", "bilinear"], scale: ["sqrt", "linear"], grid: ["on", "off"],
};
const KEYS = ["map", "head", "layers", "patch", "way", "fuse", "discard", "start", "classes", "smooth", "scale", "opacity", "grid"];
const MOST_CLASSES = 3;

class State extends Choices {
  constructor() {
    super(KEYS, CHOICES, READERS);
    this.map = MAPS[0].name;
    this.head = { layer: 0, head: 0 };
    [this.patch, this.pinned] = [null, false]; // the patch that is pointed at; none: the class token, or all on average
    [this.discard, this.start, this.classes] = [0, null, []];
    this.opacity = OPACITY;
  }

  fields() {
    return {
      map: this.map,
      head: `${this.head.layer}.${this.head.head}`,
      patch: this.pinned && this.patch !== null ? String(this.patch) : "",
      discard: String(this.discard),
      start: this.start === null ? "" : String(this.start),
      classes: this.classes.join(","),
      opacity: String(this.opacity),
      ...this.chosen,
    };
  }
}

const READERS = {
  map: (state, text) => readMap(state, text, MAPS),
  head: readHead,
  patch(state, text, payload) {
    const patch = whole(text);
    if (!(patch < payload.keys.patches)) return `asked for patch ${shorten(text, 20)}; this picture has ${payload.keys.patches}, counted from 0`;
    [state.patch, state.pinned] = [patch, true];
    return "";
  },
  discard(state, text, { header }) {
    const share = Number(text);
    if (!header.discards.includes(share)) return `asked for discard=${shorten(text, 20)}; there are ${wordList(header.discards.map(String))}`;
    state.discard = share;
    return "";
  },
  start(state, text, payload) {
    const layer = whole(text);
    if (!(layer < payload.layers)) return `asked for layer ${shorten(text, 20)} to start at; this model has ${payload.layers}, counted from 0`;
    state.start = layer;
    return "";
  },
  classes(state, text) {
    const classes = [...new Set(text.split(",").map(whole))];
    if (classes.some(Number.isNaN)) return `asked for the classes “${shorten(text, 20)}”; write their numbers, as in 3,5`;
    state.classes = classes.slice(0, MOST_CLASSES);
    return classes.length > MOST_CLASSES ? `asked for ${classes.length} classes; ${MOST_CLASSES} fit` : "";
  },
  opacity: readOpacity,
};
