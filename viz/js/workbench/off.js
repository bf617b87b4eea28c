// Switching heads off in the model, from the picture: the server runs it again without them, and the change is told.

class Off {
  constructor(bench) {
    this.bench = bench;
    this.sent = null; // what the server was asked for last, {model, heads}
    this.words = el("div", { className: "off-words", "aria-live": "polite" });
    this.restore = pressable("button", "Restore all", () => this.wish([]));
    this.beside = pressable("button off-switch", "", () => this.toggle(bench.state.head), { hidden: true });
    this.chosen = el("div", { className: "off-bar", hidden: true }, this.words, this.restore);
    this.below = el("div", { className: "off-panel", hidden: true });
  }

  get header() { return this.bench.payload.header.off; }
  get given() { return this.header.heads.map(([stack, layer, head]) => ({ stack, layer, head })); }
  get stack() { return this.header?.stack ?? 0; }
  get stacks() { return stacksOf(this.bench.payload); }
  // Whether heads can be switched at all: with a server, and a model that allows it.
  get can() { return Boolean(this.bench.live && this.header && !this.never); }
  get never() { return this.header.refused && !this.header.asked; }
  // Whether the picture is still the one before what was asked for last.
  get waiting() {
    const { header, sent } = this;
    if (!this.bench.live || !header || sent?.model !== header.model) return false;
    return sent.heads !== header.asked && sent.heads !== offWords(this.given);
  }

  has(head) { return this.bench.state.ablated.some((other) => sameOff(other, { ...head, stack: this.stack })); }

  // New data: what the server has switched off counts, unless something else was asked for meanwhile.
  take() {
    const { state, live } = this.bench;
    if (!this.header) return void (state.ablated = []);
    // the address may say more than the server knew of it
    if (live && !this.taken && offWords(state.ablated) !== offWords(this.given)) this.send();
    this.taken = true;
    if (!this.waiting) state.ablated = this.given;
    const { refused, asked } = this.header;
    if (refused && asked && this.told !== asked) this.bench.say(refused);
    this.told = asked;
  }

  // A saved step says which heads are off; a file shows those that it was saved with.
  restored() {
    const { live, state } = this.bench;
    if (!this.header) return;
    if (!live || this.never) state.ablated = this.given;
    else if (offWords(state.ablated) !== (this.waiting ? this.sent.heads : offWords(this.given))) this.send();
  }

  toggle(head) {
    const one = { layer: head.layer, head: head.head, stack: this.stack };
    const { ablated } = this.bench.state;
    if (this.can) this.wish(this.has(head) ? ablated.filter((other) => !sameOff(other, one)) : [...ablated, one]);
    else this.bench.say(this.header.refused || "This file shows the heads as they were saved: to switch one, open the page.");
  }

  wish(heads) {
    this.bench.state.ablated = readOff(offWords(heads));
    this.send();
    this.bench.selected();
  }

  send() {
    this.sent = { model: this.header.model, heads: offWords(this.bench.state.ablated) };
    this.bench.send("off", this.sent);
  }

  key(event) {
    if (event.key.toLowerCase() !== "x" || !this.header) return false;
    const [layer, head] = (event.target.dataset?.head ?? "").split(".").map(Number);
    this.toggle(head === undefined ? this.bench.state.head : { layer, head });
    return true;
  }

  draw() {
    const { state, root, frame } = this.bench;
    this.chosen.hidden = !this.header || (!state.ablated.length && !this.waiting);
    this.below.hidden = !this.header?.change;
    this.beside.hidden = !this.can;
    this.restore.hidden = !this.can || !state.ablated.length;
    if (!this.chosen.hidden) fill(this.words, this.sentence());
    if (!this.below.hidden) this.below.replaceChildren(...this.panel());
    this.label();
    this.name();
    frame.classList.toggle("off-waiting", this.waiting);
    root.dataset.off = this.waiting ? "waiting" : offWords(state.ablated);
  }

  // 2 heads off: layer 2 head 0, layer 3 head 1 · the answer moved by 0.42 bits (KL).
  sentence() {
    const { ablated } = this.bench.state;
    const what = ablated.length ? offTitle(ablated, this.stacks) : [strong("All heads are on again")];
    if (this.waiting) return [...what, ". The model is running again; until then this is the picture before."];
    return [...what, " · ", ...movedWords(this.header.change), "."];
  }

  // What moved, in numbers: candidates up and down, what the model says, vectors where it has no answer.
  panel() {
    const { change } = this.header;
    const parts = change.bits === undefined ? [] : this.movers(change);
    if (change.said) parts.push(this.said(change.said));
    if (change.move) parts.push(this.vectors(change.move));
    const words = offPictures(this.given, this.stack, this.bench.payload.layers, this.stacks);
    return [...parts, el("div", { className: "cap", textContent: words })];
  }

  movers({ bits, n, up, down }) {
    const title = el("div", {});
    fill(title, [strong(`The answer moved by ${bitsOf(bits)} bits`), `, KL(before ‖ after) over all ${thousands(n)} candidates.`]);
    const row = (name, list) => el("div", { className: "off-row" }, el("b", { textContent: name }),
      ...(list.length ? list.map(([label, was, is]) => this.mover(label, was, is)) : [span("cap", "nothing")]));
    return [title, row("Up", up), row("Down", down)];
  }

  mover(label, was, is) {
    const { side, text } = gained(was, is, 3);
    return el("span", { className: "off-mover", title: label }, el("bdi", { textContent: shorten(shown(label), 18) }),
      span("cap", `${places3(halvesOf(was))} → `), el("b", { textContent: places3(halvesOf(is)) }), span(`off-${side}`, text));
  }

