// A text with a word of it masked, deleted or replaced. Characters are code points, as the server counts them.

const SPACE = /^\s$/u;
const OF_WORD = /^[\p{L}\p{N}\p{M}'’]$/u;

// What a position stands for: which text, its characters, where it begins and ends without the space around it; null
// if it stands for none. `places` is a side of the header's `rewriting`.
function placeOf(places, index) {
  const [number, start, end] = places?.spans.slice(3 * index, 3 * index + 3) ?? [-1];
  if (!(number >= 0)) return null;
  const chars = [...places.texts[number]];
  const piece = trimmed(chars, start, end);
  return { name: places.names[number], chars, piece, word: wordAround(chars, ...piece) };
}

// The stretch without white space at its ends; all of it, if there is nothing else.
function trimmed(chars, start, end) {
  let [from, to] = [start, end];
  while (from < to && SPACE.test(chars[from])) from++;
  while (to > from && SPACE.test(chars[to - 1])) to--;
  return from < to ? [from, to] : [start, end];
}

// The whole word that a stretch of letters is a piece of.
function wordAround(chars, start, end) {
  const letters = chars.slice(start, end);
  if (!letters.length || !letters.every((c) => OF_WORD.test(c))) return [start, end];
  let [from, to] = [start, end];
  while (from > 0 && OF_WORD.test(chars[from - 1])) from--;
  while (to < chars.length && OF_WORD.test(chars[to])) to++;
  return [from, to];
}

// The text with other characters in the place of a stretch.
function replaced(chars, [start, end], by) {
  return chars.slice(0, start).join("") + by + chars.slice(end).join("");
}

// The stretch to take out so that no two spaces are left where one was.
function deletion(chars, [start, end]) {
  const before = start === 0 || SPACE.test(chars[start - 1]);
  const after = end === chars.length || !OF_WORD.test(chars[end]);
  if (!before || !after) return [start, end];
  let [from, to] = [start, end];
  while (from > 0 && SPACE.test(chars[from - 1])) from--;
  if (from === 0) while (to < chars.length && SPACE.test(chars[to])) to++;
  return [from, to];
}

// So much of the text around a stretch, in whole words: [from, to].
function around(chars, [start, end], most) {
  let [from, to] = [Math.max(0, start - most), Math.min(chars.length, end + most)];
  while (from > 0 && from < start && !SPACE.test(chars[from - 1])) from++;
  while (to < chars.length && to > end && !SPACE.test(chars[to])) to--;
  return [from, to];
}

const deleted = (chars, stretch) => replaced(chars, deletion(chars, stretch), "");

// The address of the page that compares, from this page's path; null if it is too long for a link.
function compareAddress(path, { page, longest }, values) {
  const pairs = Object.entries(values).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  const query = pairs.join("&");
  return query.length > longest ? null : `${path.replace(/[^/]*\/?$/, "")}${page}?${query}`;
}
