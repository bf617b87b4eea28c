// What the model sees: the picture after its processor, small, with its size in words.

const SAW = 112; // pixels of its longer side

class Saw {
  constructor() {
    this.picture = el("canvas", { className: "seen", role: "img", "aria-label": "The picture as the model sees it" });
    this.words = span("cap");
    this.element = el("div", { className: "saw" }, el("b", { textContent: "What the model sees" }),
      el("div", { className: "bar" }, this.picture, this.words));
  }

  take(photo, image, grid) {
    this.element.hidden = !photo;
    if (!photo) return;
    const [width, height] = photo.seen;
    const factor = Math.max(1, Math.floor(SAW / Math.max(width, height)));
    const fit = Math.min(1, SAW / Math.max(width, height));
    const pen = prepare(this.picture, Math.round(width * factor * fit), Math.round(height * factor * fit));
    pen.imageSmoothingEnabled = factor === 1;
    pen.drawImage(image, 0, 0, width * factor * fit, height * factor * fit);
    this.words.textContent = `${width} × ${height} pixels${grid ? `, read as ${grid[0]} rows of ${grid[1]} patches` : ""}`;
  }
}
