// Beside the large map: how sure the word is and what else it could be, the answers, the patches read most.

const LISTED = 5; // patches

class Aside {
  constructor(view) {
    this.view = view;
    this.word = el("div", { className: "answer" });
    this.answers = el("div", { className: "answer" });
    this.patches = el("div", { className: "most" });
    this.special = el("div", { className: "special" });
    this.element = el("aside", { className: "side", "aria-label": "The word, and what is read most" },
      this.answers, this.word, this.patches, this.special);
  }

  draw() {
    this.drawAnswers();
    this.drawWord();
    this.drawPatches();
  }

  bar(label, share, grey = null) {
    const fills = [[share, "fill"], ...(grey === null ? [] : [[grey, "fill without"]])].map(([part, name]) => {
      const fill = span(name);
      fill.style.width = `${100 * part}%`;
      return el("span", { className: "track" }, fill);
    });
    return el("div", { className: "class" }, el("bdi", { textContent: shown(label).trim() || "␣" }), el("b", { textContent: chance(share) }), ...fills);
  }

  drawAnswers() {
    const { payload: { header }, state } = this.view;
    const { answers, grey } = header;
    this.answers.hidden = !answers;
    if (!answers) return;
    const shown = state.grey === "on" && header.asked ? grey : null;
    const rows = answers.labels.map((label, i) => this.bar(label, answers.best[i], shown?.[i] ?? null));
    const cap = answers.written ? "each word’s own probability, written one after another"
      : `of ${thousands(answers.n)} answers; each has a probability of its own, they do not add up to 1`;
    this.answers.replaceChildren(el("b", { textContent: answers.written ? `Answer: ${header.text}` : "Answers" }), ...rows, span("cap", cap),
      ...(shown ? [span("cap", "second bar: with a grey picture")] : []));
  }

  drawWord() {
    const { payload: { header, words }, state, word } = this.view;
    const { label, probability, best } = words[word];
    this.word.hidden = probability === null;
    if (probability === null) return;
    const grey = state.grey === "on" ? header.grey?.[word] ?? null : null;
    const own = this.bar(label, probability, grey);
    own.classList.add("own");
    const others = best.filter(([other]) => other.trim() !== label.trim()).slice(0, 5).map(([other, share]) => this.bar(other, share));
    const said = grey === null ? [] : [span("cap", `With a grey picture: ${chance(grey)}. ${this.verdict(probability, grey)}`)];
    this.word.replaceChildren(el("b", { textContent: "This word" }), own, ...said, el("b", { className: "next", textContent: "Instead of it" }), ...others,
      span("cap", "over the full vocabulary"));
  }

  // Language or picture: by how much the word needs the picture.
  verdict(probability, grey) {
    if (grey < probability / 2) return "The picture makes it likely.";
    return grey > 2 * probability ? "The picture speaks against it." : "It would come without the picture too: language, not sight.";
  }

  drawPatches() {
    const { missing, maps: [over], image } = this.view;
    for (const node of [this.patches, this.special]) node.hidden = Boolean(missing);
    if (missing) return;
    const list = over.bad ? [] : strongest(over, LISTED);
    const rows = list.map((patch) => el("div", { className: "patch" }, patchCrop(image, over.side, patch),
      span("cap", over.side.words(patch)), el("b", { textContent: over.text(patch) })));
    this.patches.replaceChildren(el("b", { textContent: over.top === undefined ? "Most read patches" : "Weighs most" }), ...rows);
    this.special.hidden ||= !over.special.length;
    const specials = over.special.map(([name, text]) => el("div", { className: "patch" }, el("bdi", { textContent: name }), el("b", { textContent: text })));
    const total = over.hidden === null ? [] : [span("cap", `${percentOf(over.hidden)} of the weight is not on the picture, and is left out of the map.`)];
    this.special.replaceChildren(el("b", { textContent: "Not on the picture" }), ...specials, ...total);
  }
}
