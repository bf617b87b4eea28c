// What a model makes of a text at one of the text tasks: its answer, and below it what the answer rests on.

const NARROW = 620;

class TaskView extends Mounted {
  constructor(parent) {
    super(parent);
    Object.assign(this, { row: null, token: null, marked: 0, asks: 0, columns: [], written: [] });
    this.body = el("div");
    this.status = el("div", { className: "status", "aria-live": "polite" });
    this.frame = el("div", { className: "task", role: "region", "aria-label": "What the model makes of the text", hidden: true },
      this.notice, this.body, this.status);
    this.root.replaceChildren(el("style", { textContent: STYLE }), this.failure, this.frame);
    this.alignment = new Alignment(this);
    this.body.addEventListener("pointerover", (event) => this.pointed(event));
    this.body.addEventListener("pointerleave", () => this.over(null));
    this.body.addEventListener("keydown", (event) => this.key(event));
    this.listen();
  }

  take({ header, parts }) {
    Object.assign(this, { payload: { id: header.id }, header, parts, marked: 0, token: null });
    const { tokens = [], special = [] } = header.passage ?? {};
    const word = tokens.findIndex((_, i) => !special.includes(i)); // what begins a text says nothing of it
    this.row = Math.max(0, Math.min(this.row ?? word, header.rows.length - 1));
    this.frame.hidden = false;
    this.dress();
  }

  // Ask the server to do something; each asking is new, even if it is the same again.
  ask(what) { if (this.live) this.send("ask", `${Date.now()}.${++this.asks} ${what}`); }

  refresh() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    this.font = getComputedStyle(this.frame).fontFamily;
    this.narrow = this.width < NARROW;
    this.frame.classList.toggle("narrow", this.narrow);
    const { heads, digits } = this.theme;
    for (const [name, colour] of [["head", heads[0]], ["head2", heads[1]], ["digit", digits[0]]]) this.frame.style.setProperty(`--${name}`, colour);
    const { header } = this;
    const sections = [];
    if (header.classes) sections.push(classNodes(this));
    if (header.spans) sections.push(spanNodes(this), endNodes(this));
    if (header.gaps) sections.push(gapNodes(this));
    if (header.passage) {
      sections.push(passageNodes(this));
      if (header.maps.length) sections.push(this.alignment.element);
      this.alignment.draw();
    }
    sections.push(this.readNodes());
    this.body.replaceChildren(...sections);
    this.showEnds();
    this.tell();
  }

  // Where the answer begins, in sight.
  showEnds() {
    const ends = this.body.querySelector(".ends");
    const begin = ends?.querySelector(".in");
    if (begin) ends.scrollLeft = begin.getBoundingClientRect().x - ends.getBoundingClientRect().x - ends.clientWidth / 2;
  }

  // The text that was read, shaded once per method; without any, as it is.
  readNodes() {
    const { header } = this;
    const numbers = header.passage ? this.alignment.numbers : header.maps.map((_, i) => i);
    const title = header.passage ? "What it read for the chosen word" : `What ${this.subject()} rests on`;
    const why = header.why_not.map((words) => el("p", { textContent: words }));
    const many = header.spans && header.maps.length
      ? [segmented("Of the answer", header.rows.map((name, i) => ({ name: i, title: name })), (i) => this.choose(i), true)] : [];
    many.forEach((one) => one.set(this.row));
    const made = section(title, "", ...why, el("div", { className: "maps" }, ...numbers.map((i) => mapNodes(this, i))));
    made.firstChild.append(...many.map((one) => one.element));
    this.reading = made;
    return made;
  }

  subject() {
    const { classes, gaps } = this.header;
    if (classes) return `“${classes.listed.find(([, , number]) => number === classes.chosen)?.[0] ?? ""}”`;
    return gaps ? (gaps.length > 1 ? `gap ${this.row + 1}` : "the gap") : "the answer";
  }

  // Another row of the explanation: a gap, an end of the answer, a written token.
  choose(row, token = null) {
    const same = row === this.row;
    [this.row, this.token] = [row, token];
    if (!same) {
      const old = this.reading;
      old.replaceWith(this.readNodes());
      if (this.header.gaps) this.body.querySelectorAll(".gaps h3 .button").forEach((button, i) => { button.ariaPressed = String(i === row); });
    }
    this.written.forEach((button, i) => { button.tabIndex = i === row ? 0 : -1; });
    if (this.header.passage) this.alignment.mark();
    this.over(token);
  }

  // One of the answers: marked in the text.
  mark(i) {
    this.marked = i;
    this.refresh();
  }

  pointed(event) {
    const token = event.target.closest("[data-token]")?.dataset.token;
    if (token !== undefined) this.over(Number(token));
  }

  key(event) {
    if (!event.target.closest(".read, .ends")) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.over(Math.max(0, Math.min(this.header.tokens.length - 1, (this.token ?? -step) + step)));
  }

  // A token of what was read, under the pointer or reached by keys.
  over(token) {
    this.token = token;
    this.body.querySelectorAll(".over").forEach((node) => node.classList.remove("over"));
    if (token !== null) this.body.querySelectorAll(`[data-token="${token}"]`).forEach((node) => node.classList.add("over"));
    this.written.forEach((button, i) => button.classList.toggle("on", i === this.row));
    this.tell();
  }

  tell() { fill(this.status, tellWords(this)); }
}

// What the status line says: of the answer, or of the token under the pointer.
function tellWords({ header, parts, row, token }) {
  const n = header.tokens.length;
  const words = [];
  if (header.passage) words.push("For ", quoted(header.rows[row] ?? ""), ", written with probability ", strong(probabilityWords(parts.probabilities[row] ?? 0)), ": ");
  if (token === null) return [...words, words.length ? "point at a word that was read." : "Point at a word to see its numbers."];
  words.push(quoted(header.tokens[token]));
  if (header.spans) words.push(": the answer begins here with ", strong(probabilityWords(parts.start[token])), ", ends here with ", strong(probabilityWords(parts.end[token])));
  header.maps.forEach(({ name, signed }, i) => {
    const values = parts[`map${i}`];
    const at = Math.min(row, values.length / n - 1);
    words.push(i || header.spans ? "; " : ": ", name.toLowerCase(), " ", strong(valueWords(values[at * n + token], signed)));
  });
  return [...words, "."];
}

export default function (host) { return mount(TaskView, host); }
