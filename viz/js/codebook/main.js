// A picture as tokens: its patches, the codebook, the number at each place, and the picture painted back from them.

const BOOK_KEYS = ["k", "code"];
const FIRST_BOOK = 16; // codes

class Tokens extends Mounted {
  constructor(parent) {
    super(parent);
    [this.book, this.code, this.held] = [0, null, null];
    const pane = (title, canvas) => el("figure", {}, el("figcaption", { className: "cap", textContent: title }), canvas);
    this.canvases = Object.fromEntries(["before", "numbers", "after"].map((name) => [name, el("canvas", { role: "img" })]));
    this.tiles = el("div", { className: "tiles", role: "group", "aria-label": "Codebook" });
    this.sizes = el("span");
    this.told = span("cap");
    this.status = el("div", { className: "status", "aria-live": "polite" });
    this.titles = { after: span("cap") };
    this.frame = el("section", { className: "cb", "aria-label": "Pictures as tokens", hidden: true },
      el("div", { className: "bar" }, el("h2", { textContent: "A picture in numbers" }), spring(), span("cap", "Codes"), this.sizes),
      el("div", { className: "panes" }, pane("the picture, in patches", this.canvases.before), pane("each patch as a number", this.canvases.numbers),
        el("figure", {}, el("figcaption", {}, this.titles.after), this.canvases.after),
        el("figure", { className: "book" }, el("figcaption", {}, this.told), this.tiles)), this.status);
    this.root.replaceChildren(el("style", { textContent: CODEBOOK_STYLE }), this.failure, this.frame);
    for (const canvas of Object.values(this.canvases)) {
      canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => this.point(this.codeAt(offsetX, offsetY)));
      canvas.addEventListener("pointerleave", () => this.point(null));
    }
    this.listen();
  }

  take({ header, parts }) {
    const first = !this.payload;
    [this.payload, this.parts] = [header, parts];
    const sizes = header.books.map(([k]) => k);
    if (first) {
      const asked = this.live ? readAddress(BOOK_KEYS) : {};
      this.book = Math.max(0, sizes.indexOf(sizes.includes(Number(asked.k)) ? Number(asked.k) : FIRST_BOOK));
    }
    this.choice = segmented("Codes", sizes.map((k) => ({ name: k, title: String(k) })), (k) => this.choose(sizes.indexOf(k)), true);
    this.sizes.replaceChildren(this.choice.element);
    this.held = null;
    this.frame.hidden = false;
    this.dress();
  }

  choose(book) {
    [this.book, this.held, this.code] = [book, null, null];
    const [k] = this.payload.books[book];
    if (this.live) writeAddress(BOOK_KEYS, { k: k === FIRST_BOOK ? undefined : String(k) });
    this.draw();
  }

  get codes() {
    const n = this.payload.grid[0] * this.payload.grid[1];
    return this.parts.codes.subarray(this.book * n, (this.book + 1) * n);
  }

  // Pixels of one code's tile.
  tile(code) {
    const size = this.payload.patch ** 2 * 3;
    const from = this.payload.books.slice(0, this.book).reduce((sum, [, used]) => sum + used * size, 0) + code * size;
    return this.parts.tiles.subarray(from, from + size);
  }

  refresh() {
    this.width = this.root.clientWidth;
    if (this.width) this.draw();
  }

  draw() {
    const { payload: { size: [width, height], grid: [rows, columns], books, patch } } = this;
    const panes = this.width < 760 ? 1 : 4;
    const room = (this.width - 28 - 16 * (panes - 1)) / panes;
    const scale = Math.max(1, Math.min(room, 330) / width);
    [this.shownWidth, this.shownHeight] = [Math.floor(width * scale), Math.floor(height * scale)];
    this.images ??= {};
    const [k, used, decibels] = books[this.book];
    this.choice.set(k);
    this.paint("before", pixelImage(this.parts.picture, width, height));
    this.paint("after", this.again());
    this.drawNumbers();
    this.tiles.replaceChildren(...Array.from({ length: used }, (_, code) => this.button(code)));
    this.titles.after.textContent = `painted back: ${decibels === null ? "nothing lost" : `PSNR ${decibels.toFixed(1)} dB`}`;
    this.told.textContent = `the codebook: ${used} patches${used < k ? `, all that differ` : ""}`;
    [this.root.dataset.k, this.root.dataset.psnr] = [k, decibels ?? "all"];
    this.mark();
  }

  // The picture that the codes stand for.
  again() {
    const { payload: { size: [width, height], grid: [rows, columns], patch }, codes } = this;
    const out = new Uint8Array(width * height * 3);
    codes.forEach((code, place) => {
      const tile = this.tile(code), [row, column] = [Math.floor(place / columns), place % columns];
      for (let y = 0; y < patch; y++) out.set(tile.subarray(y * patch * 3, (y + 1) * patch * 3), ((row * patch + y) * width + column * patch) * 3);
    });
    return pixelImage(out, width, height);
  }

  paint(name, image) {
    const { shownWidth: width, shownHeight: height } = this;
    this.images[name] = image;
    const pen = prepare(this.canvases[name], width, height);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, 0, 0, width, height);
    if (name === "before") this.lines(pen);
    return pen;
  }

  lines(pen) {
    const { payload: { grid: [rows, columns] }, shownWidth: width, shownHeight: height } = this;
    pen.strokeStyle = "rgb(255 255 255 / 28%)";
    pen.lineWidth = 1;
    pen.beginPath();
    for (let c = 1; c < columns; c++) [pen.moveTo((c * width) / columns, 0), pen.lineTo((c * width) / columns, height)];
    for (let r = 1; r < rows; r++) [pen.moveTo(0, (r * height) / rows), pen.lineTo(width, (r * height) / rows)];
    pen.stroke();
  }

  drawNumbers() {
    const { payload: { grid: [rows, columns] }, shownWidth: width, shownHeight: height, codes, theme } = this;
    const pen = prepare(this.canvases.numbers, width, height);
    const [w, h] = [width / columns, height / rows];
    pen.fillStyle = theme.colour.sunk;
    pen.fillRect(0, 0, width, height);
    [pen.textAlign, pen.textBaseline, pen.fillStyle] = ["center", "middle", theme.colour.ink];
    pen.font = `${Math.min(13, Math.floor(w * 0.62))}px ${getComputedStyle(this.frame).fontFamily}`;
    codes.forEach((code, place) => pen.fillText(code, ((place % columns) + 0.5) * w, (Math.floor(place / columns) + 0.5) * h + 0.5));
  }

  button(code) {
    const { patch } = this.payload;
    const canvas = el("canvas", { ariaHidden: "true" });
    const pen = prepare(canvas, 26, 26);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(pixelImage(this.tile(code), patch, patch), 0, 0, 26, 26);
    const button = pressable("", "", () => { this.held = this.held === code ? null : code; this.mark(); }, { ariaLabel: `Code ${code}`, title: `code ${code}` });
    button.append(canvas);
    button.addEventListener("pointerenter", () => this.point(code));
    button.addEventListener("pointerleave", () => this.point(null));
    return button;
  }

  codeAt(x, y) {
    const { grid: [rows, columns] } = this.payload;
    const [row, column] = [Math.floor((y * rows) / this.shownHeight), Math.floor((x * columns) / this.shownWidth)];
    return row < 0 || column < 0 || row >= rows || column >= columns ? null : this.codes[row * columns + column];
  }

  point(code) {
    if (code === this.code) return;
    this.code = code;
    this.mark();
  }

  // Every place that has the code, in all three pictures.
  mark() {
    const { payload: { grid: [rows, columns] }, shownWidth: width, shownHeight: height, codes } = this;
    const code = this.code ?? this.held;
    const pens = { before: this.paint("before", this.images.before), after: this.paint("after", this.images.after) };
    this.drawNumbers();
    pens.numbers = this.canvases.numbers.getContext("2d");
    let n = 0;
    codes.forEach((other, place) => {
      if (other !== code) return;
      n++;
      const box = { x: ((place % columns) * width) / columns, y: (Math.floor(place / columns) * height) / rows, width: width / columns, height: height / rows };
      for (const pen of Object.values(pens)) {
        for (const [colour, line] of [["#0F1319", 4], ["#FFC24D", 2]]) {
          [pen.strokeStyle, pen.lineWidth] = [colour, line];
          pen.strokeRect(box.x, box.y, box.width, box.height);
        }
      }
    });
    [...this.tiles.children].forEach((button, i) => { button.ariaPressed = String(i === code); });
    this.tell(code, n);
    for (const canvas of Object.values(this.canvases)) canvas.ariaLabel = this.status.textContent;
  }

  tell(code, n) {
    const { payload: { grid: [rows, columns], books, patch } } = this;
    const [, used] = books[this.book];
    const bits = Math.ceil(Math.log2(Math.max(2, used)));
    const whole = patch * patch * 24;
    if (code === null) {
      fill(this.status, [`${thousands(rows * columns)} patches of ${patch} x ${patch} pixels, each one of ${used} codes: `, strong(`${bits} ${bits === 1 ? "bit" : "bits"}`),
        ` a patch in place of ${thousands(whole)}. A painter such as the one above writes these numbers, one after another. Point at a patch.`]);
    } else fill(this.status, [strong(`Code ${code}`), ` stands at ${n} of ${thousands(rows * columns)} places.`]);
  }
}

// Bytes of red, green, blue as something to draw.
function pixelImage(bytes, width, height) {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) image.data.set([bytes[3 * i], bytes[3 * i + 1], bytes[3 * i + 2], 255], 4 * i);
  const canvas = el("canvas", { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

export default function (host) { return mount(Tokens, host); }
