// Axes: where numbers stand, and how they are written.

const EDGE = { left: 44, right: 12, top: 8, bottom: 34 };
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [5, 2], [1, 4]]; // colour is never the only mark

// About `wanted` round numbers from low to high.
function ticks(low, high, wanted = 5) {
  if (!(high > low)) return [low];
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

// Powers of ten from low to high, or more where there are few.
function logTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high * 1.001; power++) found.push(10 ** power);
  const inside = found.filter((value) => value >= low * 0.999);
  return inside.length > 1 ? inside : [low, high];
}

// A number as it stands at an axis, or is read out to the digits asked for.
function figure(value, digits) {
  if (!Number.isFinite(value)) return "–";
  if (digits === undefined) return (Math.abs(value) >= 1000 ? thousands(value) : String(value)).replace("-", THEME.minus);
  const text = Math.abs(value) >= 1000 ? thousands(Math.round(value)) : value.toFixed(digits);
  return (Number(text.replaceAll(",", "")) === 0 ? text.replace("-", "") : text).replace("-", THEME.minus);
}

// Two digits of a number, wherever they stand: 0.41, 12, 3.8e−7.
function twoDigits(value) {
  if (!Number.isFinite(value)) return "–";
  const text = Math.abs(value) >= 0.01 || value === 0 ? String(Number(value.toPrecision(2))) : value.toExponential(1);
  return text.replaceAll("-", THEME.minus);
}

// Index of the number nearest to x in a rising list.
function nearestIndex(list, x) {
  let best = 0;
  for (let i = 1; i < list.length; i++) if (Math.abs(list[i] - x) < Math.abs(list[best] - x)) best = i;
  return best;
}

// Where things are in a chart: between data and pixels, both ways.
function frameOf({ width, height, x, y }) {
  const [left, top] = [EDGE.left, EDGE.top];
  const [w, h] = [Math.max(1, width - left - EDGE.right), Math.max(1, height - top - EDGE.bottom)];
  const across = (axis, value) => {
    const [a, b, v] = axis.log ? [axis.low, axis.high, value].map(Math.log) : [axis.low, axis.high, value];
    return b > a ? (v - a) / (b - a) : 0.5;
  };
  return {
    left, top, w, h,
    x: (value) => left + across(x, value) * w,
    y: (value) => top + (1 - across(y, value)) * h,
    back: (px) => {
      const share = Math.min(1, Math.max(0, (px - left) / w));
      return x.log ? x.low * (x.high / x.low) ** share : x.low + share * (x.high - x.low);
    },
  };
}

const levelName = (value) => (value > 0 && value < 0.001 ? value.toExponential(0).replace("-", THEME.minus) : figure(value));

// Lines, numbers and names of both axes.
function drawAxes(pen, theme, at, { x, y }) {
  const line = (x1, y1, x2, y2) => {
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
    pen.stroke();
  };
  [pen.lineWidth, pen.strokeStyle, pen.fillStyle] = [1, theme.colour.line, theme.colour.muted];
  [pen.textAlign, pen.textBaseline] = ["right", "middle"];
  const levels = y.log ? logTicks(y.low, y.high) : ticks(y.low, y.high, at.h < 140 ? 3 : 5);
  const every = Math.ceil((18 * levels.length) / at.h);
  for (const value of levels.filter((_, i) => (levels.length - 1 - i) % every === 0)) {
    const py = Math.round(at.y(value)) + 0.5;
    line(at.left, py, at.left + at.w, py);
    pen.fillText(y.percent ? `${Math.round(value * 100)} %` : levelName(value), at.left - 6, py);
  }
  [pen.textAlign, pen.textBaseline] = ["center", "alphabetic"];
  const marks = x.ticks ?? (x.log ? logTicks(x.low, x.high) : ticks(x.low, x.high, at.w / 70));
  let free = 0; // names that would touch the one before are left out
  for (const mark of marks) {
    const [value, name] = Array.isArray(mark) ? mark : [mark, figure(mark)];
    const half = pen.measureText(name).width / 2;
    const middle = Math.min(at.left + at.w + EDGE.right - half, Math.max(half, at.x(value)));
    if (middle - half < free) continue;
    pen.fillText(name, middle, at.top + at.h + 15);
    free = middle + half + 5;
  }
  pen.textAlign = "center";
  pen.fillText(x.label, at.left + at.w / 2, at.top + at.h + 30);
}
