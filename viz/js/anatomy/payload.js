// What came with the view: stages with their numbers, weights, labels.

// float16 bits as numbers.
function readHalf(bits) {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return (sign * fraction) / 2 ** 24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

class Payload {
  constructor({ header, parts }) {
    [this.header, this.id] = [header, header.id];
    this.vocabulary = header.vocabulary;
    this.stages = header.stages.map((stage, number) => ({ ...stage, number, operands: {} }));
    for (const [name, array] of Object.entries(parts)) {
      const [number, what] = name.split(".");
      const stage = this.stages[number];
      const plain = array instanceof Uint16Array ? Float32Array.from(array, readHalf) : array;
      if (what === "values") stage.values = plain;
      else stage.operands[what] = plain;
    }
  }

  labels(side) { return this.header.sequences[side]; }

  // The labels of a stage's rows.
  rows(stage) {
    return stage.axes.length === 1 || stage.axes.at(-2) !== "head" ? this.labels(stage.side) : [];
  }

  // Rows and columns of what is drawn of a stage: a single number per position is a column.
  size({ sent }) { return sent.length === 1 ? [sent[0], 1] : sent.slice(-2); }

  heads(stage) { return stage.axes[0] === "head" ? stage.sent[0] : 1; }

  // Which of a stage's heads serves this one: groups of heads may share keys and values.
  served(stage, head) { return Math.floor((head * this.heads(stage)) / this.header.config.heads); }

  // Where the numbers of one head begin.
  start(stage, head) {
    const [rows, columns] = this.size(stage);
    return this.served(stage, head) * rows * columns;
  }

  // One cell; a stage that has no heads is the same for all.
  at(stage, head, row, column) {
    return stage.values[this.start(stage, head) + row * this.size(stage)[1] + column];
  }

  // One row of numbers.
  row(stage, head, row) {
    const columns = this.size(stage)[1];
    const from = this.start(stage, head) + row * columns;
    return stage.values.subarray(from, from + columns);
  }

  column(stage, head, column) {
    return Float32Array.from({ length: this.size(stage)[0] }, (_, row) => this.at(stage, head, row, column));
  }

  // The stages that this one reads, by name.
  read(stage, ...names) {
    const all = stage.reads.map((number) => this.stages[number]);
    return names.length ? all.find((other) => names.includes(other.name)) : all[0];
  }
}
