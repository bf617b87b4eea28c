// Matrix: the head in focus at any size, queries down and keys across. What changes with the zoom lies on one canvas,
// what follows the pointer on another; a cell too small for a pixel is pooled with its neighbours by maximum.

class MatrixPane {
  constructor(bench) {
    this.bench = bench;
    this.listed = 3;
    this.view = { z: 1, x: 0, y: 0 };
    this.images = new Images();
    this.picture = el("canvas", { className: "say", role: "img" });
    this.marks = el("canvas", { className: "matrix-marks", "aria-hidden": "true" });
    this.tip = el("div", { className: "tip", hidden: true });
    this.surface = el("div", { className: "surface", tabIndex: 0, role: "application",
      "aria-roledescription": "matrix", "aria-label":
        "Matrix, queries down and keys across: arrows move, plus and minus zoom, Enter pins the query" });
    this.words = el("div", { className: "cap matrix-words" });
    this.frame = el("div", { className: "matrix-frame" }, this.picture, this.marks, this.surface, this.tip);
    this.overview = new Overview(this);
    this.element = el("div", { className: "matrix" }, this.frame,
      el("div", { className: "matrix-below" }, this.overview.element, this.words));
    this.zoomNote = span("cap zoom-note");
    const button = (text, name, act) => pressable("button", text, act, { ariaLabel: name, title: name });
    this.out = button("−", "Zoom out", () => this.zoom(0.5));
    this.in = button("+", "Zoom in", () => this.zoom(2));
    this.all = button("Fit", "Show the whole matrix", () => this.zoom(0));
    this.zooms = el("span", { className: "control zooms", role: "group", ariaLabel: "Zoom" },
      el("span", { textContent: "Zoom" }), this.out, this.in, this.all, this.zoomNote);
    oneStop(this.zooms, [this.in, this.out, this.all]);
    this.larger = pressable("button", "", () => this.bench.set({ large: !this.bench.state.large }));
    this.listen();
  }

  listen() {
    const { surface, bench } = this;
    surface.addEventListener("pointermove", (event) => this.move(event));
    surface.addEventListener("pointerdown", (event) => this.down(event));
    surface.addEventListener("pointerup", () => this.up());
    surface.addEventListener("pointercancel", () => this.up());
    surface.addEventListener("pointerleave", () => { if (!this.drag) bench.peek(null); });
    surface.addEventListener("mousedown", (event) => { // or the browser drags what it has selected
      event.preventDefault();
      surface.focus({ preventScroll: true });
    });
    surface.addEventListener("click", (event) => this.click(event));
    surface.addEventListener("dblclick", (event) => this.twice(event));
    surface.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    surface.addEventListener("keydown", (event) => this.key(event));
    surface.addEventListener("focus", () => { if (surface.matches(":focus-visible")) this.peek(this.cursor); });
    surface.addEventListener("blur", () => bench.peek(null));
  }

  get controls() { return [this.bench.sinks.element, this.zooms, spring(), this.larger]; }
  weaker(share, n) { return `${share} ${n === 1 ? "on" : "over"} ${n} weaker ${this.bench.payload.things(n)}`; }

  get n() { return this.bench.payload.queries.length; }
  get m() { return this.bench.payload.keys.length; }
  get w() { return this.cell.w * this.view.z; } // of a cell, in pixels at this zoom
  get h() { return this.cell.h * this.view.z; }
  get sizes() { return { ...this.cell, n: this.n, m: this.m }; }
  x(k) { return (k - this.view.x) * this.w; }
  y(q) { return (q - this.view.y) * this.h; }

  // ---- Sizes

