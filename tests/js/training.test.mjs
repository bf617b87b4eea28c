// Axes of the curves, and cells of a map.

import assert from "node:assert/strict";
import test from "node:test";
import vm from "node:vm";
import { plain, scriptOf } from "./script.mjs";

const scripts = { training: scriptOf("training"), forming: scriptOf("forming") };
const load = (view, names) => vm.runInContext(`({ ${names} })`, scripts[view]);

test("a logarithmic axis has round numbers", () => {
  const { logTicks } = load("training", ["logTicks"]);
  assert.deepEqual(plain(logTicks(0.02, 4)), [0.03, 0.1, 0.3, 1, 3]);
  assert.deepEqual(plain(logTicks(1e-4, 4)), [1e-4, 1e-3, 1e-2, 1e-1, 1]);
  assert.deepEqual(plain(logTicks(1.2, 3)), [1.5, 2, 3]);
});

test("a linear axis starts at nothing", () => {
  const { ticksTo } = load("training", ["ticksTo"]);
  assert.deepEqual(plain(ticksTo(600, 5)), [0, 200, 400, 600]);
  assert.deepEqual(plain(ticksTo(0.003, 2)), [0, 0.002]);
});

test("what is no number is no scale breaker", () => {
  const { extent } = load("training", ["extent"]);
  assert.deepEqual(plain(extent([1, NaN, 3], [0.5, Infinity])), [0.5, 3]);
  assert.equal(extent([NaN], []), null);
});

test("the last look at or before a step", () => {
  const { before } = load("training", ["before"]);
  assert.deepEqual([0, 9, 10, 11, 99].map((step) => before([0, 10, 20], step)), [0, 0, 1, 1, 2]);
  assert.equal(before([5], 4), -1);
});

test("numbers in words", () => {
  const { figure } = load("training", ["figure"]);
  assert.deepEqual([0, 0.002, 1.234, 45.67, 612, 12345, NaN].map(figure),
    ["0", "0.002", "1.23", "45.7", "612", "1.23e4", "no number"]);
});

test("a place in the triangle is a query and a key", () => {
  const { cellOf } = load("forming", ["cellOf"]);
  let i = 0;
  for (let query = 0; query < 70; query++) {
    for (let key = 0; key <= query; key++) assert.deepEqual(plain(cellOf(i++)), [query, key]);
  }
});

test("further charts are told apart by their groups, each once", () => {
  const { Training } = load("training", ["Training"]);
  const keys = Training.prototype.keysOf.call({}, { groups: ["layer 0", "layer 0", "layer 1"] });
  assert.deepEqual(plain(keys), ["layer 0", "layer 1"]);
});

test("a place in a picture's map is row by row, in a text's map the triangle", () => {
  const { Forming } = load("forming", ["Forming"]);
  const at = (picture, i) => plain(Forming.prototype.placeOf.call({ payload: { picture }, n: 5 }, i));
  assert.deepEqual(at([1, 28, 28, 14], 7), [1, 2]);
  assert.deepEqual(at(null, 7), [3, 1]);
});

test("the edge of a histogram in few digits", () => {
  const { figure2 } = load("forming", ["figure2"]);
  assert.deepEqual([4.4123, 0.0123].map(figure2), ["4.4", "0.012"]);
});