  said([verb, before, after]) {
    const node = el("div", { className: "off-said" });
    const quote = (text) => (text ? { token: text } : strong("nothing"));
    if (before === after) fill(node, [`It still ${verb}: `, quote(after), "."]);
    else fill(node, [`It ${verb}: `, quote(after), "; with all heads: ", quote(before), "."]);
    return node;
  }

  vectors({ vector, of = "text", most }) {
    const node = el("div", {});
    const value = vector === null ? "cannot be measured: it is zero" : `moved by ${cosine(vector)}`;
    const start = [strong(`The ${of}'s vector ${value}`), " in cosine distance (0 the same direction, 1 at right angles): ",
      "the mean of the last layer's hidden states."];
    const named = (most ?? []).flatMap(([index, label, distance], i) =>
      [i ? ", " : " Moved most: ", quoted(label), ` (${index}) `, strong(cosine(distance))]);
    fill(node, [...start, ...named, named.length ? "." : ""]);
    return node;
  }

  // The switch says which head it is of, and how it differs from hiding lines.
  name() {
    const { head, focus } = this.bench.state;
    const off = this.has(head);
    this.beside.textContent = off ? `Switch ${headName(head)} on again` : `Switch off ${headName(head)} in the model`;
    this.beside.title = off ? "The model is run again with this head (key X)"
      : `Its output becomes zero and the model is run again (key X). To hide only its lines, press ${focus + 1}.`;
  }

  // Thumbnails say that they are off to those who listen.
  label() {
    const { grid, payload } = this.bench;
    grid.buttons.forEach((button, i) => {
      const name = button.title.replace(/ · switched off$/, "");
      const said = this.has(payload.heads[i]) ? `${name} · switched off` : name;
      if (button.title !== said) [button.title, button.ariaLabel] = [said, said];
    });
  }
}

// A head that is off: its picture pale, and crossed.
function crossOut(pen, theme, x, y, size) {
  pen.save();
  [pen.fillStyle, pen.globalAlpha] = [theme.colour.page, 0.62];
  pen.fillRect(x + 1, y + 1, size - 2, size - 2);
  pen.globalAlpha = 1;
  for (const [colour, width] of [[theme.colour.page, 4.5], [theme.colour.ink, 1.75]]) {
    [pen.strokeStyle, pen.lineWidth, pen.lineCap] = [colour, width, "round"];
    pen.beginPath();
    pen.moveTo(x + 4, y + 4);
    pen.lineTo(x + size - 4, y + size - 4);
    pen.moveTo(x + size - 4, y + 4);
    pen.lineTo(x + 4, y + size - 4);
    pen.stroke();
  }
  pen.restore();
}

// Under each candidate of the answer what it had before, if heads are off.
function wasNode({ header }, i) {
  const { ranking, off } = header;
  const was = off?.change?.was?.[i];
  if (was === undefined) return [];
  const { side, text } = gained(was, ranking.best[i], 2);
  return [el("div", { className: "off-was" }, span("", `was ${places2(halvesOf(was))}`), span(`off-${side}`, text))];
}

PARTS.push((bench) => (bench.off = new Off(bench)));

FIELDS.push({
  key: "off",
  name: "ablated",
  start: [],
  write: (state) => offWords(state.ablated),
  read(state, text, payload) {
    const { off } = payload.header;
    if (!off) return `asked for heads off (${shorten(text, 20)}), which cannot be done here`;
    if (off.refused && !off.asked) return `asked for heads off; ${off.refused.replace(/\.$/, "")}`;
    const asked = readOff(text);
    if (!asked.length) return `asked for the heads “${shorten(text, 20)}” off; write layer.head, as in 2.5,3.1`;
    const stacks = stacksOf(payload);
    state.ablated = asked.filter((head) => !missingOff(head, stacks));
    const missing = asked.find((head) => missingOff(head, stacks));
    return missing ? `asked for ${missingOff(missing, stacks)}` : "";
  },
});

STYLES.push(`
.off-bar{display:flex;align-items:flex-start;gap:8px 12px;margin-top:12px;padding:8px 10px;border:1px solid var(--border);border-left:3px solid var(--ink);border-radius:8px;background:var(--panel);font-size:13.5px;line-height:1.4}
.off-words{flex:1;min-width:0;overflow-wrap:anywhere}
.off-words b,.off-panel b{font-weight:600}
.off-bar .button{flex:none;height:28px}
.off-waiting .inspector,.off-waiting .off-panel{opacity:.45;filter:saturate(.2)}
.off-panel{display:flex;flex-direction:column;gap:4px;padding:9px 14px 10px;border-top:1px solid var(--line);font-size:14px;line-height:1.5}
.off-row{display:flex;flex-wrap:wrap;gap:2px 18px;align-items:baseline}
.off-row>b{width:44px}
.off-mover{display:inline-flex;gap:5px;align-items:baseline;white-space:nowrap}
.off-up{color:var(--right);font-weight:600}
.off-down{color:var(--wrong);font-weight:600}
.off-same{color:var(--muted)}
.off-was{grid-column:1/3;display:flex;justify-content:space-between;gap:4px;font-size:12px;line-height:16px;color:var(--muted);white-space:nowrap}
.off-said{overflow-wrap:anywhere}
.view .off-switch{align-self:flex-start;height:26px;font-size:13px;overflow:hidden;text-overflow:ellipsis;max-width:100%}
.narrow .off-row{flex-direction:column}
.narrow .off-panel{padding-left:10px;padding-right:10px}
`);