  layout(width, room) {
    const { payload, font } = this.bench;
    if (this.measured !== `${payload.id} ${font}`) {
      this.measured = `${payload.id} ${font}`;
      this.view = { z: 1, x: 0, y: 0 };
      this.widest = { query: widestLabel(payload.queries.labels, `600 12px ${font}`),
        key: widestLabel(payload.keys.labels, `600 12px ${font}`) };
      const pen = this.picture.getContext("2d");
      pen.font = `12px ${font}`;
      this.widest.query = Math.max(this.widest.query, Math.ceil(pen.measureText("queries ↓").width));
      this.numberWidth = Math.max(CELLS.number, Math.ceil(pen.measureText("<0.001").width) + 2);
    }
    const crops = { query: isSeen(payload, "query"), key: isSeen(payload, "key") };
    const crop = (side) => (crops[side] ? CROP.axis + CROP.gap : 0);
    const least = Math.ceil(this.widest.query) + 14 + crop("query");
    this.left = Math.min(least, Math.max(78, Math.floor(width * 0.26)), 140);
    this.upright = Math.min((width - this.left - 2) / this.m, CELLS.widest) < this.widest.key + 10;
    this.top = (this.upright ? Math.max(38, Math.min(this.widest.key + 18, 104)) : 38) + crop("key");
    const fit = (below) => fitCells(this.n, this.m, width - this.left - 2, room - below - this.top - 2);
    this.cell = fit(52); // the words below, in up to two lines
    const overview = this.overview.layout(this.sizes, this.bench.large);
    if (overview > 52) this.cell = fit(overview);
    [this.plotWidth, this.plotHeight] = [this.cell.w * this.m, this.cell.h * this.n];
    this.width = width;
    this.height = this.top + this.plotHeight + 2;
    this.view = zoomAt(this.view, this.view.z, 0, 0, this.sizes);
  }

  // ---- Drawing

  draw() {
    if (!this.cell) return;
    const { surface, frame, picture } = this;
    frame.style.height = `${Math.ceil(this.height)}px`;
    surface.style.cssText =
      `left:${this.left}px;top:${this.top}px;width:${this.plotWidth}px;height:${this.plotHeight}px`;
    surface.classList.toggle("zoomed", this.view.z > 1);
    const pen = prepare(picture, this.width, Math.ceil(this.height));
    this.drawLabels(pen);
    pen.translate(this.left, this.top);
    this.drawCells(pen);
    this.note();
    this.tell();
    this.overview.draw();
    this.point();
  }

  // The rows and columns of the image at this zoom; of a head that is not here, those of its thumbnail.
  get grain() {
    const { payload, state } = this.bench;
    const [n, m] = payload.matrix(state.head) ? [this.n, this.m] : payload.header.pooled;
    const dpr = pixelRatio();
    return [blocksAt(n, this.plotHeight * dpr, this.view.z), blocksAt(m, this.plotWidth * dpr, this.view.z)];
  }

  // The head in focus as an image of at most so many pixels; of a head that is not here, its thumbnail.
  image(mostRows, mostColumns) {
    const { payload, theme, state } = this.bench;
    const { head, scale, hideSinks, pair } = state;
    const sent = Boolean(payload.matrix(head));
    const [n, m] = sent ? [this.n, this.m] : payload.header.pooled;
    const [rows, columns] = [Math.min(n, mostRows), Math.min(m, mostColumns)];
    const name = [payload.id, payload.index(head), sent, scale, hideSinks, pair, theme.name, rows, columns].join();
    return this.images.get(name, () => blockImage(this.bench, head, rows, columns));
  }

