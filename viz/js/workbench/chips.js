// Below the grid: the head in focus as a larger matrix, and a chip for each chosen head.

const MINI = 136; // pixels

class Chips {
  constructor(bench) {
    this.bench = bench;
    this.picture = el("canvas", { className: "say", role: "img" });
    this.frame = el("canvas", { "aria-hidden": "true" });
    this.matrix = el("div", { className: "mini" }, this.picture, this.frame);
    this.list = el("div", { className: "chips" });
    this.words = el("div", { className: "cap wrap" });
    const beside = el("div", { className: "beside" }, this.list, this.words);
    this.element = el("div", { className: "below" }, this.matrix, beside);
    this.matrix.addEventListener("pointermove", (event) => this.hover(event));
    this.matrix.addEventListener("pointerleave", () => bench.peek(null));
  }

  draw() {
    const { payload, theme, state } = this.bench;
    const index = payload.index(state.head);
    const pen = prepare(this.picture, MINI, MINI);
    pen.imageSmoothingEnabled = false;
    const pixels = pixelTable(theme, payload, index, state.scale);
    const size = Math.round(MINI * pixelRatio());
    this.image = matrixImage(payload, index, size, pixels, theme.pixel("sunk"));
    pen.drawImage(this.image, 0, 0, MINI, MINI);
    hatchRows(pen, theme, payload, state.head, 0, 0, MINI, MINI);
    pen.strokeStyle = theme.colour.border;
    pen.strokeRect(0.5, 0.5, MINI - 1, MINI - 1);
    const focused = this.list.getRootNode().activeElement?.dataset.chip;
    this.list.replaceChildren(...state.chosen.map((head) => this.chip(head)));
    const buttons = [...this.list.querySelectorAll("button")];
    if (focused) (buttons.find((button) => button.dataset.chip === focused) ?? buttons[0]).focus();
    this.point();
  }

  chip(head) {
    const { slot } = head;
    const { payload, theme, state } = this.bench;
    const number = span("number", slot + 1);
    number.style.cssText = `background:${theme.heads[slot]};color:${theme.digits[slot]}`;
    const name = headName(head);
    const role = payload.statistics?.[payload.index(head)];
    const title = role?.role && role.score !== null ? `${role.role}, ${role.score.toFixed(2)}` : "";
    const ariaPressed = String(slot === state.focus);
    const focus = pressable("name", "", () => this.bench.focus(slot), { title, ariaPressed });
    focus.append(number, name, span("role-text", this.about(head, role)));
    focus.dataset.chip = slot;
    const chip = el("div", { className: slot === state.focus ? "chip focus" : "chip" }, focus);
    chip.classList.toggle("off", state.off.has(slot));
    if (state.chosen.length === 1) return chip;
    const remove = pressable("remove", "×", () => this.bench.remove(slot), { ariaLabel: `Remove ${name}` });
    remove.dataset.chip = `remove ${slot}`;
    chip.append(remove);
    return chip;
  }

  about(head, known) {
    const { payload, state, waiting } = this.bench;
    if (this.bench.off?.has(head)) return "switched off";
    if (state.off.has(head.slot)) return "lines hidden";
    if (!payload.matrix(head)) return waiting ? "reading …" : "thumbnail only";
    if (head.tile) return head.tile.about;
    return known ? known.role || "no role found" : "";
  }

  // The row (or column) of the active token, and the cell under the pointer.
  point() {
    const { payload, theme, state } = this.bench;
    const pen = prepare(this.frame, MINI, MINI);
    const { side, index } = state.active;
    const size = MINI / payload.tokens(side).length;
    const at = Math.round(index * size);
    const thick = Math.max(3, Math.round(size));
    [pen.strokeStyle, pen.lineWidth] = [theme.heads[state.focus], size < 6 ? 1 : 2];
    if (side === "query") pen.strokeRect(1, at, MINI - 2, thick);
    else pen.strokeRect(at, 1, thick, MINI - 2);
    if (state.cell) {
      const { q, k } = state.cell;
      const [w, h] = [MINI / payload.keys.length, MINI / payload.queries.length];
      pen.strokeStyle = theme.colour.ink;
      pen.strokeRect(Math.round(k * w), Math.round(q * h), Math.max(3, Math.round(w)), Math.max(3, Math.round(h)));
    }
    const rim = theme.name === "dark" ? "Light" : "Dark";
    const what = payload.matrix(state.head) ? "in full" : "as its thumbnail";
    const part = side === "query" ? "row" : "column";
    const label = quoted(payload.tokens(side).labels[index]);
    const tile = state.head.tile ? "tile" : "head";
    fill(this.words, [`The outlined ${tile} ${what}, the ${part} of `, label,
      ` framed. ${rim} rim = focus; every view follows it. Shift-click adds a head.`]);
  }

  // The pair under the pointer; where several share a pixel, the strongest of them.
  hover(event) {
    const { payload, state } = this.bench;
    const matrix = payload.matrix(state.head);
    if (!matrix) return;
    const { x, y } = pointIn(this.matrix, event);
    const range = (at, length, blocks) => {
      const block = Math.min(blocks - 1, Math.max(0, Math.floor((at / MINI) * blocks)));
      const edges = blockEdges(length, blocks);
      return [edges[block], edges[block + 1]];
    };
    const rows = range(y, payload.queries.length, this.image.height);
    const columns = range(x, payload.keys.length, this.image.width);
    let [best, rank] = [null, -1];
    for (let q = rows[0]; q < rows[1]; q++) {
      for (let k = columns[0]; k < columns[1]; k++) {
        if (matrix.rank(q, k) > rank) [best, rank] = [{ q, k }, matrix.rank(q, k)];
      }
    }
    this.bench.peek(best);
  }
}
