// A forward pass, stage by stage: the way through the model above, the numbers of one stage below, its code beside them.

const WIDE_FROM = 860; // pixels from which the code stands beside the numbers
const TEMPO = 2200; // milliseconds a stage stays while it plays
const KEYS = ["stage", "layer", "head", "cell"];

class AnatomyView extends Mounted {
  constructor(parent) {
    super(parent);
    Object.assign(this, { row: 0, column: 0, head: 0, chosen: {}, rowOf: {} });
    [this.matrix, this.map, this.panel] = [new Matrix(this), new StageMap(this), new SumPanel(this)];
    this.build();
    this.listen();
    this.gone.signal.addEventListener("abort", () => clearInterval(this.playing));
  }

  build() {
    this.layers = el("span", { className: "control" });
    this.heads = el("span", { className: "control" });
    this.back = pressable("button", "‹", () => this.step(-1), { ariaLabel: "Stage before" });
    this.next = pressable("button", "›", () => this.step(1), { ariaLabel: "Next stage" });
    this.play = pressable("button play", "", () => this.toggle());
    this.count = span("cap count");
    this.hint = span("cap hint", "← → on the strip: stages. Arrows in the picture: cells.");
    const bar = el("div", { className: "bar tools" }, this.layers, this.heads, spring(), this.hint, this.count, this.back, this.play, this.next);
    this.title = el("h2", {});
    this.says = el("p", { className: "says" });
    this.shape = el("p", { className: "cap shape" });
    this.main = el("div", { className: "main" }, this.title, this.says, this.shape, this.matrix.element, this.panel.element);
    this.formula = el("div", { className: "formula" });
    this.reads = el("div", { className: "reads" });
    this.code = el("div", {});
    this.side = el("div", { className: "side" }, el("h3", { textContent: "Formula" }), this.formula,
      el("h3", { textContent: "Made from" }), this.reads, el("h3", { textContent: "The lines that ran" }), this.code);
    this.body = el("section", { className: "body", "aria-live": "off" }, this.main, this.side);
    this.status = el("div", { className: "status", "aria-live": "polite" });
    this.cost = el("div", {});
    this.frame = el("div", { className: "anatomy", role: "region", "aria-label": "Anatomy", hidden: true }, this.notice, bar,
      this.map.element, this.body, this.status, this.cost);
    this.root.replaceChildren(el("style", { textContent: STYLE }), this.failure, this.frame);
    this.frame.addEventListener("keydown", (event) => this.key(event));
  }

  take(unpacked) {
    const before = this.stage?.at;
    const first = !this.payload;
    this.payload = new Payload(unpacked);
    this.wanted = null;
    const { header } = this.payload;
    this.foretells = header.config.kind !== "encoder";
    this.head = Math.min(this.head, header.config.heads - 1);
    if (this.texts !== JSON.stringify(header.sequences)) [this.rowOf, this.chosen] = [{}, {}];
    this.texts = JSON.stringify(header.sequences);
    this.number = Math.max(0, this.payload.stages.findIndex(({ at }) => at === before));
    this.frame.hidden = false;
    this.map.build();
    this.choices();
    this.enter();
    if (first) this.restore();
    this.cost.replaceChildren(budgetOf(this.payload, this.lengths()));
    this.checked();
    this.dress();
  }

  get stage() { return this.payload?.stages[this.number]; }

  // Layer and head to choose.
  choices() {
    const { config, layer } = this.payload.header;
    const numbers = (n) => Array.from({ length: n }, (_, i) => ({ name: String(i), title: String(i) }));
    this.layerPick = segmented("Layer", numbers(config.layers), (name) => this.ask(name), true);
    this.headPick = segmented("Head", numbers(config.heads), (name) => this.useHead(Number(name)), true);
    this.layers.replaceChildren("Layer", this.layerPick.element);
    this.heads.replaceChildren("Head", this.headPick.element);
    this.layerPick.set(String(layer));
    this.headPick.set(String(this.head));
    if (!this.live) this.layers.replaceChildren(`Layer ${layer}`);
  }

  // Another layer's numbers come from the server.
  ask(layer) {
    if (layer === String(this.payload.header.layer)) return;
    this.layerPick.set(layer);
    this.send("layer", layer);
    this.wanted = layer;
    this.write();
  }

  useHead(head) {
    this.head = head;
    this.headPick.set(String(head));
    this.enter();
    this.refresh();
    this.write();
  }

  // What the address says, once.
  restore() {
    if (!this.payload.header.key) return;
    const asked = readAddress(KEYS);
    const complaints = [];
    const { config, layer } = this.payload.header;
    if (asked.layer !== undefined && asked.layer !== String(layer)) complaints.push(`asked for layer ${shorten(asked.layer, 12)}; this model has ${config.layers}, counted from 0`);
    if (asked.head !== undefined) {
      const head = /^\d{1,4}$/.test(asked.head) ? Number(asked.head) : NaN;
      if (head < config.heads) this.head = head;
      else complaints.push(`asked for head ${shorten(asked.head, 12)}; there are ${config.heads}, counted from 0`);
    }
    if (asked.stage !== undefined) {
      const number = this.payload.stages.findIndex(({ at }) => at === asked.stage);
      if (number < 0) complaints.push(`asked for the stage “${shorten(asked.stage, 30)}”, which this model does not have`);
      else this.number = number;
    }
    this.enter();
    const cell = /^(\d{1,5})\.(\d{1,5})$/.exec(asked.cell ?? "");
    const [rows, columns] = this.payload.size(this.stage);
    if (cell && Number(cell[1]) < rows && Number(cell[2]) < columns) this.place(Number(cell[1]), Number(cell[2]));
    else if (asked.cell !== undefined) complaints.push(`asked for the cell ${shorten(asked.cell, 14)}; this stage has ${rows} rows and ${thousands(columns)} columns, counted from 0`);
    this.headPick.set(String(this.head));
    if (complaints.length) this.say(`The link ${complaints.join("; it ")}.`);
  }

