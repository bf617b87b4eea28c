// The logit lens: a row per layer, a column per token; what the model would say next if it stopped there.

const LENS = { row: 26, column: 92, left: 84, top: 24 };

class LensGrid {
  constructor(writer) {
    this.writer = writer;
    this.canvas = el("canvas", { className: "say", role: "img", tabIndex: 0 });
    this.scroller = el("div", { className: "lens-frame" }, this.canvas);
    this.words = el("div", { className: "lens-words", "aria-live": "polite" });
    this.ramp = el("canvas", { width: 96, height: 10, ariaHidden: "true" });
    const legend = el("span", { className: "cap bar" }, "probability 0", this.ramp, "1");
    this.element = el("section", { className: "lens", hidden: true },
      el("h2", {}, "Logit lens", span("cap", "what it would say next if it stopped after each layer"), legend),
      this.scroller, this.words);
    this.canvas.addEventListener("pointermove", (event) => this.over(event));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  draw() {
    const { header, parts, theme, font } = this.writer;
    this.lens = header.lens;
    this.element.hidden = !this.lens;
    if (!this.lens) return;
    Object.assign(this.lens, parts);
    const { layers, tokens } = this.lens;
    rampBar(this.ramp, theme);
    const [width, height] = [LENS.left + tokens.length * LENS.column, LENS.top + layers.length * LENS.row];
    const pen = prepare(this.canvas, width, height);
    [pen.textBaseline, pen.font] = ["middle", `13px ${font}`];
    pen.fillStyle = theme.colour.muted;
    tokens.forEach((token, i) => this.write(pen, shown(token), LENS.left + i * LENS.column + 5, LENS.top / 2));
    layers.forEach((name, layer) => {
      const y = LENS.top + (layers.length - 1 - layer) * LENS.row; // the last layer on top, as in the paper
      pen.fillStyle = theme.colour.muted;
      pen.fillText(name, 2, y + LENS.row / 2);
      tokens.forEach((_, i) => this.cell(pen, layer, i, LENS.left + i * LENS.column, y));
    });
    const { layer, at } = this.at ?? {};
    this.at = layer < layers.length && at < tokens.length ? this.at : { layer: layers.length - 1, at: tokens.length - 1 };
    this.say();
    this.scroller.scrollLeft = width;
  }

  index(layer, at) { return layer * this.lens.tokens.length + at; }

  cell(pen, layer, at, x, y) {
    const { theme } = this.writer;
    const first = this.index(layer, at) * this.lens.top;
    const level = Math.round(255 * Math.sqrt(this.lens.probability[first]));
    pen.fillStyle = theme.beam[level];
    pen.fillRect(x, y, LENS.column - 1, LENS.row - 1);
    pen.fillStyle = theme.beamInk[level];
    this.write(pen, shown(this.lens.names[this.lens.best[first]]), x + 5, y + LENS.row / 2);
    if (this.lens.rank[this.index(layer, at)] > 0) return;
    pen.fillStyle = theme.beamInk[level];
    pen.fillRect(x, y + LENS.row - 4, LENS.column - 1, 2); // it already says what it will say in the end
  }

  write(pen, text, x, y) {
    let short = text;
    while (short.length > 1 && pen.measureText(short).width > LENS.column - 12) short = shorten(short, [...short].length - 1);
    pen.fillText(short, x, y);
  }

  over(event) {
    const box = this.canvas.getBoundingClientRect();
    const at = Math.floor((event.clientX - box.left - LENS.left) / LENS.column);
    const row = Math.floor((event.clientY - box.top - LENS.top) / LENS.row);
    const layer = this.lens.layers.length - 1 - row;
    if (at < 0 || row < 0 || at >= this.lens.tokens.length || layer < 0) return;
    this.at = { layer, at };
    this.say();
  }

  key(event) {
    const [up, right] = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [];
    if (up === undefined) return;
    const inside = (value, n) => Math.min(n - 1, Math.max(0, value));
    const { layers, tokens } = this.lens;
    this.at = { layer: inside(this.at.layer + up, layers.length), at: inside(this.at.at + right, tokens.length) };
    this.say();
    event.preventDefault();
  }

  say() {
    const { layer, at } = this.at;
    const { layers, tokens, names, best, probability, rank, answer, final, top } = this.lens;
    const place = this.index(layer, at);
    const listed = Array.from({ length: top }, (_, i) => place * top + i).flatMap((i, n) =>
      [n ? ", " : " ", quoted(names[best[i]]), " ", strong(probabilityWords(probability[i]))]);
    const end = quoted(names[final[at]]);
    const sentence = [strong(`After “${shown(tokens[at])}”, ${layer ? `out of ${layers[layer]}` : "from the embedding alone"}:`),
      ...listed, ". What it says in the end, ", end, ", has rank ", strong(thousands(rank[place] + 1)),
      " here, with ", strong(probabilityWords(answer[place])), "."];
    fill(this.words, sentence);
    this.canvas.ariaLabel = plainText(sentence);
  }
}
