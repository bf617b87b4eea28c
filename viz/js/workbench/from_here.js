// From here: the active token's row of every head that is here, one under the other. Where does each look from here?

const FROM = { row: 17, tallest: 40, gap: 4, label: 58, widest: 104, number: 36, foot: 50 };

class FromHerePane {
  constructor(bench) {
    this.bench = bench;
    this.listed = 3;
    this.order = "layer";
    this.column = null; // the position that rows are ordered by
    this.row = null; // the head under the pointer or the keyboard, in heads that are here
    this.picture = el("canvas", { className: "say", role: "img" });
    this.marks = el("canvas", { className: "from-marks", "aria-hidden": "true" });
    this.spacer = el("div", { className: "from-spacer" });
    const label = "A row per head, a column per position: arrows move, Enter chooses the head, Shift+Enter adds it";
    this.surface = el("div", { className: "surface", tabIndex: 0, role: "application",
      "aria-roledescription": "table of heads", "aria-label": label }, this.spacer);
    this.tip = el("div", { className: "tip", hidden: true, "aria-live": "polite" });
    this.words = el("div", { className: "cap matrix-words" });
    this.frame = el("div", { className: "matrix-frame" }, this.picture, this.marks, this.surface, this.tip);
    this.element = el("div", { className: "from" }, this.frame, this.words);
    this.norms = segmented("Normalise", Object.entries(NORMS).map(([name, { title }]) => ({ name, title })),
      (norm) => bench.set({ norm }), true);
    this.orders = segmented("Order", ORDERS, (order) => this.sort(order), true);
    this.token = el("input", { type: "range", min: "0", step: "1", "aria-label": "Token" });
    this.tokenNote = el("span", { className: "cap from-token" });
    this.token.oninput = () => this.turn(Number(this.token.value));
    const control = (text, node) => el("span", { className: "control" }, text, node);
    this.controls_ = [
      el("span", { className: "control stretch from-slider" }, "From", this.token, this.tokenNote),
      control("Normalise", this.norms.element), control("Order", this.orders.element)];
    this.listen();
  }

  listen() {
    const { surface } = this;
    surface.addEventListener("pointermove", (event) => this.hover(event));
    surface.addEventListener("pointerleave", () => this.leave());
    surface.addEventListener("click", (event) => this.click(event));
    surface.addEventListener("keydown", (event) => this.key(event));
    surface.addEventListener("scroll", () => { if (this.element.isConnected) this.paint(); });
    surface.addEventListener("focus", () => { if (surface.matches(":focus-visible")) this.go(...this.cursor); });
    surface.addEventListener("blur", () => this.leave());
  }

  get controls() { return [this.bench.sinks.element, ...this.controls_]; }
  weaker(share, n) { return `${share} ${n === 1 ? "on" : "over"} ${n} weaker ${this.bench.payload.things(n)}`; }

  get side() { return this.bench.state.active.side; }
  get other() { return this.side === "query" ? "key" : "query"; }
  get labels() { return this.bench.payload.tokens(this.other).labels; }
  pair(c) { return this.side === "query" ? [this.bench.state.active.index, c] : [c, this.bench.state.active.index]; }
  x(c) { return c * this.w; }

  // ---- Sizes

  layout(width, room) {
    this.room = [width, room];
    const { payload, state, font } = this.bench;
    if (this.known !== payload.id) Object.assign(this, { known: payload.id, column: null, row: null, name: "" });
    this.heads = sentHeads(payload);
    const longest = this.heads.reduce((most, head) => Math.max(most, this.title(head).length), 0);
    this.left = Math.max(FROM.label, 7.5 * longest + 24);
    const m = this.labels.length;
    const name = `${payload.id} ${this.side} ${font}`;
    if (this.measured !== name) [this.measured, this.widest] = [name, widestLabel(this.labels, `600 12px ${font}`)];
    const across = width - this.left - 14; // of which the scrollbar takes some
    this.w = Math.min(across / m, FROM.widest);
    this.upright = this.w < this.widest + 10;
    this.top = (this.upright ? Math.max(26, Math.min(this.widest + 16, 100)) : 22) + this.shift;
    const available = room - this.top - FROM.foot;
    const layers = new Set(this.heads.map(({ layer }) => layer)).size;
    const gaps = this.order === "layer" ? FROM.gap * (layers - 1) : 0;
    const fits = Math.floor((available - gaps) / this.heads.length);
    this.h = Math.min(FROM.tallest, Math.max(FROM.row, fits));
    this.width = width;
    this.plotWidth = this.w * m;
    this.contentHeight = this.h * this.heads.length + gaps;
    this.height = Math.min(this.contentHeight, available);
    this.seen = `${state.active.side}`;
  }

