// The picture's view: enlarging, what is strongest, and what the address says of it.

import assert from "node:assert/strict";
import vm from "node:vm";
import { test } from "node:test";
import { plain, random, scriptOf } from "./script.mjs";

const use = (names) => vm.runInContext(`(${names})`, scriptOf("patches"));
const { State, KEYS, CHOICES, MAPS, bilinear, scaled, strongest, patchAt, cellBox, Side, covering, chance } =
  use("{ State, KEYS, CHOICES, MAPS, bilinear, scaled, strongest, patchAt, cellBox, Side, covering, chance }");

test("a grid enlarged to its own size is itself, and edges go on", () => {
  const values = Float32Array.of(0, 1, 2, 3, 4, 5);
  assert.deepEqual(plain(bilinear(values, 2, 3, 2, 3)), [0, 1, 2, 3, 4, 5]);
  const wide = plain(bilinear(Float32Array.of(0, 1), 1, 2, 1, 4));
  assert.deepEqual(wide, [0, 0.25, 0.75, 1]);
  const tall = plain(bilinear(Float32Array.of(0, 1), 2, 1, 4, 2));
  assert.deepEqual(tall, [0, 0, 0.25, 0.25, 0.75, 0.75, 1, 1]);
});

test("enlarging keeps the mean of a random grid and stays between its least and greatest", () => {
  const next = random(3);
  for (let i = 0; i < 50; i++) {
    const [rows, columns] = [1 + Math.floor(next() * 5), 1 + Math.floor(next() * 5)];
    const values = Float32Array.from({ length: rows * columns }, next);
    const out = plain(bilinear(values, rows, columns, rows * 8, columns * 8));
    assert.ok(Math.min(...out) >= Math.min(...values) - 1e-6);
    assert.ok(Math.max(...out) <= Math.max(...values) + 1e-6);
    assert.equal(out.length, rows * columns * 64);
  }
});

test("levels run to the strongest; sqrt lifts what is weak; nothing is nothing", () => {
  assert.deepEqual(plain(scaled(Float32Array.of(0, 1, 4), "linear")), [0, 0.25, 1]);
  assert.deepEqual(plain(scaled(Float32Array.of(0, 1, 4), "sqrt")), [0, 0.5, 1]);
  assert.deepEqual(plain(scaled(Float32Array.of(0, 0), "sqrt")), [0, 0]);
  assert.ok(covering(0.5, 1) > covering(0.5, 0));
  assert.equal(covering(0.5, 0), 0.5);
});

test("the strongest patches, of equal ones the first", () => {
  const value = Float32Array.of(1, 3, 2, 3);
  assert.deepEqual(plain(strongest({ value, rank: (i) => value[i] }, 3)), [1, 3, 2]);
});

test("every patch is found under its own middle, on rectangular and on padded grids", () => {
  for (const cover of [[1, 1], [0.9, 0.8], [1.2, 1.1]]) {
    const side = new Side({ n: 15, first: 0, grid: [3, 5], cover, special: [], base: null });
    const box = { x: 10, y: 20, width: 500, height: 210 };
    for (let patch = 0; patch < 15; patch++) {
      const cell = cellBox(side, patch, box);
      assert.equal(patchAt(side, cell.x + cell.width / 2, cell.y + cell.height / 2, box), patch);
      assert.deepEqual(plain(side.place(patch)), [Math.floor(patch / 5), patch % 5]);
    }
    assert.equal(patchAt(side, 9, 21, box), null);
  }
  const side = new Side({ n: 15, first: 0, grid: [3, 5], cover: [0.9, 0.8], special: [], base: null });
  assert.equal(patchAt(side, 505, 25, { x: 0, y: 0, width: 510, height: 300 }), null);
});

const payload = {
  layers: 3, header: { heads: [4, 2, 7], discards: [0, 0.5, 0.9] }, keys: { patches: 49 },
  exists({ layer, head }) { return head < (this.header.heads[layer] ?? 0); },
};

test("200 states come back from the address", () => {
  const next = random(7);
  const of = (list) => list[Math.floor(next() * list.length)];
  for (let i = 0; i < 200; i++) {
    const state = new State();
    state.map = of(MAPS).name;
    for (const [key, values] of Object.entries(CHOICES)) state[key] = of(values);
    state.head = of([{ layer: 0, head: 3 }, { layer: 1, head: 0 }, { layer: 2, head: 6 }]);
    if (next() < 0.5) [state.patch, state.pinned] = [Math.floor(next() * 49), true];
    [state.discard, state.start] = [of([0, 0.5, 0.9]), of([null, 0, 2])];
    state.classes = [[], [3], [8, 2, 5]][Math.floor(next() * 3)];
    state.opacity = Math.floor(next() * 101);
    const fields = state.fields();
    const read = new State();
    assert.deepEqual(plain(read.apply(fields, payload)), []);
    assert.deepEqual(plain(read.fields()), plain(fields));
    assert.deepEqual(Object.keys(fields).sort(), [...KEYS].sort());
  }
});

test("nonsense in the address is answered in words and changes nothing that is not allowed", () => {
  const next = random(8);
  const junk = ["x", "-1", "9".repeat(20), "0.5.5", "NaN", "1e400", "%", "Head", "null", "1,2,3,4,5", "99.99", "<b>"];
  for (let i = 0; i < 200; i++) {
    const state = new State();
    const fields = Object.fromEntries(KEYS.map((key) => [key, junk[Math.floor(next() * junk.length)]]));
    const complaints = state.apply(fields, payload);
    assert.ok(complaints.every((words) => typeof words === "string" && words.length > 10));
    const again = new State();
    assert.deepEqual(plain(again.apply(state.fields(), payload)), []);
  }
});

test("chances in per cent", () => {
  assert.equal(chance(0.9386755), "93.9 %");
  assert.equal(chance(0.0562), "5.62 %");
  assert.equal(chance(0.00001), "<0.01 %");
  assert.equal(chance(0), "0 %");
});
