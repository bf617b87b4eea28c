// What the Lines pane draws: hairlines for all tokens, strong lines and bars for the active one, and the sums beside.

const SLICE = 3000; // hairlines per frame
const ROOM_FOR_NUMBER = 40; // pixels

function curve(pen, x1, y1, x2, y2) {
  const bend = (x2 - x1) * 0.42;
  pen.beginPath();
  pen.moveTo(x1, y1);
  pen.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
  pen.stroke();
}

// Heads that are on and whose weights are here, each with its offset across the line (pixels) and its strength table.
function lineHeads(pane, apart) {
  const { payload, state } = pane.bench;
  const heads = state.drawn.filter((head) => payload.matrix(head));
  const gap = heads.length > 1 ? Math.min(apart, (pane.row - 6) / (heads.length - 1)) : 0;
  return heads.map((head, i) => {
    const matrix = payload.matrix(head);
    const table = scaleTable(state.scale, 255, matrix.codes);
    return { ...head, matrix, table, offset: (i - (heads.length - 1) / 2) * gap };
  });
}

// All lines with an end in sight, one stroke each and no wider than a pixel, which is what browsers draw fastest.
// Yields after each slice.
function* strokeLines(pane, pen) {
  const { bench: { payload, state, theme }, columns, limit } = pane;
  const [x1, x2] = [pane.left + 6, pane.right - 6];
  const hides = hiddenAs(payload, state).key;
  const keys = columns.key.filter((k) => !hides[k]);
  const keysInSight = keys.filter((k) => pane.inSight("key", k));
  pen.lineWidth = 1;
  let n = 0;
  for (const { slot, matrix, table, offset } of lineHeads(pane, 1.5)) {
    pen.strokeStyle = theme.heads[slot];
    for (const q of columns.query) {
      const y1 = pane.y("query", q) + offset;
      const [start, width] = [matrix.start(q), matrix.width(q)];
      for (const k of pane.inSight("query", q) ? keys : keysInSight) {
        if (k >= width) break;
        if (matrix.halves[start + k] < limit) continue;
        pen.globalAlpha = 0.05 + 0.13 * table[matrix.codes[start + k]];
        curve(pen, x1, y1, x2, pane.y("key", k) + offset);
        if (++n % SLICE === 0) yield n;
      }
    }
  }
}

// The active token's lines: per head and position at the other end {slot, position, half, t, offset}.
function strongLines(pane) {
  const { payload, state } = pane.bench;
  const { side, index } = state.active;
  const hides = hiddenAs(payload, state).key;
  const found = [];
  for (const { slot, matrix, table, offset } of lineHeads(pane, 5.5)) {
    for (const position of pane.columns[side === "query" ? "key" : "query"]) {
      const [q, k] = side === "query" ? [index, position] : [position, index];
      if (hides[k] && side === "query") continue;
      const half = matrix.half(q, k);
      if (half < pane.limit) continue;
      found.push({ slot, position, half, offset, rank: matrix.rank(q, k), t: table[matrix.code(q, k)] });
    }
  }
  return found;
}

function drawStrong(pane, pen, found) {
  const { theme, state } = pane.bench;
  const { side, index } = state.active;
  if (!pane.rows[side].has(index)) return;
  const other = side === "query" ? "key" : "query";
  const here = pane.y(side, index);
  pen.save();
  pen.beginPath();
  pen.rect(0, 0, pane.width, pane.height);
  pen.clip();
  for (const { slot, position, offset, t } of found) {
    [pen.strokeStyle, pen.globalAlpha, pen.lineWidth] = [theme.heads[slot], 0.35 + 0.65 * t, 1 + 3.8 * t];
    const there = pane.y(other, position) + offset;
    const [y1, y2] = side === "query" ? [here + offset, there] : [there, here + offset];
    curve(pen, pane.left + 4, y1, pane.right - 4, y2);
  }
  pen.globalAlpha = 1;
  if (side === "query") drawBars(pane, pen, found);
  else drawReaders(pane, pen, found);
  drawBeyond(pane, pen, found, other);
  pen.restore();
  if (side === "query") drawGhost(pane, pen, here);
}

