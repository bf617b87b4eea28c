// Below the status line: what is known of the head in focus beside all other heads, and the model's answer.

class Inspector {
  constructor(bench) {
    this.bench = bench;
    this.figures = el("div", { className: "figures" });
    this.answer = el("div", { className: "answer" });
    this.element = el("div", { className: "inspector" }, this.figures, this.answer);
  }

  draw() {
    const { payload, state } = this.bench;
    const { ranking, note } = payload.header;
    this.element.hidden = !payload.statistics && !ranking && !note;
    this.figures.hidden = !payload.statistics || Boolean(state.head.tile); // several heads at once have no such figures
    if (!this.figures.hidden) this.figures.replaceChildren(...this.all());
    this.answer.replaceChildren(...(ranking ? answerNodes(ranking, (i) => wasNode(payload, i)) : []), ...(note ? [span("cap wrap", note)] : []));
  }

  all() {
    const { payload, state } = this.bench;
    const own = payload.statistics[payload.index(state.head)];
    const names = sinkNames(payload);
    const sinks = names.length > 2 ? `on ${names.length} ${payload.things(2)}` : names.length ? `on ${names.join(", ")}` : "no sinks";
    const most = payload.header.max_entropy;
    const longest = Math.max(...payload.statistics.map(({ distance }) => distance ?? 0), 1);
    return [
      this.figure("Entropy", own.entropy?.toFixed(2), `of ${most.toFixed(2)} bits`, "entropy", most),
      this.figure("Mean distance", own.distance?.toFixed(1), payload.things(2), "distance", longest),
      this.figure("Sink mass", own.sink === null ? undefined : names.length ? percentOf(own.sink) : "0 %", sinks, "sink", 2000),
    ];
  }

  figure(title, value, unit, name, most) {
    const words = `${title} of all heads; this head: ${value ?? "unknown"} ${unit}`;
    const canvas = el("canvas", { role: "img", "aria-label": words });
    this.strip(canvas, name, most);
    return el("div", { className: "figure" }, el("div", { className: "cap", textContent: title }),
      el("div", { className: "value" }, value ?? "unknown", span("", ` ${unit}`)), canvas);
  }

  // All heads as ticks, the head in focus as a thick one.
  strip(canvas, name, most) {
    const { payload, state, theme } = this.bench;
    const [width, height] = [150, 13];
    const pen = prepare(canvas, width, height);
    const x = (value) => 4 + (Math.min(value, most) / (most || 1)) * (width - 8);
    [pen.strokeStyle, pen.globalAlpha] = [theme.colour.faint, 0.55];
    for (const { [name]: value } of payload.statistics) {
      if (value === null) continue;
      pen.beginPath();
      pen.moveTo(x(value), 4);
      pen.lineTo(x(value), height - 2);
      pen.stroke();
    }
    const own = payload.statistics[payload.index(state.head)][name];
    [pen.globalAlpha, pen.fillStyle] = [1, theme.heads[state.focus]];
    if (own !== null) pen.fillRect(x(own) - 1.5, 0, 3, height);
  }
}

// The best answers as bars, and what all the others have together; `beside(i)` gives more nodes for an answer.
function answerNodes({ question, labels, best, n }, beside = () => []) {
  const top = Math.max(...best, 1e-9);
  const items = labels.map((label, i) => {
    const bar = el("div", { className: "fill" });
    bar.style.width = `${(100 * best[i]) / top}%`;
    return el("div", { className: "candidate", title: label }, el("bdi", { textContent: shown(label) }),
      el("b", { textContent: places2(halvesOf(best[i])) }), el("div", { className: "track" }, bar), ...beside(i));
  });
  const rest = Math.max(0, 1 - best.reduce((a, b) => a + Math.fround(b), 0));
  const others = n - labels.length;
  const words = others > 0 ? `the other ${thousands(others)} together ${places2(halvesOf(rest))}` : "";
  const title = question.charAt(0).toUpperCase() + question.slice(1);
  return [
    el("div", { className: "bar" }, el("b", { textContent: title }), span("cap", words)),
    el("div", { className: "candidates" }, ...items),
  ];
}

// A probability as the shortest decimal of a float32, counted in half-thousandths of that float32.
const halvesOf = (probability) => Math.floor(2000 * Math.fround(probability));
