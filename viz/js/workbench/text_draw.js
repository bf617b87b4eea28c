// What the Text pane shows: tokens as running text, a shade per token, and where in the text the weight lies.

const LONG_TOKEN = 32; // characters; a longer one is clipped, its title has it all

// One token at the end of a block, white space around it kept and line ends made visible; returns its node.
function appendToken(block, side, index, label, special) {
  const [, before, core, after] = label.match(/^([ \n\r\t]*)([^]*?)([ \n\r\t]*)$/);
  const blank = core === "";
  const word = el("span", { className: "word", role: "button", tabIndex: -1,
    textContent: blank ? shown(label) : visible(shorten(core, LONG_TOKEN)) });
  [word.dataset.side, word.dataset.index] = [side, index];
  if (special) word.classList.add("special");
  if (blank) word.classList.add("blank");
  if ([...core].length > LONG_TOKEN) word.title = label;
  if (!blank) appendSpace(block, before);
  block.append(word);
  if (blank) for (const c of label.replace(/\r\n/g, "\n")) block.append(/[\n\r]/.test(c) ? el("br") : "");
  else appendSpace(block, after);
  return word;
}

function appendSpace(block, space) {
  for (const c of space.replace(/\r\n/g, "\n")) {
    if (/[\n\r]/.test(c)) block.append(span("mark", "↵"), el("br"));
    else block.append(c);
  }
}

// The other end of the active token: its side, the five best, and a level of the ramp per token
// (0 none, 1 to 255, -2 out of reach), and the least and the most that each weight may be.
function readShades({ payload, state }) {
  const side = state.active.side === "query" ? "key" : "query";
  const tokens = payload.tokens(side);
  const matrix = payload.matrix(state.head);
  const levels = new Int16Array(tokens.length);
  const bounds = Array.from({ length: tokens.length }, () => [0, 0]);
  const pair = (other) => (side === "key" ? [state.active.index, other] : [other, state.active.index]);
  const hides = hiddenAs(payload, state);
  const gone = (other) => hides.key[pair(other)[1]] || (side === "query" && hides.query[other]);
  const out = (other) => gone(other) || (payload.self && hiddenToken(payload, state, other));
  if (!matrix) return { side, levels, bounds, best: [] };
  const rank = (other) => {
    const [q, k] = pair(other);
    return k < payload.width(q) && !out(other) ? matrix.rank(q, k) : -1;
  };
  const best = largest(tokens.length, rank, 5).map((index) => ({ index, half: matrix.half(...pair(index)) }));
  const codes = Uint8Array.from(levels, (_, other) => (rank(other) < 0 ? 0 : matrix.code(...pair(other))));
  const top = Math.max(1, ...codes);
  const table = scaleTable(state.scale, top, codes);
  for (let other = 0; other < tokens.length; other++) {
    const [q, k] = pair(other);
    if (k >= payload.width(q)) levels[other] = -2;
    else if (codes[other]) levels[other] = Math.round(255 * (0.02 + 0.98 * table[codes[other]]));
    if (levels[other] < 12 && levels[other] > 0) levels[other] = 0;
    if (rank(other) >= 0) bounds[other] = matrix.bounds(q, k);
  }
  return { side, levels, bounds, best: best.filter(({ half }, i) => i === 0 || half >= 10) };
}

// How many tokens at most share a bar of the strip.
const perBar = (n, width) => Math.max(1, Math.ceil(n / Math.max(1, Math.floor(width))));

// " · a bar: the largest of up to 3 tokens"
function stripWords(payload, { levels, side }, width) {
  const share = perBar(levels.length, width);
  const thing = payload.thingOf(side) === "patch" ? "patches" : `${payload.thingOf(side)}s`;
  return share > 1 ? ` · a bar: the largest of up to ${share} ${thing}` : "";
}

