// Beside the large map: the answer, the patches that are read most, and special positions.

const LISTED = 5; // patches

class Aside {
  constructor(view) {
    this.view = view;
    this.answer = el("div", { className: "answer" });
    this.patches = el("div", { className: "most" });
    this.special = el("div", { className: "special" });
    this.said = el("div", { className: "answer said" });
    this.element = el("aside", { className: "side", "aria-label": "The answer, and what is read most" },
      this.answer, this.said, this.patches, this.special);
  }

  draw() {
    this.drawAnswer();
    this.drawSaid();
    this.point();
  }

  // Of a text that is matched with the picture: which of its tokens the match rests on.
  drawSaid() {
    const { payload: { header }, state, missing } = this.view;
    const said = header.said?.[0] ?? [];
    this.said.hidden = state.map !== "relevance" || Boolean(missing) || !said.length;
    if (this.said.hidden) return;
    const top = Math.max(...said.map(([, value]) => value), 0);
    const rows = said.map(([label, value]) => {
      const share = top > 0 ? Math.max(0, value) / top : 0;
      const fill = span("fill");
      fill.style.width = `${100 * share}%`;
      return el("div", { className: "class" }, el("bdi", { textContent: shown(label) }), el("b", { textContent: percent(share) }), el("span", { className: "track" }, fill));
    });
    this.said.replaceChildren(el("b", { textContent: "The text’s words" }), ...rows,
      span("cap", "what each adds to the match, read at the text’s own summary, in per cent of the strongest"));
  }

  // Bars of the likeliest classes; a click asks what speaks for one, Shift-click compares several.
  drawAnswer() {
    const { payload, state } = this.view;
    const { answer, why_not: whyNot } = payload.header;
    this.answer.hidden = !answer;
    if (!answer) return;
    const can = !whyNot.relevance && (this.view.live || payload.header.relevances.length);
    const rows = answer.labels.map((label, i) => {
      const bar = span("fill");
      bar.style.width = `${100 * answer.best[i]}%`;
      const on = state.map === "relevance" && this.view.wanted.includes(answer.ids[i]);
      const node = pressable("class", "", (event) => can && this.view.explain(answer.ids[i], event.shiftKey), {
        ariaPressed: String(on), disabled: !can, title: can ? `What speaks for ${shown(label)}` : label });
      node.append(el("bdi", { textContent: shown(label) }), el("b", { textContent: chance(answer.best[i]) }), el("span", { className: "track" }, bar));
      return node;
    });
    const rest = Math.max(0, 1 - answer.best.reduce((sum, p) => sum + Math.fround(p), 0));
    const others = answer.n - rows.length;
    const words = others > 0 ? `the other ${thousands(others)} ${others === 1 ? "class" : "classes"}: ${chance(rest)} together` : "";
    const hint = can ? "Click a class to see what speaks for it; Shift-click compares." : "";
    const title = answer.question === "class" ? "Predicted class" : answer.question;
    this.answer.replaceChildren(el("b", { textContent: title }), ...rows, span("cap", words), span("cap", hint));
  }

  point() {
    const { payload, missing, maps: [over] } = this.view;
    for (const node of [this.patches, this.special]) node.hidden = Boolean(missing);
    if (missing) return;
    const title = over.signed ? "Most alike" : over.top !== undefined ? "Weighs most" : over.across ? "Reads it most" : "Most read patches";
    const list = over.bad ? [] : strongest(over, over.signed ? LISTED + 1 : LISTED).filter((patch) => !(over.signed && patch === over.at)).slice(0, LISTED);
    const rows = list.map((patch) => el("div", { className: "patch" }, patchCrop(this.view.image, over.side, patch),
      span("cap", over.side.words(patch)), el("b", { textContent: over.text(patch) })));
    this.patches.replaceChildren(el("b", { textContent: title }), ...rows);
    this.special.hidden ||= !over.special.length;
    const specials = over.special.slice(0, 6).map(([name, text]) => el("div", { className: "patch" }, el("bdi", { textContent: name }), el("b", { textContent: text })));
    const total = over.hidden === null ? [] : [span("cap", `${percentOf(over.hidden)} of the weight lies on them: it is not in the picture.`)];
    this.special.replaceChildren(el("b", { textContent: over.across ? "Special positions that read it" : "On special positions" }), ...specials, ...total);
  }
}

// A probability as the shortest decimal of a float32: per cent, with a place more where it is small.
function chance(probability) {
  const value = 100 * Math.fround(probability);
  if (value < 0.005) return value > 0 ? "<0.01 %" : "0 %";
  return `${value >= 9.95 ? value.toFixed(1) : value.toFixed(2)} %`;
}
