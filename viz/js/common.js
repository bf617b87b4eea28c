// What every view shares: reading the payload, colours, numbers, tokens as text, and the page's address.
// Plain JavaScript: viz/view.py puts `const THEME = ...` (viz/theme.py) before it and the view's own files after it.

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array };

// Bytes unpacked; straight into the stream, as a Blob would be handed to the browser's main process and back.
async function inflate(bytes) {
  const { readable, writable } = new DecompressionStream("deflate-raw");
  const writer = writable.getWriter();
  const written = Promise.all([writer.write(bytes), writer.close()]).catch(() => {}); // the reader says what was wrong
  const [unpacked] = await Promise.all([new Response(readable).arrayBuffer(), written]);
  return unpacked;
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

// What can be read on a colour: nothing softer than black and white is, on all of a ramp.
const INKS = ["#000000", "#FFFFFF"];
const inkOn = (rgb) => INKS.reduce((a, b) => (contrast(channels(a), rgb) >= contrast(channels(b), rgb) ? a : b));

// One of the two themes, ready to draw with: `beam` holds 256 colours, `change` 256 from less to more,
// `beamInk` and `changeInk` what can be read on each.
class Theme {
  constructor(name) {
    this.name = name;
    this.colour = THEME.palette[name];
    this.heads = THEME.heads[name];
    this.digits = THEME.digits[name];
    const table = Array.from({ length: 256 }, (_, i) => ramp(THEME.beam[name], i / 255));
    this.beam = table.map(([r, g, b]) => `rgb(${r} ${g} ${b})`);
    this.pixels = Uint32Array.from(table, packPixel);
    const change = Array.from({ length: 256 }, (_, i) => ramp(THEME.change[name], i / 255));
    this.change = change.map(([r, g, b]) => `rgb(${r} ${g} ${b})`);
    this.changePixels = Uint32Array.from(change, packPixel);
    [this.beamInk, this.changeInk] = [table.map(inkOn), change.map(inkOn)];
  }
  static of(node) {
    const name = isDark(node) ? "dark" : "light";
    return Theme.named(name);
  }
  static named(name) { return (Theme[name] ??= new Theme(name)); }
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

// ---- Drawing

// A ramp of 256 colours as a bar: the one of weights, if no other is given.
function rampBar(canvas, theme, ramp = theme.beam) {
  const width = 96;
  const pen = prepare(canvas, width, 10);
  for (let x = 0; x < width; x++) {
    pen.fillStyle = ramp[Math.round((255 * x) / (width - 1))];
    pen.fillRect(x, 0, Math.min(2, width - x), 10); // over the next one's place: no seams where it is enlarged
  }
  pen.strokeStyle = theme.colour.border;
  pen.strokeRect(0.5, 0.5, width - 1, 9);
}

// What is no distribution, or is not there, must not look like one.
function hatch(pen, theme, x, y, width, height, ground = "wrong-fill", line = "wrong") {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
  pen.fillStyle = theme.colour[ground];
  pen.fillRect(x, y, width, height);
  pen.strokeStyle = theme.colour[line];
  pen.lineWidth = 1;
  pen.beginPath();
  const first = Math.floor((x - height) / 4) * 4;
  for (let at = first; at < x + width; at += 4) {
    pen.moveTo(at, y + height);
    pen.lineTo(at + height, y);
  }
  pen.stroke();
  pen.restore();
}

// A text no wider than so many pixels.
function clip(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  const letters = [...text];
  while (letters.length && pen.measureText(`${letters.join("")}…`).width > width) letters.pop();
  return `${letters.join("")}…`;
}

// ---- Numbers. A weight comes as halves: half-thousandths, rounded down; what follows rounds exactly (viz/codes.py).

const places2 = (half) => (half < 10 ? "<0.01" : (Math.floor((half + 10) / 20) / 100).toFixed(2));
const places3 = (half) => (half < 1 ? "<0.001" : (Math.floor((half + 1) / 2) / 1000).toFixed(3));
const percentOf = (half) => (half < 10 ? "<1 %" : `${Math.floor((half + 10) / 20)} %`);
const percent = (share) => (share < 0.005 && share > 0 ? "<1 %" : `${Math.floor(share * 100 + 0.5)} %`);
// A probability with three places, exactly as float32 has it; what remains after sums is near enough for three.
function probabilityWords(value) {
  const whole = Math.max(0, value);
  return whole > 0 && whole < 0.0005 ? "<0.001" : (Math.floor(whole * 1000 + 0.5) / 1000).toFixed(3);
}
const thousands = (n) => n.toLocaleString("en-US");

// The halves that each code leaves possible, in whole numbers only; `viz.codes` computes the same two tables.
const halvesAt = (edge) => Math.min(2000, Math.floor((edge ** 2 * 2000) / 510 ** 2));
const LEAST = Uint16Array.from({ length: 256 }, (_, code) => halvesAt(Math.max(0, 2 * code - 1)));
const GREATEST = Uint16Array.from({ length: 256 }, (_, code) => halvesAt(2 * code + 1));

// What each of these codes stands for, in halves: `fine` says which, where a code leaves a choice.
function readHalves(codes, fine) {
  const halves = new Uint16Array(codes.length);
  for (let i = 0, next = 0; i < codes.length; i++) {
    const code = codes[i];
    halves[i] = LEAST[code] + (GREATEST[code] > LEAST[code] ? fine[next++] : 0);
  }
  return halves;
}

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

// "rtl" if most letters of these labels are of scripts that are written from right to left. The first letter, which
// `dir="auto"` goes by, is often the "[CLS]" that a tokenizer put there.
function directionOf(labels) {
  const text = labels.join("");
  const toTheLeft = text.match(/[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/gu);
  return toTheLeft && toTheLeft.length * 2 > text.match(/\p{L}/gu).length ? "rtl" : "ltr";
}

function shorten(text, most) {
  const letters = [...text];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : text;
}

// ---- Sentences: lists of parts (text, {strong}, {token}); tokens stay data all the way.

const quoted = (label) => ({ token: shorten(shown(label), 28) });
const strong = (text) => ({ strong: text });

// Show a sentence in a node: every token in a <bdi> of its own, so that no script turns the line around it.
function fill(node, sentence) {
  node.replaceChildren(...sentence.flatMap((part) => {
    if (typeof part === "string") return unbroken(part);
    if (part.strong) return el("b", { textContent: part.strong });
    return el("span", {}, "“", el("bdi", { textContent: part.token }), "”");
  }));
}

// Text in pieces, with "31 %" in a node that keeps it on one line.
const unbroken = (text) => text.split(/(<?\d+ %)/).map((piece, i) => (i % 2 ? span("whole", piece) : piece));

function plainText(sentence) {
  return sentence.map((part) => part.strong ?? (part.token ? `“${part.token}”` : part)).join("");
}

// a, b and c
function wordList(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
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

// How much larger than its own pixels a view is shown: a presentation is laid out small and scaled up as a whole.
const SCREEN = { scale: 1 };

// While a picture is saved, what writes down the drawing (js/picture/record.js): panes then draw all at once.
let recording = null;

// Pixels per CSS pixel: of the screen, or of the picture that is saved.
const pixelRatio = () => recording?.ratio ?? (devicePixelRatio || 1) * SCREEN.scale;

// Where a pointer is in a node, in the node's own pixels.
function pointIn(node, { clientX, clientY }) {
  const box = node.getBoundingClientRect();
  return { x: (clientX - box.left) / SCREEN.scale, y: (clientY - box.top) / SCREEN.scale };
}

// A canvas of so many CSS pixels at the screen's resolution, cleared; returns its pen.
function prepare(canvas, width, height) {
  if (recording) return recording.pen(canvas, width, height);
  const dpr = pixelRatio();
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

// ---- What a host mounts: a root that outlives updates, new data and themes that come whenever they like

const BASE_STYLE = `
.view{color:var(--ink);font:400 15px/1.45 var(--st-font,"Source Sans 3","Source Sans Pro",system-ui,sans-serif);
  font-variant-numeric:tabular-nums;-webkit-font-smoothing:antialiased}
.view *{box-sizing:border-box}
.view [hidden]{display:none!important}
.view canvas{display:block}
.view button{font:inherit;color:inherit;background:none;border:0;padding:0;margin:0;cursor:pointer}
.view :focus-visible{outline:2px solid var(--primary);outline-offset:2px}
.view .button{height:30px;padding:0 10px;border:1px solid var(--border);border-radius:8px;background:var(--page);font-size:13.5px;white-space:nowrap}
.view .button:hover{border-color:var(--primary);color:var(--primary)}
.bar{display:flex;align-items:center;gap:8px 12px;min-height:30px;flex-wrap:wrap}
.cap{font-size:13px;color:var(--muted)}
.whole{white-space:nowrap}
.notice{display:flex;gap:12px;padding:7px 14px;font-size:13.5px;background:var(--panel);border-bottom:1px solid var(--line)}
.notice button{margin-left:auto}
.failure{padding:12px 14px;margin-bottom:8px;border-left:3px solid var(--wrong);border-radius:8px;background:var(--wrong-fill);color:var(--ink)}
`;

// A view in its frame. It has `take(unpacked)` for new data, `refresh()` to draw it all, `frame` around it, `busy` while
// it still draws, and `prepare(unpacked)` if something of the data has to be waited for.
class Mounted {
  constructor(parent) {
    this.root = parent.querySelector(".view") ?? parent.appendChild(el("div", { className: "view" }));
    [this.turn, this.updates] = [0, 0];
    this.failure = el("div", { className: "failure", role: "alert", hidden: true });
    this.notice = el("div", { className: "notice", role: "status", hidden: true });
  }

  // A line over the picture, until the visitor closes it; nothing takes it away.
  say(words) {
    this.notice.hidden = !words;
    this.notice.replaceChildren(words, pressable("", "×", () => this.say(""), { ariaLabel: "Close" }));
  }

  // What the button `copy` does: the page's address, which says what is looked at.
  async copyLink() {
    try {
      await navigator.clipboard.writeText(location.href);
      this.copy.textContent = "Copied";
      setTimeout(() => { this.copy.textContent = "Copy link"; }, 1500);
    } catch {
      this.say("The browser does not allow copying here: the link is in the address bar.");
    }
  }

  get live() { return typeof this.send === "function"; }

  // Draw again when the theme, the fonts or the width change, until `gone` is aborted.
  listen() {
    this.gone = new AbortController();
    const { signal } = this.gone;
    const size = new ResizeObserver(() => {
      const { clientWidth } = this.root;
      if (this.payload && clientWidth && clientWidth !== this.width) this.refresh();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.payload && this.dress(), { signal });
    document.fonts?.addEventListener("loadingdone", () => this.payload && this.refresh(), { signal });
    size.observe(this.root);
    signal.addEventListener("abort", () => size.disconnect());
  }

  async update(data, send) {
    this.root.dataset.updates = ++this.updates;
    delete this.root.dataset.ready;
    this.send = send;
    const turn = ++this.turn;
    const late = setTimeout(() => this.frame.classList.add("stale"), 150);
    try {
      const unpacked = await unpack(data, this.payload?.id);
      if (unpacked) await this.prepare?.(unpacked);
      if (turn !== this.turn) return; // newer data came while this was inflated
      if (unpacked) this.take(unpacked);
      else if (Theme.of(this.root) !== this.theme) this.dress();
      this.failure.hidden = true;
    } catch (error) {
      if (turn === this.turn) this.fail(error);
    } finally {
      clearTimeout(late);
      if (turn === this.turn) this.frame.classList.remove("stale");
    }
    this.markReady(turn);
  }

  // The view goes: what is still being inflated for it is dropped.
  leave() {
    this.turn += 1;
    this.gone.abort();
  }

  fail(error) {
    this.failure.textContent = `This picture could not be read: ${error.message}. Reload the page to try again.`;
    this.failure.hidden = false;
    console.error(error);
  }

  // Ready is what has been drawn for two frames.
  markReady(turn) {
    const frame = () => requestAnimationFrame(() => {
      if (turn !== this.turn) return;
      if (this.payload && this.busy) frame();
      else this.root.dataset.ready = this.payload?.id ?? "failed";
    });
    requestAnimationFrame(frame);
  }

  dress(theme = Theme.of(this.root)) {
    this.theme = theme;
    this.root.dataset.theme = this.theme.name;
    for (const [name, colour] of Object.entries(this.theme.colour)) this.root.style.setProperty(`--${name}`, colour);
    this.refresh();
  }
}

const VIEWS = new WeakMap(); // parent element -> its view: it outlives updates, so choices stay

// What a host calls with every update; returns what it calls when the view goes.
function mount(Kind, { data, parentElement, setStateValue }) {
  let view = VIEWS.get(parentElement);
  if (!view) VIEWS.set(parentElement, (view = new Kind(parentElement)));
  view.update(data, setStateValue);
  return () => {
    VIEWS.delete(parentElement);
    view.leave();
  };
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
