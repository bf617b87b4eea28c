// A pen that writes SVG: the calls of a canvas's 2D context, as far as our pictures use them. Lines stay lines and text
// stays text; a picture of pixels (a matrix, a thumbnail) goes in as a PNG.

const SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
const FALLBACKS = '"Source Sans 3","Source Sans Pro","Helvetica Neue",Arial,sans-serif';
const SHARPER = 4; // pixels of an embedded picture per pixel on screen: viewers that smooth it blur that little

// What XML may hold, as text: its own signs written as entities, what it forbids replaced.
function escapeXml(text) {
  return String(text)
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu, "\ufffd")
    .replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`);
}

const short = (number) => String(Math.round(number * 100) / 100 || 0);

// A CSS colour as SVG has it: {colour: "#rrggbb", alpha}.
function svgColour(css) {
  const text = String(css).trim();
  if (/^#[\da-f]{6}$/i.test(text)) return { colour: text, alpha: 1 };
  if (/^#[\da-f]{3}$/i.test(text)) return { colour: text.replace(/[\da-f]/gi, "$&$&"), alpha: 1 };
  if (text === "transparent") return { colour: "#000000", alpha: 0 };
  const found = text.match(/^(?:rgba?\(|color\(srgb )([^)]*)\)$/);
  if (!found) throw new Error(`the colour ${text} is not one this picture can be saved with`);
  const [r, g, b, a = "1"] = found[1].split(/[\s,/]+/).filter(Boolean);
  const full = text.startsWith("color") ? 255 : 1;
  const hex = [r, g, b].map((v) => Math.round(Number(v) * full).toString(16).padStart(2, "0")).join("");
  return { colour: `#${hex}`, alpha: a.endsWith("%") ? parseFloat(a) / 100 : Number(a) };
}

// "italic 600 12px Arial" in its pieces.
function fontOf(css) {
  const found = css.match(/^(?:(normal|italic|oblique)\s+)?(?:(normal|bold|\d+)\s+)?([\d.]+)px\s+(.+)$/);
  if (!found) throw new Error(`the font ${css} is not one this picture can be saved with`);
  const [, style = "normal", weight = "normal", size, family] = found;
  return { style, weight: { normal: "400", bold: "700" }[weight] ?? weight, size: Number(size), family };
}

const START = {
  fillStyle: "#000000", strokeStyle: "#000000", globalAlpha: 1, lineWidth: 1, lineCap: "butt", lineJoin: "miter",
  font: "10px sans-serif", textAlign: "start", textBaseline: "alphabetic", direction: "ltr", imageSmoothingEnabled: true,
  matrix: [1, 0, 0, 1, 0, 0], clips: [], dash: [],
};

class SvgPen {
  // `measure` is a canvas's context: it knows the fonts. `embed` turns a piece of a canvas into a PNG's address.
  constructor(width, height, { measure, font = "sans-serif", id = "h", embed = embedded }) {
    Object.assign(this, START, { width, height, measure, id, embed });
    this.family = `${font},${FALLBACKS}`;
    [this.out, this.defs, this.path, this.kept, this.open, this.spanned] = [[], new Map(), [], [], [], null];
  }

  // ---- State

  save() {
    this.kept.push(Object.fromEntries(Object.keys(START).map((name) => [name, this[name]])));
  }
  restore() { Object.assign(this, this.kept.pop() ?? {}); }
  transform(a, b, c, d, e, f) {
    const [A, B, C, D, E, F] = this.matrix;
    this.matrix = [A * a + C * b, B * a + D * b, A * c + C * d, B * c + D * d, A * e + C * f + E, B * e + D * f + F];
  }
  translate(x, y) { this.transform(1, 0, 0, 1, x, y); }
  scale(x, y) { this.transform(x, 0, 0, y, 0, 0); }
  rotate(angle) { this.transform(Math.cos(angle), Math.sin(angle), -Math.sin(angle), Math.cos(angle), 0, 0); }
  setLineDash(dash) { this.dash = [...dash]; }
  getLineDash() { return [...this.dash]; }

  get upright() { return this.matrix[0] === 1 && this.matrix[1] === 0 && this.matrix[2] === 0 && this.matrix[3] === 1; }
  get zoom() { return Math.sqrt(Math.abs(this.matrix[0] * this.matrix[3] - this.matrix[1] * this.matrix[2])); }
  at(x, y) {
    const [a, b, c, d, e, f] = this.matrix;
    return `${short(a * x + c * y + e)} ${short(b * x + d * y + f)}`;
  }

