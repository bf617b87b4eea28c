// Two charts: the answer while a map's patches are painted over, and while they are uncovered; random orders beside.

const CHART = { height: 190, left: 34, right: 10, top: 12, bottom: 30 };

const STYLE = `${BASE_STYLE}
.cv{border:1px solid var(--border);border-radius:8px;padding:12px 14px;margin-top:2px}
.cv b{font-weight:600}
.cv .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:10px 24px;margin:8px 0 6px}
.cv figure{margin:0;min-width:0}
.cv figcaption{font-size:13px;color:var(--muted);line-height:20px}
.cv .key{display:inline-flex;align-items:center;gap:6px;margin-right:14px}
.cv .key i{width:18px;height:0;border-top:2px solid var(--muted)}
.cv .key .map{border-top:3px solid var(--line-colour)}
`;

class Curves extends Mounted {
  constructor(parent) {
    super(parent);
    this.words = el("p", { className: "verdict", "aria-live": "polite" });
    this.title = el("div", { className: "bar" });
    this.charts = el("div", { className: "charts" });
    this.keys = el("div", { className: "cap" });
    this.frame = el("section", { className: "cv", "aria-label": "Is the map faithful?", hidden: true }, this.title, this.charts, this.keys, this.words);
    this.root.replaceChildren(el("style", { textContent: STYLE }), this.failure, this.frame);
    this.words.style.margin = "6px 0 0";
    this.listen();
  }

  take({ header }) {
    this.payload = header;
    this.frame.hidden = false;
    this.dress();
  }

  refresh() {
    this.width = this.root.clientWidth;
    if (!this.width) return;
    const { payload } = this;
    this.title.replaceChildren(el("b", { textContent: "Is the map faithful?" }), span("cap", `${payload.title}; the answer watched is ${payload.watched}`));
    const charts = [["deletion", "Painting over the highest patches first: should fall at once"],
      ["insertion", "Uncovering the highest patches first: should rise at once"]];
    this.charts.replaceChildren(...charts.map(([name, words]) => {
      const picture = el("canvas", { role: "img" });
      return el("figure", {}, el("figcaption", { textContent: words }), picture);
    }));
    charts.forEach(([name], i) => this.draw(this.charts.children[i].lastChild, name));
    const key = (className, words) => el("span", { className: "key" }, el("i", { className }), words);
    this.frame.style.setProperty("--line-colour", this.theme.heads[0]);
    this.keys.replaceChildren(key("map", "the map’s order"), key("", `${payload.random_deletion.length} random orders; painted in the picture’s mean colour`));
    this.words.textContent = payload.verdict;
  }

  draw(canvas, name) {
    const { payload, theme } = this;
    const width = canvas.parentNode.clientWidth;
    const { height, left, right, top, bottom } = CHART;
    const pen = prepare(canvas, width, height);
    const all = [payload[name], ...payload[`random_${name}`]].flat();
    const [low, high] = [Math.min(0, ...all), Math.max(1, ...all)];
    const x = (share) => left + share * (width - left - right);
    const y = (value) => height - bottom - ((value - low) / (high - low)) * (height - top - bottom);
    pen.font = `12px ${getComputedStyle(this.frame).fontFamily}`;
    [pen.fillStyle, pen.strokeStyle, pen.textBaseline, pen.textAlign] = [theme.colour.muted, theme.colour.line, "middle", "right"];
    for (const value of [low, (low + high) / 2, high]) {
      pen.fillText(value.toFixed(high > 10 ? 0 : 1), left - 6, y(value));
      pen.beginPath();
      pen.moveTo(left, Math.round(y(value)) + 0.5);
      pen.lineTo(width - right, Math.round(y(value)) + 0.5);
      pen.stroke();
    }
    pen.textAlign = "center";
    for (const share of [0, 0.5, 1]) pen.fillText(percent(share), Math.min(width - 22, x(share)), height - bottom + 12);
    const line = (values, colour, thick, alpha) => {
      [pen.strokeStyle, pen.lineWidth, pen.globalAlpha] = [colour, thick, alpha];
      pen.beginPath();
      values.forEach((value, i) => pen[i ? "lineTo" : "moveTo"](x(payload.shares[i]), y(value)));
      pen.stroke();
      pen.globalAlpha = 1;
    };
    for (const values of payload[`random_${name}`]) line(values, theme.colour.muted, 1, 0.45);
    line(payload[name], theme.heads[0], 2.5, 1);
    canvas.ariaLabel = `${name === "deletion" ? "Painting over" : "Uncovering"}: mean ${payload.areas[name].toFixed(2)}, random orders ${payload.areas[`random ${name}`].toFixed(2)}`;
  }
}

export default function (host) { return mount(Curves, host); }
