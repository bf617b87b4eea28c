// Saved steps as data: a named list of what a page showed, and the file they are kept in.

const STEPS = { file: 1_000_000, most: 200, name: 120, note: 2_000, text: 60_000, version: 1 };

// What the boxes of a page hold and the keys of the address say, as text; others' keys stay as they are.
const isRecord = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

// A file's text; `page` says where the steps were made.
function writeSteps(steps, page = "") {
  return JSON.stringify({ headlight: "steps", version: STEPS.version, page, steps }, null, 1);
}

// The steps of a file's text: {steps, page}; throws an Error that says what was expected and what came.
function readSteps(text) {
  const size = new TextEncoder().encode(text).length;
  if (size > STEPS.file) throw new Error(`A file of steps has at most 1 MB; this one has ${(size / 1e6).toFixed(1)} MB.`);
  let file;
  try { file = JSON.parse(text); } catch { throw new Error("Steps are kept in a JSON file; this one is no JSON."); }
  if (!isRecord(file) || file.headlight !== "steps") {
    throw new Error("Expected a file of steps, which begins with \"headlight\": \"steps\"; this JSON is something else.");
  }
  if (file.version !== STEPS.version) {
    throw new Error(`This file of steps is written in version ${shorten(String(file.version), 20)}; Headlight reads version ${STEPS.version}.`);
  }
  if (!Array.isArray(file.steps)) throw new Error("Expected a list of steps in the file; there is none.");
  if (file.steps.length > STEPS.most) {
    throw new Error(`Headlight walks through at most ${STEPS.most} steps; this file has ${thousands(file.steps.length)}.`);
  }
  return { page: typeof file.page === "string" ? file.page : "", steps: file.steps.map(readStep) };
}

function readStep(step, i) {
  const where = `Step ${i + 1} of the file`;
  if (!isRecord(step)) throw new Error(`${where}: expected a name and a state; there is ${kindOf(step)}.`);
  const read = { name: wordsOf(step.name ?? "", `${where}, its name`, STEPS.name), state: fieldsOf(step.state ?? {}, `${where}, its state`) };
  if (step.note !== undefined) read.note = wordsOf(step.note, `${where}, its note`, STEPS.note);
  if (step.input !== undefined) read.input = fieldsOf(step.input, `${where}, its input`);
  return read;
}

function wordsOf(value, what, most) {
  if (typeof value !== "string") throw new Error(`${what}: expected text; there is ${kindOf(value)}.`);
  if (value.length > most) throw new Error(`${what}: at most ${thousands(most)} characters; there are ${thousands(value.length)}.`);
  return value;
}

function fieldsOf(value, what) {
  if (!isRecord(value)) throw new Error(`${what}: expected names with texts; there is ${kindOf(value)}.`);
  const fields = Object.entries(value);
  if (fields.length > 50) throw new Error(`${what}: at most 50 entries; there are ${thousands(fields.length)}.`);
  return Object.fromEntries(fields.map(([key, text]) =>
    [wordsOf(key, what, 50), wordsOf(text, `${what}, “${shorten(key, 20)}”`, STEPS.text)]));
}

const kindOf = (value) => (value === null ? "nothing" : Array.isArray(value) ? "a list" : isRecord(value) ? "a record" : `the ${typeof value} ${shorten(String(value), 20)}`);

// Whether two inputs are the same; what is empty need not be named.
function sameInput(a = {}, b = {}) {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => (a[key] ?? "") === (b[key] ?? ""));
}

// The list with one step moved from one place to another.
function moved(steps, from, to) {
  const rest = steps.filter((_, i) => i !== from);
  return [...rest.slice(0, to), steps[from], ...rest.slice(to)];
}

// What a step is called before somebody gives it a name.
function stepName({ payload, state }) {
  const label = shown(payload.tokens(state.active.side).labels[state.active.index] ?? "");
  const title = PANES.find(({ name }) => name === state.view).title;
  return shorten(`${longName(state.head)}${state.pinned ? `, “${label}”` : ""} · ${title}`, STEPS.name);
}
