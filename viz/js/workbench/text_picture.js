// A side of the Text pane that is a picture: the picture itself, a shade over each patch, special tokens beside it.

const BEST = 44; // pixels of a patch that is shown by itself
const FULL = { least: 160, most: 640 }; // pixels of the picture's longer side

// What shades a picture on either theme: from dark, where nothing is read, to light.
const overPicture = () => (Theme.dark ??= new Theme("dark"));

class PictureText {
  constructor(pane, side) {
    Object.assign(this, { pane, side, seen: true });
    this.picture = el("canvas", { ariaHidden: "true" });
    this.shades = el("canvas", { className: "say picture-shades", role: "img" });
    this.marks = el("canvas", { ariaHidden: "true" });
    this.surface = el("div", { className: "picture-surface", tabIndex: 0, role: "application",
      "aria-roledescription": "picture", "aria-label": "Patches of the picture: arrows move, Enter pins" });
    this.sheet = el("div", { className: "picture-sheet" }, this.picture, this.shades, this.marks, this.surface);
    this.chips = el("div", { className: "picture-chips", role: "group", "aria-label": "Special tokens" });
    this.title = { both: "Picture", query: "queries: the picture", key: "keys: the picture" }[side];
    this.words = span("cap picture-words");
    this.best = el("div", { className: "picture-best", ariaHidden: "true" });
    this.element = el("div", { className: "block pictured", role: "group", "aria-label": this.title },
      el("div", { className: "bar" }, this.chips, this.words), el("div", { className: "picture-row" }, this.sheet, this.best));
    this.listen();
  }

