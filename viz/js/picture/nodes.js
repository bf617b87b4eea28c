// Nodes of the page drawn by a pen, where the page has them: boxes, text, and canvases by what was recorded on them.

const UNSAVED = ".button, .unseen, input, [data-unsaved]"; // what only a page has a use for

// Draw a node and all inside it; (x, y) is where its page's origin lies for the pen.
function paintNode(pen, node, recording, x, y) {
  pen.save();
  pen.translate(x, y);
  paint({ pen, recording }, node);
  pen.restore();
}

function paint(on, node) {
  const style = getComputedStyle(node);
  if (style.display === "none" || style.visibility === "hidden" || node.matches(UNSAVED)) return;
  const { pen } = on;
  const box = node.getBoundingClientRect();
  pen.save();
  pen.globalAlpha *= Number(style.opacity);
  for (const part of style.display === "inline" ? node.getClientRects() : [box]) paintBox(pen, part, style);
  if (node.tagName === "CANVAS") paintCanvas(on, node, box, style);
  else if (node.tagName === "SELECT") paintLine(pen, { ...inner(node, style), text: node.selectedOptions[0]?.textContent ?? "" }, style, "left");
  else if (style.textOverflow === "ellipsis" && node.scrollWidth > node.clientWidth) paintCut(pen, node, style);
  else if (isSentence(node)) paintSentence(pen, node);
  else paintChildren(on, node, style);
  pen.restore();
}

function paintChildren(on, node, style) {
  const { pen } = on;
  const hides = style.overflowX !== "visible" || style.overflowY !== "visible";
  if (hides && (node.scrollHeight > node.clientHeight + 1 || node.scrollWidth > node.clientWidth + 1)) {
    const box = node.getBoundingClientRect();
    pen.beginPath();
    pen.rect(box.x, box.y, box.width, box.height);
    pen.clip();
  }
  const height = (child) => (child.nodeType === Node.ELEMENT_NODE ? Number(getComputedStyle(child).zIndex) || 0 : 0);
  const children = [...node.childNodes].map((child) => [height(child), child]).sort(([a], [b]) => a - b);
  for (const [, child] of children) {
    if (child.nodeType === Node.TEXT_NODE) paintText(pen, child, style);
    else if (child.nodeType === Node.ELEMENT_NODE && child.tagName !== "STYLE") paint(on, child);
  }
}

// ---- Boxes

const seen = (colour) => svgColour(colour).alpha > 0;

function paintBox(pen, box, style) {
  const radius = Math.min(pixels(style.borderTopLeftRadius), box.width / 2, box.height / 2);
  const shadows = rings(style.boxShadow);
  for (const ring of shadows.filter(({ inset }) => !inset).reverse()) paintRing(pen, box, radius, ring, ring.spread / 2);
  if (seen(style.backgroundColor)) {
    pen.fillStyle = style.backgroundColor;
    rounded(pen, box, radius, 0);
    pen.fill();
  }
  if (style.backgroundImage !== "none") paintHatch(pen, box, style);
  for (const ring of shadows.filter(({ inset }) => inset)) paintRing(pen, box, radius, ring, -ring.spread / 2);
  if (style.outlineStyle === "solid") {
    const spread = pixels(style.outlineWidth);
    paintRing(pen, box, radius, { colour: style.outlineColor, spread }, pixels(style.outlineOffset) + spread / 2);
  }
  paintBorder(pen, box, radius, style);
}

function rounded(pen, { x, y, width, height }, radius, grow) {
  pen.beginPath();
  const place = [x - grow, y - grow, width + 2 * grow, height + 2 * grow];
  if (radius) pen.roundRect(...place, Math.max(0, radius + grow));
  else pen.rect(...place);
}

function paintRing(pen, box, radius, { colour, spread }, grow) {
  [pen.strokeStyle, pen.lineWidth] = [colour, spread];
  rounded(pen, box, radius, grow);
  pen.stroke();
}

// The shadows that are rings, neither moved nor blurred: [{colour, spread, inset}].
function rings(css) {
  if (css === "none") return [];
  return css.split(/,(?![^(]*\))/).flatMap((one) => {
    const [, colour, x, y, blur, spread, inset] = one.trim().match(/^(.*?) (\S+)px (\S+)px (\S+)px (\S+)px(?: (inset))?$/) ?? [];
    return Number(x) || Number(y) || Number(blur) || !Number(spread) ? [] : [{ colour, spread: Number(spread), inset }];
  });
}