  // ---- Paths

  beginPath() { this.path = []; }
  closePath() { if (this.path.length) this.path.push("Z"); }
  moveTo(x, y) { this.path.push(`M${this.at(x, y)}`); }
  lineTo(x, y) { this.path.push(`${this.path.length ? "L" : "M"}${this.at(x, y)}`); }
  bezierCurveTo(a, b, c, d, x, y) { this.path.push(`C${this.at(a, b)} ${this.at(c, d)} ${this.at(x, y)}`); }
  quadraticCurveTo(a, b, x, y) { this.path.push(`Q${this.at(a, b)} ${this.at(x, y)}`); }
  rect(x, y, w, h) {
    this.path.push(`M${this.at(x, y)}`, `L${this.at(x + w, y)}`, `L${this.at(x + w, y + h)}`, `L${this.at(x, y + h)}`, "Z");
  }

  // In quarters or less, each a curve that is off by less than a thousandth of the radius.
  arc(x, y, radius, from, to, back = false) {
    let turn = to - from;
    if (back) turn = turn <= -2 * Math.PI ? -2 * Math.PI : turn > 0 ? (turn % (2 * Math.PI)) - 2 * Math.PI : turn;
    else turn = turn >= 2 * Math.PI ? 2 * Math.PI : turn < 0 ? (turn % (2 * Math.PI)) + 2 * Math.PI : turn;
    const n = Math.max(1, Math.ceil(Math.abs(turn) / (Math.PI / 2) - 1e-9));
    const [step, reach] = [turn / n, (4 / 3) * Math.tan(turn / n / 4) * radius];
    const point = (a) => [x + radius * Math.cos(a), y + radius * Math.sin(a)];
    this.lineTo(...point(from));
    for (let i = 0; i < n; i++) {
      const [a, b] = [from + i * step, from + (i + 1) * step];
      const [[x1, y1], [x2, y2]] = [point(a), point(b)];
      this.bezierCurveTo(x1 - reach * Math.sin(a), y1 + reach * Math.cos(a),
        x2 + reach * Math.sin(b), y2 - reach * Math.cos(b), x2, y2);
    }
    if (Math.abs(turn) === 2 * Math.PI) this.closePath();
  }

  roundRect(x, y, w, h, radii = 0) {
    const all = Array.isArray(radii) ? radii : [radii];
    const corner = (i) => Math.max(0, Math.min(all[i] ?? all[i - 2] ?? all[0], w / 2, h / 2));
    const [a, b, c, d] = [corner(0), corner(1), corner(2), corner(3)];
    const bend = 0.44772; // of the radius, from the corner: a quarter of a circle
    this.moveTo(x + a, y);
    this.lineTo(x + w - b, y);
    if (b) this.bezierCurveTo(x + w - b * bend, y, x + w, y + b * bend, x + w, y + b);
    this.lineTo(x + w, y + h - c);
    if (c) this.bezierCurveTo(x + w, y + h - c * bend, x + w - c * bend, y + h, x + w - c, y + h);
    this.lineTo(x + d, y + h);
    if (d) this.bezierCurveTo(x + d * bend, y + h, x, y + h - d * bend, x, y + h - d);
    this.lineTo(x, y + a);
    if (a) this.bezierCurveTo(x, y + a * bend, x + a * bend, y, x + a, y);
    this.closePath();
  }

  fill() { this.drawn(this.path, this.filling()); }
  stroke() { this.drawn(this.path, this.stroking()); }
  drawn(path, look) {
    const moves = path.some((piece) => /^[LCQ]/.test(piece));
    if (moves && look) this.put(`<path d="${path.join("")}"${look}/>`);
  }

  // What is drawn from here on lies inside the path, and inside what was clipped before.
  clip() {
    const d = this.path.join("") || "M0 0";
    if (!this.defs.has(d)) this.defs.set(d, `${this.id}-${this.defs.size}`);
    if (!this.clips.includes(d)) this.clips = [...this.clips, d];
  }

  // ---- Shapes

