// The payload as numbers: sheets of weights, and what lies over the picture for a pointed patch.
// uses: picture
// uses: overlay

class Payload extends Sheets {
  constructor({ header, parts }) {
    super(header, parts);
    Object.assign(this, { parts, id: header.id });
  }

  distance(head) {
    const tenths = this.parts.distance?.[this.heads.findIndex((h) => sameHead(h, head))] ?? 0;
    return tenths ? (tenths - 1) / 10 : null;
  }
}

// How alike the position embeddings of one patch and all others are, in hundredths from -100 to 100.
function positionsOver(payload, state) {
  const { keys, parts } = payload;
  const n = keys.patches;
  const at = state.patch === null ? Math.floor(keys.grid[0] / 2) * keys.grid[1] + (keys.grid[1] >> 1) : Math.min(state.patch, n - 1);
  const hundredths = (i) => parts.positions[at * n + i] - 100;
  const value = Float32Array.from({ length: n }, (_, i) => hundredths(i) / 100);
  const text = (i) => `${hundredths(i) < 0 ? THEME.minus : ""}${(Math.abs(hundredths(i)) / 100).toFixed(2)}`;
  return { side: keys, value, rank: (i) => value[i], text, special: [], hidden: null, bad: false, stale: false, across: false, signed: true, at };
}