  // The room in which nothing has to scroll.
  get whole() { return this.top + this.contentHeight + FROM.foot; }

  title({ layer, head, tile }) { return tile?.name ?? `L${layer} H${head}`; }

  // ---- Drawing

  draw() {
    const { payload, state } = this.bench;
    this.norms.set(state.norm);
    this.orders.set(this.order);
    this.frame.style.height = `${Math.ceil(this.top + this.height + 2)}px`;
    this.surface.style.cssText = `left:0;top:${this.top}px;width:${this.width}px;height:${Math.ceil(this.height)}px`;
    [this.element.dataset.left, this.element.dataset.plot] = [this.left, this.plotWidth];
    this.spacer.style.height = `${this.contentHeight}px`;
    this.surface.classList.toggle("long", this.contentHeight > this.height + 1);
    this.token.max = String(payload.tokens(this.side).length - 1);
    this.note();
    this.point();
  }

  // The active token may be another, and with it all that is drawn; or only the marks.
  point() {
    if (!this.heads) return;
    if (this.seen !== this.side) return void (this.layout(...this.room), this.draw());
    this.arrange();
    this.paint();
  }

  // The weights to draw, and the order of their rows, if anything about them has changed.
  arrange() {
    const { payload, state, theme } = this.bench;
    const { side, index } = state.active;
    const column = this.order === "weight" ? this.sortColumn : "";
    const name = [payload.id, this.heads.length, side, index, state.norm, state.scale, state.hideSinks, state.pair, theme.name,
      column, this.w, this.h, pixelRatio()].join();
    if (this.name === name) return;
    this.name = name;
    const { codes, columns, reach } = fromHere(payload, this.heads, state.active);
    const hides = hiddenAs(payload, state);
    const out = (q, k) => (hides.key[k] || hides.query[q] === OTHER ? 1 : 0);
    const hidden = Uint8Array.from({ length: columns }, (_, c) => out(...this.pair(c)));
    const levels = normed(codes, this.heads.length, columns, state.norm, state.scale, hidden);
    const rank = (r) => payload.matrix(this.heads[r]).rank(...this.pair(column));
    this.rows = rowOrder(this.heads.length, column === "" ? null : rank);
    const groups = this.rows.map((r) => (column === "" ? this.heads[r].layer : 0));
    this.tops = rowTops(groups, this.h, FROM.gap);
    const pixels = this.plotWidth * pixelRatio();
    this.data = { levels, codes, rows: this.heads.length, columns, reach, hidden, order: this.rows };
    this.image = rowsImage(theme, this.data, pixels);
    this.note();
    this.tell();
  }

  // The position that rows are ordered by: the one looked at last, else what the head in focus reads most.
  get sortColumn() {
    const { payload, state } = this.bench;
    if (this.column !== null) return Math.min(this.column, this.labels.length - 1);
    const matrix = payload.matrix(state.head) ?? payload.matrix(this.heads[0]);
    const hides = hiddenAs(payload, state);
    const out = (c) => hides.key[this.pair(c)[1]] || hides.query[this.pair(c)[0]] === OTHER;
    return largest(this.labels.length, (c) => (out(c) ? -1 : matrix.rank(...this.pair(c))), 1)[0] ?? 0;
  }

  y(r) { return this.tops[r] - this.surface.scrollTop; }

  paint() {
    this.drawRows();
    this.drawMarks();
    this.say();
  }

  drawRows() {
    const { theme, font } = this.bench;
    const name = [this.name, this.surface.scrollTop, this.height, this.width, this.bench.state.heads, font].join();
    if (this.painted === name && !recording) return;
    this.painted = name;
    const pen = prepare(this.picture, this.width, Math.ceil(this.top + this.height + 2));
    this.drawColumns(pen);
    pen.translate(0, this.top);
    pen.beginPath();
    pen.rect(0, 0, this.width, this.height + 1);
    pen.clip();
    pen.imageSmoothingEnabled = false;
    [pen.strokeStyle, pen.lineWidth] = [theme.colour.border, 1];
    this.rows.forEach((row, r) => {
      const y = this.y(r);
      if (y + this.h < 0 || y > this.height) return;
      pen.drawImage(this.image, 0, r, this.image.width, 1, this.left, y, this.plotWidth, this.h - 1);
      this.hatchBad(pen, row, y);
      this.drawNumbers(pen, row, y);
      this.drawHead(pen, this.heads[row], y);
    });
  }

