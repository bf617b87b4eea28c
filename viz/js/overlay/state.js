// What a visitor chose of a view over a picture, and how the page's address says it.

const OPACITY = 65; // per cent
const whole = (text) => (/^\d{1,6}$/.test(text) ? Number(text) : NaN);

// Choices among a few words, and whatever else has a reader: (state, text, payload) => what could not be had, or "".
class Choices {
  #keys; #choices; #readers;
  constructor(keys, choices, readers) {
    [this.#keys, this.#choices, this.#readers] = [keys, choices, readers];
    for (const [key, [first]] of Object.entries(choices)) this[key] = first;
  }

  get chosen() { return Object.fromEntries(Object.keys(this.#choices).map((key) => [key, this[key]])); }

  // Take over what the fields say and the payload allows; returns a sentence for each thing that could not be had.
  apply(fields, payload) {
    return this.#keys.flatMap((key) => {
      const text = fields[key];
      if (text === undefined || text === "") return [];
      const complaint = key in this.#choices ? this.choose(key, text) : this.#readers[key](this, text, payload);
      return complaint ? [complaint] : [];
    });
  }

  choose(key, text) {
    if (!this.#choices[key].includes(text)) return `asked for ${key}=${shorten(text, 20)}; there are ${wordList(this.#choices[key])}`;
    this[key] = text;
    return "";
  }
}

function readOpacity(state, text) {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!(value >= 0 && value <= 100)) return `asked for the opacity “${shorten(text, 20)}”; it goes from 0 to 100`;
  state.opacity = Math.round(value);
  return "";
}

function readMap(state, text, maps) {
  const names = maps.map(({ name }) => name);
  if (!names.includes(text)) return `asked for the map “${shorten(text, 20)}”; there are ${wordList(names)}`;
  state.map = text;
  return "";
}

function readHead(state, text, payload) {
  const [layer, head] = text.split(".").map(whole);
  if (!payload.exists({ layer, head })) return `asked for head ${shorten(text, 20)}; this model has none of that number`;
  state.head = { layer, head };
  return "";
}
