// RoPE as hands that turn: a query and a key at their positions, and what stretching does to both.

const CLOCK = { least: 92, most: 8, label: 34 };

const TURNING_STYLE = `
.turn .row{display:flex;flex-wrap:wrap;gap:8px 18px;align-items:center}
.turn .row>label,.turn .row>.named{display:inline-flex;align-items:center;gap:8px;font-size:13.5px}
.turn .control.stretch{flex:1 1 240px;max-width:420px}
.turn .control .cap{min-width:64px}
.turn canvas{cursor:default}
.turn .verdict{margin:4px 0 0;font-size:14px}
.turn select{font:inherit;font-size:13.5px;height:30px;border:1px solid var(--border);border-radius:8px;background:var(--page);color:var(--ink);padding:0 6px}
`;

class TurningPanel {
  constructor(panel, parts, sheet) {
    Object.assign(this, { panel, sheet, size: 0, playing: null });
    const { state, complaints } = ropeState(readAddress(ROPE_KEYS));
    this.state = state;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.clocks = el("canvas", { role: "img" });
    this.verdict = el("p", { className: "verdict", role: "status" });
    this.complaint = el("p", { className: "cap", role: "status", textContent: complaints.join(" "), hidden: !complaints.length });
    this.element = el("div", { className: "turn" }, el("style", { textContent: TURNING_STYLE }), this.complaint,
      this.shape(), this.stretching(), this.clocks, this.moving(), this.verdict);
    this.waves = this.lines("Wavelengths", "Positions in which each pair of dimensions turns once. Pairs above the trained length never turned round in training.");
    this.scores = this.lines("Score against distance", "A query and a key that are alike, so far apart, against beside each other.");
    this.subs = [this.waves, this.scores];
    sheet.gone.signal.addEventListener("abort", () => this.stop());
    this.set({}, false);
  }

  // ---- Controls

  choice(label, values, key) {
    const select = el("select", { ariaLabel: label }, ...values.map((value) => el("option", { value: String(value), textContent: figure(value) })));
    select.value = String(this.state[key]);
    select.onchange = () => this.set({ [key]: Number(select.value) });
    return el("label", {}, label, select);
  }

  shape() {
    this.base = slider("Base", 400, (value) => this.set({ base: Number((10 ** (2 + value / 100)).toPrecision(2)) }));
    return el("div", { className: "row" }, this.choice("Dimensions of a head", ROPE_SIZES, "size"),
      this.choice("Trained on positions", ROPE_TRAINED, "trained"), this.base.element);
  }

  stretching() {
    this.method = segmented("Stretched", ROPE_METHODS.map(([name, title]) => ({ name, title })), (method) => this.set({ method }));
    this.longer = slider("Text longer by", 3200, (value) => this.set({ longer: Math.max(1, Math.round(value / 100)) }));
    return el("div", { className: "row" }, el("span", { className: "named" }, "For longer texts", this.method.element), this.longer.element);
  }

  moving() {
    this.play = pressable("button", "", () => this.toggle());
    this.position = slider("Query at", 100, (value) => this.set({ position: value }));
    this.back = slider("Key before it by", 100, (value) => this.set({ back: value }));
    return el("div", { className: "row" }, this.play, this.position.element, this.back.element);
  }

  set(change, told = true) {
    const state = { ...this.state, ...change };
    const last = state.trained * state.longer;
    state.position = Math.min(state.position, last);
    state.back = Math.min(state.back, state.position);
    this.state = state;
    this.method.set(state.method);
    this.show(this.base, Math.round(100 * (Math.log10(state.base) - 2)), 400, figure(state.base));
    this.show(this.longer, 100 * state.longer, 3200, `× ${state.longer}`);
    this.show(this.position, state.position, last, figure(Math.round(state.position)));
    this.show(this.back, state.back, Math.min(last, state.position || 1), figure(state.back));
    this.play.textContent = this.still.matches ? "Next position" : this.playing ? "Pause" : "Play";
    if (!told) return;
    if (this.playing) {
      this.sheet.paint(this); // only the hands move
      return;
    }
    this.calculate();
    this.sheet.refresh();
    writeAddress(ROPE_KEYS, ropeKeys({ ...state, position: Math.round(state.position) }));
  }

  show(control, value, most, words) {
    const input = control.element.querySelector("input");
    input.max = String(most);
    control.set(value);
    input.setAttribute("aria-valuetext", words);
    input.style.setProperty("--fill", `${(100 * value) / most}%`);
    control.note.textContent = words;
  }

  // ---- Moving: never without being asked, and never by itself for those who want no motion

  toggle() {
    if (this.still.matches) {
      this.set({ position: this.next(1) });
      return;
    }
    if (this.playing) {
      this.stop();
      return;
    }
    let before = performance.now();
    const frame = (now) => {
      this.playing = requestAnimationFrame(frame);
      if (!this.element.isConnected) {
        this.stop();
        return;
      }
      const by = Math.min(0.1, (now - before) / 1000) * 3; // positions per second
      before = now;
      this.set({ position: this.next(by) });
    };
    this.playing = requestAnimationFrame(frame);
    this.set({});
  }

  next(by) {
    const { position, back, trained, longer } = this.state;
    return position + by > trained * longer ? back : position + by;
  }

  stop() {
    cancelAnimationFrame(this.playing);
    this.playing = null;
    if (this.element.isConnected) this.set({ position: Math.round(this.state.position) });
  }

