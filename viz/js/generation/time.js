// The text scrubbed through time: a slider from the prompt to the end of the branch; text, lens and attention follow it.

class Time {
  constructor(writer) {
    this.writer = writer;
    this.leaf = 0; // the end of the branch that was in view last
    this.slider = el("input", { type: "range", min: 0, step: 1, ariaLabel: "Time" });
    this.words = span("cap");
    this.element = el("label", { className: "time", hidden: true }, "Time", this.slider, this.words);
    this.slider.addEventListener("input", () => this.preview());
    this.slider.addEventListener("change", () => this.go());
  }

  draw() {
    const { header, live, path } = this.writer;
    const { nodes, here } = header;
    const stays = this.leaf <= nodes.length && pathOf(nodes, this.leaf).includes(here);
    this.leaf = stays ? this.leaf : here;
    for (let next; (next = nodes.findLastIndex(([parent]) => parent === this.leaf)) >= 0;) this.leaf = next + 1;
    this.branch = [0, ...pathOf(nodes, this.leaf)];
    this.element.hidden = !live || header.playing || this.branch.length < 3;
    [this.slider.max, this.slider.value] = [this.branch.length - 1, path.length];
    this.say(path.length);
  }

  say(n) {
    this.words.textContent = `${n} of ${this.branch.length - 1} tokens`;
    this.slider.ariaValueText = this.words.textContent;
  }

  // While it is dragged: what would not be there yet fades.
  preview() {
    const n = Number(this.slider.value);
    this.say(n);
    this.writer.buttons.forEach((button, i) => button.classList.toggle("later", i >= n));
  }

  go() { this.writer.ask(`go ${this.branch[Number(this.slider.value)]}`); }
}
