// How far each head reads on average, layer by layer: a dot per head, the chosen one larger.

class Distances {
  constructor(view) {
    this.view = view;
    this.picture = el("canvas", { role: "img" });
    this.words = span("cap");
    this.element = el("div", { className: "distances" },
      el("div", { className: "bar" }, el("b", { textContent: "Mean attention distance" }), spring(), this.words), this.picture);
    this.picture.addEventListener("click", (event) => this.pick(event));
  }

  layout(room) { [this.width, this.height] = [room, 112]; }

  at(layer, distance) {
    const { layers } = this.view.payload;
    return [34 + ((layer + 0.5) / layers) * (this.width - 40), this.height - 22 - (distance / this.most) * (this.height - 34)];
  }

  draw() {
    const { payload, state, theme, font } = this.view;
    const found = payload.heads.map((head) => ({ ...head, distance: payload.distance(head) })).filter(({ distance }) => distance !== null);
    this.element.hidden = !found.length;
    if (!found.length) return;
    this.most = Math.max(1, ...found.map(({ distance }) => distance));
    const pen = prepare(this.picture, this.width, this.height);
    [pen.font, pen.fillStyle, pen.strokeStyle, pen.textBaseline] = [`12px ${font}`, theme.colour.muted, theme.colour.line, "middle"];
    for (const value of [0, this.most]) {
      const [, y] = this.at(0, value);
      pen.textAlign = "right";
      pen.fillText(value.toFixed(value ? 1 : 0), 28, y);
      pen.beginPath();
      pen.moveTo(34, Math.round(y) + 0.5);
      pen.lineTo(this.width, Math.round(y) + 0.5);
      pen.stroke();
    }
    pen.textAlign = "center";
    const step = Math.ceil(payload.layers / Math.max(1, (this.width - 40) / 30));
    for (let layer = 0; layer < payload.layers; layer += step) pen.fillText(`L${layer}`, this.at(layer, 0)[0], this.height - 8);
    this.dots = found.map((head) => ({ head, at: this.at(head.layer, head.distance) }));
    for (const { head, at: [x, y] } of this.dots) {
      const on = sameHead(head, state.head);
      pen.fillStyle = on ? theme.heads[0] : theme.colour.faint;
      pen.globalAlpha = on ? 1 : 0.6;
      pen.beginPath();
      pen.arc(x, y, on ? 5 : 3.5, 0, 2 * Math.PI);
      pen.fill();
    }
    pen.globalAlpha = 1;
    const own = payload.distance(state.head);
    this.words.textContent = own === null ? "" : `this head ${own.toFixed(1)} patches`;
    const lowest = found.reduce((a, b) => (a.distance <= b.distance ? a : b)), farthest = found.reduce((a, b) => (a.distance >= b.distance ? a : b));
    this.picture.ariaLabel = `Mean attention distance of every head: from ${lowest.distance.toFixed(1)} patches (layer ${lowest.layer}, head ${lowest.head}) to ${farthest.distance.toFixed(1)} (layer ${farthest.layer}, head ${farthest.head}).`;
  }

  pick({ offsetX, offsetY }) {
    const near = (this.dots ?? []).map(({ head, at: [x, y] }) => ({ head, far: Math.hypot(x - offsetX, y - offsetY) }));
    const best = near.reduce((a, b) => (b.far < a.far ? b : a), { far: 12 });
    if (best.head) this.view.set({ head: { layer: best.head.layer, head: best.head.head }, map: "head" });
  }
}
