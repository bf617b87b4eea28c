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
    const label = shown((side === "query" ? payload.queries : payload.keys).labels[index]);
    const heads = state.drawn.filter((head) => payload.matrix(head));
    const columns = heads.map((head) => tenLargest(payload, payload.matrix(head), side, index));
    const header = el("tr", {}, ...heads.map((head) => el("th", { scope: "col", textContent: longName(head) })));
    const rows = Array.from({ length: Math.max(0, ...columns.map((column) => column.length)) }, (_, i) =>
      el("tr", {}, ...columns.map((column) => el("td", { textContent: column[i] ?? "" }))));
    this.element.replaceChildren(el("table", {},
      el("caption", { textContent: `“${label}” (${index}) ${side === "query" ? "reads" : "is read by"}: the ten largest weights per head, sinks included` }),
      el("thead", {}, header), el("tbody", {}, ...rows)));
  }
}

// “cat” (2) 0.540, ... of one head.
function tenLargest(payload, matrix, side, index) {
  const tokens = side === "query" ? payload.keys : payload.queries;
  const pair = (other) => (side === "query" ? [index, other] : [other, index]);
  const can = (other) => pair(other)[1] < payload.width(pair(other)[0]);
  const best = largest(tokens.length, (other) => (can(other) ? matrix.rank(...pair(other)) : -1), 10);
  return best.map(({ index: other }) => `“${shown(tokens.labels[other])}” (${other}) ${places3(matrix.half(...pair(other)))}`);
}