  fillRect(x, y, w, h) { this.box(x, y, w, h, this.filling()); }
  strokeRect(x, y, w, h) { this.box(x, y, w, h, this.stroking()); }
  box(x, y, w, h, look) {
    if (!look) return;
    if (!this.upright || w < 0 || h < 0) {
      const kept = this.path;
      this.path = [];
      this.rect(x, y, w, h);
      this.drawn(this.path, look);
      this.path = kept;
      return;
    }
    const [left, top] = [x + this.matrix[4], y + this.matrix[5]];
    this.put(`<rect x="${short(left)}" y="${short(top)}" width="${short(w)}" height="${short(h)}"${look}/>`);
  }

  filling() {
    const { colour, alpha } = svgColour(this.fillStyle);
    const opacity = alpha * this.globalAlpha;
    return opacity ? ` fill="${colour}"${opacity < 1 ? ` fill-opacity="${+opacity.toFixed(4)}"` : ""}` : "";
  }

  stroking() {
    const { colour, alpha } = svgColour(this.strokeStyle);
    const opacity = alpha * this.globalAlpha;
    if (!opacity) return "";
    return [` fill="none" stroke="${colour}"`, opacity < 1 ? ` stroke-opacity="${+opacity.toFixed(4)}"` : "",
      this.lineWidth * this.zoom === 1 ? "" : ` stroke-width="${short(this.lineWidth * this.zoom)}"`,
      this.lineCap === "butt" ? "" : ` stroke-linecap="${this.lineCap}"`,
      this.lineJoin === "miter" ? "" : ` stroke-linejoin="${this.lineJoin}"`,
      this.dash.length ? ` stroke-dasharray="${this.dash.map((d) => short(d * this.zoom)).join(" ")}"` : ""].join("");
  }

  // ---- Text

  measureText(text) {
    [this.measure.font, this.measure.textBaseline] = [this.font, this.textBaseline];
    return this.measure.measureText(text);
  }

  // How far the letters' own baseline lies under the one that is asked for: viewers differ on all others.
  drop() {
    if (this.textBaseline === "alphabetic") return 0;
    this.measure.font = this.font;
    const ascent = (baseline) => {
      this.measure.textBaseline = baseline;
      return this.measure.measureText("x").fontBoundingBoxAscent;
    };
    return ascent("alphabetic") - ascent(this.textBaseline);
  }

  fillText(text, x, y, most) { this.write(text, x, y, this.filling(), most); }
  strokeText(text, x, y, most) { this.write(text, x, y, this.stroking(), most); }

  // `spanned`, set before a call, is how wide these letters are on screen: they take that width in every font.
  write(text, x, y, look, most = Infinity) {
    const forced = this.spanned ?? (this.measureText(text).width > most ? most : null);
    this.spanned = null;
    if (!look || !String(text).trim()) return;
    const side = this.textAlign === "center" ? "middle" : this.textAlign === "start" || this.textAlign === "end" ? this.textAlign
      : (this.textAlign === "left") === (this.direction !== "rtl") ? "start" : "end";
    const base = y + this.drop();
    const [a, b, c, d, e, f] = this.matrix;
    const place = this.upright ? ` x="${short(x + e)}" y="${short(base + f)}"`
      : ` transform="matrix(${[a, b, c, d, a * x + c * base + e, b * x + d * base + f].map((v) => +v.toFixed(4)).join(" ")})"`;
    this.put([`<text xml:space="preserve"${place}`, this.fontLook(), look, side === "start" ? "" : ` text-anchor="${side}"`, this.direction === "rtl" ? ' direction="rtl"' : "",
      forced === null ? "" : ` textLength="${short(forced)}" lengthAdjust="spacingAndGlyphs"`,
      `>${escapeXml(text)}</text>`].join(""));
  }

  // One line of text in several fonts and colours: [{text, font, colour, isolated}]; what follows moves with what is before.
  writeRuns(runs, x, y) {
    const spans = runs.map(({ text, font, colour, isolated }) => {
      this.font = font;
      this.fillStyle = colour;
      return [`<tspan${this.fontLook()}${this.filling()}${isolated ? ' style="unicode-bidi:isolate"' : ""}>`, escapeXml(text), "</tspan>"].join("");
    });
    const rtl = this.direction === "rtl" ? ' direction="rtl" text-anchor="end"' : "";
    this.put(`<text xml:space="preserve" x="${short(x + this.matrix[4])}" y="${short(y + this.matrix[5])}"${rtl}>${spans.join("")}</text>`);
  }

