// The comparison as a whole: the ranked heads, three matrices, and the answers, all about one pair of heads.

const WIDE = 820; // pixels from which the list stands beside the matrices
const N_CELLS = 6; // changes listed in numbers

class Compare extends Mounted {
  constructor(parent) {
    super(parent);
    [this.cell, this.pinned] = [null, false];
    [this.ranking, this.panes] = [new Ranking(this), new Panes(this)];
    this.build();
    this.listen();
  }

  build() {
    this.headline = el("div", { className: "headline" });
    this.status = el("div", { className: "sentence", "aria-live": "polite" });
    [this.hint, this.legend, this.nearest] = [span("cap hint"), span("cap legend"), span("nearest")];
    [this.cells, this.answers] = [el("div", { className: "cells" }), el("div", { className: "answers" })];
    [this.notes, this.stage] = [el("div", { className: "notes cap" }), el("div", { className: "stage" })];
    this.stage.append(this.panes.element, this.legend, saveButtons((kind) => saveCompared(this, kind)));
    this.frame = el("section", { className: "cmp", "aria-label": "Comparison", hidden: true }, this.notice, this.headline,
      el("div", { className: "cmp-body" }, this.ranking.element, this.stage),
      el("div", { className: "status" }, this.status, this.hint), this.nearest,
      el("div", { className: "below" }, this.cells, this.answers), this.notes);
    this.root.replaceChildren(el("style", { textContent: STYLE + SAVE_STYLE }), this.failure, this.frame);
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  // ---- Data

  take(unpacked) {
    const old = this.payload;
    this.payload = new Payload(unpacked);
    const { header, heads } = this.payload;
    const key = header.key && readAddress([header.key])[header.key];
    const [edited] = header.edited.map(([layer, head]) => ({ layer, head }));
    const first = heads[0]?.half ? heads[0] : edited ?? heads[0] ?? { layer: 0, head: 0 };
    this.start = { a: first, b: first };
    const linked = old ? null : readPair(key ?? header.want);
    const pair = old && this.touched ? this.pair : linked;
    if (linked && !this.payload.exists(linked)) this.say(`The link asked for ${key}; there is no such head.`);
    this.pair = pair && this.payload.exists(pair) ? pair : this.start;
    this.touched = this.pair !== this.start;
    if (!old || JSON.stringify(old.header.rows) !== JSON.stringify(header.rows)) [this.cell, this.pinned] = [null, false];
    this.asked = header.want ?? null;
    this.frame.hidden = false;
    this.ranking.build();
    this.dress();
  }

  // Ask the server for matrices that are not here, and in a comparison of two models for the head most like this one.
  request() {
    const words = pairWords(this.pair);
    const { header } = this.payload;
    const known = !header.nearest || headWords(this.pair.a) === header.nearest.slice(0, 2).join(".");
    if (!this.live || this.asked === words || (this.payload.matrices(this.pair) && known)) return;
    this.asked = words;
    this.send("want", words);
  }

  // ---- What the visitor does

  choose(pair) {
    [this.pair, this.touched] = [pair, true];
    this.selected();
  }

  point(cell) {
    if (this.pinned || (cell?.r === this.cell?.r && cell?.c === this.cell?.c)) return;
    this.cell = cell;
    this.soon();
  }

  pin(cell, force = false) {
    const same = this.pinned && cell?.r === this.cell?.r && cell?.c === this.cell?.c;
    this.pinned = Boolean(cell) && (force || !same);
    this.cell = cell;
    this.soon();
  }

  key(event) {
    if (event.key !== "Escape" || !this.cell) return;
    [this.cell, this.pinned] = [null, false];
    this.soon();
    event.stopPropagation();
  }

  // ---- Drawing: everything; the pair of heads; the cell under the pointer (at most once per frame)

  refresh() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    this.font = getComputedStyle(this.frame).fontFamily;
    this.frame.classList.toggle("narrow", this.width < WIDE);
    fill(this.headline, headline(this.payload));
    this.notes.replaceChildren(...this.payload.header.notes.map((note) => el("p", { textContent: note })));
    this.notes.hidden = !this.payload.header.notes.length;
    const style = getComputedStyle(this.stage);
    this.panes.layout(this.stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 4);
    this.drawLegend();
    this.drawAnswers();
    this.selected();
  }

  selected() {
    this.request();
    this.ranking.mark();
    this.panes.draw();
    this.drawCells();
    this.drawNearest();
    this.pointed();
    this.address();
  }

