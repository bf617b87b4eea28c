// Panels side by side: curves and pictures of numbers, read with pointer or arrow keys; those of one group move together.
// A panel may bring others (`subs`) that stand after it.

class NothingPanel {
  constructor(panel) {
    this.size = 0;
    this.element = el("div", { className: "none", textContent: panel.words });
  }
  draw() {}
}

const panelKinds = () => ({ lines: LinesPanel, heat: HeatPanel, nothing: NothingPanel, turning: TurningPanel });
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

class Panels extends Mounted {
  constructor(parent) {
    super(parent);
    this.frame = el("section", { className: "pn", hidden: true });
    this.root.replaceChildren(el("style", { textContent: STYLE }), this.failure, this.frame);
    this.listen();
  }

  take({ header, parts }) {
    this.payload = header;
    this.frame.hidden = false;
    this.frame.ariaLabel = header.title;
    this.frame.style.setProperty("--least", `${header.least}px`);
    this.panels = header.panels.map((panel) => this.build(panel, parts)).flatMap((panel) => [panel, ...(panel.subs ?? [])]);
    this.frame.replaceChildren(...this.panels.map((panel) => panel.figure));
    this.dress();
  }

  build(asked, parts) {
    const panel = new (panelKinds()[asked.kind])(asked, parts, this);
    panel.spot = null;
    panel.group = asked.group;
    panel.said = el("div", { className: "read", role: "status" });
    panel.said.dataset.idle = asked.idle ?? "Point at it, or use the arrow keys, to read numbers.";
    const heads = [el("b", { textContent: asked.title }), el("figcaption", { textContent: asked.note ?? "" })];
    const tail = panel.canvas ? [panel.said] : [];
    panel.figure = el("figure", { className: asked.wide ? "wide" : "" }, ...heads, ...(panel.keys ? [panel.keys] : []), panel.element, ...tail);
    if (panel.canvas) this.wire(panel);
    return panel;
  }

  wire(panel) {
    const { canvas } = panel;
    canvas.onpointermove = (event) => this.point(panel, panel.at(pointIn(canvas, event)));
    canvas.onpointerdown = canvas.onpointermove;
    canvas.onpointerleave = () => this.point(panel, null);
    canvas.onblur = () => this.point(panel, null);
    canvas.onkeydown = (event) => {
      if (event.key === "Escape") this.point(panel, null);
      if (!ARROWS.includes(event.key)) return;
      event.preventDefault();
      this.point(panel, panel.step(panel.spot, event.key));
    };
  }

  // Read this panel, and all of its group, at one place.
  point(panel, at) {
    for (const other of this.panels) {
      if (!other.canvas || (other !== panel && (!panel.group || other.group !== panel.group))) continue;
      const there = at !== null && at < other.size ? at : null;
      if (other.spot === there) continue;
      other.spot = there;
      this.paint(other);
      if (there === null) other.said.replaceChildren();
      else fill(other.said, other.read(there));
    }
  }

  paint(panel) {
    const style = getComputedStyle(panel.figure);
    const width = panel.figure.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    if (width > 0) panel.draw(this.theme, width, panel.spot);
  }

  refresh() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    this.font = `12px ${getComputedStyle(this.frame).fontFamily}`;
    for (const panel of this.panels) this.paint(panel);
  }
}

export default function (host) { return mount(Panels, host); }
