// Pure functions of long inputs, pairs of texts and pictures: the overview's brush, what is hidden, where patches lie.

import assert from "node:assert/strict";
import { test } from "node:test";
import { plain, random, use } from "./script.mjs";

const { brushOf, brushed, gripOf, mostZoom } = use("{ brushOf, brushed, gripOf, mostZoom }");
const { hiddenAs, leftOut, nearestShown, SINK, OTHER } = use("{ hiddenAs, leftOut, nearestShown, SINK, OTHER }");
const { patchBox, positionAt, patchNumbers } = use("{ patchBox, positionAt, patchNumbers }");
const { firstBelow, perBar, stripWords, poolVisible } = use("{ firstBelow, perBar, stripWords, poolVisible }");

test("a brush lies where its view is, and asks for the view it lies on", () => {
  const next = random(4);
  for (let i = 0; i < 500; i++) {
    const [n, m] = [10 + Math.floor(next() * 2000), 10 + Math.floor(next() * 2000)];
    const [width, height] = [150, 90];
    const z = 1 + next() * 20;
    const view = { z, x: next() * (m - m / z), y: next() * (n - n / z) };
    const { x, y, w, h } = brushOf(view, n, m, width, height);
    assert.ok(x >= 0 && y >= 0 && x + w <= width + 1e-6 && y + h <= height + 1e-6);
    const sizes = { n, m, width, height, most: 400 };
    for (const [from, to] of [[[x, y], [x + w, y + h]], [[x + w, y + h], [x, y]]]) {
      const back = brushed({ x: from[0], y: from[1] }, { x: to[0], y: to[1] }, sizes);
      for (const name of ["z", "x", "y"]) assert.ok(Math.abs(back[name] - view[name]) < 1e-6 * Math.max(1, m, n), name);
    }
  }
});

test("a brush keeps the plot's shape, stays inside and is never too small", () => {
  const sizes = { n: 2000, m: 2000, width: 150, height: 90, most: 100 };
  const wide = brushed({ x: 30, y: 30 }, { x: 60, y: 33 }, sizes);
  assert.equal(wide.z, 5); // a fifth across decides
  assert.deepEqual([wide.x, Math.round(wide.y)], [400, 667]);
  assert.equal(brushed({ x: 30, y: 30 }, { x: 30, y: 30 }, sizes).z, 100);
  const corner = brushed({ x: 140, y: 85 }, { x: 150, y: 90 }, sizes);
  assert.ok(corner.x + 2000 / corner.z <= 2000 + 1e-6 && corner.y + 2000 / corner.z <= 2000 + 1e-6);
  assert.deepEqual(plain(brushed({ x: 0, y: 0 }, { x: 400, y: 400 }, sizes)), { z: 1, x: 0, y: 0 });
});

test("the pointer takes hold of an edge, the inside, or nothing", () => {
  const brush = { x: 40, y: 20, w: 60, h: 40 };
  assert.equal(gripOf(brush, 70, 40, 7), "move");
  assert.equal(gripOf(brush, 10, 10, 7), "new");
  assert.equal(gripOf(brush, 120, 40, 7), "new");
  assert.deepEqual(plain(gripOf(brush, 41, 40, 7)), { x: 100, y: 20 }); // its left edge: the right one stays
  assert.deepEqual(plain(gripOf(brush, 99, 59, 7)), { x: 40, y: 20 });
  assert.equal(gripOf({ x: 40, y: 20, w: 6, h: 4 }, 42, 21, 7), "move"); // too small for edges of its own
});

const special = (positions, n) => Uint8Array.from({ length: n }, (_, i) => (positions.includes(i) ? 1 : 0));
const pairOf = (letters) => Int8Array.from(letters, (c) => (c === "-" ? -1 : Number(c)));
const both = { length: 8, special: special([0, 3, 7], 8), grid: null };
const payload = () => ({
  self: true, queries: both, keys: both, sink: special([0, 3, 4, 7], 8), pair: { names: ["question", "text"], of: pairOf("-00-111-") },
  tokens: () => both,
});

