// The anatomy's pure functions: float16, numbers in words, sums, and code by its look.

import assert from "node:assert/strict";
import test from "node:test";
import vm from "node:vm";

import { plain, scriptOf } from "./script.mjs";

const context = scriptOf("anatomy");
vm.runInContext('THEME.minus = "\\u2212"', context);
const { readHalf, numberWords, shortNumber, sumOfProducts, pythonPieces, strongest, pooled } = vm.runInContext(
  "({ readHalf, numberWords, shortNumber, sumOfProducts, pythonPieces, strongest, pooled })", context);

test("float16 bits are the numbers they stand for", () => {
  const known = [[0x3c00, 1], [0xc000, -2], [0x3555, 0.333251953125], [0x0001, 2 ** -24], [0x7bff, 65504], [0xfc00, -Infinity]];
  for (const [bits, value] of known) assert.equal(readHalf(bits), value);
  assert.ok(Number.isNaN(readHalf(0x7e00)));
});

test("a number says as many digits as are worth reading", () => {
  assert.equal(numberWords(0.41236), "0.4124");
  assert.equal(numberWords(-12.3456), "−12.346");
  assert.equal(numberWords(3048), "3048.00");
  assert.equal(numberWords(-Infinity), "−∞");
  assert.equal(numberWords(0.0000123), "1.2e−5");
  assert.equal(shortNumber(-0.001), "0");
  assert.equal(shortNumber(12.34), "12.3");
});

test("a sum of products names its largest terms and adds up", () => {
  const [a, b] = [[1, 2, 3, 4, 5, 6, 7], [1, -1, 1, -1, 1, -1, 1]];
  const sum = sumOfProducts(a, b, { names: ["a", "b"], unit: "dimension", bias: 0.5 });
  assert.equal(sum.made, 4.5);
  const values = plain(sum.boxes).filter((box) => typeof box !== "string");
  assert.equal(values[0].name, "dimension 6");
  assert.equal(values.reduce((total, { value }) => total + value, 0), 4.5);
  assert.equal(values.at(-2).name, "2 others together");
});

test("python is coloured by its look", () => {
  const { pieces } = pythonPieces("    return x if bias is None else scaled + 1.5  # why");
  const kinds = Object.fromEntries(plain(pieces).filter(([kind]) => kind).map(([kind, text]) => [text.trim(), kind]));
  assert.equal(kinds.return, "keyword");
  assert.equal(kinds["1.5"], "number");
  assert.equal(kinds["# why"], "comment");
  assert.equal(pythonPieces('"""Begins here').inside, true);
  assert.deepEqual(plain(pythonPieces('and ends.""" x', true).pieces), [["doc", 'and ends."""'], ["", " x"]]);
});

test("what is strongest is found, whatever its sign, and pooling keeps it", () => {
  assert.equal(strongest([0.1, -3, 2]), 1);
  assert.equal(strongest([-Infinity, 1, 2]), 2);
  assert.deepEqual(plain(pooled([1, -5, 2, 3], 2)), [-5, 3]);
});