  drawCells(pen) {
    const { payload, theme, state } = this.bench;
    const { plotWidth, plotHeight, view, n, m } = this;
    const [rows, columns] = this.grain;
    const sent = Boolean(payload.matrix(state.head));
    const image = this.image(rows, columns);
    const [across, down] = [columns / m, rows / n];
    pen.save();
    pen.beginPath();
    pen.rect(0, 0, plotWidth, plotHeight);
    pen.clip();
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, view.x * across, view.y * down, (m / view.z) * across, (n / view.z) * down,
      0, 0, plotWidth, plotHeight);
    this.hatchBad(pen);
    if (sent) this.drawNumbers(pen);
    pen.restore();
    pen.strokeStyle = theme.colour.border;
    pen.strokeRect(-0.5, -0.5, plotWidth + 1, plotHeight + 1);
  }

  // The queries and the keys in sight: [first, last] each.
  get inSight() {
    const { view, n, m } = this;
    const last = (at, size) => Math.min(size - 1, Math.ceil(at + size / view.z - 1e-6) - 1);
    return { query: [Math.floor(view.y), last(view.y, n)], key: [Math.floor(view.x), last(view.x, m)] };
  }

  hatchBad(pen) {
    const { payload, theme, state } = this.bench;
    if (!payload.parts.bad) return;
    const [first, last] = this.inSight.query;
    for (let q = first; q <= last; q++) {
      if (payload.bad(state.head, q)) hatch(pen, theme, 0, this.y(q), this.plotWidth, Math.max(1, this.h));
    }
  }

  // Weights in the cells, where they fit.
  drawNumbers(pen) {
    const { payload, theme, state, font } = this.bench;
    if (this.w < this.numberWidth || this.h < CELLS.line) return;
    const matrix = payload.matrix(state.head);
    const levels = scaleTable(state.scale, topOf(payload, payload.index(state.head)), matrix.codes);
    const { query, key } = this.inSight;
    const hides = hiddenAs(payload, state);
    [pen.font, pen.textAlign, pen.textBaseline] = [`12px ${font}`, "center", "middle"];
    for (let q = query[0]; q <= query[1]; q++) {
      if (payload.bad(state.head, q)) continue;
      for (let k = key[0]; k <= Math.min(key[1], matrix.width(q) - 1); k++) {
        const hidden = hides.key[k] || hides.query[q] === OTHER;
        pen.fillStyle = hidden ? theme.colour.ink : theme.beamInk[Math.round(255 * levels[matrix.code(q, k)])];
        pen.fillText(places3(matrix.half(q, k)), this.x(k) + this.w / 2, this.y(q) + this.h / 2 + 0.5);
      }
    }
  }

  labelRoom() { return { row: this.left - 8, column: this.upright ? this.top - 10 : this.w - 4 }; }

  drawLabels(pen) {
    const { payload, theme, state, font } = this.bench;
    const { query, key } = this.inSight;
    const room = this.labelRoom();
    const hides = hiddenAs(payload, state);
    pen.font = `12px ${font}`;
    pen.fillStyle = theme.colour.faint;
    rowLabel(pen, "keys →", this.left - 6, this.top - 26, room.row);
    rowLabel(pen, "queries ↓", this.left - 6, this.top - 10, room.row);
    const text = (side, i) => shorten(shown(payload.tokens(side).labels[i]), 24);
    for (const q of labelled(...query, labelStep(this.h, CELLS.pitch))) {
      const y = this.y(q) + this.h / 2;
      if (y < 4 || y > this.plotHeight - 4) continue;
      const muted = hides.query[q] === OTHER ? theme.colour.faint : theme.colour.muted;
      pen.fillStyle = payload.bad(state.head, q) ? theme.colour.wrong : muted;
      this.row(pen, q, text("query", q), this.top + y, room.row);
    }
    for (const k of labelled(...key, labelStep(this.w, this.upright ? CELLS.pitch : 1))) {
      const x = this.x(k) + this.w / 2;
      if (x < 4 || x > this.plotWidth - 4) continue;
      pen.fillStyle = hides.key[k] ? theme.colour.faint : theme.colour.muted;
      this.column(pen, k, text("key", k), this.left + x, room.column);
    }
  }

  // How large patches are cut out beside their labels; 0 where there are none, or no room for what they show.
  cropSize(side) {
    const pitch = side === "query" ? this.h * labelStep(this.h, CELLS.pitch) : this.w * labelStep(this.w, this.upright ? CELLS.pitch : 1);
    return axisCrop(this.bench.payload, side, pitch);
  }
  shift(side) { return this.cropSize(side) ? this.cropSize(side) + CROP.gap : 0; }

  row(pen, q, words, y, room) {
    const size = this.cropSize("query");
    if (size) drawCrop(pen, this.bench.payload, "query", q, this.left - 5 - size, y - size / 2, size);
    rowLabel(pen, words, this.left - 6 - this.shift("query"), y, room - this.shift("query"));
  }

  column(pen, k, words, x, room) {
    const size = this.cropSize("key");
    if (size) drawCrop(pen, this.bench.payload, "key", k, x - size / 2, this.top - 4 - size, size);
    columnLabel(pen, words, x, this.top - this.shift("key"), this.upright ? room - this.shift("key") : room, this.upright);
  }

  // ---- What follows the pointer

  // The row of the active query (or the column of the active key), and row and column of the cell under the pointer.
  point() {
    if (!this.cell) return;
    const { theme, state, font } = this.bench;
    const pen = prepare(this.marks, this.width, Math.ceil(this.height));
    const { side, index } = state.active;
    const q = state.cell?.q ?? (side === "query" ? index : null);
    const k = state.cell?.k ?? (side === "key" ? index : null);
    const pinned = state.pinned && side === "query" && index !== q ? index : null;
    pen.save();
    pen.translate(this.left, this.top);
    pen.beginPath();
    pen.rect(-1, -1, this.plotWidth + 2, this.plotHeight + 2);
    pen.clip();
    [pen.strokeStyle, pen.lineWidth] = [theme.heads[state.focus], Math.min(this.w, this.h) < 6 ? 1 : 2];
    const [thickRow, thickColumn] = [Math.max(3, this.h), Math.max(3, this.w)];
    for (const row of [pinned, q]) if (row !== null) pen.strokeRect(-2, this.y(row), this.plotWidth + 4, thickRow);
    if (k !== null) pen.strokeRect(this.x(k), -2, thickColumn, this.plotHeight + 4);
    if (state.cell) {
      pen.strokeStyle = theme.colour.ink;
      pen.strokeRect(this.x(k), this.y(q), thickColumn, thickRow);
    }
    pen.restore();
    pen.font = `600 12px ${font}`;
    if (pinned !== null) this.boxed(pen, "query", pinned, theme.colour.primary);
    if (q !== null) this.boxed(pen, "query", q);
    if (k !== null) this.boxed(pen, "key", k);
    this.say(pen);
  }

  // The label of a row or column that is marked, if that is in sight.
  boxed(pen, side, index, colour) {
    const { payload, theme } = this.bench;
    const text = shorten(shown(payload.tokens(side).labels[index]), 24);
    const room = this.labelRoom();
    if (side === "query") {
      const y = this.y(index) + this.h / 2;
      if (y < 0 || y > this.plotHeight) return;
      const over = touched(index, this.n, labelStep(this.h, CELLS.pitch), this.h);
      boxedLabel(pen, theme, text,
        { x: this.left - 5 - this.shift("query"), y: this.top + y, room: room.row + 4 - this.shift("query"), side: "row",
          touched: over, colour });
    } else {
      const x = this.x(index) + this.w / 2;
      if (x < 0 || x > this.plotWidth) return;
      const { upright, left, top } = this;
      const over = touched(index, this.m, labelStep(this.w, CELLS.pitch), this.w);
      boxedLabel(pen, theme, text,
        { x: left + x, y: top - this.shift("key"), room: upright ? room.column - this.shift("key") : room.column, upright,
          side: "column", touched: over, colour });
    }
  }

  // The number at the pointer, beside its cell.
  say(pen) {
    const { payload, state, font } = this.bench;
    const { cell } = state;
    this.tip.hidden = !cell || this.x(cell.k) < -this.w || this.x(cell.k) > this.plotWidth
      || this.y(cell.q) < -this.h || this.y(cell.q) > this.plotHeight;
    if (this.tip.hidden) return;
    const { q, k } = cell;
    const names = [quoted(payload.queries.labels[q]), " → ", quoted(payload.keys.labels[k])];
    const { w, h, left, width, height } = this;
    placeTip(this.tip, [strong(this.value(q, k)), " ", ...names, this.share()], pen, font,
      { x: left + this.x(k), y: this.top + this.y(q), w, h, left, width, height: Math.ceil(height) });
  }

  value(q, k) {
    const { payload, state } = this.bench;
    const matrix = payload.matrix(state.head);
    if (!matrix) return "no numbers here";
    if (payload.bad(state.head, q)) return "no usable weight";
    if (k >= payload.width(q)) return "comes later";
    const hides = hiddenAs(payload, state);
    return places3(matrix.half(q, k)) + (hides.key[k] || hides.query[q] === OTHER ? " hidden" : "");
  }

  share() {
    const words = blockWords(this.n, this.m, ...this.grain);
    return words && this.bench.payload.matrix(this.bench.state.head) ? `, the largest of ${words}` : "";
  }

  // ---- In words

  note() {
    const { payload, state, sinks } = this.bench;
    const matrix = payload.matrix(state.head);
    if (!state.hideSinks) sinks.note.textContent = "nothing hidden";
    else sinks.note.textContent = matrix ? `${percent(hiddenShare(payload, state, matrix))} of mass hidden` : "";
    const z = this.view.z;
    this.larger.textContent = this.bench.large ? "Close" : "Large";
    this.larger.title = this.bench.large ? "Back to the heads beside the matrix (Escape)" : "This matrix over the full width";
    this.zoomNote.textContent = z > 1 ? `${z < 10 ? z.toFixed(1) : Math.round(z)} ×` : "all in sight";
    for (const [button, off] of [[this.out, z <= 1], [this.all, z <= 1], [this.in, z >= mostZoom(this.sizes) - 1e-6]]) {
      button.ariaDisabled = String(off);
    }
  }

  // Which queries and keys are in sight.
  rangeWords() {
    const { query, key } = this.inSight;
    const range = ([first, last], n, name) => (last - first + 1 === n ? `${thousands(n)} ${name}`
      : `${name} ${thousands(first)} to ${thousands(last)} of ${thousands(n)}`);
    return `${range(query, this.n, "queries")} × ${range(key, this.m, "keys")}`;
  }

  // What is in sight, what a pixel stands for, what is greyed and what is missing.
  tell() {
    const { payload, state } = this.bench;
    const parts = [this.rangeWords()];
    const pooled = blockWords(this.n, this.m, ...this.grain);
    if (!payload.matrix(state.head)) parts.push(`thumbnail only: ${this.bench.missingWords().replace(/\.$/, "")}`);
    if (pooled) parts.push(`a square stands for ${pooled} and shows the largest`);
    if (state.hideSinks && payload.sink.includes(1)) parts.push(`grey: ${sinkWords(payload)}, hidden`);
    if (payload.pair && state.pair) {
      const [rows, columns] = ["query", "key"].map((side) => otherName(payload, state, side));
      parts.push(`grey: rows of ${rows} and columns of ${columns}, hidden`);
    }
    if (payload.causal) parts.push("blank triangle: what comes later");
    if (this.overview.there) parts.push("small: the whole matrix, pooled by maximum; drag its frame to move, an edge to zoom, or draw another");
    this.words.textContent = parts.join(" · ");
  }

  // ---- What the visitor does

  // The pair under the pointer; where several share a square, the strongest of them. Null off the matrix.
  at(event) {
    const { x, y } = pointIn(this.surface, event);
    return this.pair(x, y);
  }

  pair(px, py) {
    const { payload, state } = this.bench;
    const [rows, columns] = this.grain;
    const range = (at, length, blocks) => {
      const block = Math.min(blocks - 1, Math.max(0, Math.floor((at / length) * blocks)));
      const edges = blockEdges(length, blocks);
      return [edges[block], edges[block + 1]];
    };
    const qs = range(this.view.y + py / this.h, this.n, rows);
    const ks = range(this.view.x + px / this.w, this.m, columns);
    const matrix = payload.matrix(state.head);
    const hidden = hiddenAs(payload, state).key;
    return (matrix && strongest(matrix, qs, ks, hidden)) ?? { q: qs[0], k: ks[0] };
  }

  peek(cell) { this.bench.peek(cell); }

  // Where the keyboard is: the pair looked at last, else the active query and what it reads most.
  get cursor() {
    const { payload, state } = this.bench;
    if (state.cell) return state.cell;
    const { side, index } = state.active;
    const q = side === "query" ? index : Math.min(index, this.n - 1);
    const matrix = payload.matrix(state.head);
    return (matrix && strongest(matrix, [q, q + 1], [0, this.m], hiddenAs(payload, state).key)) ?? { q, k: 0 };
  }

  move(event) {
    if (this.drag) return this.pull(event);
    return this.peek(this.at(event));
  }

  down(event) {
    this.drag = { x: event.clientX, y: event.clientY, view: this.view, id: event.pointerId, far: false };
  }

  pull({ clientX, clientY }) {
    const { drag } = this;
    const [dx, dy] = [(clientX - drag.x) / SCREEN.scale, (clientY - drag.y) / SCREEN.scale];
    if (!drag.far && Math.hypot(dx, dy) < 4) return;
    if (!drag.far) this.surface.setPointerCapture(drag.id);
    drag.far = true;
    if (this.view.z <= 1) return;
    this.look({ z: drag.view.z, x: drag.view.x - dx / this.w, y: drag.view.y - dy / this.h });
  }

  up() {
    this.dragged = this.drag?.far ?? false;
    this.drag = null;
  }

  click(event) {
    if (this.dragged || event.detail > 1) return;
    const { active, pinned } = this.bench.state;
    this.before = { active, pinned };
    this.bench.pin({ side: "query", index: this.at(event).q });
  }

  // A double click zooms; what its first click pinned is let go.
  twice(event) {
    Object.assign(this.bench.state, this.before);
    this.bench.soon();
    this.bench.address();
    const { x, y } = pointIn(this.surface, event);
    this.zoom(event.shiftKey ? 0.5 : 2, x, y);
  }

  // The wheel zooms; where there is no further in or out, it scrolls the page.
  wheel(event) {
    const z = this.view.z * 2 ** (-event.deltaY / (event.deltaMode ? 12 : 240));
    const next = Math.min(mostZoom(this.sizes), Math.max(1, z));
    if (event.ctrlKey || Math.abs(next - this.view.z) > 1e-9) event.preventDefault();
    const { x, y } = pointIn(this.surface, event);
    this.look(zoomAt(this.view, next, x, y, this.sizes));
    if (!this.drag) this.peek(this.at(event));
  }

  // By a factor, 0 for all of the matrix; about the cell looked at if none other is given.
  zoom(factor, px = null, py = null) {
    const { q, k } = this.cursor;
    const within = (at, size) => (at >= 0 && at <= size ? at : size / 2);
    const x = px ?? within(this.x(k + 0.5), this.plotWidth);
    const y = py ?? within(this.y(q + 0.5), this.plotHeight);
    this.look(zoomAt(this.view, factor ? this.view.z * factor : 1, x, y, this.sizes));
  }

  // By a factor about the middle of what is in sight, 0 for all of it.
  middle(factor) {
    this.look(zoomAt(this.view, factor ? this.view.z * factor : 1, this.plotWidth / 2, this.plotHeight / 2, this.sizes));
  }

  // Another part of the matrix; drawn once per frame.
  look(view) {
    const next = inside(view, this.n, this.m);
    if (next.z === this.view.z && next.x === this.view.x && next.y === this.view.y) return;
    this.view = next;
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      if (this.element.isConnected) this.draw();
    });
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { q, k } = this.cursor;
    const jump = event.shiftKey ? 10 : 1;
    const page = Math.max(1, Math.round(this.n / this.view.z / 4));
    const to = {
      ArrowUp: [q - jump, k], ArrowDown: [q + jump, k], ArrowLeft: [q, k - jump], ArrowRight: [q, k + jump],
      Home: [q, 0], End: [q, this.bench.payload.width(q) - 1], PageUp: [q - page, k], PageDown: [q + page, k],
    }[event.key];
    const factor = { "+": 2, "=": 2, "-": 0.5, "_": 0.5, 0: 0 }[event.key];
    if (to) this.step(...to);
    else if (factor !== undefined) this.zoom(factor);
    else if (event.key === "Enter" || event.key === " ") this.bench.pin({ side: "query", index: q });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // To another cell by the keyboard; a zoomed matrix moves along, so that the cell keeps its place where it can.
  step(q, k) {
    const cell = { q: Math.min(this.n - 1, Math.max(0, q)), k: Math.min(this.m - 1, Math.max(0, k)) };
    const from = this.cursor;
    const { z, x, y } = this.view;
    if (z > 1) this.look({ z, x: x + cell.k - from.k, y: y + cell.q - from.q });
    this.bring(cell);
    this.peek(cell);
  }

  // A cell into sight, if it is not.
  bring({ q, k }) {
    const { z, x, y } = this.view;
    const there = (at, from, size) => (at < from || at + 1 > from + size / z ? at + 0.5 - size / z / 2 : from);
    if (z > 1) this.look({ z, x: there(k, x, this.m), y: there(q, y, this.n) });
  }

  // Bring the active token into sight.
  reveal() {
    const { side, index } = this.bench.state.active;
    const { x, y } = this.view;
    this.bring(side === "query" ? { q: index, k: Math.ceil(x) } : { q: Math.ceil(y), k: index });
  }
}

// Buttons as one Tab stop, the first of the list; arrows move from one to the next as they stand.
function oneStop(group, [first, ...others]) {
  for (const button of others) button.tabIndex = -1;
  first.tabIndex = 0;
  group.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const buttons = [...group.querySelectorAll("button")];
    const next = buttons[buttons.indexOf(event.target) + step];
    if (!next) return;
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
    event.preventDefault();
  });
}

PANES.push({ name: "matrix", title: "Matrix", order: 2, make: (bench) => new MatrixPane(bench) });
