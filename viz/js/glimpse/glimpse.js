// One head reading one word: two columns of tokens, the last token's lines strong, the others' a faint ground.

const STEP = 14, TOP = 12, WIDTH = 300, GAP = 104;       // pixels; GAP: from the edge to where lines begin

function svg(name, attributes, text = "") {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.textContent = text;
  return node;
}

function curve([query, key, weight], last, theme) {
  const [y0, y1] = [TOP + query * STEP - 4, TOP + key * STEP - 4];
  const [left, right, middle] = [GAP + 6, WIDTH - GAP - 6, WIDTH / 2];
  const strong = query === last;
  return svg("path", {
    d: `M${left} ${y0}C${middle} ${y0} ${middle} ${y1} ${right} ${y1}`,
    fill: "none",
    stroke: theme.heads[0],
    "stroke-width": strong ? 1 + 3.8 * Math.sqrt(weight) : 1,
    "stroke-opacity": strong ? 0.35 + 0.65 * Math.sqrt(weight) : 0.05 + 0.13 * weight,
  });
}

function label(text, x, row, anchor, bold, theme) {
  const shown = text.length > 13 ? `${text.slice(0, 12)}…` : text;
  return svg("text", {
    x, y: TOP + row * STEP, "text-anchor": anchor, "font-size": 12, fill: theme.colour[bold ? "ink" : "muted"],
    "font-weight": bold ? 700 : 400, "unicode-bidi": "isolate",
  }, shown);
}

export default function ({ data, parentElement }) {
  unpack(data).then(({ header }) => {
    const root = parentElement.querySelector(".view");
    const theme = Theme.of(root), last = header.labels.length - 1;
    const height = 2 * TOP + STEP * 11;                  // as tall as twelve tokens, so that cards in a row agree
    const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, width: "100%", height, role: "img" });
    picture.setAttribute("aria-label", header.said);
    picture.style.fontFamily = "var(--st-font, sans-serif)";
    picture.append(...header.lines.map((line) => curve(line, last, theme)));
    header.labels.forEach((text, row) => picture.append(
      label(text, GAP, row, "end", row === last, theme),
      label(text, WIDTH - GAP, row, "start", row === header.best, theme)));
    root.replaceChildren(picture);
    root.dataset.ready = "glimpse";
  });
}
