// The text tasks' numbers and words.

import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { plain, scriptOf } from "./script.mjs";

const context = scriptOf("tasks");
const use = (names) => vm.runInContext(`(${names})`, context);
const { levelOf, mostOf, rowOf, valueWords, agreementWords, tellWords, plainText } = use(
  "{ levelOf, mostOf, rowOf, valueWords, agreementWords, tellWords, plainText }");

test("nothing is the ramp's end of shares, and the middle of signed values", () => {
  assert.equal(levelOf(0, 1, false), 0);
  assert.equal(levelOf(1, 1, false), 255);
  assert.equal(levelOf(0.25, 1, false), 128);
  assert.deepEqual([-1, 0, 1].map((value) => levelOf(value, 1, true)), [0, 128, 255]);
  assert.equal(levelOf(NaN, 1, true), 128);
  assert.equal(levelOf(0.5, 0, false), 0);
});

test("special tokens do not set the scale, unless there is nothing else", () => {
  const values = Float32Array.of(0.9, -0.3, 0.2);
  assert.equal(mostOf(values, new Set([0])).toFixed(2), "0.30");
  assert.equal(mostOf(values, new Set([0, 1, 2])).toFixed(2), "0.90");
  assert.deepEqual(plain(rowOf(Float32Array.of(1, 2, 3, 4, 5, 6), 1, 3)), [4, 5, 6]);
});

test("values have a sign only where a sign means something", () => {
  assert.equal(valueWords(-0.25, true), "−0.250");
  assert.equal(valueWords(0.25, true), "+0.250");
  assert.equal(valueWords(0.0001, false), "<0.001");
  assert.equal(valueWords(0, false), "0");
});

test("agreement is put into words, with its number", () => {
  assert.match(agreementWords(0.83), /agree: rank correlation 0\.83/);
  assert.match(agreementWords(-0.4), /disagree: rank correlation −0\.40/);
  assert.equal(agreementWords(null), "");
});

test("the status line has every method's number of the token", () => {
  const header = { tokens: [" a", " dull"], rows: ["the class"], maps: [{ name: "Attention", signed: false }, { name: "Gradient × input", signed: true }] };
  const parts = { map0: Float32Array.of(0.25, 0.75), map1: Float32Array.of(0.5, -1) };
  assert.equal(plainText(tellWords({ header, parts, row: 0, token: 1 })), "“dull”: attention 0.750; gradient × input −1.000.");
});