  listen() {
    const { pane, side, surface, chips } = this;
    const act = (name) => (event) => {
      const index = this.at(event);
      if (index !== null) pane[name](side, index);
    };
    surface.addEventListener("pointermove", act("over"));
    surface.addEventListener("click", act("pin"));
    surface.addEventListener("keydown", (event) => this.key(event));
    surface.addEventListener("focus", () => { if (surface.matches(":focus-visible")) pane.over(side, this.cursor); });
    const chip = (name) => (event) => {
      const { index } = event.target.closest("[data-index]")?.dataset ?? {};
      if (index !== undefined) pane[name](side, Number(index));
    };
    chips.addEventListener("pointerover", chip("over"));
    chips.addEventListener("focusin", chip("over"));
    chips.addEventListener("click", chip("pin"));
    chips.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      chip("pin")(event);
      event.preventDefault();
    });
  }

  get bench() { return this.pane.bench; }
  get tokens() { return patchNumbers(this.bench.payload.tokens(this.side === "key" ? "key" : "query")); }

  build() {
    const { tokens } = this;
    this.spans = new Map();
    for (let i = 0; i < tokens.length; i++) {
      if (tokens.special[i]) {
        const word = appendToken(this.chips, this.side, i, tokens.labels[i], true);
        word.tabIndex = 0;
        this.spans.set(i, word);
      }
    }
    const [rows, columns] = tokens.grid;
    const { width, height } = this.bench.payload.picture;
    this.words.textContent = `${this.side === "both" ? "" : `${this.title}, `}${rows} × ${columns} patches of what the `
      + `model saw, ${width} × ${height} pixels`;
  }

  // As large as fits; few pixels are drawn as squares.
  layout(width, room, pictures) {
    const { picture, theme } = { ...this.bench.payload, theme: this.bench.theme };
    const across = (pictures > 1 && this.bench.wide ? width / 2 - 12 : width) - 4;
    const most = Math.max(FULL.least, Math.min(FULL.most, room - (pictures < Object.keys(this.pane.blocks).length ? 150 : 60)));
    this.scale = Math.min(across / picture.width, most / picture.height);
    [this.width, this.height] = [picture.width * this.scale, picture.height * this.scale];
    this.room = across - this.width; // beside it
    this.sheet.style.cssText = `width:${this.width}px;height:${this.height}px`;
    const pen = prepare(this.picture, this.width, this.height);
    pen.imageSmoothingEnabled = picture.bitmap.width > this.width / 3;
    pen.drawImage(picture.bitmap, 0, 0, this.width, this.height);
    pen.strokeStyle = theme.colour.border;
    pen.strokeRect(0.5, 0.5, this.width - 1, this.height - 1);
    this.drawn = null;
  }

  measure(origin) {
    const box = this.sheet.getBoundingClientRect();
    this.corner = { x: box.left - origin.left, y: box.top - origin.top };
    const place = (word) => {
      const { left, top, width, height } = word.getBoundingClientRect();
      return { x: left - origin.left, y: top - origin.top, width, height };
    };
    this.chipBoxes = new Map([...this.spans].map(([i, word]) => [i, place(word)]));
  }

  // A patch on the sheet, in its pixels.
  patch(index) {
    const box = patchBox(this.tokens, this.bench.payload.picture, index);
    return box && Object.fromEntries(Object.entries(box).map(([name, value]) => [name, value * this.scale]));
  }

  box(index) {
    const box = this.patch(index);
    if (!box) return this.chipBoxes.get(index);
    return { ...box, x: this.corner.x + box.x, y: this.corner.y + box.y, inside: true };
  }

  shade(levels) {
    const { theme } = this.bench;
    for (const [i, word] of this.spans) {
      word.style.background = levels[i] > 0 ? theme.beam[levels[i]] : "";
      word.style.color = levels[i] > 0 ? theme.beamInk[levels[i]] : "";
    }
    const pen = prepare(this.shades, this.width, this.height);
    const { beam } = overPicture();
    const lit = levels.some((level) => level > 0);
    this.sheet.dataset.lit = lit;
    if (!lit) return;
    pen.globalAlpha = this.pane.cover / 100;
    this.tokens.patches.forEach((position) => {
      const { x, y, width, height } = this.patch(position);
      pen.fillStyle = beam[Math.max(0, levels[position])];
      const [left, top] = [Math.round(x), Math.round(y)]; // no seams between neighbours
      pen.fillRect(left, top, Math.round(x + width) - left, Math.round(y + height) - top);
    });
  }

  scrolled() {}

  // Frame one patch or special token, or none.
  activate(index) {
    const { theme, state } = this.bench;
    for (const [i, word] of this.spans) {
      word.classList.toggle("active", i === index);
      word.classList.toggle("pinned", i === index && state.pinned);
    }
    const pen = prepare(this.marks, this.width, this.height);
    const box = index === null ? null : this.patch(index);
    if (index !== null) this.last = index;
    if (!box) return;
    const frame = (grow, colour, width) => {
      [pen.strokeStyle, pen.lineWidth] = [colour, width];
      pen.strokeRect(box.x - grow, box.y - grow, box.width + 2 * grow, box.height + 2 * grow);
    };
    frame(0, theme.colour.page, state.pinned ? 7 : 5);
    frame(0, theme.heads[state.focus], state.pinned ? 4 : 2.5);
  }

  // The patches with the largest weights, cut out.
  number(best) {
    const { payload } = this.bench;
    const side = this.side === "key" ? "key" : "query";
    this.best.hidden = this.room < 92;
    if (this.best.hidden) return;
    this.best.replaceChildren(...best.flatMap(({ index, half }) => {
      const crop = cropNode(payload, side, index, BEST);
      return crop ? [el("div", { className: "picture-top" }, crop,
        el("div", {}, el("b", { textContent: places2(half) }), el("div", { className: "cap", textContent: shown(this.tokens.labels[index]) })))] : [];
    }));
  }

  // The patch that the keyboard is at: the one looked at last, else the first.
  get cursor() {
    const { tokens } = this;
    return this.last !== undefined && tokens.patchOf[this.last] >= 0 ? this.last : tokens.patches[0];
  }

  focus() { this.surface.focus({ preventScroll: true }); }

  at(event) {
    const box = this.sheet.getBoundingClientRect();
    return positionAt(this.tokens, (event.clientX - box.left) / this.scale, (event.clientY - box.top) / this.scale);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { tokens, cursor } = this;
    const [rows, columns] = tokens.grid;
    const number = tokens.patchOf[cursor];
    const [row, column] = [Math.floor(number / columns), number % columns];
    const to = { ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1], Home: [row, 0], End: [row, columns - 1] }[event.key];
    if (event.key === "Enter" || event.key === " ") this.pane.pin(this.side, cursor);
    else if (!to) return;
    else if (to[0] >= 0 && to[1] >= 0 && to[0] < rows && to[1] < columns) {
      this.pane.over(this.side, tokens.patches[to[0] * columns + to[1]]);
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

STYLES.push(`
.control.overlay{max-width:190px}
.picture-sheet{position:relative;margin:2px 3px 3px}
.picture-sheet>canvas{position:absolute;left:0;top:0;pointer-events:none}
.picture-surface{position:absolute;inset:0;cursor:crosshair;touch-action:pan-y}
.picture-chips{display:flex;flex-wrap:wrap;gap:4px}
.picture-chips:empty{display:none}
.view .picture-chips .word{font-size:13px;line-height:20px;padding:1px 8px;margin:2px;border:1px solid var(--border);color:var(--muted)}
.picture-row{display:flex;gap:14px}
.picture-row .picture-sheet{flex:none}
.picture-best{display:flex;flex-direction:column;gap:6px;padding-top:2px;font-size:14px;line-height:20px}
.picture-top{display:flex;gap:8px;align-items:center}
.picture-top canvas{border-radius:3px}
.picture-top b{font-weight:600}
.pictured .bar{margin-bottom:4px}
.picture-words{line-height:20px}
.passage.both-seen{display:flex;flex-wrap:wrap;gap:8px 20px}
.passage.both-seen .block+.block{margin:0;padding:0;border:0}
.reader .weight.over{color:#FFFFFF;text-shadow:0 0 2px #000,0 0 3px #000,0 0 5px #000}
`);
