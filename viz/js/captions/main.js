// What a model says of a picture as a whole: what the visitor does, what is drawn again, what the server is asked for.

const WIDE = 900; // pixels from which the panes stand side by side

class Captions extends Mounted {
  constructor(parent) {
    super(parent);
    [this.state, this.maps, this.hovered] = [new State(), [], null];
    [this.words, this.heads, this.stage, this.side] = [new Words(this), new Heads(this), new Stage(this), new Aside(this)];
    [this.saw, this.saving] = [new Saw(), new SaveBar(this)];
    this.build();
    this.listen();
  }

  build() {
    const choice = (label, key, titles) => segmented(label, CHOICES[key].map((name, i) => ({ name, title: titles[i] })), (value) => this.set({ [key]: value }), true);
    this.kinds = segmented("Map", MAPS, (map) => this.set({ map }));
    this.controls = { smooth: choice("Patches", "smooth", ["squares", "smooth"]), scale: choice("Scale", "scale", ["sqrt", "linear"]) };
    this.grid = toggle("Patch grid", (on) => this.set({ grid: on ? "on" : "off" }));
    this.opacity = slider("Opacity", 100, (opacity) => this.set({ opacity }));
    this.copy = pressable("button", "Copy link", () => this.copyLink(), { hidden: true });
    const labelled = (text, { element }) => el("span", { className: "control cap" }, text, element);
    this.status = el("div", { className: "sentence", "aria-live": "polite" });
    this.top = el("div", { className: "controls" }, el("div", { className: "bar" }, this.kinds.element, spring(), this.copy),
      el("div", { className: "bar third" }, labelled("Patches as", this.controls.smooth), labelled("Scale", this.controls.scale), this.grid.element));
    this.left = el("div", { className: "left" }, this.heads.element, this.saw.element);
    this.frame = el("section", { className: "px cpt", "aria-label": "What is said of the picture, and where each word looks", hidden: true },
      this.notice, this.words.element,
      el("div", { className: "body" }, this.left, el("div", { className: "middle" }, this.top, this.stage.element,
        el("div", { className: "status" }, this.status), this.saving.element), this.side.element), this.saving.madeOf);
    this.root.replaceChildren(el("style", { textContent: STYLE }), this.failure, this.frame);
  }

  // ---- Data

  take(unpacked) {
    this.waiting = true;
    const payload = new Payload(unpacked);
    const turn = (this.taking = (this.taking ?? 0) + 1);
    Promise.all([readPicture(payload.parts.picture), readPicture(payload.parts.seen)]).then(([image, seenImage]) => {
      if (turn !== this.taking) return;
      Object.assign(this, { payload, image, seenImage, waiting: false });
      this.aspect = image ? image.width / image.height : payload.keys.grid[1] / payload.keys.grid[0];
      this.taken();
    }).catch((error) => { this.waiting = false; this.fail(error); });
    this.payload ??= payload;
  }

  get busy() { return this.waiting; }

  taken() {
    const { payload } = this;
    const complaints = this.known ? this.carryOn() : this.begin();
    this.known = payload.words.map(({ label }) => label).join("");
    if (complaints.length) this.say(complaints.map((complaint) => `The link ${complaint}.`).join(" "));
    this.frame.hidden = false;
    this.copy.hidden = !this.linked;
    this.hovered = null;
    this.saw.take(payload.header.photo, this.seenImage, payload.keys.grid);
    this.saving.take();
    this.words.take();
    this.dress();
  }

  get linked() { return this.live && this.payload.header.link; }

  fresh() {
    const state = new State(), { header } = this.payload;
    const [layer, head] = header.want;
    Object.assign(state, { head: { layer, head }, word: header.word });
    const complaints = state.apply(header.state ?? {}, this.payload);
    this.defaults = state.fields();
    return { state, complaints };
  }

  begin() {
    const { state, complaints } = this.fresh();
    this.state = state;
    return this.linked ? [...complaints, ...state.apply(readAddress(KEYS), this.payload)] : complaints;
  }

  // Another picture or model: what still exists stays chosen; a word only where the same was said.
  carryOn() {
    const { state, payload } = this;
    const { state: first } = this.fresh();
    if (payload.words.map(({ label }) => label).join("") !== this.known) state.word = first.word;
    if (!payload.exists(state.head)) state.head = first.head;
    state.patch = null;
    return [];
  }

  // ---- What the server has to compute first

  get classifies() { const { answers } = this.payload.header; return Boolean(answers && !answers.written); }

  // Whether the relevance that is here is not the one that is looked at.
  get lacks() {
    const { header } = this.payload;
    return this.state.map === "relevance" && header.relevance !== (this.classifies ? 0 : this.word);
  }

  get missing() {
    const { payload, payload: { header }, state } = this;
    if (state.map === "relevance" && header.why_not) return header.why_not;
    const gone = this.lacks || (state.map !== "relevance" && !payload.over(this.sheet, this.word));
    if (!gone) return "";
    return this.live ? "Computing …" : "This file does not hold it: it was saved without.";
  }

