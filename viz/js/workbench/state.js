// What the visitor chose, and how that is written in the page's address (`heads=2.5,3.1&view=text&token=7&...`).

const OWN_KEYS = ["heads", "view", "token", "scale", "sinks", "threshold", "norm"];
const stateKeys = () => [...OWN_KEYS, ...FIELDS.map(({ key }) => key)];

class State {
  constructor() {
    this.slots = new Array(MOST_HEADS).fill(null); // a head keeps its slot, and so its colour, until it is removed
    this.off = new Set(); // slots whose lines are hidden
    this.focus = 0;
    this.view = PANES[0].name;
    this.scale = "sqrt";
    this.hideSinks = true;
    this.threshold = THRESHOLD.start;
    this.norm = "all"; // what the From here pane's colours are relative to
    this.active = { side: "query", index: 0 }; // the token that is looked at: as a query, or as a key
    this.pinned = false;
    this.cell = null; // the pair (query, key) under the pointer in the small matrix
    for (const { key, name = key, start } of FIELDS) this[name] = structuredClone(start);
  }

  get head() { return this.slots[this.focus]; }
  get chosen() { return this.slots.flatMap((head, slot) => (head ? [{ ...head, slot }] : [])); }
  get drawn() { return this.chosen.filter(({ slot }) => !this.off.has(slot)); }
  // Focus first, as the address and the server's `want` list them.
  get heads() {
    const others = this.chosen.filter(({ slot }) => slot !== this.focus);
    return [this.head, ...others].map(({ layer, head }) => `${layer}.${head}`).join(",");
  }

  slotOf(head) { return this.slots.findIndex((other) => other && sameHead(other, head)); }

  choose(heads) {
    const kept = this.slots.map((old) => (old && heads.some((head) => sameHead(head, old)) ? old : null));
    for (const head of heads) {
      if (!kept.some((other) => other && sameHead(other, head))) kept[kept.indexOf(null)] = head;
    }
    this.slots = kept;
    this.off = new Set([...this.off].filter((slot) => kept[slot]));
    this.focus = this.slotOf(heads[0]);
  }

  add(head) {
    const slot = this.slots.indexOf(null);
    if (slot < 0) return false;
    this.slots[slot] = head;
    this.focus = slot;
    return true;
  }

  remove(slot) {
    if (this.chosen.length === 1) return;
    this.slots[slot] = null;
    this.off.delete(slot);
    if (this.focus === slot) this.focus = this.chosen[0].slot;
  }

  // As strings, under the address's keys.
  fields() {
    const { side, index } = this.active;
    return {
      heads: this.heads,
      view: this.view,
      token: this.pinned && side === "query" ? String(index) : "",
      scale: this.scale,
      sinks: this.hideSinks ? "hide" : "show",
      threshold: String(this.threshold / 100),
      norm: this.norm,
      ...Object.fromEntries(FIELDS.map(({ key, write }) => [key, write(this)])),
    };
  }

  // Take over what the fields say and the payload allows; returns a sentence for each thing that could not be had.
  apply(fields, payload) {
    const complaints = [];
    for (const key of stateKeys()) {
      if (fields[key] === undefined || fields[key] === "") continue;
      const read = READERS[key] ?? FIELDS.find((field) => field.key === key).read;
      const complaint = read(this, fields[key], payload);
      if (complaint) complaints.push(complaint);
    }
    return complaints;
  }

  // After new data: what no longer exists is let go; the token stays only if the text is the same.
  keep(payload, sameText) {
    const together = this.head.tile && payload.tiles[payload.heads.length];
    this.slots = this.slots.map((head) => head && payload.again(head));
    this.off = new Set([...this.off].filter((slot) => this.slots[slot]));
    if (!this.chosen.length) this.choose([together ?? payload.heads[0]]);
    if (!this.head) this.focus = this.chosen[0].slot;
    if (!sameText) Object.assign(this, { active: startToken(payload, this), pinned: false, cell: null });
  }
}