// Where the focus head's strongest lines leave the view: the token they go to, at the upper and the lower edge.
function drawBeyond(pane, pen, found, other) {
  const { payload, state, theme, font } = pane.bench;
  const own = found.filter(({ slot }) => slot === state.focus).sort((a, b) => b.rank - a.rank);
  pen.font = `600 12px ${font}`;
  [pen.textBaseline, pen.textAlign] = ["middle", "left"];
  for (const [arrow, edge, beyond] of [["↑", 0, (y) => y < 0], ["↓", pane.height, (y) => y > pane.height]]) {
    const lines = own.filter(({ position }) => beyond(pane.y(other, position)));
    if (!lines.length) continue;
    const label = shorten(shown(payload.tokens(other).labels[lines[0].position]), 12);
    const value = places2(lines[0].half) + (lines.length > 1 ? ` +${lines.length - 1}` : "");
    const fits = (words) => pen.measureText(words).width + 12 <= pane.right - pane.left - 16;
    const words = [`${arrow} “${label}” ${value}`, `${arrow} ${value}`].find(fits) ?? arrow;
    const width = pen.measureText(words).width + 12;
    const x = other === "key" ? pane.right - 8 - width : pane.left + 8;
    const y = edge ? edge - 22 : 2;
    [pen.fillStyle, pen.strokeStyle, pen.lineWidth] = [theme.colour.page, theme.heads[state.focus], 1];
    pen.beginPath();
    pen.roundRect(x, y, width, 20, 5);
    pen.fill();
    pen.stroke();
    pen.fillStyle = theme.colour.ink;
    pen.fillText(words, x + 6, y + 10.5);
  }
}

// Each head's five strongest lines, by position at the other end.
function topFive(found) {
  const by = new Map();
  for (const slot of new Set(found.map((line) => line.slot))) {
    const lines = found.filter((line) => line.slot === slot).sort((a, b) => b.rank - a.rank).slice(0, 5);
    for (const line of lines) by.set(line.position, [...(by.get(line.position) ?? []), line]);
  }
  return by;
}

// Beside a key the weights it gets, a bar and a number per head; where room is short, the number on top of its bar.
function drawBars(pane, pen, found) {
  const { theme, font } = pane.bench;
  const by = topFive(found);
  const most = Math.max(1, ...[...by.values()].map((lines) => lines.length));
  const room = Math.min(98, pane.barWidth / most);
  const tight = room < ROOM_FOR_NUMBER + 14;
  const fits = Math.max(1, Math.floor((pane.barWidth - 16) / 34)); // room for "+2" is kept
  [pen.textBaseline, pen.textAlign] = ["middle", "left"];
  pen.font = `600 13px ${font}`;
  drawHiddenKeys(pane, pen);
  for (const [position, lines] of by) {
    const y = pane.y("key", position);
    let x = pane.bars;
    for (const { slot, half } of tight ? lines.slice(0, fits) : lines) {
      const full = tight ? 26 : room - ROOM_FOR_NUMBER;
      const width = Math.max(2, (full * half) / 2000);
      pen.fillStyle = theme.heads[slot];
      pen.fillRect(x, tight ? y + 7 : y - 4, width, tight ? 3 : 8);
      pen.fillStyle = theme.colour.ink;
      pen.fillText(places2(half), tight ? x : x + width + 4, tight ? y : y + 0.5);
      x += tight ? Math.max(34, room) : width + ROOM_FOR_NUMBER;
    }
    if (tight && lines.length > fits) pen.fillText(`+${lines.length - fits}`, x + 2, y);
  }
}

// A word that is a sink keeps its place among the keys; that its weight is hidden is said there.
function drawHiddenKeys(pane, pen) {
  const { payload, theme, state, font } = pane.bench;
  if (!state.hideSinks) return;
  [pen.fillStyle, pen.font] = [theme.colour.faint, `12px ${font}`];
  for (const k of pane.columns.key) if (payload.sink[k]) pen.fillText("hidden", pane.bars, pane.y("key", k) + 0.5);
  pen.font = `600 13px ${font}`;
}

// Beside a query its weight on the active key, for the head in focus, where the column leaves room.
function drawReaders(pane, pen, found) {
  const { theme, font, state } = pane.bench;
  const lines = topFive(found.filter(({ slot }) => slot === state.focus));
  [pen.textBaseline, pen.textAlign, pen.fillStyle] = ["middle", "right", theme.colour.ink];
  pen.font = `600 13px ${font}`;
  for (const [position, [{ half }]] of lines) {
    const button = pane.buttons.query.get(position);
    if (!button || !pane.inSight("query", position)) continue;
    const x = pane.left - button.offsetWidth - 4;
    if (x >= 30) pen.fillText(places2(half), x, pane.y("query", position) + 0.5);
  }
}

