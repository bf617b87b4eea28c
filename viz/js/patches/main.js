// Attention over a picture as a whole: what the visitor does, what has to be drawn again, what the server is asked for.

const WIDE = 900; // pixels from which the panes stand side by side

class Patches extends Mounted {
  constructor(parent) {
    super(parent);
    this.state = new State();
    this.maps = [];
    [this.heads, this.stage, this.side, this.distances] = [new Heads(this), new Stage(this), new Aside(this), new Distances(this)];
    [this.saw, this.saving, this.lattice] = [new Saw(), new SaveBar(this), new Lattice(this)];
    this.build();
    this.listen();
  }

  build() {
    const pick = (key) => (value) => this.set({ [key]: value });
    const choice = (label, key, titles) => segmented(label, CHOICES[key].map((name, i) => ({ name, title: titles[i] })), pick(key), true);
    this.kinds = segmented("Map", MAPS, (map) => this.set({ map }));
    this.controls = {
      way: choice("Direction", "way", ["reads", "is read by"]),
      fuse: choice("Heads by their", "fuse", ["mean", "max", "min"]),
      smooth: choice("Patches", "smooth", ["squares", "smooth"]),
      scale: choice("Scale", "scale", ["sqrt", "linear"]),
    };
    this.grid = toggle("Patch grid", (on) => this.set({ grid: on ? "on" : "off" }));
    this.opacity = slider("Opacity", 100, (opacity) => this.set({ opacity }));
    this.discard = el("span", { className: "control" });
    this.start = el("select", { ariaLabel: "First layer of the relevance" });
    this.start.onchange = () => this.set({ start: Number(this.start.value) });
    this.copy = pressable("button", "Copy link", () => this.copyLink(), { hidden: true });
    this.check = pressable("button", "Check this map", () => this.askCheck(), { hidden: true, title: "Paint over what it calls important, and watch the answer" });
    const labelled = (text, { element }) => el("span", { className: "control cap" }, text, element);
    this.own = {
      fuse: labelled("Heads by their", this.controls.fuse),
      discard: this.discard,
      start: el("span", { className: "control cap" }, "From layer", this.start),
      way: labelled("The patch", this.controls.way),
    };
    this.status = el("div", { className: "sentence", "aria-live": "polite" });
    this.hint = span("cap hint");
    const first = el("div", { className: "bar" }, this.kinds.element, spring(), this.copy);
    const second = el("div", { className: "bar second" }, ...Object.values(this.own), spring(), this.check);
    const third = el("div", { className: "bar third" }, labelled("Patches as", this.controls.smooth), labelled("Scale", this.controls.scale), this.grid.element);
    this.top = el("div", { className: "controls" }, first, second, third);
    this.left = el("div", { className: "left" }, this.heads.element, this.distances.element, this.saw.element);
    this.second = second;
    this.frame = el("section", { className: "px", "aria-label": "Attention over the picture", hidden: true }, this.notice,
      el("div", { className: "body" }, this.left, el("div", { className: "middle" }, this.top, this.stage.element,
        this.lattice.element, el("div", { className: "status" }, this.status, this.hint), this.saving.element), this.side.element), this.saving.madeOf);
    this.root.replaceChildren(el("style", { textContent: OVERLAY_STYLE + LATTICE_STYLE }), this.failure, this.frame);
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  // ---- Data

  take(unpacked) {
    const old = this.payload;
    this.waiting = true;
    const payload = new Payload(unpacked);
    const turn = (this.taking = (this.taking ?? 0) + 1);
    Promise.all([readPicture(payload.parts.picture), readPicture(payload.parts.seen)]).then(([image, seenImage]) => {
      if (turn !== this.taking) return;
      Object.assign(this, { payload, image, seenImage, waiting: false });
      this.aspect = image ? image.width / image.height : payload.keys.grid[1] / payload.keys.grid[0];
      this.taken(old);
    }).catch((error) => { this.waiting = false; this.fail(error); });
    this.payload ??= payload;
  }

  get busy() { return this.waiting; }

  taken(old) {
    const { payload } = this;
    const complaints = this.known ? this.carryOn() : this.begin();
    this.known = true;
    if (complaints.length) this.say(complaints.map((complaint) => `The link ${complaint}.`).join(" "));
    else if (!old || old.id !== payload.id) this.say("");
    this.frame.hidden = false;
    this.copy.hidden = !this.linked;
    this.start.replaceChildren(...Array.from({ length: payload.layers }, (_, i) => el("option", { value: String(i), textContent: String(i) })));
    const shares = payload.header.discards.map((share) => ({ name: share, title: share ? percent(share) : "none" }));
    this.discards = segmented("Lowest weights left out", shares, (discard) => this.set({ discard }), true);
    this.discard.replaceChildren(span("cap", "Lowest left out"), this.discards.element);
    this.saw.take(payload.header.photo, this.seenImage, payload.keys.grid);
    this.saving.take();
    this.dress();
  }

  get linked() { return this.live && this.payload.header.link; }

  fresh() {
    const state = new State();
    const [layer, head] = this.payload.header.want;
    state.head = { layer, head };
    const complaints = state.apply(this.payload.header.state ?? {}, this.payload);
    this.defaults = state.fields();
    return { state, complaints };
  }

  begin() {
    const { state, complaints } = this.fresh();
    this.state = state;
    return this.linked ? [...complaints, ...state.apply(readAddress(KEYS), this.payload)] : complaints;
  }

  // Another picture or model: what still exists stays chosen.
  carryOn() {
    const { state, payload } = this;
    const size = `${payload.queries.grid} ${payload.keys.grid}`;
    if (size !== this.gridSize) Object.assign(state, { patch: null, pinned: false });
    if (!payload.exists(state.head)) state.head = { layer: payload.header.want[0], head: payload.header.want[1] };
    if (state.start !== null && state.start >= payload.layers) state.start = null;
    const ids = payload.header.answer?.ids ?? [];
    if (payload.header.answer && state.classes.some((id) => id >= payload.header.answer.n)) state.classes = ids.slice(0, 1);
    this.fresh();
    return [];
  }

  // ---- What the server has to compute first

  // The classes whose relevance is wanted: those chosen, else the best.
  get wanted() {
    const { header } = this.payload;
    if (this.state.classes.length) return this.state.classes;
    return header.answer ? [header.answer.ids[0]] : [-1];
  }

  get lacks() {
    const { state, payload, payload: { header } } = this;
    if (state.map === "rollout") return !payload.has(sheetName("rollout", state.fuse)) || header.discard !== state.discard;
    if (state.map === "relevance") {
      const there = header.relevances.map(([, candidate]) => candidate);
      const otherStart = state.start !== null && header.relevances.some(([, , start]) => start !== state.start);
      return otherStart || this.wanted.join() !== there.join();
    }
    if (state.map === "positions") return !payload.parts.positions;
    return false;
  }

  request() {
    const { state, payload } = this;
    if (!this.live || payload.header.why_not[state.map]) return;
    const name = this.sheet;
    const rows = name !== null && payload.has(name) && !payload.isFull(name) && (state.patch !== null || state.way === "read");
    if (!this.lacks && !rows) return;
    const fields = { map: state.map, discard: state.discard, start: state.start ?? "", classes: state.classes.join(",") };
    if (payload.slots.size < payload.sheets.size) fields.head = `${state.head.layer}.${state.head.head}`;
    const words = Object.entries(fields).map(([key, value]) => `${key}=${value}`).join("&");
    if (words === this.asked) return;
    this.asked = words;
    this.send("ask", words);
  }

  // The map as the server knows it; the same one again is checked again.
  askCheck() {
    const { state } = this;
    this.send("check", `map=${state.map}&head=${state.head.layer}.${state.head.head}&fuse=${state.fuse}&discard=${state.discard}&start=${state.start ?? ""}&classes=${this.wanted[0]}`);
  }

  // ---- What is drawn

  // The sheet that is looked at; null where the map is no sheet.
  get sheet() {
    const { map, head, fuse } = this.state;
    if (map === "head") return sheetName("head", head.layer, head.head);
    if (map === "mean") return sheetName("mean", head.layer);
    return map === "rollout" ? sheetName("rollout", fuse) : null;
  }

  // Why there is no map, "" if there is one.
  get missing() {
    const { state, payload } = this;
    const why = payload.header.why_not[state.map];
    if (why) return why;
    if (!this.lacks) return "";
    return this.live ? "Computing …" : "This file does not hold it: it was saved without.";
  }

  get pointSide() {
    const { state, payload } = this;
    return state.map === "positions" || state.way === "read" ? payload.keys : payload.queries;
  }

  get pointable() { return !this.missing && this.state.map !== "relevance" && Boolean(this.pointSide.grid); }

  compute() {
    const { state, payload } = this;
    if (this.missing) this.maps = [];
    else if (state.map === "relevance") {
      this.maps = payload.header.relevances.map(([label, , start], i) => ({ ...relevanceOver(payload.parts.relevance.subarray(i * payload.keys.n, (i + 1) * payload.keys.n), payload.keys), label, start,
        title: payload.header.relevances.length > 1 ? label : "" }));
    } else if (state.map === "positions") this.maps = [positionsOver(payload, state)];
    else this.maps = [weightsOver(payload, state, this.sheet)];
    this.sentence = patchesSentence(this);
  }

  // ---- How one of the heads looks

  get stack() { return this.payload; }
  get headAspect() { return this.aspect; }
  overOf({ layer, head }) { return weightsOver(this.payload, this.state, sheetName("head", layer, head)); }

  thumbnail(pen, over, box) {
    const { image, state } = this;
    drawOver(pen, image, over, { ...box, opacity: Math.max(0.8, state.opacity / 100), smooth: false, scale: state.scale });
  }

  headTip(head) {
    const distance = this.payload.distance(head);
    return distance === null ? "" : `: reads ${distance.toFixed(1)} patches away on average`;
  }

  headsWords(stale) {
    const base = this.payload.queries.base === null ? "what is read on average" : "what the class token reads";
    return stale ? `each to its own strongest patch; pale: ${base}, until that head is chosen` : "each to its own strongest patch";
  }

  chooses({ layer, head }) {
    const { state } = this;
    if (state.map === "head") return sameHead({ layer, head }, state.head);
    return state.map === "mean" && layer === state.head.layer;
  }

  markHead(pen, box, over) {
    const { payload, state } = this;
    const side = over.across ? payload.keys : payload.queries;
    if (state.patch === null || !side.grid || over.stale || box.width < 40) return;
    const cell = cellBox(side, Math.min(state.patch, side.patches - 1), box);
    [pen.strokeStyle, pen.lineWidth] = ["#FFFFFF", 1];
    pen.strokeRect(cell.x + 0.5, cell.y + 0.5, Math.max(2, cell.width - 1), Math.max(2, cell.height - 1));
  }

  pickHead(head) { this.set({ head, map: this.state.map === "mean" ? "mean" : "head" }); }

  // ---- What the visitor does

  set(changes) {
    Object.assign(this.state, changes);
    if ("way" in changes && !this.state.pinned) this.state.patch = null;
    this.selected();
  }

  explain(id, more) {
    const { state } = this;
    const now = state.map === "relevance" ? this.wanted : [];
    const others = now.filter((other) => other !== id);
    const classes = !more ? [id] : others.length < now.length ? (others.length ? others : [id]) : [...now, id].slice(-MOST_CLASSES);
    this.set({ map: "relevance", classes });
  }

  point(patch, force = false) {
    const { state } = this;
    if ((state.pinned && !force) || patch === state.patch || patch === undefined || patch === false) return;
    state.patch = patch;
    this.soon();
  }

  pin(patch) {
    if (patch === null || patch === undefined || patch === false) return;
    const { state } = this;
    const same = state.pinned && state.patch === patch;
    Object.assign(state, { patch, pinned: !same });
    this.soon();
    this.address();
  }

  key(event) {
    const { state } = this;
    if (event.key !== "Escape" || (!state.pinned && state.patch === null)) return;
    Object.assign(state, { patch: null, pinned: false });
    this.soon();
    this.address();
    event.stopPropagation();
  }

  // ---- What is saved

  savedTitle(heads) { return heads ? `All ${this.payload.heads.length} heads` : mapTitle(this); }
  savedName(heads) {
    const { map, head: { layer, head } } = this.state;
    return heads ? ["heads"] : [map, map === "head" ? `layer${layer}_head${head}` : map === "mean" ? `layer${layer}` : ""];
  }
  savedNodes(heads) { return [heads ? this.heads.sheet : this.stage.row]; }

  // ---- Drawing: everything; the selection; the patch that is pointed at (at most once per frame)

  refresh() {
    this.width = this.root.clientWidth;
    if (!this.width || this.waiting) return;
    this.font = getComputedStyle(this.frame).fontFamily;
    this.gridSize = `${this.payload.queries.grid} ${this.payload.keys.grid}`;
    this.frame.classList.toggle("narrow", this.width < WIDE);
    this.selected();
  }

  selected() {
    const narrow = this.width < WIDE;
    const { payload, state } = this;
    const left = narrow ? this.width : Math.round(Math.min(Math.max(300, 60 + payload.widest * 72), this.width * 0.34));
    this.frame.style.setProperty("--left", `${left}px`);
    this.compute();
    this.heads.layout(left - (narrow ? 22 : 32));
    this.distances.layout(left - (narrow ? 22 : 32));
    const room = this.width - (narrow ? 24 : left + SIDE + 32);
    this.stage.layout(room);
    if (payload.keys.grid) this.lattice.layout(Math.min(room, this.stage.box.width));
    this.drawControls();
    this.heads.draw();
    this.distances.draw();
    this.side.drawAnswer();
    this.side.drawSaid();
    this.drawn();
    this.request();
    this.address();
  }

  drawControls() {
    const { state, payload } = this;
    this.kinds.set(state.map);
    for (const [key, control] of Object.entries(this.controls)) control.set(state[key]);
    this.grid.set(state.grid === "on");
    this.opacity.set(state.opacity);
    this.opacity.note.textContent = percent(state.opacity / 100);
    this.discards.set(state.discard);
    const start = state.start ?? payload.header.relevances[0]?.[2] ?? 0;
    this.start.value = String(start);
    const weights = ["head", "mean", "rollout"].includes(state.map);
    this.own.way.hidden = !weights || !payload.queries.grid;
    this.own.fuse.hidden = this.own.discard.hidden = state.map !== "rollout";
    this.own.start.hidden = state.map !== "relevance" || Boolean(payload.header.why_not.relevance);
    this.check.hidden = !this.live || state.map === "positions" || Boolean(this.missing) || Boolean(payload.header.why_not.check);
    this.saving.element.hidden = Boolean(this.missing);
    this.second.hidden = this.check.hidden && Object.values(this.own).every(({ hidden }) => hidden);
  }

  drawn() {
    this.stage.draw();
    this.lattice.draw();
    this.side.point();
    fill(this.status, this.sentence);
    this.hint.textContent = this.state.pinned ? "pinned · Esc releases" : "";
  }

  soon() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      this.compute();
      this.heads.draw();
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

export default function (host) { return mount(Patches, host); }