function paintBorder(pen, box, radius, style) {
  const sides = ["Top", "Right", "Bottom", "Left"].map((side) =>
    ({ width: style[`border${side}Style`] === "none" ? 0 : pixels(style[`border${side}Width`]), colour: style[`border${side}Color`] }));
  const drawn = sides.filter(({ width, colour }) => width && seen(colour));
  if (drawn.length === 4) return paintRing(pen, box, radius, { colour: drawn[0].colour, spread: drawn[0].width }, -drawn[0].width / 2);
  const { x, y, right, bottom, width, height } = box;
  const places = [(w) => [x, y, width, w], (w) => [right - w, y, w, height], (w) => [x, bottom - w, width, w], (w) => [x, y, w, height]];
  sides.forEach(({ width: w, colour }, i) => {
    if (!w || !seen(colour)) return;
    pen.fillStyle = colour;
    pen.fillRect(...places[i](w));
  });
  return null;
}

// The one pattern that boxes have: stripes behind what is no distribution.
function paintHatch(pen, box, style) {
  const name = style.getPropertyValue("--page").trim().toLowerCase();
  const theme = Object.keys(THEME.palette).find((one) => THEME.palette[one].page.toLowerCase() === name) ?? "light";
  hatch(pen, { colour: THEME.palette[theme] }, box.x, box.y, box.width, box.height);
}

// ---- Canvases

function paintCanvas({ pen, recording }, canvas, box, style) {
  pen.group?.(canvas.className);
  pen.save();
  pen.translate(Math.round(box.x), Math.round(box.y)); // or thin lines would be spread over two pixels
  if (!recording.replay(canvas, pen)) {
    pen.imageSmoothingEnabled = style.imageRendering !== "pixelated";
    pen.drawImage(canvas, 0, 0, box.width, box.height);
  }
  pen.restore();
  pen.group?.("");
}

// ---- Text

const pixels = (text) => parseFloat(text) || 0;

function inner(node, style) {
  const box = node.getBoundingClientRect();
  const [left, right] = ["Left", "Right"].map((side) => pixels(style[`padding${side}`]) + pixels(style[`border${side}Width`]));
  return { left: box.left + left, right: box.right - right, top: box.top, height: box.height };
}

function setFont(pen, style) {
  pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
}

// An element whose text does not fit: its beginning, as the page shows it.
function paintCut(pen, node, style) {
  const box = inner(node, style);
  setFont(pen, style);
  paintLine(pen, { ...box, text: clip(pen, node.textContent, box.right - box.left) }, style, "left");
}

// The lines of a text node as the page has broken them: [{text, left, right, top, height}]; space around the text has
// no part in them.
function linesOf(node) {
  const range = document.createRange();
  const [, before, core] = node.data.match(/^(\s*)([^]*?)\s*$/);
  range.setStart(node, before.length);
  range.setEnd(node, before.length + core.length);
  const join = (boxes) => ({ left: Math.min(...boxes.map((b) => b.left)), right: Math.max(...boxes.map((b) => b.right)),
    top: boxes[0].top, height: boxes[0].height });
  const together = (boxes) => boxes.every(({ top }) => Math.abs(top - boxes[0].top) < 2);
  const boxes = [...range.getClientRects()].filter(({ width }) => width);
  if (!boxes.length) return [];
  if (together(boxes)) return [{ text: core, ...join(boxes) }];
  const lines = [];
  let at = before.length;
  for (const letter of core) {
    range.setStart(node, at);
    range.setEnd(node, (at += letter.length));
    const box = [...range.getClientRects()].find(({ width }) => width);
    const line = lines.at(-1);
    if (box && !(line && together([line.boxes[0], box]))) lines.push({ text: letter, boxes: [box] });
    else if (line) [line.text, line.boxes] = [line.text + letter, box ? [...line.boxes, box] : line.boxes];
  }
  return lines.map(({ text, boxes: own }) => ({ text: text.trim(), ...join(own) }));
}

