// A sentence as it is painted: transport, picture, choices, words, heads, candidates, masks. All cells are here at once:
// only another candidate, mask or colour asks the server.

const WIDE = 900; // pixels from which the panes stand side by side
const [SIDE_ROOM, BESIDE] = [318, 270]; // pixels: the column of heads, and the least for colours and words
const STRIP = 2.2; // cells: the height of the words above a head's small map

class Painter extends Mounted {
  constructor(parent) {
    super(parent);
    [this.state, this.hovered, this.playing] = [new State(), null, false];
    [this.board, this.colours, this.words] = [new Board(this), new Colours(this), new Words(this)];
    [this.heads, this.strips] = [new Heads(this), new Strips(this)];
    this.build();
    this.listen();
    this.gone.signal.addEventListener("abort", () => this.stop());
  }

  build() {
    this.playButton = pressable("button", "Play", () => this.play());
    this.back = pressable("button", "Back", () => this.step(-1));
    this.on = pressable("button", "One cell", () => this.step(1));
    this.slide = el("input", { type: "range", min: 0, step: 1, ariaLabel: "Cells painted" });
    this.slide.addEventListener("input", () => { this.stop(); this.show(Number(this.slide.value)); });
    this.count = span("cap count");
    this.speed = segmented("Cells a second", SPEEDS.map((n) => ({ name: n, title: String(n) })), (speed) => this.set({ speed }), true);
    this.over = segmented("Shown", CHOICES.over.map((name, i) => ({ name, title: ["What it read", "Picture"][i] })), (over) => this.set({ over }), true);
    this.copy = pressable("button", "Copy link", () => this.copyLink(), { hidden: true });
    this.as = el("div", { className: "as" });
    this.legend = span("cap legend");
    this.undo = pressable("button", "Take my colours out", () => this.ask({ put: [] }), { hidden: true });
    this.status = el("div", { className: "sentence", "aria-live": "polite" });
    const bar = el("div", { className: "bar transport" }, this.playButton, this.back, this.on, el("span", { className: "control stretch" }, this.slide), this.count,
      el("span", { className: "control cap" }, "Cells a second", this.speed.element), spring(), this.copy);
    const left = el("div", { className: "left" }, el("div", { className: "bar" }, this.over.element, spring(), this.undo), this.board.element, this.legend, this.as);
    this.frame = el("section", { className: "px pt", "aria-label": "The painting", hidden: true }, this.notice, bar,
      el("div", { className: "body" }, left, el("div", { className: "middle" }, this.colours.element, this.words.element), el("div", { className: "side" }, this.heads.element)),
      el("div", { className: "status" }, this.status), this.strips.element);
    this.root.replaceChildren(el("style", { textContent: STYLE }), this.failure, this.frame);
  }

  // ---- Data

  take(unpacked) {
    const data = new Canvas10(unpacked), before = this.payload;
    this.payload = data;
    const { state } = this;
    this.defaults = new State().fields();
    const complaints = before ? [] : state.apply(this.live ? readAddress(KEYS) : {}, data);
    if (!data.exists(state.head)) state.head = { layer: 0, head: 0 };
    this.asking = { mask: data.mask, candidate: data.which, put: data.put };
    const notes = [...complaints.map((complaint) => `The link ${complaint}.`), ...data.notes];
    this.say(notes.join(" "));
    this.frame.hidden = false;
    this.copy.hidden = !this.live;
    this.begin(before);
    this.strips.take();
    this.dress();
    this.remember();
  }

  // A new caption is painted before the visitor's eyes; a colour put in goes on from where it stands.
  begin(before) {
    const { state, payload: data } = this;
    if (!before) {
      if (state.at === null && state.cell === null && !still()) this.run(0);
      return;
    }
    const last = data.put.at(-1);
    const another = data.base !== before.base || data.which !== before.which || data.mask !== before.mask;
    if (data.base !== before.base) state.cell = null;
    if (another && !still()) this.run(0);
    else if (last && this.pressed === last[0]) still() ? this.show(null) : this.run(last[0] + 1);
    this.pressed = null;
  }

