// The text that was read, once per method, each token in the colour of what the answer owes to it.

// From 0 to 255: of shares by their root, so that weak ones are seen; of signed values 128 is nothing.
function levelOf(value, most, signed) {
  if (!(most > 0) || !Number.isFinite(value)) return signed ? 128 : 0;
  if (signed) return Math.round(127.5 + 127.5 * Math.max(-1, Math.min(1, value / most)));
  return Math.round(255 * Math.sqrt(Math.max(0, Math.min(1, value / most))));
}

// The largest value of a row by size, special tokens left out where there are others.
function mostOf(values, special) {
  let [most, every] = [0, 0];
  values.forEach((value, i) => {
    every = Math.max(every, Math.abs(value));
    if (!special.has(i)) most = Math.max(most, Math.abs(value));
  });
  return most || every;
}

const rowOf = (values, row, n) => values.subarray(row * n, (row + 1) * n);
const signedWords = (value) => `${value < 0 ? "−" : "+"}${sizeWords(Math.abs(value))}`;
const sizeWords = (value) => (value === 0 ? "0" : value < 0.0005 ? "<0.001" : value < 100 ? value.toFixed(3) : value.toFixed(0));
const valueWords = (value, signed) => (signed ? signedWords(value) : sizeWords(value));

// How two methods agree, in words.
function agreementWords(rho) {
  if (rho === null || rho === undefined) return "";
  const words = rho > 0.7 ? "agree" : rho > 0.4 ? "agree in part" : rho > 0.15 ? "agree little" : rho > -0.15 ? "do not agree" : "disagree";
  return `Raw attention and this ${words}: rank correlation ${rho < 0 ? "−" : ""}${Math.abs(rho).toFixed(2)}.`;
}

function mapNodes(view, number) {
  const { header, parts, theme } = view;
  const { name, about, signed, gradient } = header.maps[number];
  const n = header.tokens.length;
  const special = new Set(header.special);
  const values = rowOf(parts[`map${number}`], Math.min(view.row, parts[`map${number}`].length / n - 1), n);
  const most = mostOf(values, special);
  const [colours, inks] = signed ? [theme.change, theme.changeInk] : [theme.beam, theme.beamInk];
  const places = new Set((header.gaps ?? []).map((gap) => gap.place));
  const marked = header.spans?.found[view.marked];
  const nodes = header.tokens.map((label, i) => {
    const level = levelOf(values[i], most, signed);
    const node = span(special.has(i) && !places.has(i) ? "mark" : "", special.has(i) && !places.has(i) ? shown(label) : label);
    node.dataset.token = i;
    const strongly = signed ? Math.abs(level - 127.5) > 6 : level > 6;
    if (strongly) [node.style.background, node.style.color] = [colours[level], inks[level]];
    if (places.has(i)) {
      node.className = `gap${header.gaps[view.row]?.place === i ? " on" : ""}`;
      node.textContent = ` ${[...places].indexOf(i) + 1} `;
    }
    if (marked && i >= marked[2] && i <= marked[3]) node.classList.add("answer");
    return node;
  });
  const bar = el("canvas", { width: 96, height: 10, ariaHidden: "true" });
  rampBar(bar, theme, colours);
  const ends = signed ? [`−${sizeWords(most)}`, `+${sizeWords(most)}`] : ["0", sizeWords(most)];
  const legend = el("span", { className: "cap bar" }, ends[0], bar, ends[1]);
  const agreement = gradient ? agreementWords(header.agreement[number - header.maps.findIndex((map) => map.gradient)]) : "";
  const text = el("div", { className: "read", dir: "auto", tabIndex: 0, role: "group", "aria-label": name }, ...nodes);
  return el("div", {}, el("h3", {}, name, legend), el("p", { textContent: `${about} ${agreement}` }), text);
}
