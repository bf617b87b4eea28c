// What the pictures say, for those who listen: the largest weights of the active token as a table, out of sight.

class Unseen {
  constructor(bench) {
    this.bench = bench;
    this.element = el("div", { className: "unseen" });
  }

  // Soon, not now: a pointer on its way across the page should not wait for it.
  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.draw(), 120);
  }

  draw() {
    const { payload, state, root } = this.bench;
    const sentence = plainText(statusSentence(this.bench));
    for (const canvas of root.querySelectorAll("canvas.say")) canvas.ariaLabel = sentence;
    const { side, index } = state.active;
    const verb = side === "query" ? "reads" : "is read by";
    const label = shown(payload.tokens(side).labels[index]);
    const heads = state.drawn.filter((head) => payload.matrix(head));
    const columns = heads.map((head) => tenLargest(payload, head, side, index));
    const longest = Math.max(0, ...columns.map((column) => column.length));
    const rows = Array.from({ length: longest }, (_, i) =>
      el("tr", {}, ...columns.map((column) => el("td", { textContent: column[i] ?? "" }))));
    this.element.replaceChildren(el("table", {},
      el("caption", { textContent: `“${label}” (${index}) ${verb}: the ten largest weights per head, sinks included` }),
      el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col", textContent: longName(head) })))),
      el("tbody", {}, ...rows)));
  }
}

// “cat” (2) 0.540, ... of one head.
function tenLargest(payload, head, side, index) {
  const { labels } = payload.tokens(side === "query" ? "key" : "query");
  const matrix = payload.matrix(head);
  const pair = (other) => (side === "query" ? [index, other] : [other, index]);
  const can = (q, k) => k < payload.width(q) && !payload.bad(head, q);
  const best = largest(labels.length, (other) => (can(...pair(other)) ? matrix.rank(...pair(other)) : -1), 10);
  if (!best.length) return ["no usable weights"];
  return best.map((other) => `“${shown(labels[other])}” (${other}) ${places3(matrix.half(...pair(other)))}`);
}