  refresh() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    const narrow = this.width < WIDE;
    this.font = getComputedStyle(this.frame).fontFamily;
    this.frame.classList.toggle("narrow", narrow);
    this.board.layout(narrow ? this.width - 30 : Math.min(BOARD, this.width - SIDE_ROOM - BESIDE - 60));
    this.heads.layout(narrow ? this.width - 30 : SIDE_ROOM - 30);
    this.strips.draw();
    this.draw();
  }

  // ---- What is looked at

  get stack() { return this.payload.stackOf; }
  get shown() { return this.state.at ?? this.payload.n; }
  // The cell that everything speaks of: pointed at, held, the newest, or the one that decided most.
  get focus() {
    if (this.hovered !== null && !this.playing) return this.hovered;
    if (this.playing || (this.state.cell === null && this.shown < this.payload.n)) return Math.max(0, this.shown - 1);
    return this.state.cell ?? this.payload.decisive;
  }

  draw() {
    const { payload: data, state, focus, shown } = this;
    this.sentence = paintingSentence(this);
    fill(this.status, this.sentence);
    this.board.draw();
    this.colours.draw();
    this.words.draw();
    this.heads.draw();
    this.playButton.textContent = this.playing ? "Pause" : "Play";
    [this.back.disabled, this.on.disabled] = [shown === 0, shown === data.n];
    [this.slide.max, this.slide.value] = [data.n, shown];
    this.slide.style.setProperty("--fill", `${(100 * shown) / data.n}%`);
    this.slide.setAttribute("aria-valuetext", `${shown} of ${data.n} cells`);
    this.count.textContent = `${shown} of ${data.n}`;
    this.speed.set(state.speed);
    this.over.set(state.over);
    this.undo.hidden = !data.put.length || !this.live;
    this.drawLegend();
    this.drawVerdict();
    [this.root.dataset.shown, this.root.dataset.cell] = [shown, focus];
  }

  drawLegend() {
    this.legend.hidden = this.state.over !== "read";
    const [low, bar, high] = ["weight 0", el("canvas", { ariaHidden: "true" }), `${places2(Math.round(2000 * (boardTop(this) / 255) ** 2))} on the cells before it, sqrt scale`];
    rampBar(bar, Theme.named(OVERLAY));
    this.legend.replaceChildren(low, bar, high);
  }

  drawVerdict() {
    const { payload: data } = this;
    const one = data.under.find(({ mask }) => mask === data.mask);
    if (this.shown < data.n) return this.as.replaceChildren(span("cap", "Painting row by row, left to right."));
    const { className, text } = verdict(one);
    const judged = one.right === -1 ? `It shows: ${text}.` : one.right ? `✓ It shows ${one.shows}: as asked.` : one.shows ? `✗ It shows ${one.shows}, and not ${data.asked}.` : `✗ It shows no exact scene; asked was ${data.asked}.`;
    return this.as.replaceChildren(span(className, judged), span("cap", " The judge is an exact rule, not a model."));
  }

  // ---- How one of the heads looks

  get headAspect() { const { rows, columns } = this.payload; return columns / (rows + STRIP); }
  overOf(head) { return { ...this.payload.read(head, this.focus), stale: false }; }
  thumbnail(pen, { words, cells }, { x, y, width, height }) {
    const { payload: data, theme } = this;
    const strip = (height * STRIP) / (data.rows + STRIP) - 2;
    data.words.forEach((_, i) => {
      pen.fillStyle = theme.beam[words.codes[i]];
      pen.fillRect(x + (i * width) / data.text, y, width / data.text - 0.5, strip);
    });
    pen.imageSmoothingEnabled = false;
    pen.drawImage(weightImage(data, cells.codes, theme.pixels, theme.pixel("sunk")), x, y + strip + 2, width, height - strip - 2);
    pen.strokeStyle = theme.colour.border;
    pen.lineWidth = 1;
    pen.strokeRect(x + 0.5, y + strip + 2.5, width - 1, height - strip - 3);
    pen.strokeRect(x + 0.5, y + 0.5, width - 1, strip - 1);
  }
  headTip(head) { return `: ${percentOf(this.payload.read(head, 0).onWords)} of cell 0 on the words`; }
  headsWords() { return "above: what it reads of the words; below: of the cells before this one. Sqrt scale, the same for every head."; }
  chooses(head) { return sameHead(head, this.state.head); }
  markHead() {}
  pickHead(head) { this.set({ head }); }

  // ---- What the visitor does

  set(changes) {
    Object.assign(this.state, changes);
    if ("layers" in changes) this.heads.layout(this.width < WIDE ? this.width - 30 : SIDE_ROOM - 30);
    this.draw();
    this.remember();
  }

  hover(cell) {
    if (cell === this.hovered || this.playing) return;
    this.hovered = cell;
    this.draw();
  }

  hold(cell, force = false) {
    this.stop();
    const held = !force && cell === this.state.cell ? null : cell;
    const { at } = this.state;
    this.set({ cell: held, at: held !== null && at !== null && at <= held ? this.whole(held + 1) : at });
  }

  whole(n) { return n >= this.payload.n ? null : n; }

  show(n) { this.hovered = null; this.set({ cell: null, at: n === null ? null : this.whole(Math.max(0, n)) }); }
  step(by) { this.stop(); this.show(this.shown + by); }

  play() {
    if (this.playing) { this.stop(); this.set({}); }
    else this.run(this.shown === this.payload.n ? 0 : this.shown);
  }

  run(from) {
    this.stop();
    Object.assign(this.state, { cell: null, at: this.whole(from) });
    [this.playing, this.hovered] = [true, null];
    this.began = [performance.now(), from];
    const tick = () => {
      if (!this.playing || !this.theme) return;
      const [time, first] = this.began;
      const n = Math.min(this.payload.n, first + Math.floor(((performance.now() - time) * this.state.speed) / 1000));
      if (n !== this.shown || n === this.payload.n) {
        this.state.at = this.whole(n);
        if (n === this.payload.n) this.stop();
        this.draw();
        if (!this.playing) this.remember();
      }
    };
    this.timer = setInterval(tick, 16);
  }

  stop() {
    clearInterval(this.timer);
    this.playing = false;
  }

  // Another colour in the chosen cell; what was put in after it goes, for the picture is painted anew from here.
  put(code) {
    const cell = this.focus;
    const before = this.payload.put.filter(([at]) => at < cell);
    this.pressed = cell;
    this.ask({ put: [...before, [cell, code]] });
  }

  ask(changes) {
    if (!this.live) return;
    this.stop();
    Object.assign(this.asking, changes);
    const { mask, candidate, put } = this.asking;
    this.send("ask", `base=${this.payload.base}&mask=${mask}&candidate=${candidate}&put=${put.map((one) => one.join(".")).join(",")}`);
  }

  copyLink() {
    this.remember();
    return super.copyLink();
  }

  remember() {
    if (!this.live) return;
    const { payload: data } = this;
    const fields = this.state.fields();
    const own = Object.fromEntries(KEYS.filter((key) => fields[key] !== this.defaults[key]).map((key) => [key, fields[key]]));
    const asks = {
      candidate: data.which ? String(data.which) : undefined,
      mask: data.mask === data.masks[0][0] ? undefined : data.mask,
      put: data.put.length ? data.put.map((one) => one.join(".")).join(",") : undefined,
    };
    writeAddress([...KEYS, ...ASKS], { ...own, ...asks });
  }
}

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// What is looked at, in a sentence.
function paintingSentence({ payload: data, focus, shown, state }) {
  if (!shown) return ["Nothing is painted yet: press Play, or One cell."];
  const [row, column] = data.place(focus);
  const { words, cells } = data.read(state.head, focus);
  const code = data.codes[focus];
  const how = data.byHand.has(focus) ? ", put in by you" : "";
  const told = [strong(`Row ${row}, column ${column}`), ` is ${data.nameOf(code)}${how}: the model gave it `, strong(probabilityWords(data.own(focus, code))),
    `, its ${["first", "second", "third"][data.rank(focus)] ?? `${data.rank(focus) + 1}th`} choice of ${data.colours.length}. ${headTitle(state.head)} reads `];
  const best = Array.from(words.halves, (half, i) => [half, i]).sort((a, b) => b[0] - a[0]).slice(0, 2);
  best.forEach(([half, i], n) => told.push(n ? ", " : "", quoted(data.words[i]), ` ${places2(half)}`));
  if (!cells.halves.length) return [...told, "; there are no cells before it."];
  const strongestCell = cells.halves.indexOf(Math.max(...cells.halves));
  const [r, c] = data.place(strongestCell);
  return [...told, `; of the cells before it most of all row ${r}, column ${c}, `, strong(places2(cells.halves[strongestCell])), "."];
}

export default function (host) { return mount(Painter, host); }
