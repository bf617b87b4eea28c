// A sweep: parallel coordinates, a heat-map and a table of its runs; what is chosen in one is lit in all.

const STATES = { planned: "not begun", waits: "in the queue", runs: "training", "left behind": "left behind", "at its end": "to its end", out: "out" };

class SweepView extends Mounted {
  constructor(parent) {
    super(parent);
    Object.assign(this, { brushes: {}, pointed: null, picked: null });
    this.status = el("div", { className: "status", "aria-live": "polite" });
    this.coordinates = new Coordinates(this);
    this.heat = new Heat(this);
    this.clear = pressable("button", "Show all", () => this.showAll(), { hidden: true });
    this.table = el("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: "Runs" });
    this.frame = el("section", { className: "sw", "aria-label": "The sweep", hidden: true },
      el("div", { className: "panes" },
        el("section", { className: "wide", ariaLabel: "Coordinates" },
          el("div", { className: "bar" }, el("h2", { textContent: "Every run is a line" }), el("span", { className: "cap", textContent: "drag along an axis to choose" }), spring(), this.clear),
          this.coordinates.element),
        this.heat.element),
      this.table, this.status);
    this.root.replaceChildren(el("style", { textContent: SWEEP_STYLE }), this.failure, this.frame);
    this.listen();
  }

  take({ header }) {
    const axes = JSON.stringify(header.axes);
    if (this.header && axes !== JSON.stringify(this.header.axes)) Object.assign(this, { brushes: {}, picked: null });
    Object.assign(this, { payload: { id: header.id }, header, rows: header.rows });
    this.which = header.columns.indexOf(header.figure.label);
    this.frame.hidden = false;
    this.dress();
  }

  refresh() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    const [wide, narrow] = this.frame.querySelectorAll(".panes>section");
    this.coordinates.draw(wide.clientWidth);
    this.heat.draw(narrow.clientWidth);
    this.fillTable();
    this.show();
    this.root.dataset.runs = this.rows.length;
  }

  // The better the further from the page; the palest still stands out from it.
  code(row) { return row.score === null ? 0 : Math.round(60 + 195 * Math.max(0, Math.min(1, row.score))); }
  colour(row) { return row.score === null ? this.theme.colour.faint : this.theme.beam[this.code(row)]; }
  ink(row) { return this.theme.beamInk[this.code(row)]; }

  lit(row) { return within(row, this.brushes) && (!this.picked || this.picked.includes(row.number)); }
  get narrowed() { return Boolean(this.picked) || Object.keys(this.brushes).length > 0; }

  over(number) {
    this.pointed = number;
    this.show();
  }

  brush(axis, range) {
    if (range) this.brushes[axis] = range;
    else delete this.brushes[axis];
    this.show();
  }

  only(numbers) {
    this.picked = this.picked && String(this.picked) === String(numbers) ? null : numbers;
    this.show();
  }

  showAll() {
    Object.assign(this, { brushes: {}, picked: null });
    this.show();
  }

  fillTable() {
    const { header } = this;
    const names = ["Run", ...header.axes.map(({ label }) => label), ...header.columns, "Step", ""];
    const head = el("tr", {}, ...names.map((name) => el("th", { textContent: name, scope: "col" })));
    this.lines = this.rows.map((row) => this.tableRow(row));
    this.table.replaceChildren(el("table", {}, el("thead", {}, head), el("tbody", {}, ...this.lines)));
  }

  tableRow(row) {
    const cell = (textContent, className = "") => el("td", { textContent, className });
    const link = { href: row.link, textContent: row.number, target: "_self", ariaLabel: `Open run ${row.number} in the playground` };
    const first = el("td", {}, this.chip(row), row.link && this.live ? el("a", link) : `${row.number}`);
    const node = el("tr", {}, first, ...row.words.map((words) => cell(words)), ...this.found(row));
    node.addEventListener("pointerenter", () => this.over(row.number));
    node.addEventListener("pointerleave", () => this.over(null));
    return node;
  }

  // Its figures and how it stands, or why there are none.
  found(row) {
    if (row.why && row.score === null) return [el("td", { className: "why out", textContent: row.why, colSpan: row.figures.length + 2 })];
    return [...row.figures, row.step, row.why || (STATES[row.state] ?? row.state)].map((textContent) => el("td", { textContent }));
  }

  chip(row) {
    const node = span("chip");
    node.style.background = row.score === null ? "transparent" : this.colour(row);
    return node;
  }

  show() {
    if (!this.lines) return;
    this.coordinates.show();
    this.heat.show();
    this.rows.forEach((row, i) => {
      this.lines[i].classList.toggle("dim", this.narrowed && !this.lit(row));
      this.lines[i].classList.toggle("on", row.number === this.pointed || (this.narrowed && this.lit(row)));
    });
    this.clear.hidden = !this.narrowed;
    this.root.dataset.lit = this.rows.filter((row) => this.lit(row)).length;
    fill(this.status, this.words());
  }

  // One sentence on the run that is pointed at, or on all that are lit.
  words() {
    const row = this.rows.find(({ number }) => number === this.pointed);
    if (row) return this.rowWords(row);
    const lit = this.rows.filter((one) => this.lit(one));
    const best = bestOf(lit);
    const some = this.narrowed ? [strong(`${lit.length} of ${this.rows.length}`), " runs are lit. "] : [strong(`${lit.length}`), " runs. "];
    return best ? [...some, "The best of them: ", ...this.rowWords(best)] : [...some, "None has been looked at yet."];
  }

  rowWords(row) {
    const { axes, figure } = this.header;
    const knobs = axes.map(({ label }, i) => `${label} ${row.words[i]}`).join(", ");
    const found = row.figures[this.which];
    const end = row.why ? [`: ${row.why}`] : found ? [": ", strong(found), ` ${figure.label.toLowerCase()} at step ${row.step}.`] : [": not looked at yet."];
    return [strong(`run ${row.number}`), ` (${knobs})`, ...end];
  }
}

export default function (host) {
  return mount(SweepView, host);
}