  // Weights that are no numbers: the whole row of a query, or the cells of the queries that read a key.
  hatchBad(pen, row, y) {
    const { payload, theme, state } = this.bench;
    if (!payload.parts.bad) return;
    const bad = (q) => payload.bad(this.heads[row], q);
    if (this.side === "query") {
      if (bad(state.active.index)) hatch(pen, theme, this.left, y, this.plotWidth, this.h - 1);
      return;
    }
    for (let q = 0; q < this.data.columns; q++) {
      if (bad(q)) hatch(pen, theme, this.left + this.x(q), y, Math.max(1, this.w), this.h - 1);
    }
  }

  drawNumbers(pen, row, y) {
    const { payload, theme, font } = this.bench;
    if (this.w < FROM.number) return;
    const matrix = payload.matrix(this.heads[row]);
    const { levels, columns, reach, hidden } = this.data;
    [pen.font, pen.textAlign, pen.textBaseline] = [`12px ${font}`, "center", "middle"];
    for (let c = 0; c < columns; c++) {
      const half = matrix.half(...this.pair(c));
      if (!reach[c] || half < LEAST_LINE || payload.bad(this.heads[row], this.pair(c)[0])) continue;
      pen.fillStyle = hidden[c] ? theme.colour.ink : theme.beamInk[Math.round(255 * levels[row * columns + c])];
      pen.fillText(places2(half), this.left + this.x(c) + this.w / 2, y + this.h / 2);
    }
  }

  // A head's name, its number before it if it is chosen.
  drawHead(pen, head, y) {
    const { theme, state, font } = this.bench;
    const slot = state.slotOf(head);
    const middle = y + (this.h - 1) / 2;
    if (slot >= 0) {
      pen.fillStyle = theme.heads[slot];
      pen.beginPath();
      pen.roundRect(0, middle - 7, 14, 14, 3);
      pen.fill();
      [pen.font, pen.textAlign, pen.textBaseline] = [`700 11px ${font}`, "center", "middle"];
      pen.fillStyle = theme.digits[slot];
      pen.fillText(slot + 1, 7, middle + 0.5);
    }
    pen.font = `${slot >= 0 ? "600 " : ""}12px ${font}`;
    pen.fillStyle = slot >= 0 ? theme.colour.ink : theme.colour.muted;
    rowLabel(pen, this.title(head), this.left - 6, middle, this.left);
  }

  get labelRoom() { return this.upright ? this.top - 9 - this.shift : this.w - 4; }
  // How large the patches over the columns are; 0 where there are none.
  get cropSize() {
    return axisCrop(this.bench.payload, this.other, this.w * labelStep(this.w, this.upright ? CELLS.pitch : 1));
  }
  get shift() { return this.cropSize ? this.cropSize + CROP.gap : 0; }
  label(c) { return shorten(shown(this.labels[c]), 24); }

  drawColumns(pen) {
    const { theme, font } = this.bench;
    pen.font = `12px ${font}`;
    const step = labelStep(this.w, this.upright ? CELLS.pitch : 1);
    for (const c of labelled(0, this.labels.length - 1, step)) {
      const x = this.x(c) + this.w / 2;
      if (x < 4 || x > this.plotWidth - 4) continue;
      pen.fillStyle = this.data.hidden[c] ? theme.colour.faint : theme.colour.muted;
      const size = this.cropSize;
      if (size) drawCrop(pen, this.bench.payload, this.other, c, this.left + x - size / 2, this.top - 4 - size, size);
      columnLabel(pen, this.label(c), this.left + x, this.top - this.shift, this.labelRoom, this.upright);
    }
  }

  // ---- What follows the pointer

