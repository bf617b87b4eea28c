// The workbench as a whole: its parts, what the visitor does, and what has to be drawn again for it.

const WIDE = 820; // pixels from which the panes stand side by side

class Workbench extends Mounted {
  constructor(parent) {
    super(parent);
    this.state = new State();
    this.sinks = toggle("Hide sinks", (hideSinks) => this.set({ hideSinks }));
    this.threshold = slider("Threshold", THRESHOLD.most, (threshold) => this.set({ threshold }));
    const views = PANES.sort((a, b) => a.order - b.order);
    const scales = Object.keys(SCALES).map((name) => ({ name, title: name }));
    this.views = segmented("View", views, (view) => this.set({ view }));
    this.scales = segmented("Scale", scales, (scale) => this.set({ scale }), true);
    this.panes = Object.fromEntries(PANES.map(({ name, make }) => [name, make(this)]));
    [this.grid, this.chips] = [new Grid(this), new Chips(this)];
    [this.inspector, this.unseen] = [new Inspector(this), new Unseen(this)];
    this.room = null; // {width, height} for the panes while something else than the page sets it
    this.parts = PARTS.map((make) => make(this));
    this.build();
    this.listen();
  }

  build() {
    this.status = el("div", { className: "sentence", "aria-live": "polite" });
    [this.swatch, this.hint] = [span("swatch"), span("cap hint")];
    this.stage = el("div", { className: "stage" });
    this.frame = el("section", { className: "wb", "aria-label": "Attention workbench", hidden: true }, this.notice,
      el("div", { className: "body" }, this.buildControls(), this.buildHeads(), this.stage),
      el("div", { className: "status" }, this.swatch, this.status, this.hint),
      ...this.nodes("below"), this.inspector.element, this.unseen.element);
    this.root.replaceChildren(el("style", { textContent: STYLE + STYLES.join("") }), this.failure, this.frame);
  }

  // What the parts bring for one place.
  nodes(place) { return this.parts.flatMap((part) => part[place] ?? []); }

  buildControls() {
    const scale = el("span", { className: "control cap" }, "Scale", this.scales.element);
    this.row = el("div", { className: "bar second" });
    const first = el("div", { className: "bar" }, this.views.element, spring(), scale,
      el("span", { className: "tools" }, ...this.nodes("tool")));
    return (this.controls = el("div", { className: "controls" }, first, this.row));
  }

  buildHeads() {
    this.size = span("cap");
    this.roles = el("div", { className: "roles cap" });
    [this.rampLow, this.rampHigh, this.rampWords] = [span(""), span(""), span("")];
    this.ramp = el("canvas", { width: 96, height: 10, ariaHidden: "true" });
    const title = el("b", { textContent: "Heads" });
    this.chips.list.after(...this.nodes("beside"));
    return (this.heads = el("div", { className: "heads" },
      el("div", { className: "bar" }, title, this.size, spring(), ...this.nodes("title")),
      ...this.nodes("strip"), this.grid.element, ...this.nodes("under"), this.roles,
      el("div", { className: "cap ramp" }, this.rampLow, this.ramp, this.rampHigh, this.rampWords),
      this.chips.element, ...this.nodes("chosen")));
  }

  listen() {
    super.listen();
    this.root.addEventListener("keydown", (event) => this.key(event), { signal: this.gone.signal });
  }

  // ---- Data

  async prepare(unpacked) { unpacked.picture = await decodePicture(unpacked); }

  take(unpacked) {
    const old = this.payload;
    const payload = (this.payload = new Payload(unpacked));
    this.asked = wantWords(payload);
    this.waiting = false;
    this.askedNeurons = null;
    const complaints = old ? this.carryOn(old) : this.begin();
    this.dropNeurons();
    if (!old || complaints.length) this.say(complaints.map((complaint) => `The link ${complaint}.`).join(" "));
    this.frame.hidden = false;
    this.grid.build();
    for (const part of this.parts) part.take?.();
    this.inPlace();
    this.shown = null; // every pane has its controls set out anew
    this.dress();
  }

  // The state as it is before the visitor does anything.
  fresh() {
    const state = new State();
    state.choose([this.payload.heads[0]]);
    state.active = startToken(this.payload, state);
    const complaints = state.apply(this.payload.header.state ?? {}, this.payload);
    this.defaults = state.fields();
    return { state, complaints };
  }

  begin() {
    const { payload } = this;
    const { state, complaints } = this.fresh();
    this.state = state;
    if (this.asked && !payload.header.state?.heads) state.apply({ heads: this.asked }, payload);
    return this.linked ? [...complaints, ...state.apply(readAddress(stateKeys()), payload)] : complaints;
  }