const FROM_0 = ", counted from 0";

// How each field is taken over; each returns what to say if it cannot be, in full.
const READERS = {
  heads(state, text, payload) {
    const found = [...text.matchAll(/(?:^|,)(\d{1,6})\.(\d{1,6})(?=,|$)/g)];
    const asked = found.map(([, layer, head]) => ({ layer: Number(layer), head: Number(head) }));
    const distinct = asked.filter((head, i) => asked.findIndex((other) => sameHead(head, other)) === i);
    const heads = distinct.map((head) => payload.named(head)).filter(Boolean).slice(0, MOST_HEADS);
    if (heads.length) {
      state.slots.fill(null); // colours in the order asked for
      state.off.clear();
      state.choose(heads);
    }
    const missing = distinct.find((head) => !payload.exists(head));
    if (missing) {
      const { layer, head } = missing;
      if (layer >= payload.layers) return `asked for layer ${layer}; this model has ${payload.layers}${FROM_0}`;
      return `asked for head ${head}; layer ${layer} has ${payload.header.heads[layer]}${FROM_0}`;
    }
    if (!asked.length) return `asked for the heads “${shorten(text, 20)}”; write layer.head, as in 2.5,3.1`;
    return distinct.length > MOST_HEADS ? `asked for ${distinct.length} heads; ${MOST_HEADS} fit` : "";
  },
  view(state, text) {
    const names = PANES.map(({ name }) => name);
    if (!names.includes(text)) return `asked for the view “${shorten(text, 20)}”; there are ${wordList(names)}`;
    state.view = text;
    return "";
  },
  token(state, text, payload) {
    const asked = /^-?\d{1,15}$/.test(text) ? Number(text) : NaN;
    const index = Math.min(payload.queries.length - 1, Math.max(0, asked));
    if (!Number.isNaN(asked)) Object.assign(state, { active: { side: "query", index }, pinned: true });
    return index === asked ? "" : `asked for token ${shorten(text, 20)}; this text has ${payload.queries.length}${FROM_0}`;
  },
  scale(state, text) {
    const names = Object.keys(SCALES);
    if (!names.includes(text)) return `asked for the scale “${shorten(text, 20)}”; there are ${wordList(names)}`;
    state.scale = text;
    return "";
  },
  sinks(state, text) {
    if (text !== "show" && text !== "hide") return `asked for sinks=${shorten(text, 20)}; there are show and hide`;
    state.hideSinks = text === "hide";
    return "";
  },
  threshold(state, text) {
    const value = text.trim() === "" ? NaN : Number(text);
    if (Number.isNaN(value)) return `asked for the threshold “${shorten(text, 20)}”; it is a number from 0 to 0.5`;
    state.threshold = Math.min(THRESHOLD.most, Math.max(0, Math.round(value * 100)));
    const inside = value >= 0 && value * 100 <= THRESHOLD.most;
    return inside ? "" : `asked for the threshold ${shorten(text, 20)}; it goes from 0 to 0.5`;
  },
  norm(state, text) {
    const names = Object.keys(NORMS);
    if (!names.includes(text)) return `asked for norm=${shorten(text, 20)}; there are ${wordList(names)}`;
    state.norm = text;
    return "";
  },
};

// The token to begin with: CLS of a picture, the last word of a text that is read forward, else one from the middle.
function startToken(payload, state) {
  const { queries, self } = payload;
  if (queries.grid && queries.special[0]) return { side: "query", index: 0 };
  const { query, key } = hiddenAs(payload, state);
  const all = Array.from({ length: queries.length }, (_, q) => q).filter((q) => query[q] !== OTHER);
  const plain = all.filter((q) => !queries.special[q] && !(self && key[q] === SINK));
  const words = plain.filter((q) => /[\p{L}\p{N}]/u.test(queries.labels[q]));
  const list = [words, plain, all].find((candidates) => candidates.length);
  return { side: "query", index: list[payload.causal ? list.length - 1 : list.length >> 1] };
}
