// Save picture: the pane in view or the grid of heads as PNG or SVG, and the lines of Python that show the same view in
// a notebook. All of it is done in the browser, in a file without a server too.
// uses: picture

const TALLEST = 4000; // pixels: a longer list is saved as far as it is in sight
const SCALES_OF_PNG = [1, 2, 4];

class SavePart {
  constructor(bench) {
    this.bench = bench;
    [this.what, this.theme, this.all] = ["pane", null, true];
    this.button = pressable("button", "Save", () => this.toggle(),
      { title: "Save picture", ariaLabel: "Save picture", ariaExpanded: "false", "aria-haspopup": "dialog" });
    const choice = (label, options, set) => segmented(label, options, (name) => { set(name); this.fill(); }, true);
    this.whats = choice("Picture", [{ name: "pane", title: "this view" }, { name: "grid", title: "all heads" }], (name) => { this.what = name; });
    this.themes = choice("Colours", [{ name: "light", title: "light" }, { name: "dark", title: "dark" }], (name) => { this.theme = name; });
    this.parts = choice("List", [{ name: "all", title: "all of it" }, { name: "sight", title: "what is in sight" }], (name) => { this.all = name === "all"; });
    const row = (title, ...nodes) => el("div", { className: "save-row" }, span("cap", title), ...nodes);
    this.list = row("List", this.parts.element);
    const kinds = [...SCALES_OF_PNG.map((scale) => pressable("button", `PNG ${scale}×`, () => this.save(scale))),
      pressable("button", "SVG", () => this.save("svg"))];
    this.code = el("textarea", { className: "save-code", readOnly: true, rows: 7, spellcheck: false, ariaLabel: "Python", wrap: "off" });
    this.copy = pressable("button", "Copy as Python", () => this.copyCode());
    this.python = el("div", { className: "save-python" }, span("cap", "The same view in a notebook:"), this.code, this.copy);
    this.elsewhere = span("cap", "The numbers, and the page as one HTML file: Export, below.");
    this.menu = el("div", { className: "save-menu", role: "dialog", ariaLabel: "Save picture", hidden: true },
      row("Picture", this.whats.element), row("Colours", this.themes.element), this.list, row("File", ...kinds),
      span("cap", "Larger PNGs are drawn anew, not enlarged. SVG keeps lines and text as such, best where Source Sans is installed."), this.python, this.elsewhere);
    this.menu.dataset.unsaved = "";
    this.tool = el("span", { className: "save" }, this.button, this.menu);
    this.madeOf = el("div", { className: "made-of cap", hidden: true });
    this.tool.addEventListener("keydown", (event) => this.typed(event));
    this.tool.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !this.tool.contains(relatedTarget)) this.close();
    });
    bench.root.addEventListener("pointerdown", ({ target }) => { if (!this.tool.contains(target)) this.close(); });
  }

  // A file without a server says what it was made of, as every picture saved from it does.
  take() {
    const { bench } = this;
    const facts = aboutWords(bench.payload.header.about);
    this.madeOf.hidden = bench.live || !facts;
    this.madeOf.textContent = facts;
    bench.frame.append(this.madeOf); // the last line
    this.elsewhere.hidden = !bench.live;
  }

  draw() { if (!this.menu.hidden) this.fill(); }

  // ---- The menu

  toggle() {
    if (this.menu.hidden) this.open();
    else this.close();
  }

  open() {
    this.theme = null; // as it is on screen
    this.menu.hidden = false;
    this.button.ariaExpanded = "true";
    this.fill();
    const { controls } = this.bench;
    const [box, own] = [controls.getBoundingClientRect(), this.tool.getBoundingClientRect()];
    const left = Math.max(8, Math.min(own.left - box.left, box.width - this.menu.offsetWidth - 8));
    this.menu.style.left = `${left}px`;
    this.menu.style.top = `${own.bottom - box.top + 6}px`;
  }

  close() {
    this.menu.hidden = true;
    this.button.ariaExpanded = "false";
  }

  fill() {
    const { theme, pane } = this.bench;
    this.whats.set(this.what);
    this.themes.set(this.theme ?? theme.name);
    this.list.hidden = this.what === "grid" || !(pane.whole > this.bench.tall + 1);
    this.parts.set(this.wants ? "all" : "sight");
    const tooLong = pane.whole > TALLEST;
    const first = this.parts.element.firstChild;
    first.disabled = tooLong;
    first.title = tooLong ? `All of it would be ${thousands(Math.round(pane.whole))} pixels high` : "";
    const code = codeOf(this.bench);
    this.python.hidden = !code;
    this.code.value = code;
  }

  // Whether the whole list is wanted and can be had.
  get wants() { return this.all && !(this.bench.pane.whole > TALLEST); }

  typed(event) {
    if (this.menu.hidden) return;
    event.stopPropagation(); // letters and digits here are not the workbench's keys
    if (event.key !== "Escape") return;
    this.close();
    this.button.focus();
  }

  async copyCode() {
    try {
      await navigator.clipboard.writeText(this.code.value);
      this.copy.textContent = "Copied";
      setTimeout(() => { this.copy.textContent = "Copy as Python"; }, 1500);
    } catch {
      this.code.focus();
      this.code.select();
      this.copy.textContent = "Press Ctrl+C to copy";
    }
  }

  // ---- The picture

  async save(kind) {
    const { bench, what } = this;
    const { state, payload } = bench;
    const grid = what === "grid";
    const theme = Theme.named(this.theme ?? bench.theme.name);
    const facts = captionFacts(bench, grid, !grid && bench.pane.whole > bench.tall + 1 && !this.wants);
    const about = payload.header.about ?? {};
    const { layer, head } = state.head;
    const name = fileName("headlight", about.model ?? "model", grid ? "heads" : state.view, grid ? "" : `layer${layer}_head${head}`);
    const title = grid ? "All heads" : plainText([longName(state.head), `, ${paneTitle(bench)}`]);
    try {
      await savePicture(bench, kind, { theme, name, title, about: facts }, () => this.lay(grid, facts));
    } catch (error) {
      bench.say(`The picture could not be saved: ${error.message}.`);
      console.warn(error);
    }
  }

  // The bench laid out for the paper, and what is on it.
  lay(grid, facts) {
    const { bench } = this;
    if (!grid && this.wants && bench.pane.whole > bench.tall) bench.showPane(bench.pane.whole);
    if (!grid && this.wants && bench.pane.whole > bench.tall) bench.showPane(bench.pane.whole); // rows may have found other places
    const caption = el("p", { textContent: facts });
    if (grid) return { head: [gridKey(bench)], nodes: [bench.grid.sheet], foot: [rolesKey(bench), caption] };
    const said = el("p", { className: "said" });
    fill(said, statusSentence(bench));
    return { head: [paneKey(bench)], nodes: [bench.pane.element], foot: [said, caption] };
  }
}

PARTS.push((bench) => new SavePart(bench));

STYLES.push(`${PAPER_STYLE}
.controls{position:relative}
.save-menu{position:absolute;z-index:6;width:372px;max-width:calc(100% - 16px);padding:12px;border:1px solid var(--border);border-radius:8px;background:var(--page);box-shadow:0 6px 24px rgb(0 0 0/.16);display:flex;flex-direction:column;gap:8px;line-height:18px}
.save-row{display:flex;align-items:center;gap:6px;flex-wrap:wrap}
.save-row>.cap{width:54px}
.view .save-row .button{height:28px;padding:0 9px;font-size:13px}
.save-python{display:flex;flex-direction:column;gap:6px;border-top:1px solid var(--line);padding-top:8px}
.view .save-code{width:100%;resize:vertical;border:1px solid var(--line);border-radius:6px;padding:6px 8px;background:var(--panel);color:var(--ink);font:12px/17px var(--st-code-font,"Source Code Pro",ui-monospace,monospace);white-space:pre}
.save-python .button{align-self:flex-start}
.made-of{padding:8px 14px;border-top:1px solid var(--line)}
`);