test("why a position is hidden: sinks, and the text that is not asked about", () => {
  const at = (state) => plain(hiddenAs(payload(), state).key);
  const [s, o] = [SINK, OTHER];
  assert.deepEqual(at({ hideSinks: false, pair: "" }), [0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(at({ hideSinks: true, pair: "" }), [s, 0, 0, s, s, 0, 0, s]);
  assert.deepEqual(at({ hideSinks: true, pair: "ab" }), [s, o, o, s, s, 0, 0, s]);
  assert.deepEqual(at({ hideSinks: false, pair: "ba" }), [0, 0, 0, 0, o, o, o, 0]);
  const { query } = hiddenAs(payload(), { hideSinks: true, pair: "ab" });
  assert.deepEqual(plain(query), [s, 0, 0, s, o, o, o, s]); // a word that is a sink still reads
});

test("nothing can point at the text that is not asked about", () => {
  const state = { hideSinks: true, pair: "ab" };
  assert.deepEqual([1, 5].map((index) => leftOut(payload(), state, { side: "query", index })), [false, true]);
  assert.deepEqual([1, 5].map((index) => leftOut(payload(), state, { side: "key", index })), [true, false]);
  assert.equal(nearestShown(payload(), state, { side: "query", index: 6 }), 7);
  assert.equal(nearestShown(payload(), state, { side: "key", index: 1 }), 0);
});

test("special tokens of a picture stay as queries", () => {
  const side = { length: 5, special: special([0], 5), grid: [2, 2] };
  const seen = { self: true, queries: side, keys: side, sink: special([0], 5) };
  const { query, key } = hiddenAs(seen, { hideSinks: true, pair: "" });
  assert.deepEqual([plain(query), plain(key)], [[0, 0, 0, 0, 0], [SINK, 0, 0, 0, 0]]);
});

test("patches lie in rows and columns, after the special tokens and before those at the end", () => {
  const tokens = () => ({ length: 9, special: special([0, 7, 8], 9), grid: [2, 3], patch: [8, 10] });
  const picture = { height: 15, width: 40 }; // 10 pixels to the right are in no patch, a row reaches over the edge
  assert.deepEqual(plain(patchBox(tokens(), picture, 1)), { x: 0, y: 0, width: 10, height: 8 });
  assert.deepEqual(plain(patchBox(tokens(), picture, 6)), { x: 20, y: 8, width: 10, height: 7 });
  assert.equal(patchBox(tokens(), picture, 0), null);
  assert.equal(patchBox(tokens(), picture, 8), null);
  assert.deepEqual([[5, 5], [29, 14], [31, 3], [-1, 3]].map(([x, y]) => positionAt(tokens(), x, y)), [1, 6, null, null]);
  const all = patchNumbers(tokens());
  assert.deepEqual([plain(all.patches), plain(all.patchOf)], [[1, 2, 3, 4, 5, 6], [-1, 0, 1, 2, 3, 4, 5, -1, -1]]);
  for (const position of all.patches) {
    const { x, y, width, height } = patchBox(all, { height: 16, width: 40 }, position);
    assert.equal(positionAt(all, x + width / 2, y + height / 2), position);
  }
});

test("a strip of more tokens than pixels says what a bar stands for", () => {
  assert.deepEqual([10, 700, 701, 2000].map((n) => perBar(n, 700)), [1, 1, 2, 3]);
  const payload_ = { thingOf: () => "token" };
  assert.equal(stripWords(payload_, { levels: { length: 2000 }, side: "key" }, 700), " · a bar: the largest of up to 3 tokens");
  assert.equal(stripWords(payload_, { levels: { length: 200 }, side: "key" }, 700), "");
});

test("the first token in sight is found among thousands", () => {
  const tops = Array.from({ length: 2000 }, (_, i) => Math.floor(i / 7) * 30);
  const order = tops.map((_, i) => i);
  for (const limit of [-5, 0, 1, 30, 4000, 99999]) {
    const expected = tops.findIndex((top) => top >= limit);
    assert.equal(firstBelow(order, (i) => tops[i], limit), expected < 0 ? 2000 : expected);
  }
});

test("hidden queries are grey rows, and leave mixed blocks to the others", () => {
  const codes = Uint8Array.of(9, 1, 2, 3, 5, 5, 7, 7);
  const pooled = poolVisible(codes, false, 4, 2, 2, 1, null, Uint8Array.of(1, 0, 1, 1));
  assert.deepEqual([plain(pooled.codes), plain(pooled.greyRows)], [[3, 7], [0, 1]]);
  assert.deepEqual(plain(poolVisible(codes, false, 4, 2, 2, 1, null).greyRows), [0, 0]);
});

test("the overview zooms as far as the matrix does", () => {
  assert.ok(mostZoom({ w: 0.35, h: 0.2, n: 2000, m: 2000 }) >= 120);
});