// "[CLS] + [SEP]  0.04, the question  0.10 hidden"; without the names where they are too long.
function ghostWords(payload, state, { sinks, other }, short) {
  const names = sinkNames(payload);
  const sink = short ? "sinks" : names.length > 3 ? `${names.length} sinks` : names.join(" + ");
  const words = [];
  if (sinks) words.push(`${sink}  ${places2(sinks)}`);
  if (other) words.push(`${short ? "other text" : otherName(payload, state, "key")}  ${places2(other)}`);
  return `${words.join(", ")} hidden`;
}

// The mass that hiding takes from the active query: a dashed line to a place below all keys.
function drawGhost(pane, pen, from) {
  const { payload, theme, font, state } = pane.bench;
  const matrix = payload.matrix(state.head);
  const { sinks, other } = matrix ? hiddenMass(matrix, state, state.active.index) : { sinks: 0, other: 0 };
  if (!sinks && !other) return;
  const to = pane.height + LINES.foot / 2;
  [pen.fillStyle, pen.textBaseline, pen.textAlign] = [theme.colour.muted, "middle", "left"];
  pen.font = `13px ${font}`;
  const free = pane.width - (pane.contentHeight > pane.height ? 150 : 0); // beside what drawPartly says
  const full = ghostWords(payload, state, { sinks, other }, false);
  const words = pen.measureText(full).width <= free ? full : ghostWords(payload, state, { sinks, other }, true);
  const x = Math.min(pane.right + 6, pane.width - pen.measureText(words).width - 2);
  pen.fillText(words, x, to);
  [pen.strokeStyle, pen.lineWidth] = [theme.colour.faint, 1.2];
  pen.setLineDash([4, 4]);
  curve(pen, pane.left + 4, Math.min(pane.height, Math.max(0, from + 6)), x - 8, to);
  pen.setLineDash([]);
}

// A list longer than the pane: hairlines between two tokens out of sight are not drawn, and that is said.
function drawPartly(pane, pen) {
  const { theme, font } = pane.bench;
  [pen.font, pen.textBaseline, pen.textAlign] = [`12px ${font}`, "middle", "left"];
  pen.fillStyle = theme.colour.faint;
  pen.fillText("lines with an end in sight", 0, pane.height + LINES.foot / 2);
}

// How many of a head's visible weights lie under 0.005, from there to 0.01, and in each hundredth above; the mass of
// all but the first; and the sums over the queries that are shown: {counts, mass, hidden, total, rows}.
function histogram(matrix, payload, state, queries) {
  const name = `${state.hideSinks} ${state.pair}`;
  if (matrix.histograms[name]) return matrix.histograms[name];
  const hides = hiddenAs(payload, state).key;
  const sum = { counts: new Float64Array(102), mass: new Float64Array(102), hidden: 0, other: 0, total: 0, rows: 0 };
  for (const q of queries) {
    if (payload.bad(matrix.head, q)) continue;
    sum.rows++;
    sum.total += matrix.total(q) / 2000;
    const { sinks, other } = hiddenMass(matrix, state, q);
    sum.hidden += shareOf(sinks);
    sum.other += shareOf(other);
    for (let k = 0; k < matrix.width(q); k++) {
      if (hides[k]) continue;
      const half = matrix.half(q, k);
      const bin = half < LEAST_LINE ? 0 : 1 + Math.floor(half / 20);
      sum.counts[bin]++;
      if (bin) sum.mass[bin] += matrix.estimate(q, k);
    }
  }
  return (matrix.histograms[name] = sum);
}

// Over the heads that are on: lines off and on, and the share of the mass that is off; of the focus head, the share
// that is hidden.
function lineSums({ payload, state }, queries) {
  const sum = { off: 0, on: 0, offMass: 0, hidden: 0, rows: 0 };
  const from = state.threshold ? state.threshold + 1 : 1;
  for (const head of state.drawn.filter((candidate) => payload.matrix(candidate))) {
    const { counts, mass, total, hidden, other, rows } = histogram(payload.matrix(head), payload, state, queries);
    counts.forEach((count, bin) => { sum[bin < from ? "off" : "on"] += count; });
    sum.offMass += Math.max(0, total - hidden - other - mass.slice(from).reduce((a, b) => a + b, 0));
    sum.rows += Math.max(rows, total); // of one head per row, its weights: 1, or more of several heads' largest
  }
  if (sum.rows) sum.offMass /= sum.rows;
  const focus = payload.matrix(state.head) && histogram(payload.matrix(state.head), payload, state, queries);
  if (focus?.rows) sum.hidden = focus.hidden / Math.max(focus.rows, focus.total);
  return sum;
}
