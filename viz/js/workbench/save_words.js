// What a saved picture says beside itself: its heads and colours above, below what it was made of; and the Python for it.

const paneTitle = (bench) => PANES.find(({ name }) => name === bench.state.view).title.toLowerCase();

// The heads that a picture shows: Lines has one colour per head, the others follow the head in focus.
function headsShown({ state }, grid) {
  if (grid) return state.chosen;
  if (state.view === "lines") return state.drawn.length ? state.drawn : [{ ...state.head, slot: state.focus }];
  return [{ ...state.head, slot: state.focus }];
}

// Everything that a reader needs to make the picture again, as one line.
function captionFacts(bench, grid, partly) {
  const { payload, state, sinks, threshold } = bench;
  const names = headsShown(bench, grid).map((head) => longName(head).toLowerCase().replace(" ·", ""));
  const words = [grid ? `All ${payload.heads.length} heads` : `${paneTitle(bench)[0].toUpperCase()}${paneTitle(bench).slice(1)}: ${wordList(names)}`];
  if (partly) words.push("cut to what was in sight");
  if (state.view !== "neurons" || grid) words.push(SCALES[state.scale].words);
  if (!grid && payload.sink.includes(1) && bench.pane.controls.includes(sinks.element)) {
    const note = sinks.note.textContent;
    words.push(state.hideSinks ? `sinks hidden: ${sinkWords(payload)}${note ? ` (${note})` : ""}` : "sinks shown");
  }
  if (!grid && bench.pane.controls.includes(threshold.element)) words.push(`threshold ${threshold.note.textContent}`);
  return `${words.join("; ")}. ${aboutWords(payload.header.about)}.`.replace(/\.\.$/, ".");
}

// ---- Over the picture: which colour is which head, and what the ramp means

function headKeys(bench, grid) {
  const { payload, theme } = bench;
  return headsShown(bench, grid).map(({ layer, head, slot }) => {
    const number = span("number", slot + 1);
    number.style.cssText = `background:${theme.heads[slot]};color:${theme.digits[slot]}`;
    const role = payload.statistics?.[payload.index({ layer, head })]?.role;
    return el("span", {}, number, headName({ layer, head }), ...(role ? [span("cap", role)] : []));
  });
}

function rampKey(theme, low, high, words, ramp) {
  const canvas = el("canvas", { width: 96, height: 10 });
  rampBar(canvas, theme, ramp);
  return el("span", { className: "cap" }, low, canvas, high, ...(words ? [span("", words)] : []));
}

function gridKey(bench) {
  const { theme, rampLow, rampHigh, rampWords } = bench;
  return el("div", { className: "key" }, ...headKeys(bench, true),
    rampKey(theme, rampLow.textContent, rampHigh.textContent, rampWords.textContent));
}

function rolesKey({ payload, theme }) {
  const roles = roleLegend(payload, theme);
  return roles.length ? el("div", { className: "roles cap" }, ...roles) : null;
}

// What the colours of each pane run between; panes that are not listed have no ramp.
const RAMPS = {
  matrix: ({ theme, rampLow, rampHigh }) => rampKey(theme, rampLow.textContent, rampHigh.textContent),
  from: ({ theme }) => rampKey(theme, "0", "strongest"),
  text: ({ theme, pane }) => (pane.top.textContent ? rampKey(theme, "0", pane.top.textContent) : null),
  neurons: ({ theme, pane }) => (pane.parts ? rampKey(theme, THEME.minus, "+", pane.scales.textContent, theme.change) : null),
};

function paneKey(bench) {
  const ramp = RAMPS[bench.state.view]?.(bench);
  return el("div", { className: "key" }, ...headKeys(bench, false), ...(ramp ? [ramp] : []));
}

// ---- The same view in a notebook

// Python's lines up to the state come with the payload (viz/about.py); the state is what the visitor has chosen since.
function codeOf({ payload, state }) {
  const pieces = payload.header.about?.python ?? [];
  if (!pieces.length) return "";
  const start = pieces.join(state.view === "neurons" ? ', keep={"scores"}' : "");
  const plain = new State();
  plain.choose([payload.heads[0]]);
  const [fields, usual] = [state.fields(), plain.fields()];
  const said = Object.entries(fields).filter(([key, value]) => key === "heads" || value !== usual[key]);
  const written = said.map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(", ");
  const { layer, head } = state.head;
  const query = state.pinned && state.active.side === "query" && payload.header.neurons?.query !== undefined ? `, ${state.active.index}` : "";
  const neurons = state.view === "neurons" ? `,\n    neurons=(${layer}, ${head}${query}),` : ",";
  return `${start}\n    state={${written}}${neurons}\n)\n`;
}
