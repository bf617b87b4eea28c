// Answers, line by line, what becomes of a view state in the address and in a file of steps: see test_round_trips.py.

import { createInterface } from "node:readline";
import { plain, use } from "./script.mjs";

const { State, stateKeys, readAddress, writeAddress, readSteps, writeSteps, movedTo, place } = use(`(() => {
  const place = { search: "", pathname: "/page", hash: "" };
  globalThis.location = place;
  globalThis.history = { state: null, replaceState(_, __, url) { place.search = url.includes("?") ? url.slice(url.indexOf("?")) : ""; } };
  return { State, stateKeys, readAddress, writeAddress, readSteps, writeSteps, movedTo, place };
})()`);

// What a payload says of itself, as far as the state asks.
function payloadOf({ heads, queries }) {
  return {
    layers: heads.length, header: { heads, off: { heads: [], asked: "" } }, queries: { length: queries },
    pair: { names: ["first text", "second text"] },
    exists({ layer, head }) { return head < (heads[layer] ?? 0); },
    named(head) { return this.exists(head) ? head : null; },
  };
}

function stateOf(fields, payload) {
  const state = new State();
  state.choose([{ layer: 0, head: 0 }]);
  const complaints = state.apply(fields, payload);
  return { fields: state.fields(), complaints };
}

const DOES = {
  // fields -> state -> address (beside another key) -> state
  address({ fields, shape }) {
    const payload = payloadOf(shape);
    const first = stateOf(fields, payload);
    place.search = "?text=a%20b+c";
    writeAddress(stateKeys(), Object.fromEntries(Object.entries(first.fields).filter(([, text]) => text !== "")));
    const { search } = place;
    return { ...first, search, again: stateOf(readAddress(stateKeys()), payload) };
  },
  // steps -> file -> steps
  file({ steps }) { return readSteps(writeSteps(steps, "/page")); },
  read({ text }) {
    try { return readSteps(text); } catch (problem) { return { problem: problem.message, kind: problem.name }; }
  },
  moved({ sizes, merged, index }) { return movedTo(sizes, merged, index); },
  keys: () => stateKeys(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { does, ...asked } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(plain(DOES[does](asked)))}\n`);
}
