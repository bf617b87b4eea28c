// Beside the picture: what was found above a confidence, and of the chosen thing what is read most, or who reads it.

const LISTED = 6; // rows of the lower list
const SHOWN = 14; // found things before the list scrolls

class Found {
  constructor(view) {
    this.view = view;
    this.count = span("cap");
    this.sure = slider("Confidence", MOST_SURE, (threshold) => view.set({ threshold }), LEAST_SURE);
    this.list = el("div", { className: "founds" });
    this.every = el("select", { ariaLabel: "Any query" });
    this.every.onchange = () => view.choose(Number(this.every.value));
    this.found = el("div", { className: "found" }, el("b", { textContent: "Found" }), this.sure.element, this.count, this.list,
      el("label", { className: "control cap" }, "Any query", this.every));
    this.ranks = el("div", { className: "most" });
    this.special = el("div", { className: "special" });
    this.element = el("aside", { className: "side", "aria-label": "What was found, and what is read most" }, this.found, this.ranks, this.special);
  }

  take() {
    const { payload } = this.view;
    this.every.replaceChildren(...payload.order.map((q) => el("option", { value: String(q), textContent: `${q}: ${shorten(shown(payload.label(q)), 12)} ${certain(payload.sure(q))}` })));
  }

  draw() {
    const { payload, state, kept } = this.view;
    this.sure.set(state.threshold);
    this.sure.note.textContent = (state.threshold / 100).toFixed(2);
    this.count.textContent = `${kept.length} of ${payload.n} queries kept`;
    this.every.value = String(state.query);
    const below = kept.includes(state.query) ? [] : [state.query];
    const rows = [...kept, ...below].map((q) => this.row(q, below.includes(q)));
    const none = kept.length ? [] : [span("cap none", `No query is that sure; the surest is ${named(payload, payload.order[0])}.`)];
    this.list.replaceChildren(...none, ...rows);
    this.list.classList.toggle("long", rows.length > SHOWN);
    this.point();
  }

  row(q, below) {
    const { payload, state, colourOf } = this.view;
    const chip = span("chip");
    chip.style.background = colourOf(q);
    const node = pressable("query", "", () => this.view.choose(q), { ariaPressed: String(q === state.query), title: named(payload, q) });
    node.dataset.query = String(q);
    const said = payload.said(q, state.threshold);
    const words = said.map(({ label, sure }, i) => (i ? `${shown(label)} ${certain(sure)}` : shown(label))).join(", ");
    node.append(chip, el("bdi", { textContent: words }), span("cap", below ? `query ${q}, not kept` : `query ${q}`), el("b", { textContent: certain(said[0].sure) }));
    node.onpointerenter = () => this.view.hover(q);
    node.onpointerleave = () => this.view.hover(null);
    return node;
  }

  // What changes with the pointer.
  point() {
    const { view, view: { payload, state, missing, ranking, maps: [over] } } = this;
    this.ranks.hidden = Boolean(missing);
    this.special.hidden = true;
    if (missing) return;
    if (ranking) return this.queries(ranking);
    if (over?.kind === "points") return this.points(over.points);
    if (over?.kind !== "map") { this.ranks.hidden = true; return undefined; }
    const title = over.top !== undefined ? "Weighs most" : over.across ? "Reads it most" : "Most read patches";
    const rows = (over.bad ? [] : strongest(over, LISTED)).map((patch) => el("div", { className: "patch" }, patchCrop(view.image, over.side, patch),
      span("cap", over.side.words(patch)), el("b", { textContent: over.text(patch) })));
    this.ranks.replaceChildren(el("b", { textContent: title }), ...rows);
    if (!over.special.length || over.hidden === null) return undefined;
    this.special.hidden = false;
    const what = payload.stacks[STACK_OF[state.show]].queries.grid ? "the class token and the queries" : "the class token and other queries";
    return this.special.replaceChildren(el("b", { textContent: "Not on the picture" }),
      span("cap", `${percentOf(over.hidden)} of the weight lies on ${what}.`));
  }

  queries(ranking) {
    const { payload, state, colourOf } = this.view;
    const title = state.show === "here" ? "Who looks here" : state.way === "read" ? "Reads it most" : "Reads most";
    const rows = ranking.slice(0, LISTED).map(({ q, text }) => {
      const chip = span("chip");
      chip.style.background = colourOf(q);
      const node = pressable("query", "", () => this.view.choose(q), { title: named(payload, q) });
      node.dataset.query = String(q);
      node.append(chip, el("bdi", { textContent: this.view.isKept(q) ? shown(payload.label(q)) : "not kept" }), span("cap", `query ${q}`), el("b", { textContent: text }));
      return node;
    });
    this.ranks.replaceChildren(el("b", { textContent: title }), ...rows);
  }

  points(points) {
    const best = [...points].sort((a, b) => b.weight - a.weight).slice(0, LISTED);
    const place = ({ x, y }) => (x < 0 || y < 0 || x > 1 || y > 1 ? "outside" : `at ${percent(x)}, ${percent(y)}`);
    const rows = best.map((point) => el("div", { className: "patch" },
      span("cap", `level ${point.level}, ${place(point)}`), el("b", { textContent: certain(point.weight) })));
    this.ranks.replaceChildren(el("b", { textContent: "Heaviest points" }), ...rows, span("cap", "places from the left and from the top"));
  }
}
