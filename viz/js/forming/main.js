// Attention while it forms: the maps of one row at one step, a slider over all kept steps, what the model says.

const MOST_CELL = 180, LEAST_CELL = 44, FILM = 46, SIDE = 24, PICTURE = 84, BARS = 120, BAR = 34; // pixels
const HINTS = [
  "Held-out rows: grey is given, a green letter is foretold right, a red underlined one wrong (the right one stands below it).",
  "Held-out pictures: a green name is right, a red underlined one wrong (the right one stands below it).",
];

class Forming extends Mounted {
  constructor(parent) {
    super(parent);
    this.chosen = [0, 0]; // layer, head
    this.step = null; // null: the newest
    this.title = el("h2");
    this.live_ = pressable("button", "Back to the newest", () => this.show(null));
    this.maps = el("canvas", { role: "img" });
    this.marks = el("canvas", { className: "over", "aria-hidden": "true" });
    this.buttons = el("div", { className: "over" });
    this.sheet = el("div", { className: "sheet" }, this.maps, this.marks, this.buttons);
    this.film = el("div", { className: "film" });
    this.input = el("input", { type: "range", min: 0, step: 1, ariaLabel: "Step that is shown" });
    this.scale = el("div", { className: "bar cap scale" });
    this.status = el("div", { className: "status", "aria-live": "polite" });
    this.said = el("div", { className: "said" });
    this.sum = span("cap");
    this.spread = el("div", { className: "spread" });
    this.spreadHead = el("div", { className: "bar" }, el("h2", { textContent: "Weights and gradients" }), spring(), span("cap", "how many of each size, from -edge to edge"));
    this.frame = el("section", { className: "fo", "aria-label": "Attention", hidden: true },
      el("div", { className: "bar head" }, this.title, spring(), this.live_),
      el("div", { className: "body" }, this.sheet, this.film, el("span", { className: "control" }, this.input), this.scale), this.status,
      el("div", { className: "body" }, el("div", { className: "bar" }, el("h2", { textContent: "Predictions" }), spring(), this.sum), this.said,
        this.hint = el("div", { className: "cap" }), this.spreadHead, this.spread));
    this.root.replaceChildren(el("style", { textContent: FORMING_STYLE }), this.failure, this.frame);
    this.input.addEventListener("input", () => this.show(this.payload.steps[Number(this.input.value)]));
    this.sheet.addEventListener("pointermove", (event) => this.over(pointIn(this.sheet, event)));
    this.sheet.addEventListener("pointerleave", () => this.tell());
    this.buttons.addEventListener("keydown", (event) => this.key(event));
    this.listen();
  }

  take({ header, parts }) {
    [this.payload, this.parts] = [header, parts];
    const [layers, heads] = header.shape;
    if (this.chosen[0] >= layers || this.chosen[1] >= heads) this.chosen = [0, 0];
    const cells = parts.weights.length / (header.steps.length * layers * heads);
    this.n = header.picture ? Math.round(Math.sqrt(cells)) : triangleSide(cells);
    this.cells = cells;
    if (this.step !== null && this.step > header.steps.at(-1)) this.step = null; // the run went back
    this.frame.hidden = false;
    this.dress();
  }

  // Which of the kept steps is shown: the asked one or the last before it.
  get index() {
    const { steps } = this.payload;
    if (this.step === null) return steps.length - 1;
    let found = 0;
    steps.forEach((at, i) => { if (at <= this.step) found = i; });
    return found;
  }

  show(step) {
    this.step = step === this.payload.steps.at(-1) ? null : step;
    this.draw();
  }

  refresh() {
    this.width = this.sheet.clientWidth;
    if (!this.width) return;
    const [layers, heads] = this.payload.shape;
    this.across = heads === 1; // a head per layer: the layers stand side by side
    this.side = this.across ? 0 : SIDE;
    const columns = this.across ? layers : heads;
    this.cell = Math.max(LEAST_CELL, Math.min(MOST_CELL, Math.floor((this.width - this.side + 8) / columns - 8)));
    this.height = (this.across ? 1 : layers) * (this.cell + 8) + 14;
    this.sheet.style.height = `${this.height}px`;
    this.buttons.replaceChildren(...Array.from({ length: layers * heads }, (_, i) => {
      const [layer, head] = [Math.floor(i / heads), i % heads];
      const button = pressable("map", "", () => this.choose(layer, head), { ariaLabel: `Layer ${layer}, head ${head}` });
      const [x, y] = this.place(layer, head);
      button.style.cssText = `left:${x}px;top:${y}px;width:${this.cell}px;height:${this.cell}px`;
      return button;
    }));
    this.draw();
  }

