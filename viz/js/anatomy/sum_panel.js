// The cell in focus: its number, and the sum that made it, as strips of what is summed and as an equation.

const STRIP = { height: 16, gap: 4, title: 76 };

class SumPanel {
  constructor(anatomy) {
    this.anatomy = anatomy;
    this.value = el("div", { className: "cell-value" });
    this.where = el("div", { className: "cell-where" });
    this.equation = el("div", { className: "equation" });
    this.canvas = el("canvas", { className: "strips" });
    this.note = el("div", { className: "cap" });
    this.element = el("section", { className: "sum", "aria-label": "How this number is made" },
      el("div", { className: "cell-head" }, this.value, this.where), this.canvas, this.equation, this.note);
  }

  draw() {
    const { anatomy } = this;
    const { payload, stage, head, row, column } = anatomy;
    const value = payload.at(stage, head, row, column);
    const sum = sumOf({ payload, stage, head, row, column });
    this.sum = { ...sum, value };
    this.value.textContent = stage.name === "tokens" ? thousands(value) : numberWords(value);
    fill(this.where, this.words(value));
    anatomy.matrix.canvas.ariaLabel = `${stage.name}. ${plainText(this.words(value))} ${this.value.textContent}`;
    this.drawStrips(sum);
    this.drawEquation(sum, value);
    const notes = [sum.words ?? ""];
    if (stage.elsewhere) notes.push(`This is what layer ${stage.layer} hands on: choose that layer to see how it was made.`);
    this.note.textContent = notes.filter(Boolean).join(" ");
    this.note.hidden = !this.note.textContent;
    Object.assign(this.element.dataset, { value: String(value), head: String(head), row: String(row), column: String(column) });
    this.element.dataset.made = sum.made === null ? "" : String(sum.made);
  }

  // Which cell this is.
  words(value) {
    const { payload, stage, head, row, column } = this.anatomy;
    const labels = payload.rows(stage);
    const where = stage.axes[0] === "head" ? [`head ${head}, `] : [];
    if (stage.name === "tokens") return [quoted(labels[row]), " is number ", strong(thousands(value)), ` of ${thousands(payload.header.config.d_vocab)} in the vocabulary`];
    if (stage.axes.at(-1) === "key") return [...where, quoted(labels[row]), " asks, ", columnName(payload, stage, column), " answers"];
    if (stage.axes.at(-1) === "token") return [columnName(payload, stage, column), this.anatomy.foretells ? " after " : " at ", quoted(labels[row])];
    if (payload.size(stage)[1] === 1) return [...where, quoted(labels[row])];
    return [...where, quoted(labels[row]), ", ", columnName(payload, stage, column)];
  }

  drawStrips({ strips, unit }) {
    const { anatomy } = this;
    const { theme, font, column } = anatomy;
    this.canvas.hidden = !strips.length;
    if (!strips.length) return;
    const width = anatomy.stageWidth;
    const height = strips.length * (STRIP.height + STRIP.gap) + 14;
    const pen = prepare(this.canvas, width, height);
    const room = width - STRIP.title - 2;
    strips.forEach(([title, values], i) => {
      const y = i * (STRIP.height + STRIP.gap);
      pen.font = `12px ${font}`;
      [pen.textAlign, pen.textBaseline, pen.fillStyle] = ["right", "middle", theme.colour.muted];
      pen.fillText(clip(pen, title, STRIP.title - 8), STRIP.title - 8, y + STRIP.height / 2);
      const top = values.reduce((a, b) => (Number.isFinite(b) ? Math.max(a, Math.abs(b)) : a), 0) || 1;
      const shares = ["share", "A", "eˢ", "eᴸ"].includes(title);
      const ramp = shares ? theme.beam : theme.change;
      const wide = Math.min(room / values.length, 44);
      pooled(values, Math.max(1, Math.floor(room))).forEach((value, k, all) => {
        const w = (wide * values.length) / all.length;
        if (!Number.isFinite(value)) pen.fillStyle = theme.colour.sunk;
        else pen.fillStyle = ramp[levelOf(value, { shares, top })];
        pen.fillRect(STRIP.title + k * w, y, w > 6 ? w - 1 : w + 0.4, STRIP.height);
      });
      pen.strokeStyle = theme.colour.line;
      pen.lineWidth = 1;
      pen.strokeRect(STRIP.title - 0.5, y - 0.5, wide * values.length, STRIP.height + 1);
    });
    pen.font = `12px ${font}`;
    [pen.textAlign, pen.fillStyle] = ["left", theme.colour.muted];
    const n = strips[0][1].length;
    pen.fillText(`${thousands(n)} ${unit ?? "dimension"}s, each strip to its own largest`, STRIP.title, height - 5);
    this.canvas.ariaLabel = strips.map(([title]) => title).join(", ");
  }

  drawEquation({ boxes, after, bend }, value) {
    const nodes = boxes.map((part) => this.part(part));
    const { config } = this.anatomy.payload.header;
    if (after && after.before !== null) nodes.push(this.operator("="), this.box({ value: after.before, name: `then ${config.activation}` }));
    if (bend !== undefined) nodes.push(this.operator("→"));
    else if (nodes.length) nodes.push(this.operator(after ? "→" : "="));
    if (nodes.length) nodes.push(this.box({ value, name: this.anatomy.stage.name }, true));
    this.equation.replaceChildren(...nodes);
    this.equation.hidden = !nodes.length;
  }

  part(part) { return typeof part === "string" ? this.operator(part) : this.box(part); }

  operator(sign) { return span("operator", sign === "-" ? THEME.minus : sign); }

  box({ value, name, detail = "", whole = false }, result = false) {
    return el("span", { className: result ? "box result" : "box" }, el("b", { textContent: whole ? thousands(value) : numberWords(value) }),
      el("span", { className: "cap", textContent: name }), ...(detail ? [span("cap detail", detail)] : []));
  }
}

// At most so many numbers, each the strongest of its neighbours.
function pooled(values, most) {
  if (values.length <= most) return Array.from(values);
  return Array.from({ length: most }, (_, i) => {
    const [from, to] = [Math.floor((i * values.length) / most), Math.floor(((i + 1) * values.length) / most)];
    let strongest = 0;
    for (let k = from; k < to; k++) if (Math.abs(values[k]) > Math.abs(strongest)) strongest = values[k];
    return strongest;
  });
}
