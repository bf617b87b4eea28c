// The marks of head roles, drawn in a box of the given size around (x, y), and their legend.

const GLYPHS = {
  "previous token": (pen, a) => arrow(pen, [a * 0.9, 0], [-a * 0.9, 0], a),
  "next token": (pen, a) => arrow(pen, [-a * 0.9, 0], [a * 0.9, 0], a),
  "same word": (pen, a) => {
    for (const y of [-0.4, 0.4]) line(pen, -a * 0.8, y * a, a * 0.8, y * a);
  },
  sink: (pen, a) => {
    arrow(pen, [0, -a * 0.9], [0, a * 0.4], a);
    line(pen, -a * 0.9, a * 0.9, a * 0.9, a * 0.9);
  },
  broad: (pen, a) => { for (const at of [-0.8, 0, 0.8]) dot(pen, at * a, 0); },
  induction: (pen, a) => {
    pen.arc(0, a * 0.35, a * 0.8, Math.PI, 0);
    arrow(pen, [a * 0.8, a * 0.2], [a * 0.8, a * 0.6], a);
  },
};

function line(pen, x1, y1, x2, y2) {
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
}

function dot(pen, x, y) {
  pen.beginPath();
  pen.arc(x, y, 1.3, 0, 7);
  pen.fill();
  pen.beginPath(); // nothing is left to stroke
}

// From one point to another along an axis, with a head of about the size of the glyph.
function arrow(pen, [x1, y1], [x2, y2], a) {
  line(pen, x1, y1, x2, y2);
  const [dx, dy] = [Math.sign(x2 - x1) * a * 0.6, Math.sign(y2 - y1) * a * 0.6];
  const [sx, sy] = [dy, dx];
  pen.moveTo(x2 - dx + sx, y2 - dy + sy);
  pen.lineTo(x2, y2);
  pen.lineTo(x2 - dx - sx, y2 - dy - sy);
}

function glyph(pen, role, x, y, size, colour) {
  pen.save();
  pen.translate(x, y);
  pen.strokeStyle = pen.fillStyle = colour;
  [pen.lineWidth, pen.lineCap, pen.lineJoin] = [1.5, "round", "round"];
  pen.beginPath();
  (GLYPHS[role] ?? ((p) => dot(p, 0, 0)))(pen, size / 2);
  pen.stroke();
  pen.restore();
}

// One entry per role that some head has, with how many heads have it.
function roleLegend(payload, theme) {
  const counts = new Map();
  for (const { role } of payload.statistics ?? []) if (role) counts.set(role, (counts.get(role) ?? 0) + 1);
  const order = new Set([...Object.keys(GLYPHS).filter((role) => counts.has(role)), ...counts.keys()]);
  return [...order].map((role) => {
    const canvas = el("canvas", { "aria-hidden": "true" });
    glyph(prepare(canvas, 14, 14), role, 7, 7, 10, theme.colour.ink);
    return el("span", { className: "role" }, canvas, `${role} `, el("i", { textContent: counts.get(role) }));
  });
}
