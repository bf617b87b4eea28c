// Answers for tests/js/test_rope.py: what the browser's RoPE arithmetic gives for the cases on standard input.

import { readFileSync } from "node:fs";
import vm from "node:vm";
import { plain, scriptOf } from "./script.mjs";

const context = scriptOf("panels");
vm.runInContext('THEME.minus = "\u2212"', context);
const { ropeFrequencies, ropeLengthening, ropeScore, ropeUnseen, ropeState, ropeKeys, ticks, figure, twoDigits, spreadOver } =
  vm.runInContext("({ ropeFrequencies, ropeLengthening, ropeScore, ropeUnseen, ropeState, ropeKeys, ticks, figure, twoDigits, spreadOver })", context);

const does = {
  frequencies: ({ d, base, method, s, trained }) => ropeFrequencies(d, base, method, s, trained),
  lengthening: ({ method, s }) => ropeLengthening(method, s),
  score: ({ d, base, distance }) => ropeScore(ropeFrequencies(d, base), distance),
  unseen: ({ d, base, method, s, trained }) =>
    ropeUnseen(ropeFrequencies(d, base), ropeFrequencies(d, base, method, s, trained), trained, s),
  state: ({ address }) => ropeState(address),
  keys: ({ address }) => ropeKeys(ropeState(address).state),
  ticks: ({ low, high }) => ticks(low, high),
  figure: ({ value, digits }) => figure(value, digits),
  two: ({ value }) => twoDigits(value),
  spread: ({ n, most }) => spreadOver(n, most),
};
const cases = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(cases.map((one) => plain(does[one.does](one)))));
