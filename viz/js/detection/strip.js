// What every kept query reads by the head that is shown: one small picture each, with the query's box.

const FRAME = { height: 74, most: 10 }; // pixels, queries

class Strip {
  constructor(view) {
    this.view = view;
    this.row = el("div", { className: "frames" });
    this.words = span("cap");
    this.element = el("div", { className: "strip" }, el("div", { className: "bar" }, el("b", { textContent: "Every kept query" }), this.words), this.row);
  }

  draw() {
    const { view, view: { kept, state, missing, aspect } } = this;
    const list = kept.slice(0, FRAME.most);
    this.element.hidden = state.show !== "query" || Boolean(missing) || list.length < 2;
    if (this.element.hidden) return;
    const { layer, head } = state.head;
    this.words.textContent = `${state.of === "mean" ? `layer ${layer}, mean of its heads` : `layer ${layer}, head ${head}`}${kept.length > list.length ? `; the surest ${list.length} of ${kept.length}` : ""}`;
    const [width, height] = [Math.round(FRAME.height * Math.min(1.8, aspect)), FRAME.height];
    this.row.replaceChildren(...list.map((q) => this.frame(q, width, height)));
  }

  frame(q, width, height) {
    const { view, view: { payload, state, colourOf } } = this;
    const picture = el("canvas", { ariaHidden: "true" });
    const name = `query ${q}: ${shown(payload.label(q))}`;
    const node = pressable("frame", "", () => view.choose(q), { ariaPressed: String(q === state.query), title: name, "aria-label": name });
    node.dataset.query = String(q);
    const pen = prepare(picture, width, height);
    const box = { x: 0, y: 0, width, height };
    view.thumbnail(pen, view.crossOf(state.head, q), box);
    drawBox(pen, payload.box(q, box), colourOf(q), 1.5);
    node.append(picture, el("bdi", { className: "cap", textContent: shorten(shown(payload.label(q)), 12) }));
    return node;
  }
}
