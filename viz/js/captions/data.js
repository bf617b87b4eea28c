// The payload as numbers: words, sheets of weights, the relevance of a word.
// uses: picture
// uses: overlay

class Payload extends Sheets {
  constructor({ header, parts }) {
    super(header, parts);
    Object.assign(this, { parts, id: header.id });
    this.words = header.words.map(([label, special, probability, best]) => ({ label, special, probability, best }));
  }

  // What a word reads on a sheet; its row may not have come.
  over(name, word) {
    if (!this.has(name) || !this.hasRow(name, word)) return null;
    return overlayOf(this.row(name, word), this.keys);
  }

  // The relevance of a word: no share of anything, so its numbers are parts of its own strongest patch.
  relevance() {
    const { keys, parts } = this;
    const value = Float32Array.from({ length: keys.patches }, (_, i) => Math.max(0, parts.relevance[keys.first + i]));
    const top = Math.max(...value, 0);
    const text = (i) => (top ? percent(value[i] / top) : "0 %");
    return { side: keys, value, rank: (i) => value[i], text, special: [], hidden: null, bad: false, stale: false, across: false, top };
  }
}

// A probability in per cent, with a place more where it is small.
function chance(probability) {
  const value = 100 * Math.fround(probability);
  if (value < 0.005) return value > 0 ? "<0.01 %" : "0 %";
  return `${value >= 9.95 ? value.toFixed(1) : value.toFixed(2)} %`;
}