  place(layer, head) {
    const [row, column] = this.across ? [0, layer] : [layer, head];
    return [this.side + column * (this.cell + 8), 16 + row * (this.cell + 8)];
  }

  choose(layer, head) {
    this.chosen = [layer, head];
    this.draw();
  }

  // Halves [query * (query + 1) / 2 + key] of one head at one kept step.
  halves(index, layer, head) {
    const [layers, heads] = this.payload.shape;
    const start = ((index * layers + layer) * heads + head) * this.cells;
    return this.parts.weights.subarray(start, start + this.cells);
  }

  // Query and key of a place in it.
  placeOf(i) { return this.payload.picture ? [Math.floor(i / this.n), i % this.n] : cellOf(i); }

  draw() {
    const { payload, theme: { colour } } = this;
    const { steps } = payload;
    const { index } = this;
    this.title.textContent = `Attention at step ${thousands(steps[index])}`;
    this.live_.hidden = this.step === null;
    const [layers, heads] = payload.shape;
    const pen = prepare(this.maps, this.width, this.height);
    const font = getComputedStyle(this.frame).fontFamily;
    [pen.font, pen.textBaseline, pen.fillStyle, pen.imageSmoothingEnabled] = [`12px ${font}`, "middle", colour.muted, false];
    for (let at = 0; at < (this.across ? layers : heads); at++) {
      pen.textAlign = "center";
      const [x] = this.across ? this.place(at, 0) : this.place(0, at);
      pen.fillText(this.across ? `layer ${at}` : `head ${at}`, x + this.cell / 2, 7);
    }
    for (let layer = 0; layer < layers; layer++) {
      pen.textAlign = "left";
      if (!this.across) pen.fillText(`L${layer}`, 0, this.place(layer, 0)[1] + this.cell / 2);
      for (let head = 0; head < heads; head++) this.map(pen, index, layer, head, ...this.place(layer, head), this.cell);
    }
    this.mark();
    this.drawFilm(index);
    this.said.classList.toggle("pictures", Boolean(payload.picture));
    this.hint.textContent = payload.picture ? HINTS[1] : HINTS[0];
    if (payload.picture) this.drawPictures(index);
    else this.drawPredictions(index);
    this.drawSpread(index);
    this.tell();
    this.maps.ariaLabel = this.status.textContent;
    [this.root.dataset.frames, this.root.dataset.shown] = [steps.length, steps[index]];
  }

