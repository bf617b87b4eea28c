// The way through the model: every stage a small picture of its own numbers, in groups, over the residual stream.

const TILE = { width: 27, height: 32, narrow: 11 };

class StageMap {
  constructor(anatomy) {
    this.anatomy = anatomy;
    this.inner = el("div", { className: "map-inner" });
    this.element = el("nav", { className: "map", "aria-label": "Stages of the forward pass" }, this.inner);
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  build() {
    const { payload } = this.anatomy;
    const groups = [];
    for (const stage of payload.stages) {
      if (groups.at(-1)?.title !== stage.group) groups.push({ title: stage.group, stages: [] });
      groups.at(-1).stages.push(stage);
    }
    this.tiles = [];
    this.inner.replaceChildren(...groups.map(({ title, stages }) => {
      const elsewhere = stages[0].elsewhere;
      const tiles = stages.map((stage) => this.tile(stage));
      return el("div", { className: elsewhere ? "map-group elsewhere" : "map-group", role: "group", "aria-label": title },
        el("div", { className: "map-title", title, textContent: title }), el("div", { className: "map-tiles" }, ...tiles));
    }));
  }

  tile(stage) {
    const canvas = el("canvas", { ariaHidden: "true" });
    const button = pressable("tile", "", () => this.anatomy.go(stage.number), { ariaLabel: stage.name, title: stage.name });
    button.append(canvas, span("symbol", stage.symbol), el("i", { className: stage.rail ? "joint" : "" }));
    this.tiles.push({ button, canvas, stage });
    return button;
  }

  draw() {
    const { theme, head } = this.anatomy;
    for (const { canvas, stage } of this.tiles) this.picture(canvas, stage, theme, head);
    this.light();
  }

  // The numbers of a stage pooled by their largest, so that nothing strong is lost.
  picture(canvas, stage, theme, head) {
    const { payload, matrix } = this.anatomy;
    const [rows, columns] = payload.size(stage);
    const [width, height] = [columns === 1 ? TILE.narrow : TILE.width, TILE.height];
    const pen = prepare(canvas, width, height);
    const scale = matrix.scale(stage, head);
    const ramp = scale.shares ? theme.beam : theme.change;
    const [across, down] = [Math.min(columns, width), Math.min(rows, height)];
    const [xs, ys] = [(i) => Math.floor((i * columns) / across), (i) => Math.floor((i * rows) / down)];
    for (let y = 0; y < down; y++) {
      for (let x = 0; x < across; x++) {
        let strongest = 0;
        for (let row = ys(y); row < ys(y + 1); row++) {
          for (let column = xs(x); column < xs(x + 1); column++) {
            const value = payload.at(stage, head, row, column);
            if (!Number.isFinite(value)) strongest = NaN;
            else if (Math.abs(value) > Math.abs(strongest)) strongest = value;
          }
        }
        pen.fillStyle = Number.isNaN(strongest) ? theme.colour.sunk : scale.ids ? theme.colour.border : ramp[levelOf(strongest, scale)];
        const [left, top] = [(x * width) / across, (y * height) / down];
        pen.fillRect(left, top, width / across + 0.3, height / down + (scale.ids ? -1 : 0.3));
      }
    }
  }

  // The stage that is looked at.
  light() {
    const { stage } = this.anatomy;
    for (const { button, stage: own } of this.tiles) {
      const here = own.number === stage.number;
      button.ariaCurrent = here ? "step" : null;
      button.tabIndex = here ? 0 : -1;
      button.classList.toggle("before", own.number < stage.number);
      button.classList.toggle("read", stage.reads.includes(own.number));
    }
    this.reveal();
  }

  reveal() {
    const { button } = this.tiles[this.anatomy.stage.number];
    const left = button.offsetLeft + button.offsetParent.offsetLeft * (button.offsetParent !== this.inner && button.offsetParent !== this.element);
    const { clientWidth, scrollLeft } = this.element;
    if (left < scrollLeft + 40 || left + TILE.width > scrollLeft + clientWidth - 40) this.element.scrollLeft = left - clientWidth / 2;
  }

  key(event) {
    const last = this.tiles.length - 1;
    const at = this.anatomy.stage.number;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: last }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.anatomy.go(Math.max(0, Math.min(last, to)));
    this.tiles[this.anatomy.stage.number].button.focus({ preventScroll: true });
  }
}
