// The detection view: who is kept, who looks where, and what the address says of it.

import assert from "node:assert/strict";
import vm from "node:vm";
import { test } from "node:test";
import { plain, random, scriptOf } from "./script.mjs";

const script = (view) => (names) => vm.runInContext(`(${names})`, scriptOf(view));
const { State, KEYS, CHOICES, Payload, Points, looking, between, boxAt, cellAt, certain } =
  script("detection")("{ State, KEYS, CHOICES, Payload, Points, looking, between, boxAt, cellAt, certain }");
const { readScene, writeScene, thingAt, within } = script("scene")("{ readScene, writeScene, thingAt, within }");

const side = (n, grid = null) => ({ n, first: 0, grid, cover: [1, 1], special: [], base: null });

// Three queries over 1 x 2 patches, one layer of one head: query 1 reads patch 0 most, query 0 patch 1.
function payload(more = {}) {
  const codes = Uint8Array.of(100, 234, 250, 50, 180, 181);
  const stack = { heads: [1], want: [0, 0], there: true, queries: side(3), keys: side(2, [1, 2]), sheets: [["head", 0, 0]], full: [0], rows: [0] };
  const parts = {
    sure: Float32Array.of(0.9, 0.97, 0.3), best: Uint16Array.of(1, 0, 1), also: Uint16Array.of(1, 1), also_sure: Float32Array.of(0.6),
    boxes: Float32Array.of(0, 0, 1, 1, 0.2, 0.2, 0.6, 0.6, 0.5, 0.5, 0.9, 0.9),
    cross_codes: codes, cross_fine: new Uint8Array(6), cross_row_codes: codes.slice(0, 2), cross_row_fine: new Uint8Array(2),
    cross_hidden: new Uint16Array(3), cross_row_hidden: new Uint16Array(1),
  };
  return new Payload({ header: { id: "x", names: ["cat", "dog"], several: true, stacks: { cross: stack }, ...more }, parts });
}

test("what is kept is strictly surer than the threshold, compared as float32", () => {
  const one = payload();
  assert.deepEqual(plain(one.kept(90)), [1]); // float32 0.9 is no more than float32 0.9
  assert.deepEqual(plain(one.kept(89)), [1, 0]);
  assert.deepEqual(plain(one.kept(99)), []);
  assert.deepEqual(plain(one.order), [1, 0, 2]);
});

test("a query says its best class, and others above the threshold", () => {
  const said = payload().said(1, 50).map(({ label }) => label);
  assert.deepEqual(plain(said), ["cat", "dog"]);
  assert.equal(payload().said(1, 70).length, 1);
});

test("sorted by class: the kept ones first, each class together, the surest first", () => {
  assert.deepEqual(plain(payload().byClass(50)), [1, 0, 2]);
  assert.deepEqual(plain(payload().byClass(95)), [1, 0, 2]);
});

test("who looks at a patch is the column, most first", () => {
  const state = new State();
  assert.deepEqual(plain(looking(payload(), state, 0)).map(({ q }) => q), [1, 2, 0]);
  assert.deepEqual(plain(looking(payload(), state, 1)).map(({ q }) => q), [0, 2, 1]);
});

test("of sampling points each counts in the cell that it lies in, and only of the level that is shown", () => {
  const STEPS = 65535, code = (place) => Math.round(((place + 1) / 3) * STEPS);
  const places = Uint16Array.from([[0.1, 0.1], [0.9, 0.2], [0.2, 0.3], [-0.5, 0.1]].flat(), code);
  const header = { heads: [1], want: [0, 0], points: true, there: true, cells: [0, 1], levels: [0, 1] };
  const stack = new Points(header, { cross_weights: Float32Array.of(0.25, 0.75, 0.5, 0.5), cross_places: places }, "cross_");
  const found = { n: 2, dense: false, stacks: { cross: stack }, cells: { grid: [1, 2] } };
  const state = new State();
  assert.deepEqual(plain(looking(found, state, 0)).map(({ q, share }) => [q, share]), [[1, 0.5], [0, 0.25]]);
  assert.deepEqual(plain(looking(found, state, 1)).map(({ q, share }) => [q, share]), [[0, 0.75], [1, 0]]);
  state.level = 0;
  assert.equal(looking(found, state, 1)[0].share, 0);
  assert.equal(cellAt({ grid: [2, 2] }, 0.6, 0.4), 1);
  assert.equal(cellAt({ grid: [2, 2] }, -0.1, 0.4), null);
});

test("a point chooses the smallest box around it", () => {
  const place = { x: 0, y: 0, width: 100, height: 100 };
  assert.equal(boxAt(payload(), [0, 1, 2], 30, 30, place), 1);
  assert.equal(boxAt(payload(), [0, 1, 2], 5, 5, place), 0);
  assert.equal(boxAt(payload(), [1, 2], 5, 5, place), null);
});

test("200 states come back from the address", () => {
  const next = random(11);
  const of = (list) => list[Math.floor(next() * list.length)];
  const any = { n: 100, stacks: Object.fromEntries(["cross", "between", "encoder"].map((name) => [name, { exists: ({ layer, head }) => layer < 6 && head < 8 }])) };
  for (let i = 0; i < 200; i++) {
    const state = new State();
    for (const [key, values] of Object.entries(CHOICES)) state[key] = of(values);
    state.head = { layer: Math.floor(next() * 6), head: Math.floor(next() * 8) };
    [state.query, state.threshold, state.opacity] = [Math.floor(next() * 100), 50 + Math.floor(next() * 50), Math.floor(next() * 101)];
    if (next() < 0.5) [state.patch, state.pinned] = [Math.floor(next() * 40), true];
    const fields = state.fields(), read = new State();
    assert.deepEqual(plain(read.apply(fields, any)), []);
    assert.deepEqual(plain(read.fields()), plain(fields));
    assert.deepEqual(Object.keys(fields).sort(), [...KEYS].sort());
  }
});

test("nonsense in the address is answered in words", () => {
  const junk = ["x", "-1", "9".repeat(20), "0.5.5", "NaN", "1e400", "%", "Head", "null", "99.99", "<b>"];
  for (const key of KEYS) {
    for (const text of junk) {
      const complaints = new State().apply({ [key]: text }, payload());
      assert.ok(complaints.every((words) => typeof words === "string" && words.length > 10));
    }
  }
  assert.match(new State().apply({ threshold: "0.3" }, payload())[0], /0\.50 to 0\.99/);
});

test("probabilities to two places", () => {
  assert.equal(certain(0.994), "0.99");
  assert.equal(certain(0.001), "<0.01");
});

test("a scene is a line of text and comes back; the foremost thing is under the hand", () => {
  const text = "circle.red.20.31.9_ring.blue.44.20.11";
  assert.equal(writeScene(readScene(text)), text);
  assert.deepEqual(plain(readScene("")), []);
  const things = readScene(`${text}_square.green.22.31.9`);
  assert.equal(thingAt(things, 21, 31), 2);
  assert.equal(thingAt(things, 12, 31), 0);
  assert.equal(thingAt(things, 60, 60), null);
  assert.equal(within(70.4, 64), 64);
});
