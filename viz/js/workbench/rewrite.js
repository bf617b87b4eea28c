// A word of the text masked, deleted or replaced where it stands: compared with the text as it was, or put into the box.

const AROUND = 28; // characters shown on each side of what changes

class Rewrite {
  constructor(bench) {
    this.bench = bench;
    [this.what, this.whole, this.by] = ["replace", true, ""];
    this.button = pressable("edit-token", "Edit", () => this.open(), { hidden: true, title: "Mask, delete or replace it (F2)" });
    this.input = el("input", { type: "text", "aria-label": "Replace it with", placeholder: "another word", maxLength: 200 });
    this.input.oninput = () => { this.by = this.input.value; this.renew(); };
    [this.head, this.choices, this.preview, this.words, this.actions] =
      ["rw-head", "rw-choices", "rw-preview", "cap rw-words", "rw-actions"].map((className) => el("div", { className }));
    this.box = el("div", { className: "rw-box", role: "dialog", "aria-label": "Edit the token", hidden: true },
      this.head, this.choices, this.input, this.preview, this.words, this.actions);
    this.box.addEventListener("keydown", (event) => this.typed(event));
    bench.root.addEventListener("scroll", () => this.settle(), true);
  }

  get facts() { return this.bench.live ? this.bench.payload.header.rewriting : null; }
  get active() { return this.bench.state.active; }
  get tokens() { return this.bench.payload.tokens(this.active.side); }
  get places() { return this.facts[this.active.side] ?? (this.bench.payload.self ? this.facts.query : undefined); }
  get place() { return placeOf(this.places, this.active.index); }
  get stretch() { return this.whole ? this.place.word : this.place.piece; }
  get offered() { return Boolean(this.facts && this.bench.state.pinned && this.bench.payload.thing === "token"); }

  take() {
    const { root } = this.bench;
    if (!this.box.isConnected) root.append(this.box, this.button);
    const texts = Object.values(this.facts ?? {}).flatMap((side) => side?.texts ?? []);
    if (`${texts}` !== this.known) this.close(false); // what is being typed outlives all else that changes
    this.known = `${texts}`;
    if (this.put && texts.includes(this.put.text)) this.tell(this.put);
    this.put = null;
  }

  // The text was changed from here: said, and undone with one press.
  tell({ name, text, old, words }) {
    this.bench.say(`${words} The text was changed.`);
    this.bench.notice.lastChild.before(pressable("button", "Put it back", () => {
      this.bench.say("");
      this.sendText(name, old);
    }));
    return text;
  }

  draw() { this.point(); }

  point() {
    const shownBefore = this.at;
    this.at = this.offered ? `${this.active.side} ${this.active.index} ${this.bench.state.view}` : "";
    if (this.at !== shownBefore) this.close(false);
    this.button.hidden = !this.at || !this.box.hidden;
    this.settle();
  }

  key(event) {
    if (event.key !== "F2" || !this.offered) return false;
    this.open();
    return true;
  }

  // The token on the page, if the view shows it as one that can be pointed at.
  get anchor() {
    const { side, index } = this.active;
    return this.bench.pane.element.querySelector(`[data-index="${index}"]:is([data-side=${side}],[data-side=both])`);
  }

  // The button beside the token, or in the status line where the view has no token of its own; the box under it.
  settle() {
    if (!this.at || !this.button.isConnected) return;
    const { root, hint, stage } = this.bench;
    const anchor = this.anchor;
    const [origin, inside] = [root.getBoundingClientRect(), stage.getBoundingClientRect()];
    const at = anchor?.getClientRects()[0];
    const seen = at && at.top >= inside.top - 2 && at.bottom <= inside.bottom + 2;
    this.button.classList.toggle("beside", Boolean(seen));
    if (seen) {
      if (this.button.parentNode !== root) root.append(this.button);
      const width = this.button.offsetWidth || 42;
      const left = at.left - inside.left > width + 6 && this.active.side === "query" && this.bench.state.view === "lines"
        ? at.left - width - 6 : Math.min(at.right + 6, inside.right - width - 2);
      const lower = this.bench.state.view === "lines" ? (at.height - 22) / 2 : at.height - 8;
      this.button.style.cssText = `left:${left - origin.left}px;top:${at.top - origin.top + lower}px`;
    } else if (this.button.parentNode !== hint.parentNode) {
      this.button.style.cssText = "";
      hint.after(this.button);
    }
    if (!this.box.hidden) this.dock(seen ? at : hint.getBoundingClientRect(), origin);
  }

