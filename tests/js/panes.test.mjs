// The pure functions of the Matrix and the From here pane.

import assert from "node:assert/strict";
import { test } from "node:test";
import { plain, random, use } from "./script.mjs";

const {
  fitCells, mostZoom, inside, zoomAt, blocksAt, labelStep, labelled, touched, poolVisible, strongest, blockWords,
  Images,
} = use("{ fitCells, mostZoom, inside, zoomAt, blocksAt, labelStep, labelled, touched, poolVisible, strongest, " +
  "blockWords, Images }");
const { normed, rowOrder, rowTops, rowAt, hereWords, fromHere } =
  use("{ normed, rowOrder, rowTops, rowAt, hereWords, fromHere }");

test("cells fill the room and are never far from square unless they are slim", () => {
  const next = random(1);
  for (let i = 0; i < 500; i++) {
    const [n, m] = [1 + Math.floor(next() * 2000), 1 + Math.floor(next() * 2000)];
    const { w, h } = fitCells(n, m, 900, 400);
    assert.ok(w > 0 && h > 0 && w * m <= 900.01 && h * n <= 400.01);
    assert.ok(Math.max(w / h, h / w) < 2.601 || Math.max(w, h) <= 26);
  }
});

test("zooming keeps what lies under the pointer, and never leaves the matrix", () => {
  const next = random(2);
  for (let i = 0; i < 500; i++) {
    const [n, m] = [2 + Math.floor(next() * 1500), 2 + Math.floor(next() * 1500)];
    const sizes = { ...fitCells(n, m, 700, 380), n, m };
    let view = { z: 1, x: 0, y: 0 };
    for (let step = 0; step < 6; step++) {
      const [px, py] = [next() * sizes.w * m, next() * sizes.h * n];
      const at = (v) => [v.x + px / (sizes.w * v.z), v.y + py / (sizes.h * v.z)];
      const before = at(view);
      const in_ = next() < 0.7;
      const zoomed = zoomAt(view, view.z * (in_ ? 1 + next() * 3 : 0.4), px, py, sizes);
      if (in_) at(zoomed).forEach((value, axis) => assert.ok(Math.abs(value - before[axis]) < 1e-6));
      assert.ok(zoomed.z >= 1 && zoomed.z <= mostZoom(sizes) + 1e-9);
      assert.ok(zoomed.x >= 0 && zoomed.x + m / zoomed.z <= m + 1e-6);
      assert.ok(zoomed.y >= 0 && zoomed.y + n / zoomed.z <= n + 1e-6);
      view = zoomed;
    }
  }
  assert.deepEqual(plain(inside({ z: 2, x: -5, y: 99 }, 10, 10)), { z: 2, x: 0, y: 5 });
});

test("an image has no more rows than the screen, until every cell has its own", () => {
  assert.equal(blocksAt(2000, 400, 1), 400);
  assert.equal(blocksAt(2000, 400, 1.9), 400);
  assert.equal(blocksAt(2000, 400, 2), 800);
  assert.equal(blocksAt(2000, 400, 8), 2000);
  assert.equal(blocksAt(13, 400, 1), 13);
  assert.equal(blockWords(2000, 2000, 400, 500), "up to 5 × 4 weights");
  assert.equal(blockWords(13, 13, 13, 13), "");
});

test("labels never lie closer than they must", () => {
  assert.deepEqual([40, 15, 14, 7, 3, 1.5, 0.2].map((pitch) => labelStep(pitch, 15)), [1, 1, 2, 5, 5, 10, 100]);
  assert.deepEqual(plain(labelled(7, 31, 10)), [10, 20, 30]);
  assert.deepEqual(plain(labelled(0, 3, 1)), [0, 1, 2, 3]);
  assert.deepEqual(plain(labelled(3, 2, 5)), []);
  assert.deepEqual(plain(touched(7, 13, 1, 15)), [-15, 15]);
  assert.deepEqual(plain(touched(7, 13, 1, 30)), []);
  assert.deepEqual(plain(touched(12, 100, 10, 2)), [-4, 16]);
});

// Codes of an n x m matrix, or of its lower triangle.
function codesOf(n, m, causal, next) {
  const full = Array.from({ length: n }, (_, q) => Array.from({ length: m }, (_, k) =>
    (causal && k > q ? 0 : Math.floor(next() * 256))));
  return { full, codes: Uint8Array.from(full.flatMap((row, q) => (causal ? row.slice(0, q + 1) : row))) };
}

for (const causal of [false, true]) {
  test(`pooling is by maximum, hidden keys aside${causal ? ", causal" : ""}`, () => {
    const next = random(3);
    for (let i = 0; i < 100; i++) {
      const n = 1 + Math.floor(next() * 40);
      const m = causal ? n : 1 + Math.floor(next() * 40);
      const { full, codes } = codesOf(n, m, causal, next);
      const hidden = next() < 0.5 ? null : Uint8Array.from({ length: m }, () => Number(next() < 0.3));
      const [rows, columns] = [1 + Math.floor(next() * n), 1 + Math.floor(next() * m)];
      const pooled = poolVisible(codes, causal, n, m, rows, columns, hidden);
      const edge = (length, blocks, at) => Math.floor((at * length) / blocks);
      for (let r = 0; r < rows; r++) {
        const qs = [edge(n, rows, r), edge(n, rows, r + 1)];
        for (let c = 0; c < columns; c++) {
          const ks = [];
          for (let k = edge(m, columns, c); k < edge(m, columns, c + 1); k++) ks.push(k);
          const seen = ks.filter((k) => !hidden?.[k]);
          assert.equal(pooled.grey[c], seen.length ? 0 : 1);
          const cells = (seen.length ? seen : ks).flatMap((k) => full.slice(...qs).map((row) => row[k]));
          assert.equal(pooled.codes[r * columns + c], Math.max(...cells));
          assert.equal(c >= pooled.masked(r), causal && ks[0] > qs[1] - 1);
        }
      }
    }
  });
}

