// A beam search as a tree: a column per step, its candidates in the order of their totals; below, what has finished.

class BeamTree extends Mounted {
  constructor(parent) {
    super(parent);
    this.asks = 0;
    this.build();
    this.listen();
  }

  build() {
    this.at = el("input", { type: "range", min: "1", "aria-label": "Step" });
    this.at.oninput = () => this.walk(Number(this.at.value));
    this.note = span("cap");
    const walk = el("span", { className: "control walk" }, pressable("button", "‹", () => this.walk(this.shown - 1), { ariaLabel: "A step back" }),
      this.at, pressable("button", "›", () => this.walk(this.shown + 1), { ariaLabel: "A step on" }), this.note);
    const legend = el("span", { className: "cap keys" }, span("key kept"), "goes on", span("key finished"), "finished", span("key dropped"), "dropped");
    this.links = document.createElementNS(SVG, "svg");
    this.links.setAttribute("aria-hidden", "true");
    this.cells = el("div", { className: "cells", role: "group", "aria-label": "Candidates, a column for each step" });
    this.scroller = el("div", { className: "tree" }, this.links, this.cells);
    this.status = el("div", { className: "status", "aria-live": "polite" });
    this.list = el("div", { className: "ranking" });
    this.rule = span("cap");
    this.frame = el("div", { className: "beams", role: "region", "aria-label": "Beam search", hidden: true }, this.notice,
      el("section", {}, el("h2", {}, "The search", legend, walk), this.scroller), this.status,
      el("section", { className: "ranked" }, el("h2", {}, "The ranking", this.rule), this.list));
    this.root.replaceChildren(el("style", { textContent: STYLE }), this.failure, this.frame);
    for (const kind of ["pointerover", "focusin"]) this.frame.addEventListener(kind, (event) => this.over(event));
    this.frame.addEventListener("pointerleave", () => this.point(this.held ?? 0));
    this.cells.addEventListener("keydown", (event) => this.key(event));
  }

  take({ header, parts }) {
    const anew = this.header?.prompt.join() !== header.prompt.join() || header.candidates.length < this.header.candidates.length;
    const last = this.steps;
    Object.assign(this, { payload: { id: header.id }, header, probability: parts.probability });
    this.steps = 1 + (header.candidates.at(-1)?.[1] ?? -1);
    if (anew || this.shown === last || this.shown === undefined) this.shown = this.steps; // who has walked back stays there
    if (anew) this.held = 0;
    this.frame.hidden = false;
    this.dress();
  }

  ask(what) { if (this.live) this.send("ask", `${Date.now()}.${++this.asks} ${what}`); }