  request() {
    const { payload, payload: { header }, state } = this;
    if (!this.live || this.hovered !== null) return;
    const grey = state.grey === "on" && !header.grey;
    const map = state.map === "relevance" && !header.why_not ? this.lacks : false;
    const rows = state.map !== "relevance" && !payload.over(this.sheet, this.word);
    if (!grey && !map && !rows) return;
    const { layer, head } = state.head;
    const words = `map=${state.map}&word=${this.classifies ? 0 : state.word}&head=${layer}.${head}&grey=${state.grey}`;
    if (words === this.asked) return;
    this.asked = words;
    this.send("ask", words);
  }

  // ---- What is drawn

  // The word that is looked at: what the pointer is over, else the chosen one.
  get word() { return this.hovered ?? this.state.word; }

  get sheet() {
    const { map, head: { layer, head } } = this.state;
    return map === "mean" ? sheetName("mean", layer) : sheetName("head", layer, head);
  }

  get pointSide() { return this.payload.keys; }
  get pointable() { return !this.missing; }

  compute() {
    const { state, payload, word } = this;
    if (this.missing) this.maps = [];
    else if (state.map === "relevance") this.maps = [payload.relevance()];
    else if (state.map === "mean") {
      const spread = payload.over(sheetName("spread", state.head.layer), word);
      this.maps = [{ ...payload.over(this.sheet, word), title: "Mean of the heads" },
        ...(spread ? [{ ...spread, title: "How far the heads lie apart (standard deviation)" }] : [])];
    } else this.maps = [payload.over(this.sheet, word)];
    this.sentence = captionSentence(this);
  }

  // ---- How one of the heads looks

  get stack() { return this.payload; }
  get headAspect() { return this.aspect; }

  overOf({ layer, head }) {
    const name = sheetName("head", layer, head), { payload } = this;
    const found = payload.over(name, this.word);
    if (found) return found;
    const [row] = payload.rows.keys();
    return { ...overlayOf(payload.row(name, row), payload.keys), stale: true };
  }

  thumbnail(pen, over, box) {
    const { image, state } = this;
    drawOver(pen, image, over, { ...box, opacity: Math.max(0.8, state.opacity / 100), smooth: false, scale: state.scale });
  }

  headTip() { return ""; }
  headsWords(stale) { return stale ? "each to its own strongest patch; pale: another word’s, until this one’s are here" : "each to its own strongest patch"; }

  chooses(head) { return sameHead(head, this.state.head); }
  markHead() {}
  pickHead(head) { this.set({ head, map: this.state.map === "mean" ? "mean" : "head" }); }

  // ---- What the visitor does

  set(changes) {
    Object.assign(this.state, changes);
    this.selected();
  }

  choose(word) {
    this.hovered = null;
    this.set({ word, patch: null });
  }

  hover(word) {
    if (this.hovered === word) return;
    this.hovered = word;
    this.soon();
  }

  point(patch, force = false) {
    if (patch === undefined || patch === false || (patch === this.state.patch && !force)) return;
    this.state.patch = patch;
    this.soon();
  }

  pin(patch) { this.point(patch); }

  // ---- What is saved

  savedTitle(heads) { return heads ? `All ${this.payload.heads.length} heads` : mapTitle(this); }
  savedName(heads) {
    const { map, word, head: { layer, head } } = this.state;
    return heads ? ["heads", `word${word}`] : [`word${word}`, map === "head" ? `layer${layer}_head${head}` : map === "mean" ? `mean${layer}` : map];
  }
  savedNodes(heads) { return [heads ? this.heads.sheet : this.stage.row]; }

  // ---- Drawing: everything; the selection; what the pointer is over (at most once per frame)

  refresh() {
    this.width = this.root.clientWidth;
    if (!this.width || this.waiting) return;
    this.font = getComputedStyle(this.frame).fontFamily;
    this.frame.classList.toggle("narrow", this.width < WIDE);
    this.selected();
  }

  selected() {
    const narrow = this.width < WIDE;
    const left = narrow ? this.width : Math.round(Math.min(Math.max(300, 60 + this.payload.widest * 72), this.width * 0.34));
    this.frame.style.setProperty("--left", `${left}px`);
    this.compute();
    this.heads.layout(left - (narrow ? 22 : 32));
    this.stage.layout(this.width - (narrow ? 24 : left + SIDE + 32));
    this.drawControls();
    this.drawn();
    this.request();
    this.address();
  }

  drawControls() {
    const { state } = this;
    this.kinds.set(state.map);
    for (const [key, control] of Object.entries(this.controls)) control.set(state[key]);
    this.grid.set(state.grid === "on");
    this.opacity.set(state.opacity);
    this.opacity.note.textContent = percent(state.opacity / 100);
    this.saving.element.hidden = Boolean(this.missing);
  }

  drawn() {
    this.words.draw();
    this.heads.draw();
    this.stage.draw();
    this.side.draw();
    fill(this.status, this.sentence);
  }

  soon() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      this.compute();
      this.drawn();
      this.request();
    });
  }

  address() {
    if (!this.linked) return;
    const fields = this.state.fields();
    writeAddress(KEYS, Object.fromEntries(KEYS.filter((key) => fields[key] !== this.defaults[key]).map((key) => [key, fields[key]])));
  }
}

export default function (host) { return mount(Captions, host); }