  // The head in focus framed in its colour; row and column under the pointer.
  drawMarks() {
    const { theme, state, font } = this.bench;
    const pen = prepare(this.marks, this.width, Math.ceil(this.top + this.height + 2));
    const column = this.over;
    pen.save();
    pen.translate(this.left, this.top);
    pen.beginPath();
    pen.rect(-2, -1, this.plotWidth + 4, this.height + 2);
    pen.clip();
    const frame = (r, colour, width) => {
      [pen.strokeStyle, pen.lineWidth] = [colour, width];
      pen.strokeRect(0, this.y(r), this.plotWidth, this.h - 1);
    };
    const focus = this.rows.findIndex((row) => sameHead(this.heads[row], state.head));
    if (focus >= 0) frame(focus, theme.heads[state.focus], 2);
    const at = this.row === null ? -1 : this.rows.indexOf(this.row);
    if (at >= 0) frame(at, theme.colour.ink, 1);
    if (column !== null) {
      [pen.strokeStyle, pen.lineWidth] = [theme.colour.ink, 1];
      pen.strokeRect(this.x(column), -2, Math.max(3, this.w), this.height + 4);
    }
    pen.restore();
    pen.font = `600 12px ${font}`;
    if (column === null) return;
    const { upright, top, labelRoom: room } = this;
    const x = this.left + this.x(column) + this.w / 2;
    const over = touched(column, this.labels.length, labelStep(this.w, CELLS.pitch), this.w);
    boxedLabel(pen, theme, this.label(column), { x, y: top - this.shift, room, upright, side: "column", touched: over });
  }

  // The column that is looked at, here or in the small matrix.
  get over() {
    const { cell, active } = this.bench.state;
    if (!cell) return null;
    const here = this.side === "query" ? cell.q === active.index : cell.k === active.index;
    return here ? (this.side === "query" ? cell.k : cell.q) : null;
  }

  // The number at the pointer, with its head.
  say() {
    const column = this.over;
    const at = this.row === null ? -1 : this.rows.indexOf(this.row);
    this.tip.hidden = column === null || at < 0 || this.y(at) < -this.h / 2 || this.y(at) > this.height - this.h / 2;
    if (this.tip.hidden) return;
    const { payload } = this.bench;
    const [q, k] = this.pair(column);
    const names = [quoted(payload.queries.labels[q]), " → ", quoted(payload.keys.labels[k])];
    const { w, h, left, top, width } = this;
    const [x, y] = [left + this.x(column), top + this.y(at)];
    const sentence = [strong(`${this.title(this.heads[this.row])}  ${this.value(q, k)}`), " ", ...names];
    const height = Math.ceil(top + this.height + 2);
    placeTip(this.tip, sentence, this.marks.getContext("2d"), this.bench.font, { x, y, w, h, left, width, height });
  }

  value(q, k) {
    const { payload, state } = this.bench;
    const head = this.heads[this.row];
    if (payload.bad(head, q)) return "no usable weight";
    if (k >= payload.width(q)) return "comes later";
    return places3(payload.matrix(head).half(q, k)) + (hiddenAs(payload, state).key[k] ? " hidden" : "");
  }

  // ---- In words

  note() {
    const { payload, state, sinks } = this.bench;
    const { side, index } = state.active;
    const matrix = payload.matrix(state.head);
    if (!state.hideSinks) sinks.note.textContent = "nothing hidden";
    else if (side === "query") sinks.note.textContent = matrix ? `${hiddenWords(matrix, index)} hidden` : "";
    else sinks.note.textContent = "sinks left out";
    const label = shown(payload.tokens(side).labels[index]);
    this.token.value = String(index);
    this.token.style.setProperty("--fill", `${(100 * index) / Math.max(1, payload.tokens(side).length - 1)}%`);
    this.token.setAttribute("aria-valuetext", `${index}: ${label}`);
    fill(this.tokenNote, [quoted(shorten(label, 12)), ` (${index})`]);
  }

  tell() {
    const { payload, state } = this.bench;
    const { columns } = this.data;
    const share = Math.ceil(columns / this.image.width);
    const queries = this.side === "query";
    const verb = queries ? "where each head looks from" : "how much each head looks, position by position, at";
    const parts = [[`${verb} `, quoted(payload.tokens(this.side).labels[state.active.index])],
      [hereWords(payload, this.bench.live)], [`${NORMS[state.norm].words}, ${SCALES[state.scale].words}`]];
    if (this.order === "weight") parts.push(["rows by weight on ", quoted(this.labels[this.sortColumn])]);
    if (share > 1) parts.push([`a column stands for up to ${share} ${payload.things(share)} and shows the largest`]);
    if (this.data.hidden.includes(1)) parts.push([`grey: ${this.hiddenWords()}, hidden`]);
    fill(this.words, parts.flatMap((part, i) => (i ? [" · ", ...part] : part)));
  }