  refresh() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    this.walk(this.shown);
  }

  // Show the search as it stood after so many steps.
  walk(step) {
    this.shown = Math.max(Math.min(1, this.steps), Math.min(this.steps, step));
    [this.at.max, this.at.value, this.at.disabled] = [String(Math.max(1, this.steps)), String(this.shown), this.steps < 2];
    this.at.style.setProperty("--fill", `${this.steps > 1 ? (100 * (this.shown - 1)) / (this.steps - 1) : 100}%`);
    this.note.textContent = `step ${this.shown} of ${this.steps}`;
    this.draw();
    this.point(this.held && this.header.candidates[this.held - 1][1] < this.shown ? this.held : 0);
  }

  draw() {
    const { candidates, fates, n } = this.header;
    const seen = candidates.slice(0, candidates.findLastIndex(([, step]) => step < this.shown) + 1);
    const wins = ranked(seen, n);
    this.wins = wins;
    const rows = [];
    this.place = seen.map(([, step]) => ({ x: step * CELL.column, y: (rows[step] = (rows[step] ?? -1) + 1) * CELL.row }));
    const height = (Math.max(0, ...rows) + 1) * CELL.row;
    const width = Math.max(1, this.shown) * CELL.column;
    [this.cells.style.width, this.cells.style.height] = [`${width}px`, `${height}px`];
    for (const [name, value] of [["width", width], ["height", height]]) this.links.setAttribute(name, value);
    this.lines = seen.map(([parent, , , fate], i) => {
      if (!parent) return null;
      const [from, to] = [this.place[parent - 1], this.place[i]];
      const [x, y, X, Y] = [from.x + CELL.width, from.y + CELL.row / 2 - 1, to.x, to.y + CELL.row / 2 - 1];
      const line = document.createElementNS(SVG, "path");
      line.setAttribute("d", `M${x} ${y}C${x + 14} ${y} ${X - 14} ${Y} ${X} ${Y}`);
      line.setAttribute("class", fates[fate]);
      return line;
    });
    this.links.replaceChildren(...this.lines.filter(Boolean));
    this.buttons = seen.map(([, step, label, fate], i) => {
      const button = pressable(fates[fate], "", () => { this.held = this.held === i + 1 ? 0 : i + 1; this.point(i + 1); }, { tabIndex: -1 });
      button.dataset.node = i + 1;
      [button.style.left, button.style.top] = [`${this.place[i].x}px`, `${this.place[i].y}px`];
      button.append(el("bdi", { textContent: shown(label) }), span("number", probabilityWords(this.probability[i])));
      if (fates[fate] === "finished") button.append(span("end", wins.includes(i + 1) ? `${wins.indexOf(i + 1) + 1}` : "–"));
      if (step === this.shown - 1) button.classList.add("now");
      return button;
    });
    const first = this.buttons.find((button) => button.classList.contains("now"));
    if (first) first.tabIndex = 0;
    this.cells.replaceChildren(...this.buttons);
    this.scroller.scrollLeft = width - this.scroller.clientWidth;
    this.drawRanking(wins);
  }

  drawRanking(wins) {
    const { candidates, penalty, playing, ended, n } = this.header;
    const over = this.shown === this.steps && ended;
    const power = penalty === 1 ? "" : ` to the power ${signed(penalty)}`;
    this.rule.textContent = `score = sum of log-probabilities ÷ number of tokens${power}`;
    if (!wins.length) return fill(this.list, ["No text has finished yet: a text finishes when the model writes its end, or has no room left."]);
    this.list.replaceChildren(...wins.map((number, i) => {
      const path = pathOf(candidates, number);
      const [, , , , total, score] = candidates[number - 1];
      const row = el("div", { className: "ranked-row" }, span("place", `${i + 1}`), el("bdi", { textContent: this.words(path) }),
        el("span", { className: "cap" }, `${signed(total.toFixed(3))} ÷ ${path.length}`,
          ...(penalty === 1 ? [] : [el("sup", { textContent: signed(penalty) })]), " ="), el("b", { textContent: signed(score.toFixed(4)) }));
      row.dataset.node = number;
      if (this.live && !playing) row.append(pressable("button", "Write it", () => this.ask(`write ${number}`), { ariaLabel: `Write text ${i + 1}` }));
      return row;
    }), ...(wins.length < n && !over ? [span("cap", `${n - wins.length} more may finish.`)] : []));
  }

  words(path) { return path.map((number) => visibleText(this.header.candidates[number - 1][2])).join("").trim() || "∅"; }

  over(event) {
    const number = Number(event.target.closest?.("[data-node]")?.dataset.node ?? 0);
    this.point(number || this.held || 0);
  }

  // Light a text up, from the prompt to here, and say what became of it.
  point(number) {
    const { candidates, fates, playing, ended } = this.header;
    const path = new Set(pathOf(candidates, number));
    this.buttons.forEach((button, i) => {
      button.classList.toggle("on", path.has(i + 1));
      button.ariaPressed = String(this.held === i + 1);
    });
    this.lines.forEach((line, i) => line?.classList.toggle("on", path.has(i + 1)));
    for (const row of this.list.children) row.classList.toggle("on", Number(row.dataset.node) === number);
    this.scroller.classList.toggle("lit", path.size > 0);
    if (!number) return fill(this.status, this.standing(playing, ended));
    const [, step, label, fate, total, score] = candidates[number - 1];
    const rank = this.wins.indexOf(number);
    const what = {
      kept: "It went on.",
      dropped: "It was dropped: others of its step had a larger sum.",
      finished: score === null ? "" : `It finished with score ${signed(score.toFixed(4))}${rank < 0 ? ", and better ones have pushed it out." : `, place ${rank + 1}.`}`,
      late: "It ended too far down its column to count.",
    }[fates[fate]];
    fill(this.status, [`Step ${step + 1}: `, quoted(label), " has probability ", strong(probabilityWords(this.probability[number - 1])),
      " after these words; the whole text has the sum of log-probabilities ", strong(signed(total.toFixed(3))), `. ${what} `,
      { token: shorten(this.words([...path]), 240) }]);
  }

  standing(playing, ended) {
    if (!this.steps) return ["Nothing is searched yet: press One step, or Search."];
    const said = ended ? `The search ended: ${ended}.` : playing ? "Searching." : "The search waits.";
    return [`${said} Each column is a step, best sum on top; the number is the token's probability. Point at a token to see its text.`];
  }

  key(event) {
    const at = Number(event.target.dataset.node);
    if (!at) return;
    const { candidates } = this.header;
    const [parent, step] = candidates[at - 1];
    const next = {
      ArrowLeft: parent, ArrowRight: 1 + this.buttons.findIndex((_, i) => candidates[i][0] === at),
      ArrowUp: candidates[at - 2]?.[1] === step ? at - 1 : 0, ArrowDown: candidates[at]?.[1] === step ? at + 1 : 0,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const button = this.buttons[next - 1];
    if (!button) return;
    [event.target.tabIndex, button.tabIndex] = [-1, 0];
    button.focus();
  }
}

const SVG = "http://www.w3.org/2000/svg";
const CELL = { column: 142, width: 116, row: 30 };

// The numbers of the texts that have finished, best first, no more than there are beams.
function ranked(candidates, n) {
  const done = candidates.flatMap(([, , , , , score], i) => (score === null ? [] : [i + 1]));
  return done.sort((a, b) => candidates[b - 1][5] - candidates[a - 1][5]).slice(0, n);
}

// The candidates from the prompt to this one.
function pathOf(candidates, number) {
  const path = [];
  for (let at = number; at; at = candidates[at - 1][0]) path.unshift(at);
  return path;
}

const signed = (number) => String(number).replace("-", "−");
const visibleText = (label) => label.replace(/[^\S\n ]/g, " ").replace(/[\x00-\x08\x0b-\x1f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => `‹${codePoint(c)}›`);

export default function (host) { return mount(BeamTree, host); }