  map(pen, index, layer, head, x, y, size) {
    const { n, theme } = this;
    const image = new ImageData(n, n);
    const pixels = new Uint32Array(image.data.buffer).fill(theme.pixel("sunk"));
    this.halves(index, layer, head).forEach((half, i) => {
      const [query, key] = this.placeOf(i);
      pixels[query * n + key] = theme.pixels[codeOf(half)];
    });
    const small = document.createElement("canvas");
    [small.width, small.height] = [n, n];
    small.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, x, y, size, size);
    if (this.payload.bad.includes(this.payload.steps[index])) hatch(pen, theme, x, y, size, size);
    pen.strokeStyle = theme.colour.border;
    pen.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
  }

  mark(cell = null) {
    const pen = prepare(this.marks, this.width, this.height);
    const [x, y] = this.place(...this.chosen);
    [pen.strokeStyle, pen.lineWidth] = [this.theme.heads[3], 3];
    pen.strokeRect(x - 0.5, y - 0.5, this.cell + 1, this.cell + 1);
    if (cell) {
      const size = this.cell / this.n;
      const [left, top] = this.place(cell.layer, cell.head);
      [pen.strokeStyle, pen.lineWidth] = [this.theme.colour.ink, 1];
      pen.strokeRect(left + cell.key * size, top + cell.query * size, Math.max(2, size), Math.max(2, size));
    }
  }

  // The chosen head over training: a few small maps, as many as there is room for.
  drawFilm(index) {
    const { steps } = this.payload;
    const n = Math.min(steps.length, Math.max(2, Math.floor((this.width + 6) / (FILM + 6))));
    const picked = Array.from({ length: n }, (_, i) => (n < 2 ? 0 : Math.round((i * (steps.length - 1)) / (n - 1))));
    const near = picked.reduce((best, at) => (Math.abs(at - index) < Math.abs(best - index) ? at : best), picked[0]);
    if (this.film.children.length !== n) this.film.replaceChildren(...picked.map(() => pressable("", "", null)));
    picked.forEach((at, i) => {
      const button = this.film.children[i];
      const canvas = button.firstChild ?? button.appendChild(el("canvas"));
      this.map(prepare(canvas, FILM, FILM), at, ...this.chosen, 0, 0, FILM);
      button.onclick = () => this.show(steps[at]);
      [button.ariaLabel, button.ariaPressed] = [`Step ${thousands(steps[at])}`, String(at === near)];
    });
    [this.input.max, this.input.value] = [steps.length - 1, index];
    this.input.style.setProperty("--fill", `${(100 * index) / Math.max(1, steps.length - 1)}%`);
    this.input.setAttribute("aria-valuetext", `step ${thousands(steps[index])}`);
    this.scale.replaceChildren(`step ${thousands(steps[0])}`, spring(), `layer ${this.chosen[0]}, head ${this.chosen[1]} over training`, spring(), thousands(steps.at(-1)));
  }

  drawPredictions(index) {
    const { parts, payload } = this;
    const length = this.n + 1;
    const rows = parts.tokens.length / length;
    let [right, all] = [0, 0];
    this.said.replaceChildren(...Array.from({ length: rows }, (_, row) => el("div", { className: "row" },
      ...Array.from({ length }, (_, at) => {
        const place = row * length + at;
        const symbol = symbolText(payload.symbols[parts.tokens[place]]);
        if (!parts.graded[place]) return this.past(row, at) ? "" : span("given", symbol);
        all++;
        const foretold = parts.predicted[index * rows * length + place] - 1;
        if (foretold === parts.tokens[place]) {
          right++;
          return span("good", symbol);
        }
        return el("span", { className: "bad" }, span("", symbolText(payload.symbols[foretold])), span("instead", symbol));
      }).filter((node) => node !== ""))));
    this.sum.textContent = `${right} of ${all} right`;
    [this.root.dataset.right, this.root.dataset.graded] = [right, all];
  }

  // Pictures and what they are taken for; over the first one what the class token reads by the chosen head.
  drawPictures(index) {
    const { parts, payload, theme } = this;
    const [channels, height, width, patch] = payload.picture;
    const rows = parts.tokens.length / 2;
    let right = 0;
    const paint = (row, read) => {
      const canvas = el("canvas", { role: "img" });
      const pen = prepare(canvas, PICTURE, PICTURE);
      const image = new ImageData(width, height);
      for (let at = 0; at < width * height; at++) {
        for (let c = 0; c < 3; c++) image.data[at * 4 + c] = parts.pictures[(row * channels + (c % channels)) * width * height + at];
        image.data[at * 4 + 3] = 255;
      }
      const small = document.createElement("canvas");
      [small.width, small.height] = [width, height];
      small.getContext("2d").putImageData(image, 0, 0);
      pen.imageSmoothingEnabled = false;
      pen.drawImage(small, 0, 0, PICTURE, PICTURE);
      if (read) {
        const across = width / patch;
        const size = PICTURE / across;
        const line = this.halves(index, ...this.chosen).subarray(1, this.n);
        const top = Math.max(1, ...line);
        line.forEach((half, i) => {
          pen.fillStyle = `rgb(255 176 32 / ${(0.75 * half) / top})`;
          pen.fillRect((i % across) * size, Math.floor(i / across) * size, size, size);
        });
        canvas.ariaLabel = "What the class token reads of the first picture";
      }
      return canvas;
    };
    const figures = [el("figure", {}, paint(0, true), el("figcaption", { textContent: "class token reads" }))];
    for (let row = 0; row < rows; row++) {
      const foretold = parts.predicted[(index * rows + row) * 2 + 1] - 1;
      const answer = parts.tokens[row * 2 + 1];
      if (foretold === answer) right++;
      const words = foretold === answer ? [span("good", payload.symbols[answer])]
        : [span("bad", payload.symbols[foretold]), span("instead", payload.symbols[answer])];
      const canvas = paint(row, false);
      canvas.ariaLabel = `${payload.symbols[answer]}, taken for ${payload.symbols[foretold]}`;
      figures.push(el("figure", {}, canvas, el("figcaption", {}, ...words)));
    }
    this.said.replaceChildren(...figures);
    this.sum.textContent = `${right} of ${rows} right`;
    [this.root.dataset.right, this.root.dataset.graded] = [right, rows];
  }

  // Two histograms for each part of the model, at the last kept step that has them.
  drawSpread(index) {
    const { payload, parts, theme: { colour, heads } } = this;
    const at = payload.spread.findLastIndex((step) => step <= payload.steps[index]);
    this.spreadHead.hidden = this.spread.hidden = !payload.spread.length;
    if (at < 0) {
      this.spread.replaceChildren(span("cap", "Gradients are there from the first step on."));
      return;
    }
    const n = payload.parts_of.length;
    const bins = parts.heights.length / (payload.spread.length * n * 2);
    const paint = (part, which) => {
      const canvas = el("canvas", { role: "img" });
      const pen = prepare(canvas, BARS, BAR);
      const start = ((at * n + part) * 2 + which) * bins;
      pen.fillStyle = which ? heads[1] : heads[0];
      parts.heights.subarray(start, start + bins).forEach((tall, i) => {
        const high = (tall / 255) * (BAR - 2);
        pen.fillRect((i * BARS) / bins, BAR - 1 - high, BARS / bins - 0.5, high);
      });
      pen.fillStyle = colour.border;
      pen.fillRect(0, BAR - 1, BARS, 1);
      const edge = figure2(parts.edges[(at * n + part) * 2 + which]);
      canvas.ariaLabel = `${which ? "Gradients" : "Weights"} of ${payload.parts_of[part]}, up to ${edge}`;
      return el("span", { className: "bars" }, canvas, span("cap", `${which ? "gradient" : "weight"} ±${edge}`));
    };
    this.spread.replaceChildren(...payload.parts_of.map((name, part) =>
      el("div", { className: "part" }, span("cap name", name), paint(part, 0), paint(part, 1))));
    this.root.dataset.spread = payload.spread[at];
  }

  // Whether a row has ended before this place: what fills it up is nothing to show.
  past(row, at) {
    const length = this.n + 1;
    const line = this.parts.graded.subarray(row * length, (row + 1) * length);
    return at > line.lastIndexOf(1);
  }

  over({ x, y }) {
    const [layers, heads] = this.payload.shape;
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < heads; head++) {
        const [left, top] = this.place(layer, head);
        const [key, query] = [x - left, y - top].map((at) => Math.floor((at * this.n) / this.cell));
        if (key < 0 || query < 0 || key >= this.n || query >= this.n) continue;
        this.mark({ layer, head, key, query });
        this.tell(layer, head, query, key);
        return;
      }
    }
    this.mark();
    this.tell();
  }

  key(event) {
    const [layers, heads] = this.payload.shape;
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!move) return;
    event.preventDefault();
    const [layer, head] = this.chosen.map((at, i) => at + move[i]);
    if (layer < 0 || head < 0 || layer >= layers || head >= heads) return;
    this.choose(layer, head);
    this.buttons.children[layer * heads + head].focus();
  }

  // A cell, or what the chosen head reads most at the last position that is graded.
  tell(layer = this.chosen[0], head = this.chosen[1], query = null, key = null) {
    const { parts, payload } = this;
    const halves = this.halves(this.index, layer, head);
    const { picture } = payload;
    const across = picture ? picture[2] / picture[3] : 0;
    const label = (at) => !picture ? `“${symbolText(payload.symbols[parts.tokens[at]])}”`
      : at ? `patch in row ${Math.floor((at - 1) / across)}, column ${(at - 1) % across}` : "the class token";
    const last = picture ? 0 : parts.graded.subarray(0, this.n + 1).indexOf(1) - 1;
    const row = query ?? Math.max(0, Math.min(this.n - 1, last));
    const line = picture ? halves.subarray(row * this.n, (row + 1) * this.n)
      : halves.subarray((row * (row + 1)) / 2, ((row + 1) * (row + 2)) / 2);
    const best = key ?? line.indexOf(Math.max(...line));
    const where = `Layer ${layer} · head ${head} at step ${thousands(payload.steps[this.index])}`;
    this.status.textContent = !picture && best > row ? `${where}: ${label(row)} cannot read what comes after it.`
      : `${where}: ${label(row)} (position ${row}) reads ${label(best)} (position ${best}) ${places2(line[best])}${key === null ? ", most of all" : ""}.`;
  }
}

// A size in few digits.
const figure2 = (value) => (value >= 0.01 ? Number(value.toPrecision(2)).toString() : value.toExponential(0).replace("-", THEME.minus));

const triangleSide = (size) => Math.round((Math.sqrt(8 * size + 1) - 1) / 2);
const codeOf = (half) => Math.round(255 * Math.sqrt(Math.min(1, half / 2000)));
const symbolText = (symbol) => (symbol === undefined ? "" : symbol === " " ? "␣" : symbol === "\n" ? "↵" : visible(symbol));

// Query and key of a place in the lower triangle.
function cellOf(i) {
  const query = Math.floor((Math.sqrt(8 * i + 1) - 1) / 2);
  return [query, i - (query * (query + 1)) / 2];
}

export default function (host) { return mount(Forming, host); }
