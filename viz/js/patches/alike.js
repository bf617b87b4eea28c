// How alike the position embeddings of all patches are, as a grid of grids: where each patch stands, a small map of its
// likeness to all others (Dosovitskiy et al. 2021, figure 7). Point at one to see it large beside it.

const MOST_ALIKE = 16; // small maps in a row; more patches are averaged in blocks

// Means over blocks of patches, of both patches of a pair: {grid, block, values [block, block]} from 0 to 1.
function blocks({ grid: [rows, columns] }, hundredths) {
  const block = Math.ceil(Math.max(rows, columns) / MOST_ALIKE), n = rows * columns;
  const grid = [Math.ceil(rows / block), Math.ceil(columns / block)], m = grid[0] * grid[1];
  const of = Uint32Array.from({ length: n }, (_, i) => Math.floor(Math.floor(i / columns) / block) * grid[1] + Math.floor((i % columns) / block));
  const [values, counts] = [new Float32Array(m * m), new Uint32Array(m * m)];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const at = of[i] * m + of[j];
      values[at] += hundredths[i * n + j] / 200;
      counts[at]++;
    }
  }
  return { grid, block, values: values.map((sum, i) => sum / counts[i]) };
}

// All small maps as one image, a pixel for each number and one between maps.
function alikeImage({ grid: [rows, columns], values }, theme) {
  const [width, height] = [columns * (columns + 1) - 1, rows * (rows + 1) - 1];
  const image = new ImageData(width, height);
  const out = new Uint32Array(image.data.buffer).fill(theme.pixel("border"));
  const m = rows * columns;
  for (let i = 0; i < m; i++) {
    const [top, left] = [Math.floor(i / columns) * (rows + 1), (i % columns) * (columns + 1)];
    for (let j = 0; j < m; j++) {
      const [y, x] = [top + Math.floor(j / columns), left + (j % columns)];
      out[y * width + x] = theme.changePixels[Math.round(255 * values[i * m + j])];
    }
  }
  const canvas = el("canvas", { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// The whole of it as a map beside that of one patch.
function alikeOver(payload, over) {
  payload.alike ??= blocks(payload.keys, payload.parts.positions);
  const { block } = payload.alike;
  const title = block > 1 ? `each patch's map, in its place; means of ${block} × ${block} patches` : "each patch's map, in its place";
  return { ...over, whole: payload.alike, title };
}

// The large map, and beside it, of position embeddings, the grid of grids.
class PatchStage extends Stage {
  pane(index) {
    const pane = super.pane(index);
    pane.element.addEventListener("pointermove", () => { this.index = index; }, true);
    pane.element.addEventListener("click", () => { this.index = index; }, true);
    return pane;
  }

  at(x, y) {
    const over = this.view.maps[this.index ?? 0];
    if (!over?.whole) return super.at(x, y);
    const { grid, block } = over.whole;
    const [rows, columns] = this.view.payload.keys.grid;
    const cell = patchAt({ grid, cover: [1, 1] }, x, y, this.box);
    if (cell === null) return null;
    const middle = (place, most) => Math.min(most - 1, place * block + (block >> 1));
    return middle(Math.floor(cell / grid[1]), rows) * columns + middle(cell % grid[1], columns);
  }

  paint(pen, over) {
    if (!over.whole) return super.paint(pen, over);
    const { payload } = this.view;
    payload.alikeDrawn ??= alikeImage(over.whole, Theme.named(OVERLAY));
    const { width, height } = this.box;
    pen.imageSmoothingEnabled = width < 2 * payload.alikeDrawn.width;
    pen.imageSmoothingQuality = "high";
    return pen.drawImage(payload.alikeDrawn, 0, 0, width, height);
  }

  mark(pen, over) {
    if (!over.whole) return super.mark(pen, over);
    const { grid, block } = over.whole;
    const [row, column] = this.view.payload.keys.place(over.at);
    const cell = Math.floor(row / block) * grid[1] + Math.floor(column / block);
    return outline(pen, cellBox({ grid, cover: [1, 1], place: (i) => [Math.floor(i / grid[1]), i % grid[1]] }, cell, this.box));
  }
}