// One bar per token, or per few where there are more than pixels, shaded as in the text; the token under it where there
// is room, and a mark at the active one.
function drawStrip(canvas, width, height, bench, { side, levels: all }) {
  const { payload, theme, font } = bench;
  const pen = prepare(canvas, width, height);
  const edges = blockEdges(all.length, Math.ceil(all.length / perBar(all.length, width)));
  const levels = all.length < edges.length ? all
    : Array.from({ length: edges.length - 1 }, (_, i) => all.subarray(edges[i], edges[i + 1]).reduce((a, b) => Math.max(a, b)));
  const bar = width / levels.length;
  const named = bar >= 30;
  const ground = height - STRIP.foot - (named ? 18 : 0);
  pen.fillStyle = theme.colour.line;
  pen.fillRect(0, ground, width, 1);
  [pen.font, pen.textBaseline, pen.textAlign] = [`12px ${font}`, "middle", "center"];
  const { labels } = payload.tokens(side);
  levels.forEach((level, i) => {
    pen.fillStyle = theme.beam[Math.max(60, level)];
    const size = level > 0 ? Math.max(1, ((ground - 2) * level) / 255) : 0;
    if (size) pen.fillRect(i * bar, ground - size, Math.max(1, bar - Math.min(3, bar * 0.2)), size);
    pen.fillStyle = level > 0 ? theme.colour.muted : theme.colour.faint;
    if (named) pen.fillText(clip(pen, shown(labels[i]), bar - 4), (i + 0.45) * bar, ground + 11);
  });
  markActive(pen, width, height - 7, width / all.length, bench);
}

function markActive(pen, width, y, bar, { payload, state, theme }) {
  const { side, index } = state.active;
  const tokens = payload.tokens(side);
  const words = `token ${index} (0 to ${tokens.length - 1}): “${shorten(shown(tokens.labels[index]), 20)}”`;
  const x = payload.self ? (index + 0.45) * bar : 6;
  pen.fillStyle = theme.heads[state.focus];
  pen.beginPath();
  pen.moveTo(x, y - 6);
  pen.lineTo(x - 5, y + 2);
  pen.lineTo(x + 5, y + 2);
  pen.fill();
  [pen.fillStyle, pen.textAlign] = [theme.colour.muted, "left"];
  const room = pen.measureText(words).width;
  pen.fillText(words, x + 10 + room > width ? Math.max(0, x - 10 - room) : x + 10, y);
}

// Over the middle of a box, or in the middle of a patch, so many pixels wide, or in the nearest gap between what is
// placed on the same line already.
function beside(placed, box, room, width) {
  const y = Math.round(box.inside ? box.y + box.height / 2 - 7 : box.y - 15);
  const wanted = Math.min(Math.max(0, box.x + box.width / 2 - room / 2), width - room);
  const others = placed.filter((other) => other.y === y);
  const free = (x) => x >= 0 && x <= width - room && others.every((other) => Math.abs(other.x - x) > room + 3);
  const gaps = [wanted, ...others.flatMap(({ x }) => [x - room - 4, x + room + 4])].filter(free);
  const x = gaps.reduce((a, b) => (Math.abs(b - wanted) < Math.abs(a - wanted) ? b : a), gaps[0] ?? wanted);
  return { x, y };
}

// How near the active token half of the weight that is shown lies; "about" where codes leave more than one answer.
function halfWords({ state, payload }, { bounds }) {
  const { index } = state.active;
  const rings = bounds.map((_, distance) => {
    const [left, right] = [bounds[index - distance], distance ? bounds[index + distance] : undefined];
    return [0, 1].map((end) => (left?.[end] ?? 0) + (right?.[end] ?? 0));
  });
  const total = [0, 1].map((end) => rings.reduce((sum, ring) => sum + ring[end], 0));
  if (!total[1]) return "";
  // The first distance that holds half, if weights inside are at one end of what is possible, outside at the other.
  const within = (inside, outside) => {
    let [near, far] = [0, total[outside]];
    return rings.findIndex((ring) => (near += ring[inside]) >= (far -= ring[outside]));
  };
  const [soon, late] = [within(1, 0), within(0, 1)];
  const distance = Math.max(0, Math.round((soon + late) / 2));
  const about = soon === late ? "" : "about ";
  if (!distance && !about) return `half of the weight lies on the ${payload.thing} itself`;
  return `half of the weight lies within ${about}${distance} ${payload.things(distance)}`;
}
