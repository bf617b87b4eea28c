// Over the grid: heads by a score computed on this input. The thumbnails carry it, and the first of the ranking stand in
// a row of badges; a badge opens its head.

const RANKED = 8;
const share = (name) => ({ of: ({ scores }) => scores[name] ?? null, show: places2, top: () => 2000 });

// Per score: its name, a head's value (null: none), how it is written, where its bar ends, and what it means.
const SCORES = {
  entropy: { title: "entropy", of: ({ entropy }) => entropy, show: (bits) => bits.toFixed(2),
    top: ({ header }) => header.max_entropy, words: () => "entropy of a row in bits; the lower, the fewer it reads" },
  distance: { title: "mean distance", of: ({ distance }, { self }) => (self ? distance : null),
    show: (tokens) => tokens.toFixed(1), top: ({ statistics }) => Math.max(1, ...statistics.map((s) => s.distance ?? 0)),
    words: (payload) => `distance in ${payload.things(2)} from who reads to what is read` },
  sink: { title: "sink mass", of: ({ sink }, payload) => (payload.sink.includes(1) ? sink : null), show: percentOf,
    top: () => 2000, words: (payload) => `share of the weight on ${sinkWords(payload)}` },
  previous: { title: "previous token", ...share("previous token"), words: () => "weight on the token just before" },
  next: { title: "next token", ...share("next token"), words: () => "weight on the token just after" },
  same: { title: "same word", ...share("same word"),
    words: ({ causal }) => `weight on ${causal ? "earlier" : "other"} places of the same word, over words that have one` },
  induction: { title: "induction", ...share("induction"),
    words: () => "weight on what followed the same word last time, over words that came before" },
  own: { title: "own position", ...share("diagonal"), words: ({ thing }) => `weight of a ${thing} on itself` },
  punctuation: { title: "punctuation", ...share("punctuation"), words: () => "weight on punctuation marks, over tokens that can read one" },
};

// Heads with this score, highest first (or lowest): {index, value}; equal ones as in the model.
function rankHeads(payload, name, low = false) {
  const values = (payload.statistics ?? []).map((known, index) => ({ index, value: SCORES[name].of(known, payload) }));
  const sign = low ? 1 : -1;
  return values.filter(({ value }) => value !== null).sort((a, b) => sign * (a.value - b.value) || a.index - b.index);
}

FIELDS.push({
  key: "score",
  start: { name: "role", low: false },
  write: ({ score: { name, low } }) => name + (low ? ".low" : ""),
  read(state, text) {
    const [, name, low] = text.match(/^([a-z]+)(\.low)?$/) ?? [];
    if (name !== "role" && !Object.hasOwn(SCORES, name ?? "")) {
      return `asked for the score “${shorten(text, 20)}”; there are ${wordList(["role", ...Object.keys(SCORES)])}`;
    }
    state.score = { name, low: Boolean(low) };
    return "";
  },
});

class Atlas {
  constructor(bench) {
    this.bench = bench;
    this.select = el("select", { className: "picker", onchange: () => this.set({ name: this.select.value }) });
    this.order = pressable("button order", "", () => this.set({ low: !bench.state.score.low }));
    this.where = span("role");
    this.ranked = el("div", { className: "ranked", role: "group" });
    this.words = span("cap wrap");
    this.title = el("label", { className: "control cap" }, "Score", this.select);
    this.strip = el("div", { className: "atlas" }, this.ranked,
      el("div", { className: "ranked-words" }, this.words, this.order));
    this.ranked.addEventListener("keydown", (event) => this.walk(event));
  }

  take() {
    const { payload } = this.bench;
    this.title.hidden = !payload.statistics;
    if (this.title.hidden) return void (this.strip.hidden = true);
    this.rankings = Object.fromEntries(Object.keys(SCORES).map((name) => [name, rankHeads(payload, name)]));
    const there = Object.keys(SCORES).filter((name) => this.rankings[name].length);
    const titles = [["role", "role"], ...there.map((name) => [name, SCORES[name].title])];
    this.select.replaceChildren(...titles.map(([value, textContent]) => el("option", { value, textContent })));
    this.where.textContent = `on this ${this.input}`;
    this.drawn = null;
  }

  get input() { return this.bench.payload.thing === "patch" ? "picture" : "text"; }

  // The score that is shown; null for roles, and for a score that this input does not have.
  get score() {
    const { name } = this.bench.state.score;
    return this.bench.payload.statistics && this.rankings[name]?.length ? SCORES[name] : null;
  }

  set(changes) {
    const { state } = this.bench;
    state.score = { ...state.score, ...changes };
    this.bench.refresh(); // the thumbnails too
  }

  draw() {
    const { payload, state, theme, roles } = this.bench;
    roles.hidden = Boolean(this.score);
    if (roles.children.length) roles.append(this.where);
    if (this.title.hidden) return;
    const { name, low } = state.score;
    const drawn = [payload.id, name, low, theme.name].join();
    if (this.drawn !== drawn) this.build(name, low);
    this.drawn = drawn;
    this.badges.forEach((badge, i) => {
      const slot = state.slotOf(payload.heads[this.shown[i].index]);
      badge.ariaPressed = String(slot >= 0);
      badge.style.setProperty("--slot", slot < 0 ? "transparent" : theme.heads[slot]);
    });
  }

