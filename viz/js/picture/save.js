// From a view to a file: what is on the paper, as PNG at any scale or as SVG.

const MARGIN = 16; // CSS pixels around what is saved
const LEAST_WIDTH = 480; // room for the words under a narrow picture

// The nodes of a picture one under the other, words over and under it. `head` and `foot` are laid out at the picture's
// width, out of sight; `draw(pen, width, height)` follows once sizes are known.
function onPaper(view, recording, { head, nodes, foot }, makePen) {
  const boxes = nodes.map((node) => node.getBoundingClientRect());
  const width = Math.max(LEAST_WIDTH, ...boxes.map((box) => box.width));
  const words = [head, foot].map((children) => el("div", { className: "paper" }, ...children.filter(Boolean)));
  for (const node of words) {
    node.style.width = `${width}px`;
    view.frame.append(node);
  }
  try {
    const places = [words[0], ...nodes, words[1]].map((node) => [node, node.getBoundingClientRect()]);
    let height = MARGIN;
    const rows = places.filter(([, box]) => box.height).map(([node, box]) => {
      const y = height;
      height += box.height + 10;
      return [node, Math.round(MARGIN - box.x), Math.round(y - box.y)];
    });
    const [wide, high] = [Math.ceil(width + 2 * MARGIN), Math.ceil(height - 10 + MARGIN)];
    const pen = makePen(wide, high);
    pen.fillStyle = view.theme.colour.page;
    pen.fillRect(0, 0, wide, high);
    for (const [node, x, y] of rows) paintNode(pen, node, recording, x, y);
    return pen;
  } finally {
    for (const node of words) node.remove();
  }
}

// A pen on a new canvas, so many pixels per CSS pixel.
function paperPen(width, height, ratio) {
  const canvas = el("canvas", { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error(`${canvas.width} × ${canvas.height} pixels are more than this browser draws; choose a smaller scale or SVG`);
  pen.scale(ratio, ratio);
  return pen;
}

// Save a view's picture: `lay(recording)` lays the view out for it and says what is on the paper. The kind is "svg", or
// how many pixels a CSS pixel of the PNG has.
async function savePicture(view, kind, { theme, name, title, about }, lay) {
  const ratio = kind === "svg" ? SHARPER : kind;
  const measure = el("canvas").getContext("2d");
  const makePen = (width, height) => (kind === "svg"
    ? new SvgPen(width, height, { measure, font: view.font, id: `h${view.payload.id}` }) : paperPen(width, height, ratio));
  const pen = recorded(view, ratio, theme, (recording) => onPaper(view, recording, lay(recording), makePen));
  if (kind === "svg") return download(new Blob([pen.file(title, about)], { type: "image/svg+xml" }), `${name}.svg`);
  const blob = await new Promise((done) => pen.canvas.toBlob(done, "image/png"));
  const { width, height } = pen.canvas;
  if (!blob) throw new Error(`${width} × ${height} pixels are more than this browser saves; choose a smaller scale or SVG`);
  return download(blob, `${name}${kind === 1 ? "" : `_${kind}x`}.png`);
}

function download(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// A file name made of words: letters, digits, dots and dashes only; viz/files.py does the same.
const fileName = (...words) => words.map((word) => String(word).replace(/[^A-Za-z0-9.-]+/g, "-").replace(/^[.-]+|[.-]+$/g, "").slice(0, 60))
  .filter(Boolean).join("_");

// ---- What a picture was made of (viz/about.py), in words

// Model gpt-stories (revision sha256:1f2e...); text “Once upon a time”; Headlight 0.1.0, ...
function aboutWords(about) {
  return about ? [passWords(about), ...(about.notes ?? []).map((note) => note.replace(/\.$/, "")), versionWords(about)].filter(Boolean).join("; ") : "";
}

function passWords({ model, revision, source, attention, input }) {
  const from = revision ? ` (revision ${revision})` : source ? ` (${source})` : "";
  const inputs = Object.entries(input).map(([name, text]) =>
    (name === "picture" ? `a picture of ${text}` : `${name} “${visible(text)}”`));
  return [`Model ${visible(model)}${from}`, attention ? `attention: ${attention}` : "", ...inputs].filter(Boolean).join("; ");
}

const versionWords = ({ versions }) => versions.map((pair) => pair.join(" ")).join(", ");

// Lines end early: an SVG may be shown in a wider font than that of the screen.
const PAPER_STYLE = `
.paper{position:fixed;left:-20000px;top:0;font-size:13px;line-height:19px;color:var(--muted)}
.paper p{margin:0 0 4px;max-width:86%}
.paper p:last-child{margin:0}
.paper .said{font-size:14px;line-height:20px;color:var(--ink)}
.paper b{font-weight:600}
.paper .key{display:flex;flex-wrap:wrap;align-items:center;gap:4px 16px;color:var(--ink)}
.paper .key>span{display:inline-flex;align-items:center;gap:10px;white-space:nowrap}
.paper .key .cap{color:var(--muted)}
`;
