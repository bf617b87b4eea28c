// Brushes of parallel coordinates and cells of the heat-map.

import assert from "node:assert/strict";
import test from "node:test";
import vm from "node:vm";
import { plain, scriptOf } from "./script.mjs";

const { within, nextBrush, cellsOf, bestOf } = vm.runInContext("({ within, nextBrush, cellsOf, bestOf })", scriptOf("sweep"));
const row = (number, places, score) => ({ number, places, score });

test("a row is lit if it lies within every brush", () => {
  const one = row(0, [0, 0.5], 0.8);
  assert.equal(within(one, {}), true);
  assert.equal(within(one, { 0: [0, 0.2], 1: [0.5, 1] }), true);
  assert.equal(within(one, { 0: [0, 0.2], 1: [0.6, 1] }), false);
  assert.equal(within(one, { 2: [0.7, 1] }), true);
  assert.equal(within(row(1, [0, 0.5], null), { 2: [0, 1] }), false);
});

test("arrows go from one value to the next", () => {
  const ticks = [[0, "1"], [0.5, "2"], [1, "4"]];
  const up = nextBrush(ticks, null, 1);
  assert.deepEqual(plain(up), [0, 0.25]);
  const second = nextBrush(ticks, [-0.25, 0.25], 1);
  assert.deepEqual(plain(second), [0.25, 0.75]);
  assert.deepEqual(plain(nextBrush(ticks, null, -1)), [0.75, 1]);
  assert.deepEqual(plain(nextBrush(ticks, [0.25, 0.75], -1)), [0, 0.25]);
});

test("runs that share two values share a cell, and its best stands for it", () => {
  const axes = [{ ticks: [[0, "1"], [1, "2"]], bins: 0 }, { ticks: [[0, "1e-4"], [1, "1"]], bins: 4 }];
  const rows = [row(0, [0, 0.1], 0.3), row(1, [0, 0.2], 0.7), row(2, [1, 1], null)];
  const cells = cellsOf(rows, axes, [0, 1]);
  assert.deepEqual([...cells.keys()], ["0,0", "1,3"]);
  assert.equal(bestOf(cells.get("0,0")).number, 1);
  assert.equal(bestOf(cells.get("1,3")), null);
});