  carryOn(old) {
    const { payload } = this;
    const text = ({ header: { queries, keys } }) => JSON.stringify([queries.labels, keys?.labels]);
    const [was, defaults] = [this.state.fields(), this.defaults];
    this.state.keep(payload, text(old) === text(payload));
    this.fresh();
    if (JSON.stringify(old.header.state) === JSON.stringify(payload.header.state)) return [];
    // what the visitor has not touched follows the new text; what they chose stays
    const next = Object.entries(payload.header.state ?? {}).filter(([key]) => was[key] === defaults[key]);
    return this.state.apply(Object.fromEntries(next), payload);
  }

  get linked() { return this.live && this.payload.header.link; }
  get large() { return this.state.large && this.state.view === "matrix"; }
  get pane() { return this.panes[this.state.view]; }
  get busy() { return this.pane.busy; }
  // Pixels that a pane may be high.
  get tall() {
    if (this.large && !this.room) return Math.max(LARGE.least, Math.min(innerHeight - LARGE.around, this.width * LARGE.shape));
    const beside = Math.max(430, this.heads.offsetHeight - this.controls.offsetHeight - 14);
    return this.room?.height ?? (this.wide ? beside : 480);
  }

  // Ask the server for matrices that are not here, once per choice.
  request() {
    const { heads, chosen } = this.state;
    if (!this.live || heads === this.asked || chosen.every((head) => this.payload.matrix(head))) return;
    [this.asked, this.waiting] = [heads, true];
    this.send("want", heads);
  }

  // Ask the server for query and key, once per choice, while the pane that shows them is open; needs the address first.
  requestNeurons() {
    const { needs } = this.pane;
    if (!this.live || !needs || needs === this.askedNeurons) return;
    this.askedNeurons = needs;
    this.send("neurons", needs);
  }

  // Tell the server that the pane was left, when it sends them all the same.
  dropNeurons() {
    if (this.live && this.payload.header.neurons && this.state.view !== "neurons") this.send("neurons", "");
  }

  missingWords() {
    const { layer, tile } = this.state.head;
    const name = tile ? `the ${TILES[tile.name].title.toLowerCase()}` : `layer ${layer}`;
    if (this.waiting) return `reading ${name} …`;
    if (this.live) return "too large to send with the others; choose it alone.";
    return `this file holds ${name} as ${tile ? "a thumbnail" : "thumbnails"} only.`;
  }

  // ---- What the visitor does

  choose(heads) { this.state.choose(heads); this.selected(); }
  focus(slot) { this.state.focus = slot; this.selected(); }
  remove(slot) { this.state.remove(slot); this.selected(); }

  add(head) {
    const slot = this.state.slotOf(head);
    if (slot >= 0) this.state.remove(slot);
    else if (!this.state.add(head)) return this.say(`${MOST_HEADS} heads at most: remove one to add another.`);
    return this.selected();
  }

  set(changes) {
    const { large } = this;
    Object.assign(this.state, changes);
    this.inPlace();
    if (changes.scale || large !== this.large) this.refresh();
    else this.selected();
  }

  // Another active token, if that one has just been hidden.
  inPlace() {
    const { payload, state } = this;
    const { side, index } = state.active;
    const hidden = hiddenAs(payload, state)[side][index];
    if (hidden === OTHER || (hidden && side === "query")) {
      Object.assign(state, { active: startToken(payload, state), pinned: false });
    }
  }

  // The token under the pointer or the focus, unless one is pinned.
  point(at, force = false) {
    const { active, pinned } = this.state;
    if (leftOut(this.payload, this.state, at)) return;
    if ((pinned && !force) || (active.side === at.side && active.index === at.index)) return;
    this.state.active = { side: at.side, index: Math.min(at.index, this.payload.tokens(at.side).length - 1) };
    this.soon();
  }

  pin(at) {
    if (leftOut(this.payload, this.state, at)) return;
    const { active, pinned } = this.state;
    const same = active.side === at.side && active.index === at.index;
    this.state.pinned = !(pinned && same);
    this.state.active = at;
    this.soon();
    this.address();
    this.requestNeurons();
  }

