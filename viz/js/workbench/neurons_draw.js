// How the Neurons pane draws vectors: a heat strip of one cell per dimension, folded where one line would be too fine.

const STRIP_CELL = 3; // pixels that a dimension should have at least

// How a vector is laid out on so many pixels: {columns, lines, width}; no dimension is ever left out.
function foldOf(d, width) {
  const widest = Math.max(1, Math.floor(width));
  const lines = [1, 2, 4, 8].find((n) => widest / Math.ceil(d / n) >= STRIP_CELL) ?? Math.min(8, d);
  const columns = Math.ceil(d / lines);
  const cell = widest / columns;
  return { columns, lines, width: Math.round(columns * (cell >= 2 ? Math.min(Math.max(12, 128 / columns), Math.floor(cell * 2) / 2) : cell)) };
}

// A vector on a canvas, one pixel per dimension (the page enlarges them); the square root keeps small numbers visible.
function drawStripOf(canvas, fold, length, valueAt, most, theme, ground) {
  const { columns, lines } = fold;
  if (canvas.width !== columns || canvas.height !== lines) [canvas.width, canvas.height] = [columns, lines];
  const image = new ImageData(columns, lines);
  const out = new Uint32Array(image.data.buffer).fill(ground);
  for (let i = 0; i < length; i++) {
    const value = valueAt(i);
    const step = most ? Math.round(127 * Math.min(1, Math.sqrt(Math.abs(value) / most))) : 0;
    if (step) out[i] = theme.changePixels[value < 0 ? 127 - step : 128 + step];
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// The dimension under a point of a strip; null where there is none.
function dimensionAt(event, canvas, fold, d) {
  const box = canvas.getBoundingClientRect();
  const x = Math.floor(((event.clientX - box.left) / box.width) * fold.columns);
  const y = Math.floor(((event.clientY - box.top) / box.height) * fold.lines);
  const at = y * fold.columns + x;
  return x >= 0 && y >= 0 && x < fold.columns && y < fold.lines && at < d ? at : null;
}

// A frame around one dimension of a strip.
function frameDimension(mark, canvas, fold, dimension) {
  mark.hidden = dimension === null;
  if (mark.hidden) return;
  const [w, h] = [canvas.offsetWidth / fold.columns, canvas.offsetHeight / fold.lines];
  const [x, y] = [dimension % fold.columns, Math.floor(dimension / fold.columns)];
  mark.style.cssText = `left:${canvas.offsetLeft + x * w - 2}px;top:${canvas.offsetTop + y * h - 2}px;` +
    `width:${w + 4}px;height:${h + 4}px`;
  canvas.parentNode.append(mark);
}
