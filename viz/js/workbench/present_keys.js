// The keys of a presentation: what each does, and the lists of them on the screen. Clickers send Page Up and Page Down,
// some a full stop for black.

const STEPPING = { "step 1": true, "step -1": true };

// What a key event asks for: a name and, where it counts, a direction; "pass" leaves it to the workbench; "" is nothing.
function presentKey({ key, shiftKey = false }) {
  const back = shiftKey ? -1 : 1;
  const letter = key.length === 1 ? key.toLowerCase() : key;
  if (/^[1-9sx]$/.test(letter)) return "pass";
  return {
    ArrowLeft: shiftKey ? "head -1" : "word -1", ArrowRight: shiftKey ? "head 1" : "word 1",
    ArrowUp: "layer -1", ArrowDown: "layer 1", v: `view ${back}`, " ": `step ${back}`, PageDown: "step 1", PageUp: "step -1",
    w: "words", n: "note", b: "blackout", ".": "blackout", q: "code", "?": "help", h: "help", Escape: "leave",
  }[letter] ?? "";
}

const HELP = [
  [["←", "→"], "previous word, next word"],
  [["↑", "↓"], "the same head a layer up, a layer down"],
  [["Shift ←", "Shift →"], "the head to the left, to the right"],
  [["1", "–", "6"], "hide a chosen head’s lines, or show them"],
  [["X"], "switch the head off in the model, or on again"],
  [["V"], "next view; with Shift the one before"],
  [["Space", "Page Down"], "next step"],
  [["Shift Space", "Page Up"], "previous step"],
  [["S"], "hide the sinks, or show them"],
  [["W"], "words, or the model’s tokens"],
  [["N"], "the step’s note"],
  [["Q"], "QR code of the address, to follow along"],
  [["B", "."], "black screen, and back"],
  [["?"], "these keys"],
  [["Esc"], "leave"],
];

const keyNodes = (keys) => keys.map((key) => (key === "–" ? key : el("kbd", { textContent: key })));

function helpNodes(close) {
  const rows = HELP.flatMap(([keys, words]) => [el("dt", {}, ...keyNodes(keys)), el("dd", { textContent: words })]);
  return [el("h3", { textContent: "Keys" }), el("dl", {}, ...rows), pressable("button", "Close", close)];
}

// What the model answers, in a line: Next token: “bird” 0.09, “tree” 0.02, “,” 0.02
function answerSentence(ranking) {
  if (!ranking) return [];
  const best = ranking.labels.slice(0, 3).flatMap((label, i) =>
    [i ? ", " : " ", quoted(shorten(label, 16)), " ", strong(places2(halvesOf(ranking.best[i])))]);
  return [`${ranking.question.charAt(0).toUpperCase()}${ranking.question.slice(1)}:`, ...best];
}

// The line of hints at the foot: only what does something now.
function hintNodes({ state, payload, sinks, live, off }, steps) {
  const n = state.chosen.length;
  const hints = [[["←", "→"], "word"], [["↑", "↓"], "layer"],
    ...(n > 1 ? [[["1", "–", String(Math.max(...state.chosen.map(({ slot }) => slot + 1)))], "lines"]] : []),
    [["V"], "view"], ...(off.can ? [[["X"], "head off"]] : []), ...(steps ? [[["Space"], "next step"]] : []),
    ...(payload.sink.includes(1) && !sinks.element.hidden ? [[["S"], "sinks"]] : []),
    ...(live && payload.header.words ? [[["W"], "words"]] : []), [["B"], "blackout"], [["?"], "all keys"]];
  return hints.map(([keys, words]) => el("span", { className: "p-hint" }, ...keyNodes(keys), words));
}
