// What the model answers: classes, parts of the passage, candidates for gaps, a text of its own.

// One row of a list: a label, a bar, a probability; pressed if it can be chosen.
function option(label, probability, most, { className = "", onclick = null, role = null, on = false } = {}) {
  const bar = el("i", { hidden: !(most > 0) });
  bar.style.width = `${Math.min(100, (100 * Math.max(0, probability)) / (most || 1))}%`;
  const nodes = [el("bdi", { textContent: label, title: label }), el("span", {}, bar), span("number", probabilityWords(probability))];
  if (!onclick) return el("div", { className: `option ${className}` }, ...nodes);
  const button = pressable(`option ${className}`, "", onclick);
  button.append(...nodes);
  if (role) [button.role, button.ariaChecked] = [role, String(on)];
  else button.ariaPressed = String(on);
  return button;
}

function classNodes(view) {
  const { listed, n, chosen, alone } = view.header.classes;
  const left = 1 - listed.reduce((sum, [, share]) => sum + share, 0);
  const rows = listed.map(([label, share, number]) => {
    const choice = view.live && listed.length > 1 ? { onclick: () => view.ask(`class ${number}`), role: "radio", on: number === chosen } : {};
    return option(label, share, 1, choice);
  });
  const rest = n > listed.length ? [option(`the other ${thousands(n - listed.length)}`, left, 0, { className: "none" })] : [];
  const words = alone ? "each decided by itself" : view.live && listed.length > 1 ? "choose one to see what speaks for it" : "";
  return section("Classes", words, el("div", { className: "options", role: "radiogroup", "aria-label": "Classes" }, ...rows, ...rest));
}

function spanNodes(view) {
  const { found, nothing } = view.header.spans;
  const most = Math.max(...found.map(([, share]) => share), nothing ?? 0, 1e-9);
  const rows = found.map(([text, share], i) => option(text || "∅", share, most, { onclick: () => view.mark(i), on: i === view.marked }));
  if (nothing !== null) rows.push(option("no answer in the text", nothing, most, { className: "none" }));
  const none = nothing !== null && found.length && nothing > found[0][1];
  const words = none ? "the model finds no answer in the text; these come nearest" : "probability of the first token times that of the last";
  return section("Answers", words, el("div", { className: "options" }, ...rows));
}

function gapNodes(view) {
  const { gaps } = view.header;
  const lists = gaps.map(({ candidates, n, asked }, i) => {
    const most = candidates[0]?.[1] ?? 1;
    const title = gaps.length > 1
      ? pressable("button", `Gap ${i + 1}`, () => view.choose(i), { ariaPressed: String(i === view.row) }) : span("", "Gap");
    const rows = candidates.map(([label, share]) => option(shown(label), share, most));
    const left = Math.max(0, 1 - candidates.reduce((sum, [, share]) => sum + share, 0));
    if (n > candidates.length) rows.push(option(`the other ${thousands(n - candidates.length)}`, left, 0, { className: "none" }));
    const words = asked.map(([word, rank, share]) => {
      const node = el("div", { className: "asked" });
      fill(node, [quoted(word), " has rank ", strong(thousands(rank + 1)), ` of ${thousands(n)}, probability `, strong(probabilityWords(share)), "."]);
      return node;
    });
    return el("div", {}, el("h3", {}, title), el("div", { className: "options" }, ...rows), ...words);
  });
  return section("What fits", `over the whole vocabulary of ${thousands(gaps[0].n)} tokens`, el("div", { className: "gaps" }, ...lists));
}

// The text it wrote; each token carries how sure it was, by the colour of its surprise.
function passageNodes(view) {
  const { passage } = view.header;
  const special = new Set(passage.special);
  view.written = passage.tokens.map((label, i) => {
    const level = Math.round(255 * Math.min(1, -Math.log2(Math.max(view.parts.probabilities[i], 1e-30)) / 12));
    const className = special.has(i) ? "mark" : "";
    const button = pressable(className, special.has(i) ? shown(label) : label || "∅", () => view.choose(i), { tabIndex: i === view.row ? 0 : -1 });
    if (level > 6) [button.style.background, button.style.color] = [view.theme.beam[level], view.theme.beamInk[level]];
    button.onpointerenter = () => view.choose(i);
    return button;
  });
  const text = el("div", { className: "wrote", dir: "auto" }, ...view.written);
  text.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !view.written[view.row + step]) return;
    event.preventDefault();
    view.choose(view.row + step);
    view.written[view.row].focus();
  });
  const ramp = el("canvas", { width: 96, height: 10, ariaHidden: "true" });
  rampBar(ramp, view.theme);
  const made = section("What it wrote", "", text);
  made.firstChild.append(el("span", { className: "cap bar" }, "surprise 0", ramp, "12 bits"));
  return made;
}

// Start and end of the answer: a bar above and a bar below each token.
function endNodes(view) {
  const { tokens } = view.header;
  const { start, end } = view.parts;
  const most = Math.max(...start, ...end, 1e-9);
  const special = new Set(view.header.special);
  const marked = view.header.spans.found[view.marked];
  view.columns = tokens.map((label, i) => {
    const [up, down] = [el("b"), el("i")];
    [up.style.height, down.style.height] = [start, end].map((share) => `${(46 * share[i]) / most}px`);
    const inside = marked && i >= marked[2] && i <= marked[3];
    const node = el("div", { className: `place${special.has(i) ? " out" : ""}${inside ? " in" : ""}` }, up, span("", shown(label)), down);
    node.dataset.token = i;
    return node;
  });
  const row = el("div", {}, ...view.columns);
  const key = el("span", { className: "cap key" }, el("b"), "begins here", el("i"), "ends here");
  const made = section("Where the answer begins and ends", "", el("div", { className: "ends", tabIndex: 0, role: "group", "aria-label": "Start and end of the answer, token by token" }, row));
  made.firstChild.append(key);
  return made;
}

function section(title, words, ...nodes) {
  return el("section", {}, el("h2", {}, title, span("cap", words)), ...nodes);
}
