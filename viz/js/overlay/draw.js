// Values over a grid as colours: scaled to the strongest, enlarged by squares or smoothly, laid over a picture.

const OVERLAY = "dark"; // over pictures weight is light on both themes

// Values from 0 up as parts of their strongest; "sqrt" lifts what is weak.
function scaled(values, scale, top = Math.max(...values, 0)) {
  return Float32Array.from(values, (value) => {
    const share = top > 0 ? Math.max(0, value) / top : 0;
    return scale === "sqrt" ? Math.sqrt(share) : share;
  });
}

// A grid of values as height x width ones, each between its four nearest cells' middles; edges go on as they are.
function bilinear(values, rows, columns, height, width) {
  const out = new Float32Array(height * width);
  const clamp = (x, most) => Math.min(most, Math.max(0, x));
  for (let y = 0; y < height; y++) {
    const v = clamp(((y + 0.5) * rows) / height - 0.5, rows - 1);
    const top = Math.floor(v), bottom = Math.min(rows - 1, top + 1), down = v - top;
    for (let x = 0; x < width; x++) {
      const u = clamp(((x + 0.5) * columns) / width - 0.5, columns - 1);
      const left = Math.floor(u), right = Math.min(columns - 1, left + 1), across = u - left;
      const upper = values[top * columns + left] * (1 - across) + values[top * columns + right] * across;
      const lower = values[bottom * columns + left] * (1 - across) + values[bottom * columns + right] * across;
      out[y * width + x] = upper * (1 - down) + lower * down;
    }
  }
  return out;
}

// How much of the picture a level covers: what is strong covers more, so that it is light on dark and on bright pictures.
const covering = (opacity, level) => opacity ** (1 - 0.6 * level);

// Levels (0 to 1) as an image of so many pixels, by a table of 256 colours.
function levelImage(levels, height, width, pixels, opacity) {
  const image = new ImageData(width, height);
  const out = new Uint32Array(image.data.buffer);
  const table = pixels.map((pixel, i) => ((pixel & 0xffffff) | (Math.round(255 * covering(opacity, i / 255)) << 24)) >>> 0);
  for (let i = 0; i < out.length; i++) out[i] = table[Math.round(255 * levels[i])];
  const canvas = el("canvas", { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// What a map looks like: its levels and the colours they are drawn in.
function levelsOf(over, scale) {
  if (over.signed) {
    const theme = (Theme[OVERLAY] ??= new Theme(OVERLAY));
    return { levels: over.value.map((value) => (value + 1) / 2), pixels: theme.changePixels, ramp: theme.change };
  }
  const theme = (Theme[OVERLAY] ??= new Theme(OVERLAY));
  return { levels: scaled(over.value, scale), pixels: theme.pixels, ramp: theme.beam };
}

const SMOOTH = 320; // pixels of the longer side of a smooth map: no eye sees more in it

// Draw the picture into a box of the pen.
function drawPicture(pen, image, { x, y, width, height }) {
  pen.fillStyle = (Theme[OVERLAY] ??= new Theme(OVERLAY)).colour.panel;
  pen.fillRect(x, y, width, height);
  if (!image) return;
  pen.imageSmoothingEnabled = image.width >= width / 4; // a small picture shows its pixels
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, x, y, width, height);
}

// Draw picture and map into a box of the pen.
function drawOver(pen, image, over, { x, y, width, height, opacity, smooth, scale }) {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
  const theme = Theme[OVERLAY] ??= new Theme(OVERLAY);
  drawPicture(pen, image, { x, y, width, height });
  const [down, across] = over.side.cover;
  const box = [x, y, width * across, height * down];
  if (over.bad) hatch(pen, theme, ...box);
  else {
    const [rows, columns] = over.side.grid;
    const { levels, pixels } = levelsOf(over, scale);
    const ratio = SMOOTH / Math.max(box[2], box[3]);
    const [h, w] = smooth ? [box[3], box[2]].map((side) => Math.max(1, Math.round(side * ratio))) : [rows, columns];
    pen.imageSmoothingEnabled = smooth;
    pen.drawImage(levelImage(smooth ? bilinear(levels, rows, columns, h, w) : levels, h, w, pixels, opacity), ...box);
  }
  pen.restore();
}

// Where a cell of a grid lies in a box over which the grid's picture is drawn.
function cellBox(side, patch, { x, y, width, height }) {
  const [down, across] = side.cover;
  const [row, column] = side.place(patch);
  const [w, h] = [(width * across) / side.grid[1], (height * down) / side.grid[0]];
  return { x: x + column * w, y: y + row * h, width: w, height: h };
}

// The patch under a point of the box; null outside the grid.
function patchAt(side, px, py, { x, y, width, height }) {
  const [down, across] = side.cover;
  const row = Math.floor(((py - y) / (height * down)) * side.grid[0]);
  const column = Math.floor(((px - x) / (width * across)) * side.grid[1]);
  const inside = row >= 0 && column >= 0 && row < side.grid[0] && column < side.grid[1];
  return inside ? row * side.grid[1] + column : null;
}

function outline(pen, box, inner = "#FFFFFF", outer = "#0F1319") {
  for (const [colour, line] of [[outer, 4], [inner, 2]]) {
    [pen.strokeStyle, pen.lineWidth] = [colour, line];
    pen.strokeRect(box.x, box.y, box.width, box.height);
  }
}

// A patch as it stands in the picture.
function patchCrop(image, side, patch) {
  const canvas = el("canvas", { ariaHidden: "true" });
  const pen = prepare(canvas, 26, 26);
  if (!image) return canvas;
  const { x, y, width, height } = cellBox(side, patch, { x: 0, y: 0, width: image.width, height: image.height });
  pen.imageSmoothingEnabled = width > 26;
  pen.drawImage(image, x, y, width, height, 0, 0, 26, 26);
  return canvas;
}

// The picture that came with a payload as something to draw, null if none came.
const readPicture = (bytes) => (bytes ? createImageBitmap(new Blob([bytes], { type: "image/webp" })) : null);
