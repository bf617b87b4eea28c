// What may come next: each candidate's probability by the model itself, and after the filters; a click takes it.

class Candidates {
  constructor(writer) {
    this.writer = writer;
    this.title = el("h2", {}, "What comes next", span("cap"));
    this.chain = el("div", { className: "chain" });
    this.list = el("div", { className: "candidate-list" });
    this.element = el("section", { className: "next" }, this.title, this.chain, this.list);
  }

  draw() {
    const { header, live } = this.writer;
    const { stages, candidates, n, playing, ended } = header;
    this.title.lastChild.textContent = ended ? "" : live && !playing ? "click one to take it" : "";
    this.chain.replaceChildren(...chainNodes(stages));
    const filtered = stages.length > 1;
    const most = Math.max(...candidates.flatMap(([, , at]) => [at[0], at.at(-1)]), 1e-9);
    const heading = el("div", { className: "candidate-row heading" }, span("", ""), span("", ""),
      span("number", "model"), span("number", filtered ? "filtered" : ""));
    const rows = candidates.map(([number, label, at]) => this.row(number, label, at, most, filtered));
    const [own, left] = [0, stages.length - 1].map((i) => 1 - candidates.reduce((sum, [, , at]) => sum + at[i], 0));
    const others = el("div", { className: "candidate-row out" }, span("", `the other ${thousands(n - candidates.length)}`),
      span("", ""), span("number", probabilityWords(own)), span("number", filtered ? probabilityWords(left) : ""));
    this.list.replaceChildren(heading, ...rows, others);
  }

  row(number, label, at, most, filtered) {
    const { live, header } = this.writer;
    const after = at.at(-1);
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
}

// the model: 4,096 left > temperature 0.8 > top-k 40: 40 left
function chainNodes(stages) {
  return stages.flatMap(([name, left], i) => {
    const cut = i === 0 || left !== stages[i - 1][1];
    const words = `${name}${cut ? `: ${thousands(left)}${i ? " left" : " tokens"}` : ""}`;
    return i ? [el("i", { textContent: "→" }), words] : [words];
  });
}
