// Every head with a bar as long as its bits, those that differ most first: arrows move, Enter or a click shows one.

const LISTED = 60; // heads listed until the visitor asks for all of them

class Ranking {
  constructor(view) {
    this.view = view;
    this.all = false;
    this.list = el("div", { className: "list", role: "listbox", "aria-label": "Heads, those that differ most first" });
    this.more = pressable("button", "", () => { this.all = true; this.build(); });
    this.size = span("cap");
    const title = el("div", { className: "bar" }, el("b", { textContent: "Heads" }), this.size);
    this.caption = span("cap");
    this.element = el("div", { className: "ranking" }, title, this.list, this.more, this.caption);
    this.list.addEventListener("click", (event) => this.pick(this.rows.indexOf(event.target.closest("[role=option]"))));
    this.list.addEventListener("keydown", (event) => this.key(event));
  }

  build() {
    const { heads, header } = this.view.payload;
    const listed = this.all ? heads : heads.slice(0, LISTED);
    this.size.textContent = `${heads.length} in both, most different first`;
    this.rows = listed.map((head) => this.row(head, header.edited.some(([l, h]) => l === head.layer && h === head.head)));
    this.list.replaceChildren(...this.rows);
    this.more.hidden = listed.length === heads.length;
    this.more.textContent = `List all ${thousands(heads.length)} heads`;
    const longest = heads[0]?.half ? `; the longest bar is ${bitsWords(Math.max(20, heads[0].half))}` : "";
    this.caption.textContent = `Jensen-Shannon divergence, 0 to 1 bit, mean of the rows that both have${longest}`;
    this.at = 0;
    this.mark();
  }

  row(head, edited) {
    const bar = span("fill");
    bar.style.width = `${(100 * head.half) / Math.max(20, this.view.payload.heads[0].half)}%`;
    const name = `L${head.layer} · H${head.head}${edited ? " · changed" : ""}`;
    const label = `${headTitle(head)}${edited ? ", the one changed" : ""}: ${bitsWords(head.half)}`;
    const node = el("div", { role: "option", className: "head", tabIndex: -1, "aria-label": label },
      span("name", name), el("span", { className: "track" }, bar), span("number", places3(head.half)));
    node.dataset.head = headWords(head);
    return node;
  }

  mark() {
    const { payload, pair } = this.view;
    const chosen = payload.heads.findIndex((head) => headWords(head) === headWords(pair.a));
    if (chosen >= 0 && !this.list.matches(":focus-within")) this.at = chosen;
    this.at = Math.min(Math.max(0, this.at), Math.max(0, this.rows.length - 1));
    this.rows.forEach((row, i) => {
      row.ariaSelected = String(i === chosen);
      row.tabIndex = i === this.at ? 0 : -1;
    });
  }

  pick(index) {
    if (index < 0) return;
    this.at = index;
    const { layer, head } = this.view.payload.heads[index];
    this.view.choose({ a: { layer, head }, b: { layer, head } });
  }

  key(event) {
    const last = this.rows.length - 1;
    const to = { ArrowUp: this.at - 1, ArrowDown: this.at + 1, Home: 0, End: last }[event.key];
    if (event.key === "Enter" || event.key === " ") this.pick(this.at);
    else if (to === undefined) return;
    else {
      this.at = Math.min(last, Math.max(0, to));
      this.rows.forEach((row, i) => { row.tabIndex = i === this.at ? 0 : -1; });
      this.rows[this.at].focus();
    }
    event.preventDefault();
  }
}
