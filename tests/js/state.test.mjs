// What the address says of the workbench: written and read again, it is the same.

import assert from "node:assert/strict";
import { test } from "node:test";
import { plain, random, use } from "./script.mjs";

const { State, PANES, SCALES, NORMS, SCORES, stateKeys } =
  use("{ State, PANES, SCALES, NORMS, SCORES, stateKeys }");
const payload = {
  layers: 3, header: { heads: [4, 2, 7], off: { asked: "", heads: [], model: "m" } }, queries: { length: 40 },
  exists({ layer, head }) { return head < (this.header.heads[layer] ?? 0); },
  named(head) { return this.exists(head) ? head : null; },
};

function anyState(next) {
  const of = (list) => list[Math.floor(next() * list.length)];
  const state = new State();
  const heads = payload.header.heads.flatMap((n, layer) => Array.from({ length: n }, (_, head) => ({ layer, head })));
  const chosen = heads.map((head) => [next(), head]).sort(([a], [b]) => a - b).map(([, head]) => head);
  state.choose(chosen.slice(0, 1 + Math.floor(next() * 6)));
  state.focus = of(state.chosen).slot;
  state.view = of(PANES.map(({ name }) => name));
  state.scale = of(Object.keys(SCALES));
  state.norm = of(Object.keys(NORMS));
  state.score = { name: of(["role", ...Object.keys(SCORES)]), low: next() < 0.5 };
  state.over = of(["", "all", "2", "0.3,1.0"]);
  state.hideSinks = next() < 0.5;
  state.threshold = Math.floor(next() * 51);
  state.ablated = heads.filter(() => next() < 0.2).map((head) => ({ stack: 0, ...head }));
  if (next() < 0.5) Object.assign(state, { active: { side: "query", index: Math.floor(next() * 40) }, pinned: true });
  return state;
}

test("200 states come back from the address", () => {
  const next = random(7);
  for (let i = 0; i < 200; i++) {
    const fields = anyState(next).fields();
    const read = new State();
    assert.deepEqual(plain(read.apply(fields, payload)), []);
    assert.deepEqual(plain(read.fields()), plain(fields));
    assert.deepEqual(Object.keys(fields).sort(), [...stateKeys()].sort());
  }
});

test("200 addresses of nonsense change nothing that is not allowed", () => {
  const next = random(8);
  const junk = ["", " ", "x", "all,row", "-1", "9".repeat(20), "0.5.5", "NaN", "1e400", "%", "Matrix", "null", "row "];
  for (let i = 0; i < 200; i++) {
    const state = anyState(next);
    const fields = Object.fromEntries(stateKeys().map((key) => [key, junk[Math.floor(next() * junk.length)]]));
    const complaints = state.apply(fields, payload);
    assert.ok(complaints.every((words) => typeof words === "string" && words.length > 10));
    const again = new State();
    assert.deepEqual(plain(again.apply(state.fields(), payload)), []);
  }
});
