// Save the large map, or all heads as a contact sheet: PNG at any scale or SVG, drawn as on screen, with what they were
// made of under them. The view says `savedTitle(heads)`, `savedName(heads)`, `savedNodes(heads)`.

class SaveBar {
  constructor(view) {
    [this.view, this.what] = [view, "map"];
    const options = [{ name: "map", title: "this map" }, { name: "heads", title: "all heads" }];
    this.whats = segmented("Picture", options, (name) => { this.what = name; this.whats.set(name); }, true);
    this.whats.set(this.what);
    this.element = el("div", {}, saveButtons((kind) => this.save(kind), this.whats.element));
    this.madeOf = el("div", { className: "made-of cap", hidden: true });
  }

  // A file without a server says what it was made of, as every picture saved from it does.
  take() {
    const { view } = this;
    const facts = aboutWords(view.payload.header.about);
    this.madeOf.hidden = view.live || !facts;
    this.madeOf.textContent = facts;
  }

  async save(kind) {
    const { view, what } = this;
    const heads = what === "heads";
    const { state, payload: { header: { about } }, theme } = view;
    const title = view.savedTitle(heads);
    const looks = [`${state.scale} scale`, ...(heads ? ["each head to its own strongest patch"]
      : [`patches as ${state.smooth === "bilinear" ? "a smooth map" : "squares"}`, `opacity ${state.opacity} %`])];
    const facts = `${[title, ...looks].join("; ")}. ${aboutWords(about)}`.trim();
    const name = fileName("headlight", about?.model ?? "model", ...view.savedName(heads));
    try {
      await savePicture(view, kind, { theme, name, title, about: facts }, () => {
        const said = el("p", { className: "said" });
        fill(said, view.sentence);
        const key = el("div", { className: "key" }, el("span", { textContent: title }), ...this.key(heads));
        return { head: [key], nodes: view.savedNodes(heads), foot: [said, el("p", { textContent: facts })] };
      });
    } catch (error) {
      view.say(`The picture could not be saved: ${error.message}.`);
      console.warn(error);
    }
  }

  // What the colours of the map run between.
  key(heads) {
    const { view } = this;
    const [over] = view.maps;
    if (!over?.value) return [];
    const canvas = el("canvas", { width: 96, height: 10 });
    rampBar(canvas, view.theme, levelsOf(over, view.state.scale).ramp);
    const [low, high] = heads && !over.signed ? ["0", "strongest patch of each head"] : rampEnds(over);
    return [el("span", { className: "cap" }, low, canvas, high)];
  }
}

const SAVE_STYLE = `${PAPER_STYLE}${SAVES_STYLE}
.px .saves{justify-content:flex-end}
.px .made-of{padding:8px 14px;border-top:1px solid var(--line)}
`;
