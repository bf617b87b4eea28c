// What every view shares: reading the payload, colours, numbers, tokens as text, and the page's address.
// Plain JavaScript: viz/view.py puts `const THEME = ...` (viz/theme.py) before it and the view's own files after it.

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array };

async function inflate(bytes) {
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer();
}

// The header and the named arrays that `View.pack` put together; null if it is the payload that is already known.
async function unpack(bytes, known) {
  const size = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(await inflate(bytes.subarray(4, 4 + size))));
  if (header.v !== 1) throw new Error(`this picture is written in version ${header.v}; the page reads version 1`);
  if (header.id === known) return null;
  let offset = 4 + size;
  const slices = header.parts.map(([, , , packed]) => bytes.subarray(offset, (offset += packed)));
  const buffers = await Promise.all(slices.map(inflate));
  const parts = header.parts.map(([name, type], i) => [name, new ARRAYS[type](buffers[i])]);
  return { header, parts: Object.fromEntries(parts) };
}

// ---- Colours

const channels = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));

function ramp(stops, t) {
  const i = Math.max(1, stops.findIndex(([stop]) => t <= stop));
  const [[left, low], [right, high]] = [stops[i - 1], stops[i]];
  const [a, b] = [channels(low), channels(high)];
  return a.map((value, j) => Math.floor(value + (b[j] - value) * ((t - left) / (right - left)) + 0.5));
}

// Relative luminance as WCAG defines it, 0 (black) to 1 (white).
function luminance(rgb) {
  const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

// One of the two themes, ready to draw with: `beam` holds 256 colours, `beamInk` what can be read on each.
class Theme {
  constructor(name) {
    this.name = name;
    this.colour = THEME.palette[name];
    this.heads = THEME.heads[name];
    this.digits = THEME.digits[name];
    const table = Array.from({ length: 256 }, (_, i) => ramp(THEME.beam[name], i / 255));
    this.beam = table.map(([r, g, b]) => `rgb(${r} ${g} ${b})`);
    this.pixels = Uint32Array.from(table, packPixel);
    const inks = ["#1A0F06", "#FFF3E0"];
    this.beamInk = table.map((rgb) => inks.reduce((a, b) =>
      (contrast(channels(a), rgb) >= contrast(channels(b), rgb) ? a : b)));
  }
  static of(node) {
    const name = isDark(node) ? "dark" : "light";
    return (Theme[name] ??= new Theme(name));
  }
  pixel(name) { return packPixel(channels(this.colour[name])); }
}

// Red, green, blue as the 32 bits of one pixel in ImageData (little-endian, opaque).
function packPixel([r, g, b]) { return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0; }

// Streamlit's background says which theme is on; elsewhere the reader's own preference does.
function isDark(node) {
  const page = getComputedStyle(node).getPropertyValue("--st-background-color").trim();
  if (!page) return matchMedia("(prefers-color-scheme: dark)").matches;
  const pen = document.createElement("canvas").getContext("2d");
  pen.fillStyle = page;
  pen.fillRect(0, 0, 1, 1);
  return luminance([...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)]) < 0.4;
}

// ---- Numbers. A weight comes as halves: half-thousandths, rounded down; what follows rounds exactly (viz/codes.py).

const places2 = (half) => (half < 10 ? "<0.01" : (Math.floor((half + 10) / 20) / 100).toFixed(2));
const places3 = (half) => (half < 1 ? "<0.001" : (Math.floor((half + 1) / 2) / 1000).toFixed(3));
const percentOf = (half) => (half < 10 ? "<1 %" : `${Math.floor((half + 10) / 20)} %`);
const percent = (share) => (share < 0.005 && share > 0 ? "<1 %" : `${Math.floor(share * 100 + 0.5)} %`);
const thousands = (n) => n.toLocaleString("en-US");

// ---- Tokens as text. Labels are data: they reach the page by textContent, fillText and attributes only.

const MARKS = { " ": "␣", "\n": "↵", "\r": "↵", "\t": "⇥" };
const UNSEEN = /[\x00-\x1f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g; // or turning the text around them
const codePoint = (c) => `U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

// What stands for a label where it is quoted: no space around it, and never nothing to see.
function shown(label) {
  if (label === "") return "∅";
  const text = label.replace(/^[ \n\r\t]+|[ \n\r\t]+$/g, "");
  if (text === "") return [...label].map((c) => MARKS[c]).join("");
  return visible(text);
}

// Characters that show nothing appear as their number, and a lone accent on a circle.
function visible(text) {
  if (/^[\p{C}\p{Z}]+$/u.test(text)) return [...text].map(codePoint).join(" ");
  const seen = text.replace(UNSEEN, (c) => MARKS[c] ?? `‹${codePoint(c)}›`);
  return /^\p{M}/u.test(seen) ? `◌${seen}` : seen;
}

function shorten(text, most) {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text;
}

// ---- The page

// A node with properties or attributes, and children (nodes or text).
function el(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

const span = (className, textContent = "") => el("span", { className, textContent });
const spring = () => el("i", { className: "spring" }); // takes the free space of a bar
const pressable = (className, textContent, onclick, more = {}) =>
  el("button", { type: "button", className, textContent, onclick, ...more });

// A canvas of so many CSS pixels at the screen's resolution, cleared; returns its pen.
function prepare(canvas, width, height) {
  const dpr = devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * dpr)), Math.max(1, Math.round(height * dpr))];
  const pen = canvas.getContext("2d");
  if (canvas.width !== w || canvas.height !== h) {
    [canvas.width, canvas.height] = [w, h];
    [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
  } else {
    pen.resetTransform();
    pen.clearRect(0, 0, w, h);
  }
  pen.setTransform(dpr, 0, 0, dpr, 0, 0);
  return pen;
}

// ---- The address. Other keys stay as they are, byte for byte: they belong to the page around this view.

const keyOf = (piece) => piece.split("=", 1)[0];
const pieces = () => location.search.slice(1).split("&").filter(Boolean);

function readAddress(keys) {
  const found = {};
  for (const piece of pieces()) {
    if (!keys.includes(keyOf(piece))) continue;
    const value = piece.slice(keyOf(piece).length + 1);
    try { found[keyOf(piece)] = decodeURIComponent(value); } catch { found[keyOf(piece)] = value; }
  }
  return found;
}

function writeAddress(keys, values) {
  const own = keys.filter((key) => values[key] !== undefined).map((key) => `${key}=${values[key]}`);
  const query = [...pieces().filter((piece) => !keys.includes(keyOf(piece))), ...own].join("&");
  if (query === location.search.slice(1)) return;
  history.replaceState(history.state, "", location.pathname + (query ? `?${query}` : "") + location.hash);
}
