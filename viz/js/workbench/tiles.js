// The row under the layers: several heads as one. Its tiles are chosen and drawn like heads of a layer after the last.

const TILES = {
  mean: { title: "Mean", note: "every head counts the same" },
  max: { title: "Maximum", note: "each weight is the largest of any head, so rows add up to more than 1" },
  min: { title: "Minimum", note: "each weight is the smallest of any head, so rows add up to less than 1" },
  rollout: { title: "Rollout",
    note: "each half itself, half the mean of its heads, multiplied upwards (Abnar and Zuidema 2020)" },
};
const OVER = /^(all|\d{1,4}|\d{1,4}\.\d{1,4}(,\d{1,4}\.\d{1,4})*)$/;

// The heads that `over` names: "all", a layer "3" or heads "3.1,0.2"; as `viz.views.tiles` reads it.
function headsOver(over, counts) {
  const layerOf = (n, layer) => Array.from({ length: n }, (_, head) => ({ layer, head }));
  if (over === "all") return counts.flatMap(layerOf);
  if (!over.includes(".")) return layerOf(counts[Number(over)] ?? 0, Number(over));
  return over.split(",").map((text) => text.split(".").map(Number)).map(([layer, head]) => ({ layer, head }));
}

// The shortest name of these heads: `over` as it is sent and as the address holds it.
function overOf(heads, counts) {
  const every = counts.reduce((sum, n) => sum + n, 0);
  if (heads.length === every) return "all";
  const { layer } = heads[0];
  if (heads.every((head) => head.layer === layer) && heads.length === counts[layer]) return String(layer);
  const sorted = [...heads].sort((a, b) => a.layer - b.layer || a.head - b.head);
  return sorted.map((head) => `${head.layer}.${head.head}`).join(",");
}

// all 16 heads; the 4 heads of layer 3; L1 · H2 and L2 · H0
function overWords(over, counts) {
  const heads = headsOver(over, counts);
  const count = (n, rest) => (n === 2 ? `both heads${rest}` : `all ${n} heads${rest}`);
  if (over === "all") return count(heads.length, "");
  if (!over.includes(".")) return count(heads.length, ` of layer ${over}`);
  return wordList(heads.map(headName));
}

// {layer, head, tile: {name, title, about, note}} for each that was sent.
function readTiles({ extra = [], over, heads: counts }) {
  return extra.map((name, head) => {
    const whom = overWords(over, counts);
    const about = name === "rollout" && over === "all" ? `through all ${counts.length} layers`
      : `${name === "rollout" ? "through" : "of"} ${whom}`;
    const { title, note } = TILES[name];
    return { layer: counts.length, head, tile: { name, about, note, title: `${title} ${about}` } };
  });
}

// Whether a row adds up to something else than 1 because it is made of the largest or smallest weights.
const unevenRow = (matrix, q) => Boolean(matrix.head.tile) && Math.abs(matrix.total(q) - 2000) > 6;
const hiddenWords = (matrix, q) => (unevenRow(matrix, q) ? places2 : percentOf)(matrix.hidden(q));

FIELDS.push({
  key: "over",
  start: "",
  write: (state) => state.over,
  read(state, text, payload) {
    const { heads } = payload.header;
    const there = ({ layer, head }) => head < (heads[layer] ?? 0);
    const asked = OVER.test(text) ? headsOver(text, heads) : [];
    if (!asked.length || !asked.every(there)) {
      return `asked for the mean of “${shorten(text, 20)}”; write all, a layer as in 3, or heads as in 2.5,3.1`;
    }
    state.over = text;
    return "";
  },
});

// Under the grid: which heads the row is made of, what the chosen tile is, or the offer to add the row.
class Together {
  constructor(bench) {
    this.bench = bench;
    this.select = el("select", { className: "picker", onchange: () => this.ask(this.select.value) });
    this.fixed = span("");
    this.state = el("span", { role: "status" });
    this.choice = el("label", { className: "control cap" }, "Row All is made of", this.select, this.fixed);
    this.add = pressable("button", "", () => this.ask("all"));
    this.note = el("div", { className: "cap wrap tile-note" });
    this.under = el("div", { className: "together cap" }, this.choice, this.add, this.state, this.note);
  }

  take() {
    const { payload, state } = this.bench;
    const { header } = payload;
    this.asked = null;
    state.over = header.extra?.length ? header.over : "";
    this.choice.hidden = !header.extra?.length;
    this.add.hidden = Boolean(header.extra) || !header.pooled || !this.bench.live || payload.heads.length < 2;
    this.add.textContent = `Add mean, max, min${payload.self && payload.layers > 1 ? ", rollout" : ""} of all heads`;
    this.layer = 0; // the layer looked at last
  }

  // A saved step says which heads are together.
  restored() {
    const { payload: { header }, state, live } = this.bench;
    const over = state.over || header.state?.over || "";
    if (live && over && over !== (header.over ?? "")) this.ask(over);
  }

  // Ask the server for another row; "" is what it sends unasked.
  ask(over) {
    const { bench } = this;
    this.asked = over;
    bench.send("over", bench.payload.header.state?.over === over ? "" : over);
    this.draw();
  }

  draw() {
    const { payload, live, state } = this.bench;
    const { heads: counts, over } = payload.header;
    const { tile } = state.head;
    this.under.hidden = this.choice.hidden && this.add.hidden;
    if (!tile) this.layer = state.head.layer;
    this.state.textContent = this.asked === null ? "" : "reading …";
    this.note.textContent = tile ? `${tile.title}: ${tile.note}.` : "";
    this.note.hidden = !tile;
    if (this.choice.hidden) return;
    [this.select.hidden, this.fixed.hidden] = [!live, live];
    this.fixed.textContent = overWords(over, counts);
    this.select.replaceChildren(...this.options().map(([value, text]) =>
      el("option", { value, textContent: shorten(text, 34), title: text })));
    this.select.value = this.asked ?? over;
  }

  // [over, words]: all heads, the layer looked at, the chosen heads, and what there is now; each once.
  options() {
    const { payload, state } = this.bench;
    const { heads: counts, over } = payload.header;
    const chosen = state.chosen.filter(({ tile }) => !tile);
    const found = ["all"];
    if (counts[this.layer] > 1) found.push(overOf(headsOver(String(this.layer), counts), counts));
    if (chosen.length > 1) found.push(overOf(chosen, counts));
    const words = (value) => (value.includes(".") && value !== over ? `the ${chosen.length} chosen heads`
      : overWords(value, counts));
    return [...new Set([...found, over])].map((value) => [value, words(value)]);
  }
}

PARTS.push((bench) => new Together(bench));
