// The pure functions of the head atlas and of the row of several heads at once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { plain, use } from "./script.mjs";

const { SCORES, rankHeads, State } = use("{ SCORES, rankHeads, State }");
const { headsOver, overOf, overWords, readTiles, unevenRow, hiddenWords } =
  use("{ headsOver, overOf, overWords, readTiles, unevenRow, hiddenWords }");

const known = (entropy, scores = {}, more = {}) => ({ entropy, distance: 1.5, sink: 400, role: "", scores, ...more });
const payload = (statistics, more = {}) =>
  ({ statistics, self: true, sink: new Uint8Array([1, 0]), header: { max_entropy: 4 }, ...more });

test("heads are ranked by a score, equal ones as in the model, those without it left out", () => {
  const list = payload([known(2), known(3), known(null), known(3), known(0.5)]);
  assert.deepEqual(plain(rankHeads(list, "entropy").map(({ index }) => index)), [1, 3, 0, 4]);
  assert.deepEqual(plain(rankHeads(list, "entropy", true).map(({ index }) => index)), [4, 0, 1, 3]);
  const scored = payload([known(1, { induction: 1660 }), known(1, { induction: null }), known(1, { induction: 1670 })]);
  const found = rankHeads(scored, "induction");
  assert.deepEqual(plain(found), [{ index: 2, value: 1670 }, { index: 0, value: 1660 }]);
  assert.deepEqual(found.map(({ value }) => SCORES.induction.show(value)), ["0.84", "0.83"]);
});

test("what makes no sense of an input has no ranking", () => {
  const none = Object.keys(SCORES).filter((name) => !rankHeads(payload([known(1)]), name).length);
  assert.deepEqual(none, ["previous", "next", "same", "induction", "own", "punctuation"]);
  const cross = payload([known(1)], { self: false, sink: new Uint8Array(2) });
  assert.deepEqual(Object.keys(SCORES).filter((name) => rankHeads(cross, name).length), ["entropy"]);
  assert.deepEqual(plain(rankHeads({ statistics: null }, "entropy")), []);
});

test("the score in the address", () => {
  const field = use("FIELDS.find(({ key }) => key === 'score')");
  const state = new State();
  assert.equal(field.write(state), "role");
  assert.equal(field.read(state, "entropy.low"), "");
  assert.deepEqual(plain(state.score), { name: "entropy", low: true });
  for (const junk of ["toString", "Entropy", "entropy.lower", "", "constructor", "role.low.low", "no"]) {
    assert.match(field.read(state, junk), /there are role, entropy, /);
  }
  assert.equal(field.write(state), "entropy.low");
});

test("heads that stand together have one name", () => {
  const counts = [3, 2, 1];
  for (const over of ["all", "0", "1", "0.2,1.0", "0.0,0.1"]) {
    assert.equal(overOf(headsOver(over, counts), counts), over);
  }
  assert.equal(overOf([{ layer: 1, head: 1 }, { layer: 1, head: 0 }], counts), "1");
  assert.equal(overOf([{ layer: 1, head: 1 }, { layer: 0, head: 2 }], counts), "0.2,1.1");
  assert.deepEqual(["all", "0", "1", "0.2,1.0"].map((over) => overWords(over, counts)),
    ["all 6 heads", "all 3 heads of layer 0", "both heads of layer 1", "L0 · H2 and L1 · H0"]);
});

test("tiles are heads of a layer after the last, and say what they are made of", () => {
  const titles = (over, extra) => readTiles({ heads: [4, 4], extra, over }).map(({ tile }) => tile.title);
  assert.deepEqual(plain(titles("all", ["mean", "max", "min", "rollout"])),
    ["Mean of all 8 heads", "Maximum of all 8 heads", "Minimum of all 8 heads", "Rollout through all 2 layers"]);
  assert.deepEqual(plain(titles("1", ["mean"])), ["Mean of all 4 heads of layer 1"]);
  assert.deepEqual(plain(titles("0.1,1.2", ["mean", "rollout"])),
    ["Mean of L0 · H1 and L1 · H2", "Rollout through L0 · H1 and L1 · H2"]);
  assert.deepEqual(plain(readTiles({ heads: [4, 4], extra: ["mean"], over: "all" })[0]).head, 0);
  assert.deepEqual(plain(readTiles({ heads: [4] })), []);
});

test("a row of largest weights is told as weight, one that adds up to 1 as a share", () => {
  const matrix = (total, head) => ({ head, total: () => total, hidden: () => 2600 });
  assert.equal(unevenRow(matrix(5000, { tile: {} }), 0), true);
  assert.equal(unevenRow(matrix(1998, { tile: {} }), 0), false);
  assert.equal(unevenRow(matrix(1600, {}), 0), false);
  assert.equal(hiddenWords(matrix(5000, { tile: {} }), 0), "1.30");
  assert.equal(hiddenWords({ head: {}, total: () => 2000, hidden: () => 620 }, 0), "31 %");
});
