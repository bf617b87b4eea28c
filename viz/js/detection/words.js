// What is shown, in one sentence.

const NAMED = 3; // things in it

function detectionSentence(view) {
  const { payload, state, missing, ranking, maps: [over] } = view;
  if (missing) return [missing];
  const where = state.of === "mean" ? `Layer ${state.head.layer} · mean of its heads` : headTitle(state.head);
  if (state.show === "here") return hereSentence(view, where);
  if (state.show === "between") return betweenSentence(view, where);
  if (over.kind === "points") return pointsSentence(view, where, over);
  if (state.show === "relevance") return relevanceSentence(view, over);
  if (over.bad) return [strong(`${where}: `), "these weights are no distribution (not a number, or all zero), so there is nothing to draw."];
  const best = strongest(over, NAMED).filter((patch) => over.value[patch] > 0);
  const found = joined(best.map((patch) => [over.side.words(patch), " ", strong(over.text(patch))]));
  const hidden = over.hidden !== null && over.special.length ? [`; ${percentOf(over.hidden)} lies on positions that are no patches`] : [];
  const rest = over.across ? "." : `; the other ${thousands(over.side.patches - best.length)} patches share the rest.`;
  const who = state.show === "query" ? [...queryWords(view, state.query), " reads "] : encoderWords(view, over);
  return [strong(`${where}: `), ...who, ...found, ...hidden, rest, ...(over.stale ? [` The rows of this head are ${view.live ? "on their way" : "not in this file"}.`] : [])];
}

function relevanceSentence({ payload, state }, over) {
  const whose = [strong("Relevance: "), ...queryWords({ payload }, state.query)];
  if (!over.top) return [...whose, " rests on no patch that attention leads to."];
  const best = strongest(over, NAMED).filter((patch) => over.value[patch] > 0);
  return [...whose, " rests most on ", ...joined(best.map((patch) => [over.side.words(patch), " ", strong(over.text(patch))])),
    "; in parts of the strongest, through all layers, as far as weights and gradients speak for it."];
}

function queryWords({ payload, isKept }, q) {
  return [`query ${q} (`, quoted(payload.label(q)), ` ${certain(payload.sure(q))})`];
}

function encoderWords({ state, stack, pointSide }, over) {
  const verb = over.across ? "is read by " : "reads ";
  const middle = over.across ? "the patch in the middle " : "on average a patch ";
  if (state.patch === null || over.stale) return [stack.queries.base === null ? middle : "the class token ", verb];
  return [`the patch at ${pointSide.words(Math.min(state.patch, pointSide.patches - 1))} `, verb];
}

function hereSentence(view, where) {
  const { payload, state, ranking, pointSide, dense } = view;
  if (!ranking) return [strong(`${where}: `), "point at a place in the picture to see which queries look there; click to hold it."];
  const best = ranking.slice(0, NAMED).filter(({ share }) => share > 0);
  const place = `${dense ? "the patch at" : "the cell at"} ${pointSide.words(state.patch)}`;
  if (!best.length) return [strong(`${where}: `), `no query looks at ${place}.`];
  return [strong(`${where}: `), `at ${place} looks most `, ...joined(best.map(({ q, text }) => [...queryWords(view, q), " ", strong(text)])),
    `, ${dense ? "of each query's own weight" : "the sum of its points there"}; ${thousands(payload.n - best.length)} others less.`];
}

function betweenSentence(view, where) {
  const { state, stack, between: { at }, ranking } = view;
  if (at) {
    const one = between(stack, sheetOf(state), at.row, false)?.find(({ q }) => q === at.column);
    return [strong(`${where}: `), ...queryWords(view, at.row), " reads ", ...queryWords(view, at.column), " ", strong(one?.text ?? "")];
  }
  const best = (ranking ?? []).slice(0, NAMED);
  const verb = state.way === "read" ? " is read by " : " reads ";
  return [strong(`${where}: `), ...queryWords(view, state.query), verb, ...joined(best.map(({ q, text }) => [...queryWords(view, q), " ", strong(text)])),
    stack.header.partial && state.way === "reads" ? "; what is missing to 1 lies on the picture." : "."];
}

function pointsSentence(view, where, { points, from }) {
  const { state } = view;
  const inside = points.filter(({ x, y }) => x >= 0 && y >= 0 && x <= 1 && y <= 1);
  const sum = inside.reduce((total, { weight }) => total + weight, 0);
  const who = state.show === "query" ? queryWords(view, state.query) : [`the cell at ${view.pointSide.words(state.patch)} of level ${state.from}`];
  const level = state.level === null ? "" : ` of level ${state.level}`;
  return [strong(`${where}: `), ...who, ` reads ${points.length} points${level}; those inside the picture carry `, strong(certain(sum)), " of the weight."];
}

// Lists of parts of a sentence, in one sentence.
const joined = (items) => items.flatMap((parts, i) => (i ? [", ", ...parts] : parts));