  fontLook() {
    const { style, weight, size, family } = fontOf(this.font);
    return [` font-size="${short(size)}"`, weight === "400" ? "" : ` font-weight="${weight}"`,
      style === "normal" ? "" : ` font-style="${style}"`,
      this.family.startsWith(family) ? "" : ` font-family="${escapeXml(`${family},${FALLBACKS}`)}"`].join("");
  }

  // ---- Pictures

  drawImage(image, ...places) {
    const whole = [0, 0, image.width, image.height];
    const [sx, sy, sw, sh, x, y, w, h] = places.length === 8 ? places
      : [...whole, ...places.slice(0, 2), places[2] ?? image.width, places[3] ?? image.height];
    if (!(sw > 0 && sh > 0 && w > 0 && h > 0)) return;
    // whole pixels only; what is more than was asked for is clipped away
    const [left, top] = [Math.floor(sx + 1e-6), Math.floor(sy + 1e-6)];
    const [wide, high] = [Math.ceil(sx + sw - 1e-6) - left, Math.ceil(sy + sh - 1e-6) - top];
    const [fx, fy] = [w / sw, h / sh];
    const smooth = this.imageSmoothingEnabled;
    const href = this.embed(image, [left, top, wide, high], [wide * fx * this.zoom, high * fy * this.zoom], smooth);
    const [px, py] = [x + (left - sx) * fx, y + (top - sy) * fy];
    const place = this.upright ? ` x="${short(px + this.matrix[4])}" y="${short(py + this.matrix[5])}"`
      : ` x="${short(px)}" y="${short(py)}" transform="matrix(${this.matrix.map((v) => +v.toFixed(4)).join(" ")})"`;
    const cut = wide - sw > 1e-6 || high - sh > 1e-6;
    const [path, clips] = [this.path, this.clips];
    if (cut) {
      this.path = [];
      this.rect(x, y, w, h);
      this.clip();
    }
    const opacity = this.globalAlpha < 1 ? ` opacity="${+this.globalAlpha.toFixed(4)}"` : "";
    const edges = smooth ? "" : ' style="image-rendering:pixelated" image-rendering="optimizeSpeed"';
    this.put(`<image${place} width="${short(wide * fx)}" height="${short(high * fy)}" preserveAspectRatio="none"${opacity}${edges} xlink:href="${href}"/>`);
    [this.path, this.clips] = [path, clips];
  }

  // ---- The file

  // What follows is one group, by this name, until the next.
  group(name) {
    this.shut(0);
    if (this.named) this.out.push("</g>");
    if (name) this.out.push(`<g class="${escapeXml(name)}">`);
    this.named = name;
  }

  put(element) {
    const same = this.clips.findIndex((d, i) => this.open[i] !== d);
    this.shut(same < 0 ? this.clips.length : same);
    for (const d of this.clips.slice(this.open.length)) {
      this.out.push(`<g clip-path="url(#${this.defs.get(d)})">`);
      this.open.push(d);
    }
    this.out.push(element);
  }

  shut(depth) {
    while (this.open.length > depth) {
      this.open.pop();
      this.out.push("</g>");
    }
  }

  // The whole file; `title` and `about` are what readers of the file are told, and those who listen.
  file(title, about) {
    this.group("");
    const clips = [...this.defs].map(([d, name]) => `<clipPath id="${name}"><path d="${d}"/></clipPath>`);
    const [w, h] = [short(this.width), short(this.height)];
    return [`<svg ${SVG} width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" font-family="${escapeXml(this.family)}">`,
      `<title>${escapeXml(title)}</title>`, `<desc>${escapeXml(about)}</desc>`,
      ...(clips.length ? ["<defs>", ...clips, "</defs>"] : []), ...this.out, "</svg>", ""].join("\n");
  }
}

// A piece [x, y, width, height] of a canvas as a PNG's address, enlarged by whole factors where its pixels are to be seen.
function embedded(image, [x, y, w, h], [wide, high], smooth) {
  const factor = (from, to) => (smooth ? 1 : Math.max(1, Math.min(64, Math.ceil((SHARPER * to) / from))));
  let [fx, fy] = [factor(w, wide), factor(h, high)];
  if (w * fx * h * fy > 4e6) [fx, fy] = [1, 1];
  const canvas = el("canvas", { width: w * fx, height: h * fy });
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  pen.drawImage(image, x, y, w, h, 0, 0, w * fx, h * fy);
  return canvas.toDataURL("image/png");
}
