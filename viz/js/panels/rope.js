// RoPE's arithmetic, as models/scratch/stretched.py has it.

const ROPE_METHODS = [["plain", "As trained"], ["linear", "Linear"], ["ntk", "NTK"], ["yarn", "YaRN"]];

// ω of the d / 2 hands, in radians per position.
function ropeFrequencies(d, base, method = "plain", s = 1, trained = 1) {
  const plain = (b) => Array.from({ length: d / 2 }, (_, i) => b ** ((-2 * i) / d));
  if (method === "linear") return plain(base).map((w) => w / s);
  if (method === "ntk") return plain(base * s ** (d / (d - 2)));
  if (method === "yarn") {
    const edge = (turns) => (d * Math.log(trained / (turns * 2 * Math.PI))) / (2 * Math.log(base));
    const [low, high] = [Math.max(Math.floor(edge(32)), 0), Math.min(Math.ceil(edge(1)), d - 1)];
    return plain(base).map((w, i) => {
      const slow = Math.min(1, Math.max(0, (i - low) / Math.max(high - low, 0.001)));
      return w * (1 - slow + slow / s);
    });
  }
  return plain(base);
}

// What queries and keys are multiplied by.
const ropeLengthening = (method, s) => (method === "yarn" && s > 1 ? 0.1 * Math.log(s) + 1 : 1);

// Score of a query with a key like it, so many positions apart, against one beside it.
const ropeScore = (frequencies, distance) =>
  frequencies.reduce((sum, w) => sum + Math.cos(distance * w), 0) / frequencies.length;

// Hands that had not turned once when training ended, and those of them that a longer text turns further than training did.
function ropeUnseen(plain, used, trained, s) {
  const slow = plain.map((w, i) => i).filter((i) => plain[i] * trained < 2 * Math.PI);
  const beyond = slow.filter((i) => used[i] * trained * s > plain[i] * trained * (1 + 1e-9));
  return { slow: slow.length, beyond: beyond.length };
}

// At most `most` of n, first and last among them.
function spreadOver(n, most) {
  if (n <= most) return Array.from({ length: n }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (n - 1)) / (most - 1)));
}

// ---- What the controls say, and how it stands in the address

const ROPE_SIZES = [8, 16, 32, 64, 128];
const ROPE_TRAINED = [32, 128, 512, 2048, 8192];
const ROPE_KEYS = ["rope_method", "rope_longer", "rope_base", "rope_size", "rope_trained", "rope_position", "rope_back"];
const ROPE_FIRST = { method: "plain", longer: 4, base: 10000, size: 16, trained: 128, position: 12, back: 5 };

// The state an address asks for, and a sentence for each value that had to be another.
function ropeState(address) {
  const state = { ...ROPE_FIRST };
  const complaints = [];
  for (const [name, value] of Object.entries(address)) {
    const key = name.replace("rope_", "");
    const [read, wants] = ropeRead(key, value);
    if (read === undefined) complaints.push(`${wants}; the address says “${shorten(value, 20)}”.`);
    else state[key] = read;
  }
  const last = state.trained * state.longer;
  if (state.position > last) complaints.push(`Position ${state.position} is past the last, ${last}.`);
  state.position = Math.min(state.position, last);
  if (state.back > state.position) complaints.push(`A key ${state.back} back would stand before the first position.`);
  state.back = Math.min(state.back, state.position);
  return { state, complaints };
}

function ropeRead(key, value) {
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : NaN;
  const among = (list) => (list.includes(number) ? number : undefined);
  const whole = (low, high) => (Number.isInteger(number) && number >= low && number <= high ? number : undefined);
  switch (key) {
    case "method": return [ROPE_METHODS.some(([name]) => name === value) ? value : undefined, "There are plain, linear, ntk and yarn"];
    case "longer": return [whole(1, 32), "A text may be 1 to 32 times as long"];
    case "base": return [number >= 100 && number <= 1e6 ? number : undefined, "The base goes from 100 to 1,000,000"];
    case "size": return [among(ROPE_SIZES), `A head has ${ROPE_SIZES.join(", ")} dimensions here`];
    case "trained": return [among(ROPE_TRAINED), `Trained lengths are ${ROPE_TRAINED.join(", ")}`];
    default: return [whole(0, 262144), "A position is a whole number from 0 on"];
  }
}

// What differs from the beginning, for the address.
function ropeKeys(state) {
  return Object.fromEntries(Object.keys(ROPE_FIRST)
    .filter((key) => state[key] !== ROPE_FIRST[key]).map((key) => [`rope_${key}`, String(state[key])]));
}
