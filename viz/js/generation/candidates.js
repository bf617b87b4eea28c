// What may come next: each candidate's probability by the model itself, and after the filters; a click takes it.

class Candidates {
  constructor(writer) {
    this.writer = writer;
    this.stage = null; // the filter whose outcome stands beside the model's own, by its name; null: the last one
    this.title = el("h2", {}, "What comes next", span("cap"));
    this.chain = el("div", { className: "chain" });
    this.list = el("div", { className: "candidate-list" });
    this.element = el("section", { className: "next" }, this.title, this.chain, this.list);
  }

  draw() {
    const { header, live } = this.writer;
    const { stages, candidates, n, playing, ended } = header;
    this.title.lastChild.textContent = ended ? "" : live && !playing ? "click one to take it" : "";
    const found = stages.findIndex(([name], i) => i && name === this.stage);
    this.shown = found < 0 ? stages.length - 1 : found;
    this.chain.replaceChildren(...this.chainNodes(stages));
    const filtered = stages.length > 1;
    const most = Math.max(...candidates.flatMap(([, , at]) => [at[0], at[this.shown]]), 1e-9);
    const heading = el("div", { className: "candidate-row heading" }, span("", ""), span("", ""),
      span("number", "model"), span("number", !filtered ? "" : this.shown < stages.length - 1 ? "so far" : "filtered"));
    const rows = candidates.map(([number, label, at]) => this.row(number, label, at, most, filtered));
    const [own, left] = [0, this.shown].map((i) => 1 - candidates.reduce((sum, [, , at]) => sum + at[i], 0));
    const others = el("div", { className: "candidate-row out" }, span("", `the other ${thousands(n - candidates.length)}`),
      span("", ""), span("number", probabilityWords(own)), span("number", filtered ? probabilityWords(left) : ""));
    this.list.replaceChildren(heading, ...rows, others);
  }

  row(number, label, at, most, filtered) {
    const { live, header } = this.writer;
    const after = at[this.shown];
    const bar = (value, className = "") => {
      const node = el("i", { className });
      node.style.width = `${(100 * value) / most}%`;
      return node;
    };
    const bars = el("span", { className: "bars" }, bar(at[0]), ...(filtered ? [bar(after, "after")] : []));
    const out = filtered && after === 0;
    const nodes = [el("bdi", { textContent: shown(label) }), bars, span("number", probabilityWords(at[0])),
      span("number", filtered ? (out ? "out" : probabilityWords(after)) : "")];
    const className = `candidate-row${out ? " out" : ""}`;
    if (!live || header.playing || header.ended) return el("div", { className }, ...nodes);
    const button = pressable(className, "", () => this.writer.ask(`take ${number}`), { title: `Take “${shown(label)}”` });
    button.append(...nodes);
    return button;
  }

  // the model: 4,096 tokens > temperature 0.8 > top-k 40: 40 left; each filter is pressed to see what it leaves
  chainNodes(stages) {
    return stages.flatMap(([name, left], i) => {
      const cut = i === 0 || left !== stages[i - 1][1];
      const words = `${name}${cut ? `: ${thousands(left)}${i ? " left" : " tokens"}` : ""}`;
      if (!i) return [words];
      const last = i === stages.length - 1;
      const press = () => { this.stage = last ? null : name; this.draw(); this.chain.querySelectorAll("button")[i - 1].focus(); };
      const button = pressable("", words, press, { ariaPressed: String(i === this.shown), title: "Show the probabilities after this filter" });
      return [el("i", { textContent: "→" }), stages.length > 2 ? button : words];
    });
  }
}
