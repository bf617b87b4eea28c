// What the model holds and does, part by part, by arithmetic and as counted.

const bytesWords = (n) => (n < 1e3 ? `${n} bytes` : n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`);
const flopWords = (n) => (n < 1e6 ? thousands(n) : n < 1e9 ? `${(n / 1e6).toFixed(1)} M` : `${(n / 1e9).toFixed(1)} G`);

function budgetOf(payload, lengths) {
  const { parts, cache } = payload.header.budget;
  const all = [1, 2, 3, 4].map((i) => parts.reduce((sum, part) => sum + part[i], 0));
  const most = [Math.max(...parts.map((part) => part[1])), Math.max(...parts.map((part) => part[2]), 1)];
  const cell = (value, share, words) => {
    const bar = el("i", { className: "bar-of" });
    bar.style.width = `${Math.round(100 * share)}%`;
    return el("td", {}, bar, el("span", { textContent: words }));
  };
  const verdict = (same, words) => el("td", { className: same ? "same" : "differs", textContent: same ? "the same" : words });
  const rows = parts.map(([name, n, flops, counted, ran]) => el("tr", {}, el("th", { scope: "row", textContent: name }),
    cell(n, n / most[0], thousands(n)), cell(flops, flops / most[1], flops ? flopWords(flops) : "0"),
    verdict(n === counted && flops === ran, `${thousands(counted)}, ${flopWords(ran)}`)));
  const total = el("tr", { className: "total" }, el("th", { scope: "row", textContent: "all" }), cell(0, 0, thousands(all[0])),
    cell(0, 0, flopWords(all[1])), verdict(all[0] === all[2] && all[1] === all[3], `${thousands(all[2])}, ${flopWords(all[3])}`));
  const { config } = payload.header;
  const kept = cache[0]
    ? [strong(bytesWords(cache[0])), ` of keys and values are kept to write the next token: 2 × ${config.layers} layers × ${config.kv_heads} heads × ${config.d_head} dimensions × ${lengths} tokens × 4 bytes. Counted: `, strong(cache[0] === cache[1] ? "the same" : bytesWords(cache[1])), "."]
    : ["An encoder reads all at once: it keeps no keys and values for a next token."];
  const note = el("p", { className: "cap" });
  fill(note, kept);
  const head = el("tr", {}, ...["part", "parameters", "operations of this pass", "counted"].map((title) => el("th", { scope: "col", textContent: title })));
  return el("section", { className: "budget", "aria-label": "What it costs" }, el("h2", { textContent: "What it costs" }),
    el("div", { className: "budget-frame" }, el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows, total))), note);
}
