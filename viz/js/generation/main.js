// A text as it is written: the tokens with their surprise, what may come next, the branches, the lens.

const WIDE = 760; // pixels from which text and candidates stand side by side
const MOST_BITS = 12; // the surprise that has the strongest colour

class Writer extends Mounted {
  constructor(parent) {
    super(parent);
    [this.candidates, this.lens] = [new Candidates(this), new LensGrid(this)];
    this.asks = 0;
    this.build();
    this.listen();
  }

  build() {
    this.text = el("div", { className: "written", dir: "auto" });
    this.ramp = el("canvas", { width: 96, height: 10, ariaHidden: "true" });
    this.sum = span("cap");
    const legend = el("span", { className: "cap bar" }, "surprise 0", this.ramp, `${MOST_BITS} bits`);
    this.time = new Time(this);
    this.status = el("div", { className: "status", "aria-live": "polite" });
    this.list = el("div", { className: "branch-list" });
    this.branches = el("div", { className: "branches", hidden: true }, el("h2", {}, "Branches", span("cap", "click one to go there")), this.list);
    const told = el("section", {}, el("h2", {}, "The text", legend, this.sum), this.text, this.time.element, this.branches);
    this.frame = el("div", { className: "gen", role: "region", "aria-label": "Generation", hidden: true }, this.notice,
      el("div", { className: "gen-body" }, told, this.candidates.element), this.status, this.lens.element);
    this.root.replaceChildren(el("style", { textContent: STYLE }), this.failure, this.frame);
    this.text.addEventListener("pointerover", (event) => this.over(event));
    this.text.addEventListener("focusin", (event) => this.over(event));
    this.text.addEventListener("pointerleave", () => this.say(null));
    this.text.addEventListener("keydown", (event) => this.key(event));
  }

  take({ header, parts }) {
    Object.assign(this, { payload: { id: header.id }, header, parts });
    this.path = pathOf(header.nodes, header.here);
    this.frame.hidden = false;
    this.dress();
  }

  // Ask the server to do something; each asking is new, even if it is the same again.
  ask(what) { if (this.live) this.send("ask", `${Date.now()}.${++this.asks} ${what}`); }

  refresh() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    this.font = getComputedStyle(this.frame).fontFamily;
    this.frame.classList.toggle("narrow", this.width < WIDE);
    rampBar(this.ramp, this.theme);
    this.drawText();
    this.time.draw();
    this.candidates.draw();
    this.drawBranches();
    this.lens.draw();
    this.say(null);
  }

  drawText() {
    const { header, theme } = this;
    const special = new Set(header.special);
    const given = header.prompt.map((label, i) => span(special.has(i) ? "mark" : "given", special.has(i) ? shown(label) : visibleText(label)));
    this.buttons = this.path.map((number, i) => {
      const [, label, probability, , , chosen] = header.nodes[number - 1];
      const level = Math.round((255 * Math.min(MOST_BITS, bits(probability))) / MOST_BITS);
      const button = pressable(chosen ? "chosen" : "", visibleText(label) || "∅", () => this.ask(`go ${number}`), { tabIndex: i ? -1 : 0 });
      button.dataset.node = number;
      [button.style.background, button.style.color] = level > 6 ? [theme.beam[level], theme.beamInk[level]] : ["", ""];
      return button;
    });
    const caret = el("span", { className: "caret", ariaHidden: "true" });
    this.text.replaceChildren(...given, ...this.buttons, ...(header.ended ? [] : [caret]));
    this.text.scrollTop = this.text.scrollHeight;
    const total = this.path.reduce((sum, number) => sum + bits(header.nodes[number - 1][2]), 0);
    this.sum.textContent = this.path.length ? `${this.path.length} tokens, ${total.toFixed(1)} bits in all` : "";
  }

  drawBranches() {
    const { nodes, here } = this.header;
    const leaves = nodes.map((_, i) => i + 1).filter((number) => !nodes.some(([parent]) => parent === number));
    this.branches.hidden = leaves.length < 2;
    if (this.branches.hidden) return;
    this.list.replaceChildren(...leaves.map((leaf) => {
      const path = pathOf(nodes, leaf);
      const total = path.reduce((sum, number) => sum + bits(nodes[number - 1][2]), 0);
      const text = path.map((number) => visibleText(nodes[number - 1][1])).join("");
      const row = pressable("branch", "", () => this.ask(`go ${leaf}`));
      row.append(el("bdi", { textContent: text.trim() || "∅" }), span("cap", `${path.length} tokens, ${total.toFixed(1)} bits`));
      if (path.includes(here) || leaf === here) row.ariaCurrent = String(leaf === here || this.path.at(-1) === here && path.includes(here));
      return row;
    }));
  }

  over(event) {
    const button = event.target.closest("button");
    this.say(button ? Number(button.dataset.node) : null);
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = this.buttons[this.buttons.indexOf(event.target) + step];
    if (!step || !next) return;
    [event.target.tabIndex, next.tabIndex] = [-1, 0];
    next.focus();
    event.preventDefault();
  }

  // The status line: a token, or where the text stands.
  say(number) {
    if (typeof number === "string") return super.say(number);
    const { header } = this;
    for (const button of this.buttons) button.classList.toggle("active", Number(button.dataset.node) === number);
    if (!number) return fill(this.status, standing(header));
    const [, label, probability, offered, rank, chosen] = header.nodes[number - 1];
    const sofar = this.path.slice(0, this.path.indexOf(number) + 1).reduce((sum, one) => sum + bits(header.nodes[one - 1][2]), 0);
    const taken = chosen ? "chosen by you" : `drawn with ${probabilityWords(offered)} after the filters`;
    return fill(this.status, [quoted(label), ": probability ", strong(probabilityWords(probability)), ", the model's ",
      strong(ordinal(rank + 1)), ` choice of ${thousands(header.n)}, surprise `, strong(`${bits(probability).toFixed(2)} bits`),
      ` (${sofar.toFixed(2)} from the prompt to here); ${taken}. Click it to go back there.`]);
  }
}

// How many nodes lie between the prompt and this one, in order.
function pathOf(nodes, here) {
  const path = [];
  for (let at = here; at; at = nodes[at - 1][0]) path.unshift(at);
  return path;
}

const bits = (probability) => -Math.log2(Math.max(Math.fround(probability), 1.1754943508222875e-38));
const ordinal = (n) => `${thousands(n)}${["th", "st", "nd", "rd"][n % 100 > 10 && n % 100 < 14 ? 0 : n % 10] ?? "th"}`;
const visibleText = (label) => label.replace(/[^\S\n ]/g, " ").replace(/[\x00-\x08\x0b-\x1f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => `‹${codePoint(c)}›`);

// Where the text stands: why it ended, or how large the cache is.
function standing({ ended, cache: [held, told, n] }) {
  const size = (bytes) => (bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
  const words = [];
  if (ended) words.push(`Nothing follows: ${ended}. `);
  words.push(`The cache holds keys and values of ${thousands(n)} tokens: ${size(held)}`);
  if (told) words.push(held === told ? ", which is 2 × layers × heads × d_head × tokens × bytes per number" : `; the formula says ${size(told)}`);
  return [`${words.join("")}.`];
}

export default function (host) { return mount(Writer, host); }
