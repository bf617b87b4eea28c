// What the Text pane shows: tokens as running text, a shade per token, and where in the text the weight lies.

const LONG_TOKEN = 32; // characters; a longer one is clipped, its title has it all

// One token at the end of a block, white space around it kept and line ends made visible; returns its span.
function appendToken(block, side, index, label, special) {
  const [, before, core, after] = label.match(/^([ \n\r\t]*)([^]*?)([ \n\r\t]*)$/);
  const blank = core === "";
  const span = el("span", { className: "word", role: "button", tabIndex: -1,
    textContent: blank ? shown(label) : visible(shorten(core, LONG_TOKEN)) });
  [span.dataset.side, span.dataset.index] = [side, index];
  if (special) span.classList.add("special");
  if (blank) span.classList.add("blank");
  if ([...core].length > LONG_TOKEN) span.title = label;
  if (!blank) appendSpace(block, before);
  block.append(span);
  if (blank) for (const c of label.replace(/\r\n/g, "\n")) block.append(/[\n\r]/.test(c) ? el("br") : "");
  else appendSpace(block, after);
  return span;
}

function appendSpace(block, space) {
  for (const c of space.replace(/\r\n/g, "\n")) {
    if (/[\n\r]/.test(c)) block.append(el("span", { className: "mark", textContent: "↵" }), el("br"));
    else block.append(c);
  }
}

// The other end of the active token: its side, the five best, and a level of the ramp per token
// (0 none, 1 to 255, -2 out of reach), plus the estimated weights.
function readShades({ payload, state }) {
  const side = state.active.side === "query" ? "key" : "query";
  const tokens = side === "key" ? payload.keys : payload.queries;
  const matrix = payload.matrix(state.head);
  const levels = new Int16Array(tokens.length);
  const weights = new Float64Array(tokens.length);
  const pair = (other) => (side === "key" ? [state.active.index, other] : [other, state.active.index]);
  const visibleEnd = (other) => !(state.hideSinks && payload.sink[pair(other)[1]]) && !hiddenToken(payload, state, other);
  if (!matrix) return { side, levels, weights, best: [] };
  const rank = (other) => {
    const [q, k] = pair(other);
    return k < payload.width(q) && visibleEnd(other) ? matrix.rank(q, k) : -1;
  };
  const best = largest(tokens.length, rank, 5).map(({ index }) => ({ index, half: matrix.half(...pair(index)) }));
  const codes = Uint8Array.from(levels, (_, other) => (rank(other) < 0 ? 0 : matrix.code(...pair(other))));
  const top = Math.max(1, ...codes);
  const table = scaleTable(state.scale, top, codes);
  for (let other = 0; other < tokens.length; other++) {
    const [q, k] = pair(other);
    if (k >= payload.width(q)) levels[other] = -2;
    else if (codes[other]) levels[other] = Math.round(255 * (0.02 + 0.98 * table[codes[other]]));
    if (levels[other] < 12 && levels[other] > 0) levels[other] = 0;
    weights[other] = rank(other) < 0 ? 0 : matrix.estimate(q, k);
  }
  return { side, levels, weights, best: best.filter(({ half }, i) => i === 0 || half >= 10) };
}

// One bar per token, shaded as in the text, and a mark under the active one.
function drawStrip(canvas, width, { payload, state, theme, font }, { side, levels }) {
  const pen = prepare(canvas, width, STRIP);
  const n = levels.length;
  const bar = width / n;
  pen.fillStyle = theme.colour.line;
  pen.fillRect(0, 42, width, 1);
  levels.forEach((level, i) => {
    if (level <= 0) return;
    pen.fillStyle = theme.beam[Math.max(60, level)];
    const height = Math.max(1, (40 * level) / 255);
    pen.fillRect(i * bar, 42 - height, Math.max(1, bar - Math.min(2, bar * 0.2)), height);
  });
  const { index } = state.active;
  const tokens = side === "key" ? payload.queries : payload.keys;
  const words = `token ${index} of 0 to ${tokens.length - 1}: “${shorten(shown(tokens.labels[index]), 20)}”`;
  [pen.font, pen.textBaseline, pen.textAlign, pen.fillStyle] = [`12px ${font}`, "middle", "left", theme.heads[state.focus]];
  const x = payload.self ? (index + 0.5) * bar : 6;
  pen.beginPath();
  pen.moveTo(x, 44);
  pen.lineTo(x - 5, 52);
  pen.lineTo(x + 5, 52);
  pen.fill();
  pen.fillStyle = theme.colour.muted;
  const room = pen.measureText(words).width;
  pen.fillText(words, x + 10 + room > width ? Math.max(0, x - 10 - room) : x + 10, 50);
}

// How near the active token half of the weight that is shown lies.
function halfWords({ state }, { weights }) {
  const total = weights.reduce((a, b) => a + b, 0);
  if (!total) return "";
  const { index } = state.active;
  let sum = 0;
  for (let distance = 0; distance < weights.length; distance++) {
    sum += weights[index - distance] ?? 0;
    if (distance) sum += weights[index + distance] ?? 0;
    if (sum >= total / 2) return `half of the weight lies within ${distance} ${distance === 1 ? "token" : "tokens"}`;
  }
  return "";
}
