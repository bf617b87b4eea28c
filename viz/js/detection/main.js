// What a detector found and how, as a whole: what the visitor does, what is drawn again, what the server is asked for.

const WIDE = 900; // pixels from which the panes stand side by side

class Detection extends Mounted {
  constructor(parent) {
    super(parent);
    [this.state, this.maps, this.hovered] = [new State(), [], null];
    [this.heads, this.stage, this.between] = [new Heads(this), new Picture(this), new Between(this)];
    [this.found, this.strip, this.saw] = [new Found(this), new Strip(this), new Saw()];
    this.saving = new SaveBar(this);
    this.build();
    this.listen();
  }

  build() {
    const pick = (key) => (value) => this.set({ [key]: value });
    const choice = (label, key, titles) => segmented(label, CHOICES[key].map((name, i) => ({ name, title: titles[i] })), pick(key), true);
    this.shows = segmented("Shown", SHOWS, (show) => this.set({ show }));
    this.controls = {
      of: choice("Weights of", "of", ["one head", "layer mean"]),
      way: choice("Direction", "way", ["reads", "is read by"]),
      sort: choice("Sorted by", "sort", ["class", "number"]),
      smooth: choice("Patches", "smooth", ["squares", "smooth"]),
      scale: choice("Scale", "scale", ["sqrt", "linear"]),
    };
    const labelled = (text, { element }) => el("span", { className: "control cap" }, text, element);
    this.level = el("span", { className: "control" });
    this.from = el("span", { className: "control" });
    this.own = {
      of: labelled("Weights of", this.controls.of), level: this.level, from: this.from,
      way: labelled("It", this.controls.way),
    };
    this.looks = { sort: labelled("Sorted by", this.controls.sort), smooth: labelled("Patches as", this.controls.smooth), scale: labelled("Scale", this.controls.scale) };
    this.grid = toggle("Patch grid", (on) => this.set({ grid: on ? "on" : "off" }));
    this.opacity = slider("Opacity", 100, (opacity) => this.set({ opacity }));
    this.copy = pressable("button", "Copy link", () => this.copyLink(), { hidden: true });
    this.status = el("div", { className: "sentence", "aria-live": "polite" });
    this.hint = span("cap hint");
    this.second = el("div", { className: "bar second" }, ...Object.values(this.own));
    this.top = el("div", { className: "controls" },
      el("div", { className: "bar" }, this.shows.element, spring(), this.copy),
      this.second,
      el("div", { className: "bar third" }, ...Object.values(this.looks), this.grid.element));
    this.left = el("div", { className: "left" }, this.heads.element, this.saw.element);
    this.frame = el("section", { className: "px det", "aria-label": "What was found, and where it was looked for", hidden: true }, this.notice,
      el("div", { className: "body" }, this.left, el("div", { className: "middle" }, this.top, this.stage.element, this.between.element,
        this.strip.element, el("div", { className: "status" }, this.status, this.hint), this.saving.element), this.found.element), this.saving.madeOf);
    this.root.replaceChildren(el("style", { textContent: STYLE }), this.failure, this.frame);
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  // ---- Data

  take(unpacked) {
    this.waiting = true;
    const payload = new Payload(unpacked);
    const turn = (this.taking = (this.taking ?? 0) + 1);
    Promise.all([readPicture(payload.parts.picture), readPicture(payload.parts.seen)]).then(([image, seenImage]) => {
      if (turn !== this.taking) return;
      const another = this.known !== undefined && this.known !== payload.id;
      const grid = payload.cells?.grid ?? [1, 1];
      Object.assign(this, { payload, image, seenImage, waiting: false, colourOf: classColours(payload) });
      this.aspect = image ? image.width / image.height : grid[1] / grid[0];
      this.taken(another);
    }).catch((error) => { this.waiting = false; this.fail(error); });
    this.payload ??= payload;
  }

  get busy() { return this.waiting; }

  taken(another) {
    const { payload } = this;
    const complaints = this.known ? this.carryOn() : this.begin();
    this.known = payload.id;
    if (complaints.length) this.say(complaints.map((complaint) => `The link ${complaint}.`).join(" "));
    else if (another) this.say("");
    this.frame.hidden = false;
    this.copy.hidden = !this.linked;
    const levels = (n) => Array.from({ length: n }, (_, i) => ({ name: i, title: String(i) }));
    const n = payload.dense ? 0 : Math.max(...payload.stacks.cross.levels) + 1;
    this.levels = segmented("Points of level", [{ name: null, title: "all" }, ...levels(n)], (level) => this.set({ level }), true);
    this.level.replaceChildren(span("cap", "Points of level"), this.levels.element);
    this.froms = segmented("Cells of level", levels(payload.stacks.encoder?.grids?.length ?? 0), (from) => this.set({ from, patch: null, pinned: false }), true);
    this.from.replaceChildren(span("cap", "Cells of level"), this.froms.element);
    this.saw.take(payload.header.photo, this.seenImage, payload.dense ? payload.cells?.grid : null);
    this.found.take();
    this.saving.take();
    this.dress();
  }

  get linked() { return this.live && this.payload.header.link; }

  fresh() {
    const state = new State(), { payload } = this;
    for (const [name, { header: { want: [layer, head] } }] of Object.entries(payload.stacks)) state.heads[name] = { layer, head };
    [state.query] = payload.order;
    const complaints = state.apply(payload.header.state ?? {}, payload);
    this.defaults = { ...state.fields(), heads: structuredClone(state.heads) };
    return { state, complaints };
  }

  begin() {
    const { state, complaints } = this.fresh();
    this.state = state;
    return this.linked ? [...complaints, ...state.apply(readAddress(KEYS), this.payload)] : complaints;
  }

  // Another picture or model: what still exists stays chosen; a query only on the same picture.
  carryOn() {
    const { state, payload } = this;
    const { state: first } = this.fresh();
    const found = payload.parts.boxes.join();
    if (found !== this.boxes) Object.assign(state, { query: first.query });
    for (const [name, stack] of Object.entries(payload.stacks)) if (!stack.exists(state.heads[name])) state.heads[name] = first.heads[name];
    if (this.gridSize !== this.gridsOf(payload)) Object.assign(state, { patch: null, pinned: false, level: null, from: 0 });
    return [];
  }

  gridsOf(payload) { return Object.values(payload.stacks).map(({ keys, grids }) => `${keys?.grid} ${grids?.length}`).join(); }

  // ---- What is looked at

  get stack() { return this.payload.stacks[STACK_OF[this.state.show]] ?? this.payload.stacks.cross; }
  get dense() { return this.payload.dense; }
  get kept() { return this.payload.kept(this.state.threshold); }
  isKept(q) { return this.payload.sure(q) > Math.fround(this.state.threshold / 100); }
  // Boxes that are drawn: all that are kept, and the chosen one at any rate.
  get drawnQueries() { const { kept } = this; return kept.includes(this.state.query) ? kept : [...kept, this.state.query]; }
  get order() { return this.state.sort === "class" ? this.payload.byClass(this.state.threshold) : Array.from({ length: this.payload.n }, (_, q) => q); }

  // The grid that is pointed at; null where boxes are.
  get pointSide() {
    const { state, stack, payload } = this;
    if (this.boxed) return state.grid === "on" ? payload.cells : null;
    if (state.show === "here") return payload.cells;
    if (state.show !== "encoder") return null;
    if (stack instanceof Points) return stack.grids[state.from];
    return state.way === "read" ? stack.keys : stack.queries;
  }

  // Whether it is about one query, so that a click chooses a box.
  get boxed() { return ["query", "relevance"].includes(this.state.show); }

  get pointable() { return !this.missing && ["here", "encoder"].includes(this.state.show) && Boolean(this.pointSide?.grid); }

  // The number of the pointed cell among the cells of all levels.
  get cell() {
    const { state, stack } = this;
    return stack.grids.slice(0, state.from).reduce((sum, { patches }) => sum + patches, 0) + state.patch;
  }

  // Why there is nothing to see, "" if there is.
  get missing() {
    const { state, payload } = this;
    const name = STACK_OF[state.show];
    if (state.show === "relevance" && payload.header.relevance.why_not) return payload.header.relevance.why_not;
    if (!payload.stacks[name]) return name === "between" ? "This model's queries do not read one another." : "This model's patches do not read one another before the queries do.";
    const { stack } = this;
    const wants = stack.absent || this.unweighed || (state.show === "between" && !stack.isFull(sheetOf(state)))
      || (state.show === "here" && state.patch !== null && this.dense && !stack.isFull(sheetOf(state)));
    if (!wants) return "";
    return this.live ? "Computing …" : "This file does not hold it: it was saved without.";
  }

  // Whether the relevance of the chosen query has to be computed first.
  get unweighed() {
    const { state, payload } = this;
    return state.show === "relevance" && !(payload.parts.relevance && payload.header.relevance.of === state.query);
  }

  // ---- How one of the heads looks

  get headAspect() { return this.state.show === "between" ? 1 : this.aspect; }

  overOf(head) {
    const { state, stack } = this;
    if (stack.absent) return { kind: "none", stale: true };
    if (state.show === "between") return { kind: "pairs", name: sheetName("head", head.layer, head.head), stale: !stack.isFull(sheetName("head", head.layer, head.head)) };
    if (state.show === "encoder") return this.encoderOf(head, sheetName("head", head.layer, head.head));
    return this.crossOf(head, state.query, false);
  }

  // What a query reads of the picture by a head, or by all heads of its layer.
  crossOf(head, q, mean = this.state.of === "mean") {
    const stack = this.payload.stacks.cross, { state } = this;
    if (stack instanceof Points) return this.pointsOf(mean ? stack.ofMean(head.layer, q) : stack.of(head, q));
    const name = mean ? sheetName("mean", head.layer) : sheetName("head", head.layer, head.head);
    if (!stack.has(name) || !stack.hasRow(name, q)) return { kind: "none", stale: true };
    return { kind: "map", ...overlayOf(stack.row(name, q), stack.keys) };
  }

  encoderOf(head, name) {
    const { state, stack } = this;
    if (!(stack instanceof Points)) return stack.has(name) ? { kind: "map", ...weightsOver(stack, state, name) } : { kind: "none", stale: true };
    if (state.patch === null) return { kind: "none", stale: false };
    return this.pointsOf(name.startsWith("mean") ? stack.ofMean(head.layer, this.cell) : stack.of(head, this.cell));
  }

  pointsOf(points) {
    return points ? { kind: "points", points: points.filter(({ level }) => takes(this.state, level)), stale: false } : { kind: "none", stale: true };
  }

  thumbnail(pen, over, box) {
    const { image, state, stack, theme } = this;
    if (over.kind === "map") return drawOver(pen, image, over, { ...box, opacity: Math.max(0.8, state.opacity / 100), smooth: false, scale: state.scale });
    if (over.kind === "pairs") {
      if (!over.stale) return drawPairs(pen, stack, over.name, this.order, state.scale, theme, box);
      return hatch(pen, theme, box.x, box.y, box.width, box.height, "sunk", "line");
    }
    drawPicture(pen, image, box);
    if (over.kind === "points") drawPoints(pen, over.points, box, state.scale, 3.2);
    return undefined;
  }

  headTip() { return ""; }

  headsWords(stale) {
    const { state } = this;
    const what = { query: "each for the chosen query", relevance: "each for the chosen query; a click shows what it reads", here: "each for the chosen query", between: "queries by queries", encoder: "each for the place that is pointed at" }[state.show];
    return stale ? `${what}; pale ones are computed when they are chosen` : what;
  }

  chooses({ layer, head }) {
    const { state } = this;
    return state.of === "mean" ? layer === state.head.layer : sameHead({ layer, head }, state.head);
  }

  markHead(pen, box) {
    const { state, payload, colourOf } = this;
    if (box.width < 40 || state.show === "between") return;
    if (this.pointable && state.patch !== null) {
      const cell = cellBox(this.pointSide, Math.min(state.patch, this.pointSide.patches - 1), box);
      [pen.strokeStyle, pen.lineWidth] = ["#FFFFFF", 1];
      pen.strokeRect(cell.x + 0.5, cell.y + 0.5, Math.max(2, cell.width - 1), Math.max(2, cell.height - 1));
    }
    if (state.show === "encoder") return;
    pen.save();
    pen.beginPath();
    pen.rect(box.x, box.y, box.width, box.height);
    pen.clip();
    drawBox(pen, payload.box(state.query, box), colourOf(state.query), 1);
    pen.restore();
  }

  pickHead(head) { this.set({ head, ...(this.state.show === "relevance" ? { show: "query" } : {}) }); }

  // ---- What the server has to send first

  request() {
    const { state, stack, payload } = this;
    if (!this.live || !payload.stacks[STACK_OF[state.show]] || (state.show === "relevance" && payload.header.relevance.why_not)) return;
    const name = sheetOf(state);
    const points = stack instanceof Points && state.show === "encoder" && state.pinned && state.patch !== null && !stack.rows.has(this.cell);
    const rows = stack instanceof Sheets && state.show === "query" && !stack.hasRow(name, state.query);
    const whole = stack instanceof Sheets && state.show === "encoder" && !stack.isFull(name) && (state.patch !== null || state.way === "read");
    if (!this.missing && !points && !rows && !whole) return;
    const fields = { show: state.show, head: `${state.head.layer}.${state.head.head}`, query: state.query };
    if (points) fields.cell = this.cell;
    const words = Object.entries(fields).map(([key, value]) => `${key}=${value}`).join("&");
    if (words === this.asked) return;
    this.asked = words;
    this.send("ask", words);
  }

  // ---- What is drawn

  compute() {
    const { state, stack, payload } = this;
    [this.maps, this.ranking] = [[{ kind: "none" }], null];
    const name = this.missing ? "" : sheetOf(state);
    if (!this.missing) {
      if (state.show === "query") this.maps = [this.crossOf(state.head, state.query)];
      if (state.show === "relevance") this.maps = [{ kind: "map", ...relevanceOver(payload.parts.relevance, stack.keys) }];
      if (state.show === "here" && state.patch !== null) this.ranking = looking(payload, state, Math.min(state.patch, payload.cells.patches - 1));
      if (state.show === "between") this.ranking = between(stack, name, state.query, state.way === "read");
      if (state.show === "encoder") this.maps = [this.encoderOf(state.head, name)];
    }
    this.sentence = this.maps[0].kind === "none" && !this.missing && ["query", "encoder"].includes(state.show) ? this.waitingWords : detectionSentence(this);
  }

  get waitingWords() {
    const { state, stack } = this;
    if (state.show === "encoder" && stack instanceof Points && state.patch === null) return ["Point at the picture: which places does this cell of the encoder read? Click to hold it."];
    if (state.show === "encoder" && stack instanceof Points && !state.pinned) return ["Click this cell to have its points computed."];
    return [this.live ? "What this query reads is on its way." : "This file does not hold what this query reads."];
  }

  // ---- What the visitor does

  set(changes) {
    Object.assign(this.state, changes);
    if ("show" in changes || "way" in changes) Object.assign(this.state, { patch: null, pinned: false });
    this.selected();
  }

  choose(query) { this.set({ query, ...(this.state.show === "here" || this.state.show === "encoder" ? { show: "query" } : {}) }); }

  hover(q) {
    if (q === this.hovered) return;
    this.hovered = q;
    this.soon();
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

  savedTitle(heads) {
    const { state, stack, payload } = this, { layer, head } = state.head;
    const what = { query: `what ${named(payload, state.query)} reads`, relevance: `heads for ${named(payload, state.query)}`, here: "who looks at a place", between: "queries that read one another", encoder: "patches that read one another" }[state.show];
    if (state.show === "relevance" && !heads) return `Relevance for ${named(payload, state.query)}`;
    if (heads) return `All ${stack.heads.length} heads: ${what}`;
    return `${state.of === "mean" ? `Layer ${layer} · mean of its heads` : headTitle({ layer, head })}: ${what}`;
  }
  savedName(heads) {
    const { show, of, query, head: { layer, head } } = this.state;
    const one = this.boxed ? `query${query}` : "";
    if (show === "relevance" && !heads) return [show, one];
    return [show, one, heads ? "heads" : of === "mean" ? `layer${layer}` : `layer${layer}_head${head}`];
  }
  savedNodes(heads) { return [heads ? this.heads.sheet : this.state.show === "between" ? this.between.picture : this.stage.row]; }

  // ---- Drawing: everything; the selection; the place that is pointed at (at most once per frame)

  refresh() {
    this.width = this.root.clientWidth;
    if (!this.width || this.waiting) return;
    this.font = getComputedStyle(this.frame).fontFamily;
    this.gridSize = this.gridsOf(this.payload);
    this.boxes = this.payload.parts.boxes.join();
    this.frame.classList.toggle("narrow", this.width < WIDE);
    this.selected();
  }

  selected() {
    const narrow = this.width < WIDE;
    const { state, stack } = this;
    const left = narrow ? this.width : Math.round(Math.min(Math.max(300, 60 + stack.widest * 72), this.width * 0.34));
    this.frame.style.setProperty("--left", `${left}px`);
    this.compute();
    this.heads.layout(left - (narrow ? 22 : 32));
    const room = this.width - (narrow ? 24 : left + SIDE + 32);
    this.stage.element.hidden = state.show === "between";
    this.between.element.hidden = state.show !== "between";
    if (state.show === "between") this.between.layout(room);
    else this.stage.layout(room);
    this.drawControls();
    this.heads.draw();
    this.strip.draw();
    this.found.draw();
    this.drawn();
    this.request();
    this.address();
  }

  drawControls() {
    const { state, dense, stack } = this;
    const points = stack instanceof Points;
    this.shows.set(state.show);
    for (const [key, control] of Object.entries(this.controls)) control.set(state[key]);
    this.levels.set(state.level);
    this.froms.set(state.from);
    this.grid.set(state.grid === "on");
    this.opacity.set(state.opacity);
    this.opacity.note.textContent = percent(state.opacity / 100);
    this.saving.element.hidden = Boolean(this.missing);
    this.own.level.hidden = !points || state.show === "between";
    this.own.from.hidden = !points || state.show !== "encoder";
    this.own.of.hidden = state.show === "relevance";
    this.own.way.hidden = points || !["encoder", "between"].includes(state.show);
    this.second.hidden = Object.values(this.own).every(({ hidden }) => hidden);
    this.looks.sort.hidden = state.show !== "between";
    this.looks.smooth.hidden = points || !["query", "relevance", "encoder"].includes(state.show);
    this.grid.element.hidden = state.show === "between";
  }

  drawn() {
    if (this.state.show === "between") this.between.draw();
    else this.stage.draw();
    this.found.point();
    fill(this.status, this.sentence);
    this.hint.textContent = this.state.pinned ? "held · Esc releases" : "";
  }

  soon() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      this.compute();
      if (["here", "encoder"].includes(this.state.show)) this.heads.draw();
      this.drawn();
      this.request();
    });
  }

  address() {
    if (!this.linked) return;
    const { layer, head } = this.defaults.heads[STACK_OF[this.state.show]];
    const fields = this.state.fields(), first = { ...this.defaults, head: `${layer}.${head}` };
    writeAddress(KEYS, Object.fromEntries(KEYS.filter((key) => fields[key] !== first[key]).map((key) => [key, fields[key]])));
  }
}

export default function (host) { return mount(Detection, host); }
