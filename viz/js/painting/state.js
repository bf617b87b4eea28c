// What the visitor chose, and how the page's address says it (`cell=44&head=1.2&mask=row&put=37.4&at=60`).

const CHOICES = { // key -> its values, the first the one to begin with
  over: ["read", "picture"], layers: ["all", "one"],
};
const KEYS = ["cell", "head", "at", "speed", ...Object.keys(CHOICES)];
const ASKS = ["candidate", "mask", "put"]; // what the server paints anew
const SPEEDS = [5, 20, 60]; // cells a second

class State extends Choices {
  constructor() {
    super(KEYS, CHOICES, READERS);
    this.head = { layer: 0, head: 0 };
    [this.cell, this.at, this.speed] = [null, null, SPEEDS[1]]; // the cell that is held; cells that are shown, null: all
  }

  fields() {
    return {
      ...this.chosen,
      cell: this.cell === null ? "" : String(this.cell),
      head: `${this.head.layer}.${this.head.head}`,
      at: this.at === null ? "" : String(this.at),
      speed: String(this.speed),
    };
  }
}

const READERS = {
  cell(state, text, data) {
    const cell = whole(text);
    if (!(cell < data.n)) return `asked for cell ${shorten(text, 20)}; this picture has ${data.n}, counted from 0`;
    state.cell = cell;
    return "";
  },
  head: readHead,
  at(state, text, data) {
    const at = whole(text);
    if (!(at <= data.n)) return `asked for ${shorten(text, 20)} cells; this picture has ${data.n}`;
    state.at = at;
    return "";
  },
  speed(state, text) {
    const speed = whole(text);
    if (!SPEEDS.includes(speed)) return `asked for the speed ${shorten(text, 20)}; there are ${wordList(SPEEDS.map(String))}`;
    state.speed = speed;
    return "";
  },
};
