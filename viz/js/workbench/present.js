// Present: the workbench full screen, laid out small and scaled up for a room, driven by the keyboard or a clicker.

const ROOM = { width: 1920, height: 1080, scale: 29 / 15 }; // the screen at which a token's 15 pixels become 29

// How much larger everything is drawn on a screen of that size; never smaller than on the page.
const presentScale = (width, height) =>
  Math.max(1, Math.min(width / ROOM.width, height / ROOM.height) * ROOM.scale);
const HEADS_PADDING = 36; // pixels of the deck over, under and between what stands beside the panes

class Presentation {
  constructor(bench) {
    [this.bench, this.on] = [bench, false];
    this.tool = pressable("button", "Present", () => this.begin(), { title: "Full screen, in type for a room" });
    this.heading = el("h2", { className: "p-title", "aria-live": "polite" });
    this.facts = span("p-facts");
    const leave = pressable("p-leave", "×", () => this.end(), { ariaLabel: "Leave the presentation", title: "Leave (Esc)" });
    this.top = el("div", { className: "p-top" }, this.heading, this.facts, leave);
    this.note = el("div", { className: "p-note", role: "status", hidden: true });
    this.hints = el("div", { className: "p-hints", ariaHidden: "true" });
    this.answer = span("p-answer");
    this.foot = el("div", { className: "p-foot" }, this.hints, this.answer);
    this.code = new Code(bench, 420);
    const caption = el("div", { className: "p-follow", textContent: "Follow along" });
    this.corner = el("div", { className: "p-corner", hidden: true }, this.code.canvas, caption, this.code.words);
    this.dark = this.dialog("p-dark", "Blackout. Press B to go on.");
    this.help = this.dialog("p-help", "Keys of the presentation", helpNodes(() => this.close()));
    this.deck = el("div", { className: "deck", tabIndex: -1 });
    this.layer = el("div", { className: "layer" }, this.deck);
  }

  dialog(className, label, nodes = []) {
    const attributes = { className, role: "dialog", "aria-modal": "true", "aria-label": label, tabIndex: -1, hidden: true };
    return el("div", attributes, ...nodes);
  }

  // The first data: the frame moves into the layer that a presentation makes full screen.
  take() {
    const { bench } = this;
    if (!this.layer.contains(bench.frame)) {
      bench.frame.replaceWith(this.layer);
      this.deck.append(this.top, bench.frame, this.note, this.foot, this.corner, this.dark, this.help);
      onAnswer(bench, "qr", (answer) => this.code.hear(answer));
      bench.gone.signal.addEventListener("abort", () => this.end());
    }
    if (this.on) this.fit();
  }

  get root() { return this.bench.root; }
  get steps() { return this.bench.parts.find((part) => part instanceof Steps); }
  get byWords() { return this.bench.parts.find((part) => part instanceof ByWords); }

  // ---- In and out

  async begin() {
    if (this.on) return;
    this.on = true;
    this.listening = new AbortController();
    const { signal } = this.listening;
    this.root.style.minHeight = `${this.root.offsetHeight}px`; // the page keeps its place meanwhile
    this.layer.classList.add("presenting");
    document.addEventListener("keydown", (event) => this.pressed(event), { signal, capture: true });
    addEventListener("resize", () => this.refit(), { signal });
    const grown = new ResizeObserver(() => { if (this.on && this.outside !== this.known) this.refit(); });
    for (const node of [...this.around, ...this.besides]) grown.observe(node);
    signal.addEventListener("abort", () => grown.disconnect());
    document.addEventListener("fullscreenchange", () => { if (this.full && !this.isFull) this.end(); }, { signal });
    try {
      await this.layer.requestFullscreen({ navigationUI: "hide" });
      this.full = true;
    } catch { // a frame or a browser that does not allow it: over everything in the window instead
      this.full = false;
      this.layer.popover = "manual";
      this.layer.showPopover?.();
    }
    if (!this.on) return;
    this.refit();
    this.deck.focus({ preventScroll: true });
  }

  get isFull() { return this.layer.getRootNode().fullscreenElement === this.layer; }

  end() {
    if (!this.on) return;
    this.on = false;
    this.listening.abort();
    if (this.open) this.close();
    this.showCode(false);
    this.note.hidden = true;
    if (this.isFull) document.exitFullscreen().catch(() => {});
    if (this.layer.popover) {
      this.layer.hidePopover();
      this.layer.popover = null;
    }
    this.layer.classList.remove("presenting");
    this.deck.style.cssText = this.root.style.minHeight = "";
    SCREEN.scale = 1;
    Object.assign(this.bench, { room: null });
    this.bench.grid.most = GRID_MOST;
    if (!this.root.isConnected) return;
    this.bench.refresh();
    this.tool.focus();
  }

  // ---- Sizes

  refit() {
    this.fit();
    this.bench.refresh();
  }

  // The deck in its own pixels, and the room that is left in it for the panes.
  fit() {
    const { clientWidth: w, clientHeight: h } = this.layer;
    const { bench } = this;
    SCREEN.scale = presentScale(w, h);
    const [width, height] = [w / SCREEN.scale, h / SCREEN.scale];
    this.deck.style.cssText = `width:${width}px;height:${height}px;transform:scale(${SCREEN.scale})`;
    this.tell();
    const left = height - this.taken;
    bench.room = { width, height: width >= WIDE ? Math.max(240, left - 16) : 480 };
    this.known = this.outside;
    const besides = this.besides.reduce((sum, node) => sum + node.offsetHeight, HEADS_PADDING);
    bench.grid.most = gridMost(left - besides, bench.payload);
  }