  // What is chosen, for a link.
  write() {
    const { header } = this.payload;
    if (!header.key) return;
    clearTimeout(this.writing);
    this.writing = setTimeout(() => writeAddress(KEYS, {
      stage: this.stage.at, layer: this.wanted ?? String(header.layer), head: String(this.head), cell: `${this.row}.${this.column}`,
    }), 250);
  }

  go(number) {
    if (number === this.number || !this.payload.stages[number]) return;
    this.number = number;
    this.enter();
    this.refreshStage();
    this.write();
  }

  step(by) {
    const to = this.number + by;
    if (to >= 0 && to < this.payload.stages.length) this.go(to);
    else this.stop();
  }

  toggle() {
    if (this.playing) return this.stop();
    if (this.number === this.payload.stages.length - 1) this.go(0);
    this.playing = setInterval(() => this.step(1), TEMPO);
    return this.transport();
  }

  stop() {
    clearInterval(this.playing);
    this.playing = null;
    this.transport();
  }

  transport() {
    const n = this.payload.stages.length;
    this.play.textContent = this.playing ? "Pause" : "Play";
    this.count.textContent = `stage ${this.number + 1} of ${n}`;
    this.back.disabled = this.number === 0;
    this.next.disabled = this.number === n - 1;
    if (this.playing && this.number === n - 1) this.stop();
  }

  // A stage begins at the position that is followed through the model, and at the column that says most there.
  enter() {
    const { payload, stage } = this;
    const [rows, columns] = payload.size(stage);
    const start = stage.side === "encoder" && this.foretells ? rows - 1 : payload.header.position;
    this.row = Math.min(rows - 1, this.rowOf[stage.side] ?? Math.max(0, start));
    const kept = this.chosen[`${stage.axes.at(-1)} ${columns}`];
    this.column = kept ?? strongest(payload.row(stage, this.head, this.row));
  }

  place(row, column) {
    [this.row, this.column] = [row, column];
    this.rowOf[this.stage.side] = row;
    this.chosen[`${this.stage.axes.at(-1)} ${this.payload.size(this.stage)[1]}`] = column;
  }

  // The pointer or an arrow went to a cell.
  point(row, column) {
    if (row === this.row && column === this.column) return;
    this.place(row, column);
    this.matrix.draw();
    this.panel.draw();
    this.write();
  }

  key(event) {
    const by = { PageDown: 1, PageUp: -1, n: 1, p: -1 }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("input")) return;
    event.preventDefault();
    this.step(by);
  }

  refresh() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    this.font = getComputedStyle(this.frame).fontFamily;
    this.frame.classList.toggle("narrow", this.width < WIDE_FROM);
    this.map.draw();
    this.refreshStage();
  }

  refreshStage() {
    const { payload, stage } = this;
    this.frame.dataset.stage = stage.at;
    this.stageWidth = Math.max(200, this.main.clientWidth - 28);
    this.title.replaceChildren(span("stage-symbol", stage.symbol), capital(stage.elsewhere ? `${stage.name} out of layer ${stage.layer}` : stage.name), span("cap", stage.elsewhere ? "" : stage.group));
    this.says.textContent = stage.says;
    const { symbols, words } = shapeWords(payload, stage);
    this.shape.replaceChildren(el("code", { textContent: symbols }), ` ${words}`);
    this.formula.replaceChildren(formulaOf(stage.formula));
    const chips = stage.reads.map((number) => {
      const from = payload.stages[number];
      return pressable("chip", "", () => this.go(number), { ariaLabel: `Go to ${from.name}` });
    });
    chips.forEach((chip, i) => {
      const from = payload.stages[stage.reads[i]];
      chip.append(el("b", { textContent: from.symbol }), ` ${from.name}`);
    });
    const own = Object.keys(stage.operands).filter((name) => ["weight", "added", "scale", "table"].includes(name));
    if (own.length || stage.rule === "row") chips.push(span("chip still", "the model's weights"));
    this.reads.replaceChildren(...(chips.length ? chips : [span("cap", stage.elsewhere ? `layer ${stage.layer}` : "what you typed")]));
    const code = codeOf(payload.header.codes[stage.code], stage.ran);
    this.code.replaceChildren(code.element);
    code.body.scrollTop = Math.max(0, (code.first?.offsetTop ?? 0) - code.body.offsetTop - 90);
    this.matrix.draw();
    this.panel.draw();
    this.matrix.reveal();
    this.map.light();
    this.transport();
  }

  // Lines on what was held against what.
  checked() {
    const { difference, recomputed } = this.payload.header;
    fill(this.status, [strong("Matches the model: "), "largest difference of a logit ", strong(tinyNumber(difference)),
      ". Every cell, computed once more from its formula, is within ", strong(tinyNumber(recomputed)), " of its stage's largest number."]);
  }

  lengths() {
    return Object.values(this.payload.header.sequences).map((labels) => labels.length).join(" + ");
  }
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

// Where a row says most: its largest number, whatever its sign.
function strongest(values) {
  let [best, most] = [0, -1];
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]) && Math.abs(values[i]) > most) [best, most] = [i, Math.abs(values[i])];
  }
  return best;
}

export default function (host) { return mount(AnatomyView, host); }
