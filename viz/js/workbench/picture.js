// The picture that the model saw: where each patch of it lies, and patches cut out as labels.

const CROP = { row: 20, axis: 18, least: 11, gap: 5 }; // pixels

// The picture of a payload, decoded: {bitmap, height, width}, sizes in the pixels that patches are measured in.
async function decodePicture({ header, parts }) {
  if (!header.picture) return null;
  const [height, width] = header.picture;
  return { bitmap: await createImageBitmap(new Blob([parts.picture], { type: "image/webp" })), height, width };
}

// Whether a side's positions are patches of the picture.
const isSeen = (payload, side) => Boolean(payload.picture && payload.tokens(side).patch);

// Per position the number of its patch, -1 for what is none; and the position of each patch.
function patchNumbers(tokens) {
  tokens.patchOf ??= Int32Array.from(tokens.special);
  if (!tokens.patches) {
    tokens.patches = [];
    for (let i = 0; i < tokens.length; i++) {
      tokens.patchOf[i] = tokens.special[i] ? -1 : tokens.patches.push(i) - 1;
    }
  }
  return tokens;
}

// Where a patch lies in the picture, in its pixels: {x, y, width, height}, cut off at the edge; null for what is none.
function patchBox(tokens, picture, position) {
  const number = patchNumbers(tokens).patchOf[position];
  if (number < 0 || !tokens.patch) return null;
  const [height, width] = tokens.patch;
  const [row, column] = [Math.floor(number / tokens.grid[1]), number % tokens.grid[1]];
  const within = (at, size, most) => [Math.min(at * size, most), Math.min((at + 1) * size, most)];
  const [[left, right], [top, bottom]] = [within(column, width, picture.width), within(row, height, picture.height)];
  return { x: left, y: top, width: right - left, height: bottom - top };
}

// The position whose patch is at a point of the picture, in its pixels; null off the grid.
function positionAt(tokens, x, y) {
  const [row, column] = [Math.floor(y / tokens.patch[0]), Math.floor(x / tokens.patch[1])];
  if (row < 0 || column < 0 || row >= tokens.grid[0] || column >= tokens.grid[1]) return null;
  return patchNumbers(tokens).patches[row * tokens.grid[1] + column] ?? null;
}

// Draw a patch in a box of the pen; true if there is one.
function drawCrop(pen, payload, side, position, x, y, size) {
  const box = isSeen(payload, side) && patchBox(payload.tokens(side), payload.picture, position);
  if (!box || !box.width || !box.height) return false;
  const { bitmap, width, height } = payload.picture;
  const [across, down] = [bitmap.width / width, bitmap.height / height];
  const scale = size / Math.max(box.width, box.height);
  const [w, h] = [box.width * scale, box.height * scale];
  pen.save();
  pen.imageSmoothingEnabled = box.width * across > size; // few pixels stay squares
  pen.drawImage(bitmap, box.x * across, box.y * down, box.width * across, box.height * down,
    x + (size - w) / 2, y + (size - h) / 2, w, h);
  pen.restore();
  return true;
}

// How large patches stand along an axis whose labels are so far apart; 0 where there are none, or no room to see them.
function axisCrop(payload, side, pitch) {
  const size = Math.min(CROP.axis, Math.floor(pitch - 2));
  return isSeen(payload, side) && size >= CROP.least ? size : 0;
}

// A patch as a node of so many pixels, null for what is none.
function cropNode(payload, side, position, size) {
  if (!isSeen(payload, side) || payload.tokens(side).special[position]) return null;
  const canvas = el("canvas", { className: "crop", ariaHidden: "true" });
  drawCrop(prepare(canvas, size, size), payload, side, position, 0, 0, size);
  return canvas;
}

STYLES.push(`
.view .token canvas{display:inline-block;vertical-align:middle;margin-top:-2px;border-radius:2px}
.token.query canvas{margin-left:6px}
.token.key canvas{margin-right:6px}
.token.active canvas{outline:1px solid var(--page)}
`);
