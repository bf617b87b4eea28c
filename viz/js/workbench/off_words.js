// Heads switched off, in words and as the page's address writes them: "3.1,1:2.0" (attention 1, layer 2, head 0).

const LISTED_OFF = 6; // heads named before the rest are counted

const offWords = (heads) => heads.map(({ stack, layer, head }) => `${stack ? `${stack}:` : ""}${layer}.${head}`).join(",");

// The heads in a text, each once and in order.
function readOff(text) {
  const found = [...text.matchAll(/(?:^|,)(?:(\d{1,2}):)?(\d{1,4})\.(\d{1,4})(?=,|$)/g)];
  const heads = found.map(([, stack, layer, head]) => ({ stack: Number(stack ?? 0), layer: Number(layer), head: Number(head) }));
  const distinct = heads.filter((head, i) => heads.findIndex((other) => sameOff(head, other)) === i);
  return distinct.sort((a, b) => a.stack - b.stack || a.layer - b.layer || a.head - b.head);
}

const sameOff = (a, b) => a.stack === b.stack && sameHead(a, b);

// How many heads each layer of each stack has, and what the stacks are called.
const stacksOf = ({ header }) => header.off?.stacks ?? [{ name: "", heads: header.heads }];

function missingOff({ stack, layer, head }, stacks) {
  if (!stacks[stack]) return `attention ${stack} off; this model has ${stacks.length}${FROM_0}`;
  const { heads } = stacks[stack];
  if (layer >= heads.length) return `layer ${layer}, head ${head} off; there are ${heads.length} layers${FROM_0}`;
  return head < heads[layer] ? "" : `layer ${layer}, head ${head} off; layer ${layer} has ${heads[layer]} heads${FROM_0}`;
}

// layer 2 head 0, or of several stacks: encoder layer 2 head 0
function offName({ stack, layer, head }, stacks) {
  return `${stacks.length > 1 ? `${stacks[stack].name} ` : ""}layer ${layer} head ${head}`;
}

// 2 heads off: layer 2 head 0, layer 3 head 1
function offTitle(heads, stacks) {
  const named = heads.slice(0, LISTED_OFF).map((head) => offName(head, stacks)).join(", ");
  const more = heads.length > LISTED_OFF ? ` and ${heads.length - LISTED_OFF} more` : "";
  return [strong(`${heads.length} ${heads.length === 1 ? "head" : "heads"} off:`), ` ${named}${more}`];
}

const bitsOf = (bits) => (bits < 0.0005 ? (bits > 0 ? "<0.001" : "0") : bits.toFixed(bits < 0.0995 ? 3 : 2));
const cosine = (distance) => (distance < 0.00005 ? (distance > 0 ? "<0.0001" : "0") : distance.toFixed(4));

// the answer moved by 0.42 bits (KL)
function movedWords(change) {
  if (change?.bits !== undefined) return ["the answer moved by ", strong(`${bitsOf(change.bits)} bits`), " (KL)"];
  const vector = change?.move?.vector;
  if (vector === undefined || vector === null) return ["there is no answer whose move could be measured"];
  return [`the ${change.move.of ?? "text"}'s vector moved by `, strong(cosine(vector)), " (cosine distance)"];
}

// What a candidate gained or lost, to so many places: an arrow and a sign, never colour alone.
function gained(was, is, places) {
  const change = Math.fround(is) - Math.fround(was);
  const unit = 10 ** places;
  const size = Math.floor(Math.abs(change) * unit + 0.5);
  if (!change) return { side: "same", text: "no change" };
  const [side, arrow, sign] = change > 0 ? ["up", "▲", "+"] : ["down", "▼", THEME.minus];
  return { side, text: size ? `${arrow} ${sign}${(size / unit).toFixed(places)}` : `${arrow} <${(1 / unit).toFixed(places)}` };
}

// Which pictures are other than before: layers up to the first that is off read as before.
function offPictures(heads, stack, layers, stacks) {
  const start = "All pictures are of this pass, with these heads off. ";
  const crossed = "A crossed head still reads, but what it reads goes nowhere.";
  if (heads.some((head) => head.stack !== stack) || stacks.length > 1) {
    return `${start}What comes after them reads what is left. ${crossed}`;
  }
  const first = Math.min(...heads.map(({ layer }) => layer));
  if (first === layers - 1) return `${start}No later layer reads what they say, so the answer alone can change. ${crossed}`;
  const same = first ? `Layers 0 to ${first} read as before` : "Layer 0 reads as before";
  const later = first + 1 === layers - 1 ? `layer ${first + 1} reads` : `layers ${first + 1} to ${layers - 1} read`;
  return `${start}${same}; ${later} what is left. ${crossed}`;
}
