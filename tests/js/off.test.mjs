// Heads switched off: how they are written, and what is said of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { plain, use } from "./script.mjs";

const { readOff, offWords, offTitle, gained, bitsOf, cosine, offPictures, State, plainText } = use(
  "{ readOff, offWords, offTitle, gained, bitsOf, cosine, offPictures, State, plainText }");

const head = (stack, layer, number) => ({ stack, layer, head: number });
const one = [{ name: "", heads: [4, 2] }];

test("heads come back from the address, each once and in order", () => {
  const heads = readOff("3.1,1:2.0,0.3,3.1,x,-1.2,1.2.3,99999.0");
  assert.deepEqual(plain(heads), [head(0, 0, 3), head(0, 3, 1), head(1, 2, 0)]);
  assert.equal(offWords(heads), "0.3,3.1,1:2.0");
  assert.equal(offWords(readOff(offWords(heads))), offWords(heads));
});

test("a link's heads that are not there are left out, with a sentence", () => {
  const payload = { header: { heads: [4, 2], off: { asked: "", heads: [], model: "m" } } };
  const state = new State();
  state.choose([{ layer: 0, head: 0 }]);
  const said = state.apply({ off: "0.1,1.2,7.0" }, payload);
  assert.deepEqual(plain(state.ablated), [head(0, 0, 1)]);
  assert.deepEqual(plain(said), ["asked for layer 1, head 2 off; layer 1 has 2 heads, counted from 0"]);
  assert.equal(state.fields().off, "0.1");
  assert.match(new State().apply({ off: "1:0.0" }, payload)[0], /attention 1 off; this model has 1/);
  assert.match(new State().apply({ off: "none" }, payload)[0], /write layer.head/);
  assert.match(new State().apply({ off: "0.1" }, { header: { heads: [4] } })[0], /cannot be done here/);
  assert.notEqual(new State().ablated, new State().ablated);
});

test("many heads are counted, several stacks are named", () => {
  assert.equal(plainText(offTitle([head(0, 1, 0)], one)), "1 head off: layer 1 head 0");
  const many = Array.from({ length: 9 }, (_, i) => head(0, 0, i));
  assert.match(plainText(offTitle(many, one)), /^9 heads off: .*layer 0 head 5 and 3 more$/);
  const two = [{ name: "encoder", heads: [1] }, { name: "cross-attention", heads: [1] }];
  assert.match(plainText(offTitle([head(1, 0, 0)], two)), /cross-attention layer 0 head 0/);
});

test("changes have an arrow and a sign, and are rounded once", () => {
  assert.deepEqual(plain(gained(0.2, 0.5, 2)), { side: "up", text: "▲ +0.30" });
  assert.equal(gained(0.2, 0.1954, 2).text, "▼ <0.01");
  assert.equal(gained(0.2, 0.1954, 3).text.slice(0, 2) + gained(0.2, 0.1954, 3).text.slice(-5), "▼ 0.005");
  assert.deepEqual(plain(gained(0.25, 0.25, 3)), { side: "same", text: "no change" });
  assert.deepEqual([0, 0.0001, 0.0123, 0.0994, 0.1, 0.4249, 3].map(bitsOf), ["0", "<0.001", "0.012", "0.099", "0.10", "0.42", "3.00"]);
  assert.deepEqual([0, 0.00001, 0.12345].map(cosine), ["0", "<0.0001", "0.1235"]);
});

test("it is said which layers read as before", () => {
  const words = (...heads) => offPictures(heads, 0, 4, one);
  assert.match(words(head(0, 2, 0), head(0, 3, 0)), /Layers 0 to 2 read as before; layer 3 reads/);
  assert.match(words(head(0, 0, 0)), /Layer 0 reads as before; layers 1 to 3 read/);
  assert.match(words(head(0, 3, 0)), /No later layer/);
  assert.match(offPictures([head(1, 0, 0)], 0, 4, one), /What comes after them/);
});
