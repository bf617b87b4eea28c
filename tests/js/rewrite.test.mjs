// Words of a text masked, deleted and replaced.

import assert from "node:assert/strict";
import { test } from "node:test";
import { plain, random, use } from "./script.mjs";

const { placeOf, trimmed, wordAround, replaced, deleted, around, compareAddress } = use(
  "{ placeOf, trimmed, wordAround, replaced, deleted, around, compareAddress }");

const at = (text, word) => {
  const chars = [...text];
  const start = [...text.slice(0, text.indexOf(word))].length;
  return [chars, [start, start + [...word].length]];
};

test("a place is where the token stands, without the space before it", () => {
  const places = { names: ["question", "text"], texts: ["Who?", "The CAT sat"], spans: [-1, 0, 0, 1, 3, 7, 1, 7, 8] };
  assert.equal(placeOf(places, 0), null);
  assert.equal(placeOf(undefined, 0), null);
  const place = placeOf(places, 1);
  assert.deepEqual([place.name, plain(place.piece), plain(place.word)], ["text", [4, 7], [4, 7]]);
  assert.deepEqual(plain(placeOf(places, 2).piece), [7, 8]); // nothing but space: all of it
  assert.equal(placeOf(places, 3), null);
});

test("a piece grows to its word, and no further", () => {
  const [chars, piece] = at("she didn't unfold 😀it", "fold");
  assert.equal(chars.slice(...wordAround(chars, ...piece)).join(""), "unfold");
  const apostrophe = at("she didn't", "did");
  assert.equal(apostrophe[0].slice(...wordAround(apostrophe[0], ...apostrophe[1])).join(""), "didn't");
  const comma = at("a, b", ",");
  assert.deepEqual(plain(wordAround(comma[0], ...comma[1])), comma[1]);
  const smile = at("😀it", "it");
  assert.deepEqual(plain(wordAround(smile[0], ...smile[1])), [1, 3]);
});

test("deleting leaves one space where there was one", () => {
  for (const [text, word, left] of [
    ["The cat sat", "cat", "The sat"], ["The cat, sat", "cat", "The, sat"], ["cat sat", "cat", "sat"], ["The cat", "cat", "The"],
    ["unfold it", "un", "fold it"], ["unfold it", "fold", "un it"], ["a  b", "b", "a"], ["x", "x", ""], ["a 😀 b", "😀", "a b"],
    ["(cat)", "cat", "()"],
  ]) assert.equal(deleted(...at(text, word)), left, `${text} without ${word}`);
});

test("200 texts: only the stretch changes", () => {
  const next = random(4);
  const letters = ["a", "B", " ", "é", "😀", ",", "\n", "日"];
  for (let i = 0; i < 200; i++) {
    const chars = Array.from({ length: 1 + Math.floor(next() * 20) }, () => letters[Math.floor(next() * letters.length)]);
    const start = Math.floor(next() * chars.length);
    const end = start + 1 + Math.floor(next() * (chars.length - start));
    const [from, to] = trimmed(chars, start, end);
    assert.ok(start <= from && from < to && to <= end);
    const text = replaced(chars, [from, to], "[MASK]");
    assert.equal(text, chars.slice(0, from).join("") + "[MASK]" + chars.slice(to).join(""));
    const [wordFrom, wordTo] = wordAround(chars, from, to);
    assert.ok(wordFrom <= from && to <= wordTo);
    const rest = [...deleted(chars, [from, to])].filter((c) => c.trim()).join("");
    assert.equal(rest, [...chars.slice(0, from), ...chars.slice(to)].filter((c) => c.trim()).join(""));
  }
});

test("what stands around is cut at whole words", () => {
  const chars = [..."Once upon a time there was"];
  assert.deepEqual(plain(around(chars, [10, 11], 6)), [5, 16]);
  assert.deepEqual(plain(around(chars, [0, 4], 50)), [0, 26]);
  assert.deepEqual(plain(around([..."abcdefgh"], [3, 4], 2)), [3, 4]);
});

test("the link goes to the page beside this one, if it is short enough", () => {
  const facts = { page: "compare", longest: 60 };
  assert.equal(compareAddress("/text_attention", facts, { compare_text: "a b&c" }), "/compare?compare_text=a%20b%26c");
  assert.equal(compareAddress("/lab/text_attention/", facts, { x: "1" }), "/lab/compare?x=1");
  assert.equal(compareAddress("/text_attention", facts, { compare_text: "x".repeat(60) }), null);
});
