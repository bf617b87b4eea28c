// Boxes over the picture: a colour for each class, a label where there is room, the chosen one strongest.

const INK = "#101010"; // read on every colour of heads on dark
const SHADE = "rgb(15 19 25 / 82%)";

// The colour of a class, by the order in which classes come among the surest queries.
function classColours(payload) {
  const theme = (Theme[OVERLAY] ??= new Theme(OVERLAY));
  const classes = [...new Set(payload.order.map((q) => payload.parts.best[q]))];
  const colours = new Map(classes.map((number, i) => [number, theme.heads[i % theme.heads.length]]));
  return (q) => colours.get(payload.parts.best[q]);
}

// One box with dark edges, so that it is seen on bright pictures too.
function drawBox(pen, { x, y, width, height }, colour, line, dash = []) {
  pen.setLineDash(dash);
  [pen.strokeStyle, pen.lineWidth] = ["rgb(15 19 25 / 70%)", line + 2];
  pen.strokeRect(x, y, width, height);
  [pen.strokeStyle, pen.lineWidth] = [colour, line];
  pen.strokeRect(x, y, width, height);
  pen.setLineDash([]);
}

const meet = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

// A label at a box, inside the picture: above it, else below its top edge, else at its foot; nothing where others stand.
function drawLabel(pen, text, box, colour, taken, { width: across, height: down }) {
  const [width, height] = [pen.measureText(text).width + 10, 18];
  const x = Math.min(Math.max(0, box.x - 1), Math.max(0, across - width));
  const places = [box.y - height - 1, box.y + box.height + 1, box.y + 2].map((y) => ({ x, y, width, height }));
  const free = places.find((place) => place.y >= 0 && place.y + height <= down && !taken.some((other) => meet(place, other)));
  if (!free) return;
  taken.push(free);
  pen.fillStyle = colour;
  pen.beginPath();
  pen.roundRect(free.x, free.y, width, height, 4);
  pen.fill();
  pen.fillStyle = INK;
  pen.fillText(text, free.x + 5, free.y + height / 2 + 0.5);
}

// The smallest box around a point, of these queries; null if none is.
function boxAt(payload, queries, x, y, place) {
  const inside = queries.map((q) => ({ q, box: payload.box(q, place) }))
    .filter(({ box }) => x >= box.x && y >= box.y && x <= box.x + box.width && y <= box.y + box.height);
  return inside.reduce((best, one) => (!best || one.box.width * one.box.height < best.box.width * best.box.height ? one : best), null)?.q ?? null;
}

// Sampling points as discs, larger and brighter the more they weigh; those outside the picture are not drawn.
function drawPoints(pen, points, box, scale, largest) {
  const theme = (Theme[OVERLAY] ??= new Theme(OVERLAY));
  const top = Math.max(...points.map(({ weight }) => weight), 1e-9);
  for (const { x, y, weight } of [...points].sort((a, b) => a.weight - b.weight)) {
    if (x < 0 || y < 0 || x > 1 || y > 1) continue;
    const share = weight / top, level = scale === "sqrt" ? Math.sqrt(share) : share;
    pen.fillStyle = theme.beam[Math.round(255 * (0.25 + 0.75 * level))];
    [pen.strokeStyle, pen.lineWidth] = ["rgb(15 19 25 / 75%)", largest > 4 ? 1.5 : 0.5];
    pen.beginPath();
    pen.arc(box.x + x * box.width, box.y + y * box.height, Math.max(1, largest * Math.sqrt(0.08 + 0.92 * level)), 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
  }
}