function paintText(pen, node, style) {
  if (!node.data.trim()) return;
  for (const line of linesOf(node)) paintLine(pen, line, style);
}

// One line in its box: held at the end that the page holds it at, so that another font leaves it in its place.
function paintLine(pen, { text, left, right, top, height }, style, side = sideOf(style)) {
  setFont(pen, style);
  [pen.textBaseline, pen.textAlign, pen.direction] = ["alphabetic", side, style.direction];
  const words = text.replace(/\s+/g, " ");
  const x = { left, right, center: (left + right) / 2 }[side];
  const y = baselineOf(pen, top, height);
  const spanned = style.display === "inline" && "spanned" in pen ? pen.measureText(words).width : null;
  const write = (how) => {
    if (spanned) pen.spanned = spanned;
    pen[how](words, x, y);
  };
  pen.fillStyle = style.color;
  write("fillText");
  if (pixels(style.webkitTextStrokeWidth)) {
    [pen.strokeStyle, pen.lineWidth] = [style.color, pixels(style.webkitTextStrokeWidth)];
    write("strokeText");
  }
  if (!style.textDecorationLine.includes("underline")) return;
  pen.fillStyle = style.textDecorationColor;
  pen.fillRect(left, y + 2, right - left, 1);
}

function sideOf({ textAlign, direction, display }) {
  if (display === "inline") return "left"; // its neighbours say where it stands
  const ahead = direction === "rtl" ? "right" : "left";
  return { right: "right", center: "center", end: ahead === "left" ? "right" : "left", left: "left" }[textAlign] ?? ahead;
}

function baselineOf(pen, top, height) {
  const { fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } = pen.measureText("x");
  return top + (height - ascent - descent) / 2 + ascent;
}

// ---- Sentences: text with words in bold and names in quotes, which an SVG keeps as one line each

// Whether there is nothing but text in a block, some of it set off by its font.
function isSentence(node) {
  const within = [...node.querySelectorAll("*")];
  return within.length > 0 && getComputedStyle(node).display === "block" && within.every((child) => {
    const { display, paddingLeft, paddingTop, backgroundColor } = getComputedStyle(child);
    return display === "inline" && !pixels(paddingLeft) && !pixels(paddingTop) && !seen(backgroundColor) && child.tagName !== "CANVAS";
  });
}

// Runs of one font in order, line by line: [[{text, style, isolated, left, top, height}]].
function runsOf(node) {
  const walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  const lines = [];
  let space = "";
  while (walk.nextNode()) {
    const { currentNode: text } = walk;
    const found = text.data.trim() ? linesOf(text) : [];
    if (/^\s/.test(text.data)) space = " ";
    for (const run of found) {
      const line = lines.at(-1);
      const same = line && Math.abs(line[0].top + line[0].height - run.top - run.height) < 5;
      const style = getComputedStyle(text.parentNode);
      const more = { ...run, text: (same ? space : "") + run.text.replace(/\s+/g, " "), style, isolated: text.parentNode.tagName === "BDI" };
      if (same) line.push(more);
      else lines.push([more]);
      space = " ";
    }
    if (found.length) space = "";
    if (/\s$/.test(text.data)) space = " ";
  }
  return lines;
}

function paintSentence(pen, node) {
  for (const line of runsOf(node)) {
    if (pen.writeRuns) paintRuns(pen, line);
    else for (const run of line) paintLine(pen, { ...run, text: run.text.trim() }, { ...fontPart(run.style), display: "inline" });
  }
}

function paintRuns(pen, line) {
  const [{ style, left, top, height }] = line;
  setFont(pen, style);
  [pen.textBaseline, pen.textAlign, pen.direction] = ["alphabetic", "left", style.direction];
  const y = baselineOf(pen, top, height);
  pen.writeRuns(line.map((run) => {
    setFont(pen, run.style);
    return { text: run.text, font: pen.font, colour: run.style.color, isolated: run.isolated };
  }), left, y);
}

function fontPart({ fontStyle, fontWeight, fontSize, fontFamily, color, direction, webkitTextStrokeWidth, textDecorationLine, textDecorationColor }) {
  return { fontStyle, fontWeight, fontSize, fontFamily, color, direction, webkitTextStrokeWidth, textDecorationLine, textDecorationColor };
}
