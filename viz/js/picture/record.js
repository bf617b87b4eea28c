// While a picture is saved, `prepare` hands out pens that write down what they are asked to do. The same calls then
// draw a PNG of any size or an SVG: there is one drawing code, that of the screen.

class Recording {
  constructor(ratio) {
    this.ratio = ratio; // pixels per CSS pixel that the picture will have
    this.sheets = new Map(); // canvas -> {calls, width, height, style}
  }

  // What `prepare` returns: a context of one pixel, which knows the fonts, and every call on it.
  pen(canvas, width, height) {
    const calls = [];
    const style = this.sheets.get(canvas)?.style ?? canvas.style.cssText;
    this.sheets.set(canvas, { calls, width, height, style });
    [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
    const context = el("canvas", { width: 1, height: 1 }).getContext("2d");
    return new Proxy(context, {
      get(_, name) {
        if (typeof context[name] !== "function") return context[name];
        return (...args) => {
          if (name !== "measureText") calls.push({ name, args });
          return context[name](...args);
        };
      },
      set(_, name, value) {
        calls.push({ name, value });
        context[name] = value;
        return true;
      },
    });
  }

  // The canvases were never drawn on: only their sizes go back to what they were.
  end() { for (const [canvas, { style }] of this.sheets) canvas.style.cssText = style; }

  // Draw what was drawn on this canvas, its corner at the pen's origin; false if nothing was.
  replay(canvas, pen) {
    const sheet = this.sheets.get(canvas);
    if (!sheet) return false;
    const { calls, width, height } = sheet;
    if (calls.every((call) => can(pen, call))) {
      repeat(calls, pen, width, height);
      return true;
    }
    const raster = el("canvas", { width: Math.ceil(width * this.ratio), height: Math.ceil(height * this.ratio) });
    const sure = raster.getContext("2d");
    sure.scale(this.ratio, this.ratio);
    repeat(calls, sure, width, height);
    pen.drawImage(raster, 0, 0, width, height);
    return true;
  }
}

// Whether a pen understands a call; what an SVG pen does not (a gradient, say) is drawn in pixels.
function can(pen, { name, args, value }) {
  return args ? typeof pen[name] === "function" : typeof value !== "object" || pen instanceof CanvasRenderingContext2D;
}

function repeat(calls, pen, width, height) {
  pen.save();
  pen.beginPath();
  pen.rect(0, 0, width, height);
  pen.clip();
  Object.assign(pen, FRESH);
  let depth = 0;
  for (const { name, args, value } of calls) {
    if (name === "restore" && !depth) continue; // nothing of its own to go back to
    depth += { save: 1, restore: -1 }[name] ?? 0;
    if (args) pen[name](...args);
    else pen[name] = value;
  }
  for (; depth > 0; depth--) pen.restore();
  pen.restore();
}

const FRESH = { fillStyle: "#000000", strokeStyle: "#000000", globalAlpha: 1, lineWidth: 1, lineCap: "butt",
  lineJoin: "miter", font: "10px sans-serif", textAlign: "start", textBaseline: "alphabetic", direction: "ltr",
  imageSmoothingEnabled: true };

// Run `draw` with pens that record; afterwards the view is drawn as it was, whatever happened.
function recorded(view, ratio, theme, draw) {
  const scrolled = [...view.root.querySelectorAll("*")].filter((node) => node.scrollTop || node.scrollLeft)
    .map((node) => [node, node.scrollTop, node.scrollLeft]);
  recording = new Recording(ratio);
  try {
    view.dress(theme);
    return draw(recording);
  } finally {
    recording.end();
    recording = null;
    view.dress();
    for (const [node, top, left] of scrolled) [node.scrollTop, node.scrollLeft] = [top, left];
  }
}
