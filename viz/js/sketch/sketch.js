// A small still picture for a card, of marks in a box (viz/views/sketch.py), in the theme's colours.

const colourOf = (theme, name) => (name.startsWith("head ") ? theme.heads[Number(name.slice(5))] : theme.colour[name]);

function node(name, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

// An array as the pixels of an image: three channels, or one as a ramp's colours.
function raster(bytes, [width, height], ramp, theme) {
  const image = new ImageData(width, height), out = new Uint32Array(image.data.buffer);
  const table = ramp === "change" ? theme.changePixels : theme.pixels;
  for (let i = 0; i < out.length; i++) out[i] = ramp ? table[bytes[i]] : packPixel(bytes.subarray(3 * i, 3 * i + 3));
  const canvas = el("canvas", { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas.toDataURL();
}

function image([x, y, width, height], part, size, ramp, { parts, theme }) {
  return node("image", { x, y, width, height, href: raster(parts[part], size, ramp, theme), preserveAspectRatio: "none",
    style: "image-rendering:pixelated" });
}

const DRAW = {
  cells: ([box, part, size, ramp], given) => image(box, part, size, ramp, given),
  picture: ([box, part, size], given) => image(box, part, size, "", given),
  line: ([points, colour, width, dash], { theme }) => node("polyline", { points: points.join(" "), fill: "none",
    stroke: colourOf(theme, colour), "stroke-width": width, "stroke-dasharray": dash, "stroke-linejoin": "round", "stroke-linecap": "round" }),
  rect: ([[x, y, width, height], colour, line], { theme }) => node("rect", { x, y, width, height, rx: line ? 2 : 1,
    fill: line ? "none" : colourOf(theme, colour), stroke: line ? colourOf(theme, colour) : "none", "stroke-width": line }),
  text: ([[x, y], words, colour, align], { theme }) => node("text", { x, y, fill: colourOf(theme, colour), "text-anchor": align,
    "dominant-baseline": "middle", "font-size": 12, "unicode-bidi": "isolate" }, words),
};

export default function ({ data, parentElement }) {
  unpack(data).then(({ header, parts }) => {
    const root = parentElement.querySelector(".view"), theme = Theme.of(root);
    const [width, height] = header.size;
    const picture = node("svg", { viewBox: `0 0 ${width} ${height}`, width: "100%", height, role: "img", "aria-label": header.said });
    picture.style.fontFamily = "var(--st-font, sans-serif)";
    picture.append(...header.marks.map(([kind, ...mark]) => DRAW[kind](mark, { parts, theme })));
    root.replaceChildren(picture);
    root.dataset.ready = "sketch";
  });
}
