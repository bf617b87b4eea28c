// A side of the Text pane that is text: a node per token, of which only those in sight are shaded.

const NONE = -9; // no level of the ramp: what is on screen is not known
const PAST_SIGHT = 300; // pixels above and below what is in sight that are shaded too

class RunningText {
  constructor(pane, side) {
    Object.assign(this, { pane, side, seen: false });
    this.title = { both: "Text", query: "queries", key: "keys" }[side];
    this.element = el("div", { className: "block", role: "group", "aria-label": this.title });
    const act = (name) => (event) => {
      const word = event.target.closest("[data-index]");
      if (word) pane[name](side, Number(word.dataset.index));
    };
    this.element.addEventListener("pointerover", act("over"));
    this.element.addEventListener("click", act("pin"));
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.element.addEventListener("focusin", (event) => { if (event.target.matches(":focus-visible")) act("over")(event); });
  }

  get bench() { return this.pane.bench; }
  get tokens() { return this.bench.payload.tokens(this.side === "key" ? "key" : "query"); }

  build() {
    const { payload, state } = this.bench;
    const { tokens, side, element } = this;
    element.dir = directionOf(tokens.labels.filter((_, index) => !tokens.special[index]));
    if (side !== "both") element.append(el("div", { className: "cap", textContent: this.title }));
    const hides = hiddenAs(payload, state);
    const out = (index) => (side === "both" ? ["query", "key"] : [side]).every((on) => hides[on][index] === OTHER);
    const gone = (index) => (side === "key" ? false : hides.query[index] === SINK);
    let text = -1; // of a pair
    this.spans = tokens.labels.map((label, index) => {
      const another = payload.pair ? payload.pair.of[index] : -1;
      if (text >= 0 && another >= 0 && another !== text) element.append(el("br"));
      if (another >= 0) text = another;
      if (gone(index)) return null;
      const word = appendToken(element, side, index, label, tokens.special[index]);
      if (out(index)) word.classList.add("outside");
      return word;
    });
    this.looks = new Int16Array(tokens.length).fill(NONE);
    [this.framed, this.stop, this.strongest] = [null, null, []];
  }

  layout() {}

  // Where each token's first line lies.
  measure(origin) {
    const { scale } = SCREEN;
    this.boxes = this.spans.map((word) => {
      const box = word?.getClientRects()[0];
      return box && { x: (box.left - origin.left) / scale, y: (box.top - origin.top) / scale,
        width: box.width / scale, height: box.height / scale };
    });
    this.order = this.boxes.flatMap((box, i) => (box ? [i] : []));
  }

  box(index) { return this.boxes[index]; }

  // A colour per token at the other end: of those in sight at once, of the others when they come into sight.
  shade(levels) {
    this.levels = levels;
    if (this.painted !== this.bench.theme) this.looks.fill(NONE);
    this.painted = this.bench.theme;
    this.scrolled();
  }

  scrolled() {
    const { scrollTop, clientHeight } = this.pane.scroller;
    const { theme } = this.bench;
    const { boxes, order, looks, levels, spans } = this;
    const [from, to] = [scrollTop - PAST_SIGHT, scrollTop + clientHeight + PAST_SIGHT];
    let at = firstBelow(order, (i) => boxes[i].y + boxes[i].height, from);
    for (; at < order.length && boxes[order[at]].y < to; at++) {
      const i = order[at];
      if (looks[i] === levels[i]) continue;
      looks[i] = levels[i];
      const level = levels[i];
      spans[i].style.background = level > 0 ? theme.beam[level] : "";
      spans[i].style.color = level > 0 ? theme.beamInk[level] : "";
      spans[i].classList.toggle("cannot", level === -2);
    }
  }

  // Frame one token, or none, and keep the Tab stop there.
  activate(index) {
    const { state, payload } = this.bench;
    const word = index === null ? null : this.spans[index];
    if (this.framed !== word) this.framed?.classList.remove("active", "pinned", "bad");
    word?.classList.add("active");
    word?.classList.toggle("pinned", state.pinned);
    word?.classList.toggle("bad", state.active.side === "query" && payload.bad(state.head, index));
    this.framed = word;
    const stop = word ?? this.stop ?? this.spans.find(Boolean);
    if (this.stop && this.stop !== stop) this.stop.tabIndex = -1;
    if (stop) stop.tabIndex = 0;
    this.stop = stop ?? null;
  }

  number(best) {
    this.strongest.forEach((word) => word.classList.remove("strong"));
    this.strongest = best.map(({ index }) => this.spans[index]).filter(Boolean);
    this.strongest.forEach((word) => word.classList.add("strong"));
  }

  focus(index) { this.spans[index]?.focus(); }

  key(event) {
    const word = event.target.closest("[data-index]");
    if (!word) return;
    const index = Number(word.dataset.index);
    if (event.key === "Enter" || event.key === " ") this.pane.pin(this.side, index);
    else if (!event.key.startsWith("Arrow")) return;
    else this.next(index, event.key)?.focus();
    event.preventDefault();
  }

  // The neighbour in the text, or the nearest token of the line above or below.
  next(at, key) {
    const { spans, boxes } = this;
    const back = this.element.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
    const step = key === back || key === "ArrowUp" ? -1 : 1;
    if (key === "ArrowLeft" || key === "ArrowRight") {
      for (let i = at + step; i >= 0 && i < spans.length; i += step) if (spans[i]) return spans[i];
      return null;
    }
    const here = boxes[at];
    let [best, least] = [null, Infinity];
    boxes.forEach((box, i) => {
      if (!box || (box.y - here.y) * step < here.height / 2) return;
      const distance = Math.abs(box.y - here.y) * 1000 + Math.abs(box.x + box.width / 2 - here.x - here.width / 2);
      if (distance < least) [best, least] = [spans[i], distance];
    });
    return best;
  }
}

// The first place of a list at which a rising number is above a limit.
function firstBelow(list, number, limit) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (number(list[middle]) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

STYLES.push(`
.view .word.outside{opacity:.45;cursor:default}
`);