  // ---- Numbers

  calculate() {
    const { method, longer, base, size, trained, back } = this.state;
    const shape = [method, longer, base, size, trained].join();
    if (shape !== this.shaped) this.curves(shape);
    const { slow, beyond } = ropeUnseen(this.plain, this.used, trained, longer);
    const apart = ropeScore(this.used, back);
    fill(this.verdict, [
      `${slow} of ${size / 2} hands never turned round within ${thousands(trained)} positions. `,
      strong(longer === 1 ? "A text of that length turns none of them further." : beyond ? `In a text of ${thousands(trained * longer)}, ${beyond} of them go where training never went.` : `In a text of ${thousands(trained * longer)}, none of them goes further than in training.`),
      ` The key stands ${thousands(back)} back: wherever both stand, their score is ${figure(apart, 3)} of the largest.`,
    ]);
  }

  curves(shape) {
    const { method, longer, base, size, trained } = this.state;
    this.shaped = shape;
    this.plain = ropeFrequencies(size, base);
    this.used = ropeFrequencies(size, base, method, longer, trained);
    const [title] = ROPE_METHODS.filter(([name]) => name === method).map(([, words]) => words);
    const pairs = this.plain.map((_, i) => i);
    const wave = (list) => list.map((w) => (2 * Math.PI) / w);
    const top = 10 ** Math.ceil(Math.log10(Math.max(...wave(this.used), trained * longer)));
    this.put(this.waves, pairs, wave, { label: "pair of dimensions", low: 0, high: pairs.length - 1, reads: "pair" },
      { label: "positions", low: 1, high: top, log: true }, [], title);
    this.waves.panel.levels = [[trained, "trained length"], ...(longer > 1 ? [[trained * longer, "longer text"]] : [])];
    const last = trained * longer;
    const distances = spreadOver(last + 1, 600);
    this.put(this.scores, distances, (list) => distances.map((distance) => ropeScore(list, distance)),
      { label: "distance in positions", low: 0, high: last, reads: "distance" },
      { label: "score", low: -0.5, high: 1 }, [{ x: trained, label: "trained length" }], title);
  }

  lines(title, note) {
    const asked = { kind: "lines", title, note, x: { part: "x", label: "", low: 0, high: 1 }, y: { low: 0, high: 1 }, lines: [], height: 240 };
    return this.sheet.build(asked, { x: [] });
  }

  // Give a panel of curves other numbers: as trained, and stretched beside it.
  put(panel, xs, curve, x, y, marks, title) {
    const lines = [{ name: "As trained", colour: 5, dash: 1, ys: curve(this.plain) }];
    if (this.state.method !== "plain") lines.push({ name: title, colour: 0, dash: 0, ys: curve(this.used) });
    Object.assign(panel, { xs, lines, size: xs.length, spot: null, strongest: null });
    panel.said.replaceChildren();
    panel.panel = { ...panel.panel, x, y, marks };
    panel.keys.replaceChildren(...lines.map((line, i) => panel.key(line, i)));
  }

  // ---- Clocks

  draw(theme, width) {
    if (!this.used) this.calculate();
    const shown = spreadOver(this.used.length, Math.max(2, Math.min(CLOCK.most, Math.floor(width / CLOCK.least))));
    const across = width / shown.length;
    const height = Math.min(across, 132) + CLOCK.label;
    const pen = prepare(this.clocks, width, height);
    pen.font = this.sheet.font;
    shown.forEach((i, place) => this.clock(pen, theme, (place + 0.5) * across, Math.min(across, 132) / 2, Math.min(across, 132) / 2 - 9, i));
    this.clocks.ariaLabel = `${shown.length} of ${this.used.length} pairs: query at ${Math.round(this.state.position)}, key ${this.state.back} before it`;
  }

  clock(pen, theme, x, y, r, i) {
    const { position, back } = this.state;
    const w = this.used[i];
    const [query, key] = [position * w, (position - back) * w];
    const turn = (angle) => [x + r * Math.cos(angle), y - r * Math.sin(angle)];
    const hand = (angle, colour, wide, dash = []) => {
      [pen.strokeStyle, pen.lineWidth] = [colour, wide];
      pen.setLineDash(dash);
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(...turn(angle));
      pen.stroke();
      pen.setLineDash([]);
    };
    [pen.strokeStyle, pen.lineWidth] = [theme.colour.border, 1];
    pen.beginPath();
    pen.arc(x, y, r, 0, 7);
    pen.stroke();
    const between = Math.min(back * w, 2 * Math.PI);
    pen.fillStyle = theme.heads[0];
    pen.globalAlpha = 0.16;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.arc(x, y, r * 0.62, -key - between, -key);
    pen.fill();
    pen.globalAlpha = 1;
    if (this.state.method !== "plain") hand(position * this.plain[i], theme.colour.faint, 1, [2, 3]);
    hand(key, theme.heads[1], 2.5, [5, 3]);
    hand(query, theme.heads[0], 2.5);
    pen.fillStyle = theme.colour.muted;
    [pen.textAlign, pen.textBaseline] = ["center", "top"];
    pen.fillText(`pair ${i}`, x, y + r + 8);
    const wave = (2 * Math.PI) / w;
    pen.fillText(`turns in ${wave < 100 ? wave.toFixed(1) : thousands(Math.round(wave))}`, x, y + r + 23);
  }
}
