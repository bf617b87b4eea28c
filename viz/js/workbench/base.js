// The workbench: names and limits that its files share. Files are concatenated by name; this one is the first.

// Panes of the right-hand side, each added by its own file: {name, title, order, make(bench)}. A pane has `element`,
// `controls` (nodes of the second row), `listed` (how many weights the status line names), `weaker()` (its words for
// the rest), `layout()` (sizes), `draw()` (all of it), `point()` (the active token changed), `reveal()` (bring that
// token into sight), `busy` if it draws in slices, and `whole` if it scrolls: the room in which it need not.
const PANES = [];

// What else stands around the panes, each added by its own file: make(bench) returns an object with any of `tool` (a
// node for the first row of controls, right), `title` (one over the grid, right), `strip` (one between the two), `under`
// (one under the grid), `beside` (one under the chips), `chosen` (one under the chosen heads and their matrix), `below`
// (one under the status line), `take()` (new data), `draw()` (the selection changed), `point()` (the active token
// changed), `restored()` (the state came from a saved step), `stepped()` (so did the place in the list of steps),
// `key(event)` (true if the key was its own), `mark(index)` (words on a head for its thumbnail) and `paint(pen, index, x,
// y, size)` (their picture in its corner, true if drawn). Without the marks it has nothing to say to, a part hides its
// nodes.
const PARTS = [];

// Keys of the state that panes and parts add, each by its own file: {key, start, write(state), read(state, text, payload)};
// `start` is put into the state under the key's name, or under `name` if there is one, `write` returns the text for the address ("" where there is nothing
// to say), `read` takes it over and returns what to say if it cannot be. `viz.views.workbench.STATE` lists them too.
const FIELDS = [];

const STYLES = []; // the looks of panes and parts that bring their own, after STYLE

const MOST_HEADS = 6;
const LEAST_LINE = 10; // halves: a line under 0.005 is never drawn
const OWN_TOP_FROM = 64; // from so many keys on, a thumbnail's colours run to its own strongest weight
const LEAST_TOP = 128; // the code of 0.25: no head's own top is taken lower
const THRESHOLD = { start: 4, most: 50 }; // hundredths

// `tile`: what stands for several heads (tiles.js)
const headName = ({ layer, head, tile }) => tile?.name ?? `L${layer} · H${head}`;
const longName = ({ layer, head, tile }) => tile?.title ?? `Layer ${layer} · head ${head}`;
const sameHead = (a, b) => a.layer === b.layer && a.head === b.head;

// Where each block of nearly equal length begins, and where the last one ends; `viz.codes.edges` does the same.
function blockEdges(length, blocks) {
  return Int32Array.from({ length: blocks + 1 }, (_, i) => Math.floor((i * length) / blocks));
}