  dock(at, origin) {
    const width = Math.min(360, origin.width - 16);
    this.box.style.width = `${width}px`;
    const left = Math.max(8, Math.min(at.left - origin.left, origin.width - width - 8));
    const under = at.bottom - origin.top + 6;
    const fits = under + this.box.offsetHeight < origin.height;
    const top = fits ? under : Math.max(8, at.top - origin.top - this.box.offsetHeight - 6);
    [this.box.style.left, this.box.style.top] = [`${left}px`, `${top}px`];
  }

  open() {
    [this.by, this.input.value, this.whole] = ["", "", true];
    [this.box.hidden, this.button.hidden] = [false, true];
    this.renew();
    const first = this.box.querySelector("[aria-checked=true], .rw-close");
    (this.what === "replace" && this.place ? this.input : first).focus();
  }

  close(back = true) {
    if (this.box.hidden) return;
    this.box.hidden = true;
    this.button.hidden = !this.at;
    this.settle();
    if (back) (this.anchor ?? this.button).focus();
  }

  typed(event) {
    event.stopPropagation(); // letters typed here are no shortcuts of the workbench
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && event.target === this.input) this.actions.querySelector("a, button")?.click();
    else return;
    event.preventDefault();
  }

  // What can be done with the token, and what comes of what is chosen.
  renew() {
    const { place } = this;
    const label = this.tokens.labels[this.active.index];
    const close = pressable("rw-close", "×", () => this.close(), { ariaLabel: "Close" });
    const title = el("div", {});
    fill(title, [quoted(label), ` (${this.active.index})`]);
    this.head.replaceChildren(title, spring(), close);
    const inBox = [this.choices, this.preview, this.actions];
    for (const node of inBox) node.hidden = !place;
    this.input.hidden = !place || this.what !== "replace";
    if (!place) this.words.textContent = this.refusal(label);
    else this.offer(place);
    this.settle();
  }

  refusal(label) {
    if (!this.places) return "These tokens are not of the text that was typed: what the decoder reads has a box of its own above.";
    if (this.tokens.special[this.active.index]) return `“${shown(label)}” is added by the model and stands nowhere in the text, so it cannot be changed.`;
    return "This token stands for no character of the text, so it cannot be changed by itself.";
  }

  get ways() {
    const { mask, hiding } = this.facts;
    const first = mask ? [{ name: "mask", title: "Mask it" }] : hiding && this.place.name === "text" ? [{ name: "hide", title: "Hide it" }] : [];
    return [...first, { name: "delete", title: "Delete it" }, { name: "replace", title: "Replace it" }];
  }

  offer(place) {
    const { ways } = this;
    if (!ways.some(({ name }) => name === this.what)) this.what = "replace";
    if (this.what === "hide") this.whole = false; // a head reads tokens, not words
    const held = this.choices.contains(this.choices.getRootNode().activeElement);
    const what = segmented("What to do", ways, (name) => { this.what = name; this.renew(); }, true);
    what.set(this.what);
    const nodes = [what.element];
    if (`${place.word}` !== `${place.piece}` && this.what !== "hide") {
      const say = ([start, end]) => `“${shorten(place.chars.slice(start, end).join(""), 14)}”`;
      const scope = segmented("How much", [{ name: "word", title: say(place.word) }, { name: "piece", title: say(place.piece) }],
        (name) => { this.whole = name === "word"; this.renew(); }, true);
      scope.set(this.whole ? "word" : "piece");
      nodes.push(scope.element);
    }
    this.choices.replaceChildren(...nodes);
    if (held) this.choices.querySelector("[aria-checked=true]").focus();
    this.outcome(place);
  }

  // The text that comes of it; null where it stays as it is.
  after({ chars }) {
    if (this.what === "mask") return replaced(chars, this.stretch, this.facts.mask);
    if (this.what === "delete") return deleted(chars, this.stretch);
    return this.what === "replace" && this.by.trim() ? replaced(chars, this.stretch, this.by.trim()) : null;
  }

  outcome(place) {
    const text = this.after(place);
    const old = place.chars.join("");
    const [start, end] = this.what === "delete" ? deletion(place.chars, this.stretch) : this.stretch;
    const [from, to] = around(place.chars, [start, end], AROUND);
    const piece = (a, b) => place.chars.slice(a, b).join("");
    const by = { mask: this.facts.mask, delete: "", hide: "", replace: this.by.trim() }[this.what];
    const dots = (there) => (there ? "…" : "");
    this.preview.hidden = this.what === "hide";
    this.preview.replaceChildren(dots(from > 0), piece(from, start), el("del", { textContent: piece(start, end) }),
      el("ins", { textContent: by }), piece(end, to), dots(to < place.chars.length));
    this.words.textContent = this.about(place, text);
    this.actions.replaceChildren(...this.buttons(place, old, text));
  }

  about({ name }, text) {
    const off = this.bench.state.ablated.length ? " There all heads are on." : "";
    if (this.what === "hide") {
      return "This model has no mask token. Instead, no head may read this token in a second pass; the text stays, and so " +
        `does what the token's own place passes on.${off}`;
    }
    if (text === null) return "Type what should stand in its place.";
    if (text.trim() === "") return "Nothing would be left of the text.";
    if (name === "question") return "The question can be changed here; Compare asks both texts the same one.";
    return `Compare shows both texts side by side.${off}`;
  }

  buttons({ name }, old, text) {
    const { page, values, hiding } = this.facts;
    const key = (word) => `${page}_${word}`;
    const to = (more) => compareAddress(location.pathname, this.facts, { ...values, [key("text")]: old, ...more });
    const link = (title, href) => el("a", { className: "button rw-main", href, textContent: title });
    if (this.what === "hide") {
      const href = to({ ...hiding, [key("token")]: String(this.active.index) });
      return href ? [link("Compare with and without", href)] : [span("cap", "The text is too long for a link to Compare.")];
    }
    if (text === null || text.trim() === "") return [];
    const put = pressable("button", "Put it into the text here", () => this.putHere(name, old, text));
    if (name === "question") return [put];
    const href = to({ [key("second_text")]: text });
    const go = { to: page, text: old, second_text: text, model: values[key("model")] };
    const open = href ? link("Compare the two", href)
      : pressable("button rw-main", "Compare the two", () => this.bench.send("rewrite", { ...go, at: Date.now() }));
    return [open, put];
  }

  putHere(name, old, text) {
    const word = shorten(this.place.chars.slice(...this.stretch).join(""), 20);
    const words = { mask: `“${word}” is masked.`, delete: `“${word}” is gone.`, replace: `“${word}” became “${shorten(this.by.trim(), 20)}”.` }[this.what];
    this.put = { name, text, old, words };
    this.close();
    this.sendText(name, text);
  }

  sendText(name, text) { this.bench.send("rewrite", { to: name, text, at: Date.now() }); }
}

