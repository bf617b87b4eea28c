// Colours that can be read, the direction of a text, and numbers that do not cover each other.

import assert from "node:assert/strict";
import { test } from "node:test";
import { plain, random, use } from "./script.mjs";

const { inkOn, contrast, channels, directionOf, beside } =
  use("{ inkOn, contrast, channels, directionOf, beside }");

test("what is written on any colour is read", () => {
  const next = random(5);
  for (let i = 0; i < 2000; i++) {
    const rgb = [0, 1, 2].map(() => Math.floor(next() * 256));
    assert.ok(contrast(channels(inkOn(rgb)), rgb) >= 4.5, rgb.join());
  }
});

test("a text has the direction of most of its letters", () => {
  assert.equal(directionOf(["[CLS]", " שלום", " עולם"]), "rtl");
  assert.equal(directionOf([" مرحبا", "!"]), "rtl");
  assert.equal(directionOf([" The", " word", " שלום"]), "ltr");
  assert.equal(directionOf(["猫", "坐"]), "ltr");
  assert.equal(directionOf(["1", "."]), "ltr");
  assert.equal(directionOf([]), "ltr");
});

test("numbers over neighbouring words stand side by side", () => {
  const next = random(6);
  for (let i = 0; i < 500; i++) {
    const [room, width, placed] = [28, 400, []];
    for (let j = 0; j < 5; j++) {
      const place = beside(placed, { x: next() * 400, y: 20, width: 18 }, room, width);
      assert.ok(place.x >= 0 && place.x <= width - room);
      for (const other of placed) assert.ok(Math.abs(other.x - place.x) > room + 3);
      placed.push(place);
    }
  }
  assert.deepEqual(plain(beside([], { x: 100, y: 35, width: 20 }, 28, 400)), { x: 96, y: 20 });
});