  // What stands around the picture, and how many pixels of the deck's height it takes.
  get around() {
    const { bench } = this;
    return [this.top, bench.status.parentElement, this.note, this.foot, bench.notice, ...bench.nodes("below")];
  }
  get taken() { return this.around.reduce((sum, node) => sum + (node.hidden ? 0 : node.offsetHeight), 0); }

  // What stands over and under the grid of heads, and the heights of all of it.
  get besides() { return [...this.bench.heads.children].filter((node) => node !== this.bench.grid.element); }
  get outside() { return [...this.around, ...this.besides].map((node) => node.offsetHeight).join(); }

  // Title, facts and hints, as they are now.
  tell() {
    const { payload } = this.bench;
    const { current, steps, at } = this.steps;
    const text = payload.queries.labels.filter((_, i) => !payload.queries.special[i]).join("");
    const input = payload.thing === "patch" ? "A picture" : shown(text.replace(/\s+/g, " "));
    this.heading.textContent = current?.name || shorten(input, 120);
    const size = `${payload.layers} layers × ${payload.widest} heads`;
    const place = steps.length && at >= 0 ? ` · step ${at + 1} of ${steps.length}` : "";
    this.facts.textContent = `${payload.header.model} · ${size}${place}`;
    this.note.textContent = current?.note ?? "";
    if (!current?.note) this.note.hidden = true;
    this.hints.replaceChildren(...hintNodes(this.bench, steps.length));
    fill(this.answer, answerSentence(payload.header.ranking));
  }

  draw() {
    if (this.on) this.tell();
    if (this.code.shown) this.code.later();
  }

  point() { if (this.code.shown) this.code.later(); }
  stepped() { if (this.on) this.refit(); }

  // ---- Keys

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Tab") return;
    if (this.open) this.keyWhileOpen(event);
    else if (!this.act(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Whatever closes a dialog, and Enter on its button.
  keyWhileOpen({ key, target }) {
    const way = presentKey({ key });
    const own = { leave: true, [this.open === this.dark ? "blackout" : "help"]: true, ...(this.open === this.dark ? STEPPING : {}) };
    if (own[way] || (key === "Enter" && target !== document.body)) this.close();
  }

  act(event) {
    const { bench } = this;
    const way = presentKey(event);
    const does = {
      word: (by) => this.turnWord(by), layer: (by) => this.turnHead(by, 0), head: (by) => this.turnHead(0, by),
      view: (by) => this.turnView(by), step: (by) => this.steps.walk(by), words: () => this.byWords.turn(),
      note: () => this.showNote(), blackout: () => this.show(this.dark), help: () => this.show(this.help),
      code: () => this.showCode(!this.code.shown), leave: () => this.end(),
    };
    if (way === "pass") bench.key(event);
    const [name, by] = way.split(" ");
    does[name]?.(Number(by));
    return way !== "";
  }

  // The next word that is shown, held.
  turnWord(by) {
    const { bench, bench: { state, payload } } = this;
    const { side, index } = state.active;
    const n = payload.tokens(side).length;
    let next = index + by;
    while (next >= 0 && next < n && hiddenToken(payload, state, next)) next += by;
    if (next < 0 || next >= n) return;
    Object.assign(state, { active: { side, index: next }, pinned: true, cell: null });
    bench.soon();
    bench.pane.reveal();
    bench.address();
    bench.requestNeurons();
  }

  // The head in focus gives its colour to the one beside, above or below it; one that is chosen gets the focus.
  turnHead(layers, heads) {
    const { bench, bench: { state, payload } } = this;
    const layer = state.head.layer + layers;
    if (!(layer in payload.header.heads)) return;
    const head = { layer, head: Math.min(payload.header.heads[layer] - 1, state.head.head + heads) };
    if (head.head < 0 || sameHead(head, state.head)) return;
    const slot = state.slotOf(head);
    if (slot >= 0) state.focus = slot;
    else state.slots[state.focus] = head;
    bench.selected();
    bench.grid.buttons[payload.index(head)].scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  turnView(by) {
    const at = PANES.findIndex(({ name }) => name === this.bench.state.view);
    this.bench.set({ view: PANES[(at + by + PANES.length) % PANES.length].name });
  }

  // ---- What lies over the picture

  showNote() {
    if (!this.steps.current?.note) return this.bench.say("This step has no note.");
    this.note.hidden = !this.note.hidden;
    return this.refit();
  }

  showCode(on) {
    if (on && !this.bench.linked) return this.bench.say("A file has no address: there is no code to follow along.");
    this.corner.hidden = !on;
    this.deck.classList.toggle("coded", on);
    return this.code.show(on);
  }

  get behind() { return [this.top, this.bench.frame, this.note, this.foot, this.corner]; }

  show(dialog) {
    this.held = this.layer.getRootNode().activeElement;
    this.open = dialog;
    dialog.hidden = false;
    for (const node of this.behind) node.inert = true;
    (dialog.querySelector("button") ?? dialog).focus();
  }

  close() {
    this.open.hidden = true;
    this.open = null;
    for (const node of this.behind) node.inert = false;
    if (this.on) (this.layer.contains(this.held) ? this.held : this.deck).focus({ preventScroll: true });
  }
}

PARTS.push((bench) => new Presentation(bench));