  build(name, low) {
    const { payload } = this.bench;
    const { score } = this;
    this.select.value = score ? name : "role";
    this.strip.hidden = name === "role";
    this.order.hidden = this.ranked.hidden = !score;
    this.order.textContent = low ? "lowest first" : "highest first";
    this.order.title = `Show the ${low ? "highest" : "lowest"} first`;
    const missing = `Nothing in this ${this.input} to measure ${SCORES[name]?.title} on.`;
    this.words.textContent = score ? `Mean ${score.words(payload)}, computed on this ${this.input}.` : missing;
    this.shown = score ? rankHeads(payload, name, low).slice(0, RANKED) : [];
    this.ranked.ariaLabel = score ? `Heads by ${score.title}, ${low ? "lowest" : "highest"} first` : "";
    this.badges = this.shown.map((entry, i) => this.badgeOf(entry, score, i));
    this.ranked.replaceChildren(...this.badges);
  }

  badgeOf({ index, value }, score, i) {
    const { payload } = this.bench;
    const head = payload.heads[index];
    const badge = pressable("badge", "", (event) => this.open(head, event), { tabIndex: i ? -1 : 0 });
    badge.append(headName(head), " ", el("b", { textContent: score.show(value) }));
    badge.title = `${longName(head)}: ${score.title} ${score.show(value)}`;
    badge.dataset.ranked = `${head.layer}.${head.head}`;
    badge.style.setProperty("--share", `${(100 * value) / (score.top(payload) || 1)}%`);
    return badge;
  }

  open(head, event) {
    if (event.shiftKey) this.bench.add(head);
    else this.bench.choose([head]);
  }

  // Arrows move inside the row, which is one Tab stop.
  walk(event) {
    const at = this.badges.indexOf(event.target);
    const last = this.badges.length - 1;
    const next = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0, End: last }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const badge = this.badges[Math.min(last, Math.max(0, next))];
    for (const other of this.badges) other.tabIndex = other === badge ? 0 : -1;
    badge.focus();
  }

  // In words, what a thumbnail's mark says: "previous token 0.83".
  mark(index) {
    const value = this.value(index);
    return value === null ? null : `${this.score.title} ${this.score.show(value)}`;
  }

  // A head's score; null where there is none, and for what stands for several heads.
  value(index) {
    const { payload } = this.bench;
    const known = payload.statistics?.[index];
    return this.score && known ? this.score.of(known, payload) : null;
  }

  // The score on a thumbnail, in the place of its role: in numbers where they fit, else as a bar; true if it is drawn.
  paint(pen, index, x, y, size) {
    const { score, bench: { payload, theme, font } } = this;
    if (!score) return false;
    const value = this.value(index);
    if (value === null) return true;
    const [text, part] = [score.show(value), value / (score.top(payload) || 1)];
    pen.save();
    pen.font = `600 11px ${font}`;
    const width = Math.ceil(pen.measureText(text).width) + 6;
    [pen.fillStyle, pen.globalAlpha] = [theme.colour.page, 0.92];
    if (width > size - 6) {
      pen.fillRect(x + 1, y + size - 6, size - 2, 5);
      [pen.fillStyle, pen.globalAlpha] = [theme.colour.primary, 1];
      pen.fillRect(x + 1, y + size - 5, Math.max(1, Math.round((size - 2) * Math.min(1, part))), 4);
    } else {
      pen.beginPath();
      pen.roundRect(x + size - width - 1, y + size - 16, width, 15, 3);
      pen.fill();
      [pen.fillStyle, pen.globalAlpha, pen.textAlign, pen.textBaseline] = [theme.colour.ink, 1, "center", "middle"];
      pen.fillText(text, x + size - width / 2 - 1, y + size - 8);
    }
    pen.restore();
    return true;
  }
}

PARTS.push((bench) => new Atlas(bench));

STYLES.push(`
.view .picker{font:inherit;color:var(--ink);height:28px;max-width:100%;padding:0 4px;border:1px solid var(--border);border-radius:8px;background:var(--page)}
.view .picker:hover{border-color:var(--primary)}
.atlas{margin-bottom:8px}
.ranked-words{display:flex;align-items:flex-start;gap:10px;line-height:1.35}
.ranked-words .cap{flex:1}
.view .order{height:26px;font-size:13px}
.ranked{display:flex;flex-wrap:wrap;gap:5px;margin-bottom:4px}
.view .badge{height:26px;padding:0 8px;border:1px solid var(--border);border-radius:5px;font-size:13px;white-space:nowrap;background:linear-gradient(90deg,color-mix(in srgb,var(--primary) 16%,var(--page)) var(--share),var(--page) 0)}
.view .badge b{font-weight:600}
.view .badge:hover{border-color:var(--primary)}
.view .badge[aria-pressed=true]{border-color:var(--slot);box-shadow:inset 0 0 0 1px var(--slot)}
.together{margin-top:2px;line-height:1.35}
.together .control{flex-wrap:wrap}
.tile-note{margin-top:4px}
`);