PARTS.push((bench) => new Rewrite(bench));

STYLES.push(`
.view{position:relative}
.view .edit-token{height:22px;padding:0 8px;border:1px solid var(--border);border-radius:6px;background:var(--page);color:var(--ink);font-size:12.5px;line-height:20px;white-space:nowrap}
.view .edit-token.beside{position:absolute;z-index:3;box-shadow:0 1px 4px rgb(0 0 0/.14)}
.view .edit-token:hover{border-color:var(--primary);color:var(--primary)}
.rw-box{position:absolute;z-index:4;display:flex;flex-direction:column;gap:8px;padding:10px 12px 12px;border:1px solid var(--border);border-radius:8px;background:var(--page);box-shadow:0 4px 18px rgb(0 0 0/.18);font-size:13.5px;line-height:1.4}
.rw-head{display:flex;align-items:center;font-weight:600}
.view .rw-close{width:24px;height:24px;margin:-4px -6px -4px 0;color:var(--faint);font-size:16px}
.view .rw-close:hover{color:var(--ink)}
.rw-choices{display:flex;flex-wrap:wrap;gap:6px 10px}
.rw-box input{font:inherit;color:var(--ink);height:30px;padding:0 8px;border:1px solid var(--border);border-radius:8px;background:var(--panel)}
.rw-preview{white-space:pre-wrap;overflow-wrap:anywhere;color:var(--muted)}
.rw-preview del{color:var(--wrong);text-decoration:line-through}
.rw-preview ins{color:var(--right);font-weight:600;text-decoration:underline}
.rw-preview del+ins:not(:empty){margin-left:3px}
.rw-actions{display:flex;flex-wrap:wrap;gap:8px}
.rw-actions .button{display:inline-flex;align-items:center;text-decoration:none;color:var(--ink)}
.view .rw-main{border-color:var(--primary);color:var(--primary);font-weight:600}
`);