  // The pair under the pointer in the small matrix, or none.
  peek(cell) {
    if (!cell && !this.state.cell) return;
    this.state.cell = cell;
    if (cell) this.point({ side: "query", index: cell.q });
    this.soon();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.payload) return;
    const slot = /^[1-6]$/.test(event.key) ? Number(event.key) - 1 : -1;
    if (event.key === "Escape" && this.state.pinned) {
      this.state.pinned = false;
      this.soon();
      this.address();
    } else if (event.key.toLowerCase() === "s" && !this.sinks.element.hidden) {
      this.set({ hideSinks: !this.state.hideSinks });
    } else if (this.state.slots[slot]) {
      if (!this.state.off.delete(slot)) this.state.off.add(slot);
      this.selected();
    } else if (!this.parts.some((part) => part.key?.(event))) return;
    event.preventDefault();
    event.stopPropagation();
  }

  // ---- Drawing: the theme, then everything; the selection; the active token (at most once per frame)

  refresh() {
    this.width = this.root.clientWidth;
    const across = this.room?.width ?? this.width;
    if (!across) return;
    this.font = getComputedStyle(this.frame).fontFamily;
    this.wide = across >= WIDE && !this.large;
    const { widest, layers, header } = this.payload;
    const left = this.wide ? Math.round(Math.min(Math.max(376, 58 + widest * 38), across * 0.44)) : across;
    this.frame.classList.toggle("narrow", across < WIDE);
    this.frame.classList.toggle("large", this.large);
    this.frame.style.setProperty("--left", `${left}px`);
    const equal = header.heads.every((n) => n === widest);
    this.size.textContent = `${layers} ${layers === 1 ? "layer" : "layers"} × ${equal ? "" : "up to "}${widest}`;
    this.grid.layout(left - (this.wide ? 30 : 22));
    this.grid.draw();
    this.legend();
    this.selected();
  }

  // What the marks and colours of the thumbnails mean, and what pooling has done to them.
  legend() {
    const { payload, theme, state } = this;
    const scale = SCALES[state.scale];
    const own = ownTop(payload) && state.scale !== "rank";
    this.roles.replaceChildren(...roleLegend(payload, theme));
    this.rampLow.textContent = `weight ${scale.low}${own && state.scale === "log" ? " of top" : ""}`;
    this.rampHigh.textContent = own ? "top" : scale.high;
    rampBar(this.ramp, theme);
    const range = own ? ", each to its own top, at least 0.25" : ", same for every head";
    const { rows, columns } = payload.pooled(0, this.grid.pixels, this.grid.pixels);
    const [n, m] = [payload.queries.length, payload.keys.length];
    const pooled = rows < n || columns < m ? `; each thumbnail is pooled from ${thousands(n)} × ${thousands(m)} by maximum` : "";
    const here = payload.header.pooled ? `; in full are ${hereWords(payload, this.live)}` : "";
    this.rampWords.textContent = scale.words + (state.scale === "rank" ? "" : range) + pooled + here;
  }

  selected() {
    const { state, payload } = this;
    this.request();
    this.grid.mark();
    this.chips.draw();
    this.inspector.draw();
    for (const part of this.parts) part.draw?.();
    this.views.set(state.view);
    this.scales.set(state.scale);
    this.sinks.set(state.hideSinks);
    this.sinks.element.hidden = !payload.sink.includes(1);
    this.threshold.set(state.threshold);
    this.showPane();
    this.pointed();
    this.address();
    this.requestNeurons();
  }

  showPane(tall = null) {
    const another = this.shown !== this.pane;
    if (another) {
      this.row.replaceChildren(...this.pane.controls);
      this.stage.replaceChildren(this.pane.element);
      this.frame.dataset.view = this.state.view;
      this.shown = this.pane;
    }
    const across = this.room?.width ?? this.width;
    this.pane.layout(this.stage.clientWidth - (across >= WIDE ? 28 : 20), tall ?? this.tall); // once its controls are there
    this.pane.draw();
    if (another) this.pane.reveal();
  }

  soon() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      this.pane.point();
      this.chips.point();
      for (const part of this.parts) part.point?.();
      this.pointed();
    });
  }

  pointed() {
    const { state, theme } = this;
    this.swatch.style.background = theme.heads[state.focus];
    fill(this.status, statusSentence(this));
    this.hint.textContent = state.pinned ? "pinned · Esc releases" : "";
    this.unseen.later();
  }

  address() {
    if (!this.linked) return;
    const fields = this.state.fields();
    const changed = stateKeys().filter((key) => fields[key] !== this.defaults[key]);
    writeAddress(stateKeys(), Object.fromEntries(changed.map((key) => [key, fields[key]])));
  }
}

// The heads that the server was asked for, as they were asked for.
const wantWords = ({ header }) => header.want?.map((head) => head.join(".")).join(",") ?? null;

export default function (host) { return mount(Workbench, host); }
