// The workbench's script in a context of its own: what no page is needed for can be called from here.

import { readFileSync, readdirSync } from "node:fs";
import vm from "node:vm";

const root = new URL("../../viz/js/", import.meta.url);

const inside = (folder) => readdirSync(new URL(folder, root)).sort().map((name) => `${folder}/${name}`);

// A view's script as the browser gets it.
export function scriptOf(view) {
  const text = (name) => readFileSync(new URL(name, root), "utf-8");
  const own = inside(view);
  const used = own.flatMap((name) => [...text(name).matchAll(/^\/\/ uses: (\w+)$/gm)].flatMap(([, folder]) => inside(folder)));
  const source = ["common.js", "controls.js", ...used, ...own].map(text).join("\n")
    .replace("export default function", "const draw = function");
  const context = vm.createContext({ URL, TextDecoder, TextEncoder, console, structuredClone });
  vm.runInContext(`const THEME = {};\n${source}`, context);
  return context;
}
const context = scriptOf("workbench");

// The value of an expression in the script, as in use("{ State, stateKeys }").
export const use = (names) => vm.runInContext(`(${names})`, context);
// Arrays and records of the other context as ours, so that they can be compared.
export const plain = (value) => JSON.parse(JSON.stringify(ArrayBuffer.isView(value) ? [...value] : value));

// Numbers from 0 to 1, the same ones each time.
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