test("of several cells the strongest is named, a hidden one only if there is no other", () => {
  const weights = [[5, 9], [7, 1]];
  const matrix = { width: () => 2, rank: (q, k) => weights[q][k] };
  assert.deepEqual(plain(strongest(matrix, [0, 2], [0, 2], null)), { q: 0, k: 1 });
  assert.deepEqual(plain(strongest(matrix, [0, 2], [0, 2], Uint8Array.of(0, 1))), { q: 1, k: 0 });
  assert.deepEqual(plain(strongest(matrix, [0, 2], [1, 2], Uint8Array.of(0, 1))), { q: 0, k: 1 });
  assert.equal(strongest({ width: () => 1, rank: () => 1 }, [0, 1], [1, 2], null), null);
});

test("images are kept until they are too many, the last one always", () => {
  const images = new Images(100);
  const made = [];
  const get = (name, size) => images.get(name, () => (made.push(name), { width: size, height: 1 }));
  ["a", "b", "a", "c", "b", "a"].forEach((name) => get(name, 40));
  assert.deepEqual(made, ["a", "b", "c", "b", "a"]);
  get("large", 500);
  get("large", 500);
  assert.equal(made.filter((name) => name === "large").length, 1);
});

test("colours are relative to all, to the row or to the column, hidden columns aside", () => {
  const codes = Uint8Array.of(10, 20, 200, 40, 5, 250);
  const none = new Uint8Array(3);
  const close = (got, wanted) => plain(got).forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 1e-6));
  const over = (...tops) => [...codes].map((code, i) => Math.min(1, code / tops[i]));
  close(normed(codes, 2, 3, "all", "sqrt", none), over(250, 250, 250, 250, 250, 250));
  close(normed(codes, 2, 3, "row", "sqrt", none), over(200, 200, 200, 250, 250, 250));
  close(normed(codes, 2, 3, "column", "sqrt", none), over(40, 20, 250, 40, 20, 250));
  close(normed(codes, 2, 3, "row", "sqrt", Uint8Array.of(0, 0, 1)), over(20, 20, 20, 40, 40, 40));
  close(normed(codes, 2, 3, "all", "linear", none), over(250, 250, 250, 250, 250, 250).map((t) => t * t));
  close(normed(codes, 2, 3, "column", "rank", none), [0.25, 0.75, 0.25, 0.75, 0.25, 0.75]);
  close(normed(codes, 2, 3, "column", "sqrt", Uint8Array.of(0, 0, 1)), over(40, 20, 250, 40, 20, 250));
  close(normed(codes, 2, 3, "all", "sqrt", Uint8Array.of(1, 1, 1)), over(250, 250, 250, 250, 250, 250));
  close(normed(new Uint8Array(4), 2, 2, "row", "sqrt", none), [0, 0, 0, 0]);
});

test("rows are ordered by weight, equal ones by layer", () => {
  assert.deepEqual(plain(rowOrder(4, null)), [0, 1, 2, 3]);
  assert.deepEqual(plain(rowOrder(5, (r) => [3, 9, 3, 1, 9][r])), [1, 4, 0, 2, 3]);
});

test("a row is found by its height, gaps between layers belong to none", () => {
  const tops = rowTops([0, 0, 1, 2], 20, 4);
  assert.deepEqual(plain(tops), [0, 20, 44, 68, 88]);
  assert.deepEqual([-1, 0, 19, 20, 39, 41, 44, 70, 87, 88].map((y) => rowAt(tops, 20, y)),
    [-1, 0, 0, 1, 1, -1, 2, 3, 3, -1]);
});

test("what is not here is said", () => {
  const payload = (here, all) => ({ matrices: new Map([...Array(here).keys()].map((i) => [i, 0])), heads: Array(all) });
  assert.equal(hereWords(payload(16, 16), true), "all 16 heads");
  assert.equal(hereWords(payload(1, 1), true), "all 1 head");
  assert.equal(hereWords(payload(12, 144), true),
    "12 of 144 heads: 132 are not here, choose one and its layer is read");
  assert.equal(hereWords(payload(3, 4), false), "3 of 4 heads: 1 is not here, this file holds it as thumbnails only");
});

test("a row per head: what it reads from a query, or who reads a key", () => {
  const head = { layer: 0, head: 0 };
  const code = (q, k) => 10 * q + k;
  const payload = { tokens: () => ({ length: 3 }), width: (q) => q + 1, matrix: () => ({ code }) };
  const from = fromHere(payload, [head], { side: "query", index: 1 });
  assert.deepEqual([plain(from.codes), plain(from.reach)], [[10, 11, 0], [1, 1, 0]]);
  const by = fromHere(payload, [head], { side: "key", index: 1 });
  assert.deepEqual([plain(by.codes), plain(by.reach)], [[0, 11, 21], [0, 1, 1]]);
});