  soon() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      this.panes.mark();
      this.pointed();
    });
  }

  pointed() {
    const { payload, pair, cell } = this;
    const matrices = payload.matrices(pair);
    const sentence = !matrices ? [strong(`${pairTitle(pair, payload.sides)}:`), this.missingWords()]
      : cell ? cellSentence(payload, pair, matrices, cell) : pairSentence(payload, pair, matrices);
    fill(this.status, sentence);
    this.hint.textContent = this.pinned ? "pinned · Esc releases" : "";
    for (const { picture, title } of this.panes.panes) picture.ariaLabel = `${title.textContent}. ${plainText(sentence)}`;
  }

  missingWords() {
    if (!this.payload.heads.length) return " nothing to show.";
    return this.live ? " reading …" : " this file does not hold it.";
  }

  drawLegend() {
    const { sides: [one, two], causal } = this.payload;
    const bar = (low, high, ramp) => {
      const canvas = el("canvas", { ariaHidden: "true" });
      rampBar(canvas, this.theme, ramp);
      return el("span", {}, low, canvas, high);
    };
    const lines = [bar("weight 0", "1", this.theme.beam),
      bar(`${two.title} less ${THEME.minus}1`, "+1 more", this.theme.change), span("", "sqrt scale, same for every head")];
    const { rows, columns } = this.payload;
    const lacking = [rows, columns].some((units) => units.a.some((_, i) => !units.paired(i)));
    if (lacking) lines.push(span("", `hatched: stands ${one.within} only, or ${two.within} only`));
    if (causal) lines.push(span("", "grey: comes later, cannot be read"));
    lines.push(span("", "right: bits of each row, 0 to 1"));
    this.legend.replaceChildren(...lines);
  }

  drawCells() {
    const { payload, pair } = this;
    const matrices = payload.matrices(pair);
    const cells = matrices ? matrices.topCells(N_CELLS) : [];
    const { sides: [one, two], rows, columns } = payload;
    const read = (side, { r, c }) => (rows[side][r] === null || columns[side][c] === null ? "–" : places3(matrices.half(side, r, c)));
    const row = (at) => {
      const words = el("td", {});
      fill(words, [...rows.named(at.r), " reads ", ...columns.named(at.c)]);
      const node = el("tr", { tabIndex: 0 }, words, el("td", {}, read("a", at)), el("td", {}, read("b", at)),
        el("td", {}, this.chip(matrices.thousandths(at.r, at.c))));
      node.onclick = () => this.pin(at, true);
      node.onkeydown = ({ key }) => { if (key === "Enter") this.pin(at, true); };
      return node;
    };
    const title = el("b", { textContent: "Changed most in this head" });
    const none = span("cap", matrices ? "Nothing changed, to three places." : "");
    this.cells.replaceChildren(title, cells.length ? table(["", one.title, two.title, "change"], cells.map(row)) : none);
  }

  // A change in numbers on its colour.
  chip(thousandths) {
    const node = span("chip", signed(thousandths));
    const t = thousandths / 1000;
    const colour = this.theme.change[Math.round(127.5 + Math.sign(t) * Math.sqrt(Math.abs(t)) * 127.5)];
    node.style.background = colour;
    node.style.color = inkOn(colour.match(/\d+/g).map(Number));
    return node;
  }

  drawAnswers() {
    const { header: { answers, shift }, sides: [one, two] } = this.payload;
    const parts = [el("b", { textContent: "The answer" })];
    const question = answers.find(Boolean)?.question;
    if (!question) parts.push(el("p", { className: "cap", textContent: "Neither of the two answers with one of a list, so there is nothing to compare." }));
    else {
      const line = el("div", {});
      fill(line, answerSentence(this.payload));
      parts.push(line);
    }
    if (shift) {
      const bits = shift.bits < 0.0005 ? "<0.001" : shift.bits.toFixed(3);
      parts.push(span("cap", `${bits} bits apart, KL(${one.title} ‖ ${two.title}) over all candidates`));
      const row = ([label, p, q]) => el("tr", {}, el("td", {}, el("bdi", { textContent: shown(label) })), el("td", {}, chance(p)),
        el("td", {}, chance(q)), el("td", {}, this.chip(Math.sign(q - p) * Math.floor(Math.abs(q - p) * 1000 + 0.5))));
      parts.push(table(["moved most", one.title, two.title, "change"], shift.moved.map(row)));
    } else if (question) {
      parts.push(el("p", { className: "cap", textContent: "They rank different candidates, so their answers cannot be subtracted." }));
    }
    this.answers.replaceChildren(...parts);
  }

  drawNearest() {
    const { payload: { header, sides: [one, two] }, pair } = this;
    this.nearest.hidden = !header.nearest;
    if (!header.nearest) return;
    const [layer, head, otherLayer, otherHead, half] = header.nearest;
    if (headWords(pair.a) !== `${layer}.${head}`) {
      this.nearest.replaceChildren(this.live ? "Looking for the head most like it …" : "");
      this.nearest.hidden = !this.live;
      return;
    }
    const b = { layer: otherLayer, head: otherHead };
    const words = `Of all heads ${two.within}, ${headTitle(b)} reads most like ${headTitle(pair.a)} ${one.within}: ${bitsWords(half)} apart.`;
    const beside = { a: pair.a, b };
    const shownNow = pairWords(pair) === pairWords(beside);
    this.nearest.replaceChildren(span("", words), ...(shownNow ? [] : [pressable("button", "Show the two", () => this.choose(beside))]));
  }

  address() {
    const { key } = this.payload.header;
    if (!this.live || !key) return;
    writeAddress([key], this.touched ? { [key]: pairWords(this.pair) } : {});
  }
}

function table(titles, rows) {
  const head = el("tr", {}, ...titles.map((title) => el("th", { scope: "col", textContent: title })));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows));
}

// "3.0" or "3.0-1.2" as a pair of heads; null if it is none.
function readPair(words) {
  const found = /^(\d{1,4})\.(\d{1,4})(?:-(\d{1,4})\.(\d{1,4}))?$/.exec(words ?? "");
  if (!found) return null;
  const [, layer, head, otherLayer, otherHead] = found;
  const a = { layer: Number(layer), head: Number(head) };
  return { a, b: otherLayer === undefined ? a : { layer: Number(otherLayer), head: Number(otherHead) } };
}

export default function (host) { return mount(Compare, host); }