  // Columns that are hidden: keys of a query, or of a key the queries of the other text too.
  hiddenWords() {
    const { payload, state } = this.bench;
    if (this.side === "query") return hiddenNames(payload, state);
    const sink = hiddenAs(payload, state).key[state.active.index] === SINK;
    return sink ? sinkWords(payload) : otherName(payload, state, "query");
  }

  // ---- What the visitor does

  turn(index) {
    const { payload, state } = this.bench;
    this.bench.point({ side: this.side, index: nearestShown(payload, state, { side: this.side, index }) }, true);
    this.bench.address();
  }

  sort(order) {
    this.order = order;
    this.bench.selected();
  }

  // Row and column under the pointer, null where there is none.
  at(event) {
    const { x, y } = pointIn(this.surface, event);
    const r = rowAt(this.tops, this.h, y + this.surface.scrollTop);
    const px = x - this.left;
    const inside = px >= 0 && px < this.plotWidth;
    return [r < 0 ? null : this.rows[r], inside ? this.positionAt(px, r < 0 ? 0 : this.rows[r]) : null];
  }

  // The position at a place; where several share a column, the strongest of them in that row.
  positionAt(px, row) {
    const { columns, hidden } = this.data;
    const { width } = this.image;
    const edges = blockEdges(columns, width);
    const block = Math.min(width - 1, Math.floor((px / this.plotWidth) * width));
    const matrix = this.bench.payload.matrix(this.heads[row]);
    let [best, most] = [edges[block], -1];
    for (let c = edges[block]; c < edges[block + 1]; c++) {
      const rank = matrix.rank(...this.pair(c)) + (hidden[c] ? 0 : 2 ** 20);
      if (rank > most) [best, most] = [c, rank];
    }
    return best;
  }

  hover(event) {
    let [row, column] = this.at(event);
    if (column !== null && column !== this.column) {
      this.column = column;
      this.arrange(); // another order: another head is under the pointer now
      [row, column] = this.at(event);
    }
    this.show(row, column);
  }

  show(row, column) {
    const { state } = this.bench;
    this.row = row;
    if (column === null) return this.bench.peek(null) ?? this.bench.soon();
    const [q, k] = this.pair(column);
    state.cell = { q, k };
    this.column = column;
    return this.bench.soon();
  }

  leave() {
    this.row = null;
    this.bench.peek(null);
    this.bench.soon();
  }

  click(event) {
    const [row] = this.at(event);
    if (row !== null) this.pick(row, event.shiftKey);
  }

  pick(row, add) {
    if (add) this.bench.add(this.heads[row]);
    else this.bench.choose([this.heads[row]]);
  }

  // Where the keyboard is: row and column looked at last, else the head in focus and what it reads most.
  get cursor() {
    const focus = this.heads.findIndex((head) => sameHead(head, this.bench.state.head));
    return [this.row ?? Math.max(0, focus), this.over ?? this.sortColumn];
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [row, column] = this.cursor;
    const r = this.rows.indexOf(row);
    const page = Math.max(1, Math.floor(this.height / this.h) - 1);
    const [lastRow, last] = [this.rows.length - 1, this.labels.length - 1];
    const jump = event.shiftKey ? 10 : 1;
    const step = {
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -jump], ArrowRight: [0, jump],
      PageUp: [-page, 0], PageDown: [page, 0], Home: [0, -column], End: [0, last - column],
    }[event.key];
    const within = (at, most) => Math.min(most, Math.max(0, at));
    if (step) this.go(this.rows[within(r + step[0], lastRow)], within(column + step[1], last));
    else if (event.key === "Enter" || event.key === " ") this.pick(row, event.shiftKey);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  go(row, column) {
    this.column = column;
    this.arrange();
    const top = this.tops[this.rows.indexOf(row)];
    const { scrollTop } = this.surface;
    if (top < scrollTop) this.surface.scrollTop = top;
    if (top + this.h > scrollTop + this.height) this.surface.scrollTop = top + this.h - this.height;
    this.show(row, column);
  }

  // Bring the head in focus into sight.
  reveal() {
    const focus = this.rows.findIndex((row) => sameHead(this.heads[row], this.bench.state.head));
    if (focus < 0) return;
    const top = this.tops[focus];
    const { scrollTop } = this.surface;
    if (top < scrollTop || top + this.h > scrollTop + this.height) this.surface.scrollTop = top - this.height / 2;
  }
}

PANES.push({ name: "from", title: "From here", order: 3, make: (bench) => new FromHerePane(bench) });
