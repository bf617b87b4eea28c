// What the large map shows, in one sentence.

const NAMED = 3; // patches in it

function patchesSentence(view) {
  const { payload, state, missing, maps } = view;
  if (missing) return [missing];
  const [over] = maps;
  if (over.bad) return [strong(`${title(view)}: `), "these weights are no distribution (not a number, or all zero), so there is nothing to draw."];
  const best = strongest(over, NAMED).filter((patch) => over.value[patch] > 0 || over.signed);
  if (over.signed) {
    const others = strongest(over, NAMED + 1).filter((patch) => patch !== over.at).slice(0, NAMED);
    return [strong("Position embeddings: "), `that of the patch at ${over.side.words(over.at)} is most like those at `,
      ...listed(others.map((patch) => [`${over.side.words(patch)} `, strong(over.text(patch))])), "."];
  }
  if (over.top !== undefined) return relevanceSentence(view, over, best);
  const reading = over.across ? [`${asked(view)} is read by `] : [`${asked(view)} `];
  const found = listed(best.map((patch) => [over.side.words(patch), " ", strong(over.text(patch))]), over.across ? "" : "; ");
  const hidden = over.hidden === null || !over.special.length ? [] : [`; ${percentOf(over.hidden)} on ${specialNames(over)}`];
  const rest = over.across ? "." : `; the other ${thousands(over.side.patches - best.length)} patches share the rest.`;
  return [strong(`${title(view)}: `), ...reading, ...found, ...hidden, rest, ...(over.stale ? [` The rows of this head are ${view.live ? "on their way" : "not in this file"}.`] : [])];
}

function relevanceSentence({ payload }, over, best) {
  const { start, label } = over;
  const from = start ? ` from layer ${start} on` : "";
  if (!best.length) return [strong("Relevance: "), "no patch speaks for ", quoted(label), from, "."];
  return [strong("Relevance: "), `read at ${payload.header.read_from}${from}, the answer `, quoted(label), " rests most on ",
    ...listed(best.map((patch) => [over.side.words(patch), " (", strong(over.text(patch)), ")"])), ", in per cent of the strongest patch."];
}

// The map's name, of any kind of map.
function mapTitle(view) {
  const { state, payload, maps } = view;
  if (state.map === "positions") return "Position embeddings";
  if (state.map !== "relevance") return title(view);
  const [{ start }] = maps;
  const labels = maps.map(({ label }) => `“${shorten(shown(label), 28)}”`);
  return `Relevance for ${wordList(labels)}${start ? ` from layer ${start} on` : ""}, read at ${payload.header.read_from}`;
}

function title({ state }) {
  if (state.map === "mean") return `Layer ${state.head.layer} · mean of its heads`;
  if (state.map === "rollout") return `Rollout · heads by their ${{ mean: "mean", max: "maximum", min: "minimum" }[state.fuse]}`;
  return headTitle(state.head);
}

// Who reads or is read.
function asked({ payload, state, maps: [over] }) {
  const side = state.way === "read" ? payload.keys : payload.queries;
  const reads = state.map === "rollout" ? "draws on" : "reads";
  const verb = over.across ? "" : ` ${reads}`;
  if (state.patch !== null && side.grid && !over.stale) return `the patch at ${side.words(Math.min(state.patch, side.patches - 1))}${verb}`;
  if (over.across) return side.base === null ? `the patch at ${side.words(pointed(payload, state) - side.first)}` : "the class token";
  return payload.queries.base === null ? `on average a patch ${reads}` : `the class token ${reads}`;
}

function specialNames({ special }) {
  const names = special.map(([name]) => name);
  return names.length > 3 ? `${names.length} special positions` : wordList(names);
}

// Lists of parts of a sentence, in one sentence.
function listed(items, between = ", ") {
  return items.flatMap((parts, i) => (i ? [between || ", ", ...parts] : parts));
}
