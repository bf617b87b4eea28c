// Saved steps on the page: a list under the status line to add to, order, name, keep as a file and walk through.

const BESIDE = "headlight steps "; // what the browser keeps them under, followed by the page

class Steps {
  constructor(bench) {
    this.bench = bench;
    [this.steps, this.at, this.pending] = [[], -1, null];
    this.tool = pressable("button", "Steps", () => this.open(this.panel.hidden), { ariaExpanded: "false" });
    this.list = el("ol", { className: "steps-list" });
    this.said = el("span", { className: "cap", role: "status" });
    this.undo = pressable("button", "Undo", () => this.takeBack(), { hidden: true });
    this.story = pressable("button", "Load the example story", () => this.askStory());
    this.save = pressable("button", "Download", () => this.download());
    this.file = el("input", { type: "file", accept: ".json,application/json", hidden: true, onchange: () => this.read() });
    const open = pressable("button", "Open a file", () => this.file.click());
    const add = pressable("button add-step", "Add step", () => this.add());
    const bar = el("div", { className: "bar" }, el("b", { textContent: "Steps" }), add, this.story, open, this.save,
      this.file, this.undo, this.said);
    this.panel = el("section", { className: "steps", "aria-label": "Saved steps", hidden: true }, bar, this.list);
    this.below = this.panel;
    this.panel.addEventListener("keydown", (event) => { // what is typed here is no command
      if (event.target.matches("input")) event.stopPropagation();
    });
  }

  get current() { return this.steps[this.at] ?? null; }

  open(on) {
    this.panel.hidden = !on;
    this.tool.ariaExpanded = String(on);
    if (on) this.panel.scrollIntoView({ block: "nearest" });
  }

  // ---- Kept in the browser, each page's steps for themselves

  take() {
    if (!this.begun) this.begin();
    this.story.hidden = !this.bench.live || !this.bench.payload.header.input;
    if (this.pending) this.arrive();
  }

  begin() {
    this.begun = true;
    onAnswer(this.bench, "story", (text) => this.hearStory(text));
    try {
      const kept = localStorage.getItem(BESIDE + location.pathname);
      if (kept) this.steps = readSteps(kept).steps;
    } catch { this.steps = []; } // no place to keep them, or nothing that could be read
    this.show();
  }

  keep() {
    try { localStorage.setItem(BESIDE + location.pathname, writeSteps(this.steps, location.pathname)); } catch {
      this.tell("This browser keeps no steps over a reload: download them.");
    }
  }

  // Another list, with a way back to the one before.
  change(steps, at, words, undo = false) {
    if (undo) this.before = { steps: this.steps, at: this.at };
    [this.steps, this.at] = [steps, at];
    this.undo.hidden = !undo;
    this.tell(words);
    this.keep();
    this.show();
    if (!this.panel.hidden) this.panel.scrollIntoView({ block: "nearest" });
  }

  takeBack() {
    const { steps, at } = this.before;
    this.change(steps, at, "Taken back.");
  }

  tell(words) { this.said.textContent = words; }

  // ---- The list

  show() {
    const { steps } = this;
    this.save.hidden = !steps.length;
    const focused = this.list.getRootNode().activeElement?.dataset?.step;
    const nothing = "No steps yet. Set the picture as you want to show it, then add it as a step.";
    this.list.replaceChildren(...steps.map((step, i) => this.row(step, i)));
    if (!steps.length) this.list.append(el("li", { className: "cap", textContent: nothing }));
    if (focused) this.list.querySelector(`[data-step="${focused}"]`)?.focus();
    this.stepped();
  }

  stepped() { for (const part of this.bench.parts) if (part !== this) part.stepped?.(); }

  row(step, i) {
    const button = (name, text, label, act, off = false) => {
      const node = pressable("button", text, act, { ariaLabel: `${label} step ${i + 1}`, title: label, disabled: off });
      node.dataset.step = `${name} ${i}`;
      return node;
    };
    const entry = (key, label, most) => {
      const node = el("input", { type: "text", value: step[key] ?? "", maxLength: most, placeholder: label,
        "aria-label": `${label} of step ${i + 1}`, dir: "auto", onchange: () => this.write(i, key, node.value) });
      node.dataset.step = `${key} ${i}`;
      return node;
    };
    const last = this.steps.length - 1;
    const row = el("li", { className: i === this.at ? "step current" : "step" },
      button("go", String(i + 1), "Show", () => this.go(i)), entry("name", "Name", STEPS.name),
      entry("note", "Note", STEPS.note), button("up", "↑", "Move up", () => this.move(i, i - 1), i === 0),
      button("down", "↓", "Move down", () => this.move(i, i + 1), i === last),
      button("remove", "×", "Delete", () => this.remove(i)));
    if (i === this.at) row.setAttribute("aria-current", "step");
    return row;
  }

  write(i, key, value) {
    const { [key]: _, ...rest } = this.steps[i];
    this.steps = this.steps.with(i, value || key === "name" ? { ...rest, [key]: value } : rest);
    this.keep(); // the list stays as it is: the focus is on its way from one box to the next
    this.stepped();
  }

  move(from, to) {
    const at = this.at === from ? to : this.at === to ? from : this.at;
    this.change(moved(this.steps, from, to), at, "");
    const way = to < from ? "up" : "down";
    const nodes = [`${way} ${to}`, `go ${to}`].map((name) => this.list.querySelector(`[data-step="${name}"]`));
    nodes.find((node) => node && !node.disabled)?.focus();
  }

  remove(i) {
    const at = i === this.at ? -1 : i < this.at ? this.at - 1 : this.at;
    this.change(this.steps.toSpliced(i, 1), at, `Deleted step ${i + 1}.`, true);
    (this.list.querySelector(`[data-step="go ${Math.min(i, this.steps.length - 1)}"]`) ?? this.tool).focus();
  }

  add() {
    const { bench } = this;
    if (this.steps.length >= STEPS.most) return this.tell(`${STEPS.most} steps at most: delete one to add another.`);
    const { input } = bench.payload.header;
    const state = Object.fromEntries(Object.entries(bench.state.fields()).filter(([, text]) => text !== ""));
    const step = { name: stepName(bench), ...(input ? { input } : {}), state };
    this.change([...this.steps, step], this.steps.length, "");
    const name = this.list.querySelector(`[data-step="name ${this.at}"]`);
    name.focus();
    return name.select();
  }

  // ---- Files

  download() {
    const link = el("a", { download: "headlight_steps.json",
      href: URL.createObjectURL(new Blob([writeSteps(this.steps, location.pathname)], { type: "application/json" })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  async read() {
    const [file] = this.file.files;
    this.file.value = "";
    if (!file) return;
    if (file.size > STEPS.file) this.tell(`A file of steps has at most 1 MB; this one has ${(file.size / 1e6).toFixed(1)} MB.`);
    else this.load(await file.text());
  }

  // The steps of a file instead of those that are here.
  load(text) {
    try {
      const { steps } = readSteps(text);
      const instead = this.steps.length ? ` in place of ${this.steps.length}` : "";
      this.change(steps, -1, `Loaded ${steps.length} steps${instead}.`, this.steps.length > 0);
    } catch (problem) { this.tell(problem.message); }
  }

  askStory() {
    this.awaiting = true;
    this.tell("Loading …");
    askServer(this.bench, "story", "1");
  }

  hearStory(text) {
    if (!this.awaiting) return;
    this.awaiting = false;
    askServer(this.bench, "story", null);
    this.load(text);
  }

  // ---- Walking

  // By so many steps, not beyond either end; false if there are none.
  walk(by) {
    if (!this.steps.length) return false;
    const to = this.at < 0 ? (by > 0 ? 0 : this.steps.length - 1) : this.at + by;
    if (this.steps[to]) this.go(to);
    return true;
  }

  go(i) {
    [this.at, this.pending] = [i, this.steps[i]];
    this.left = this.bench.payload.header.input;
    this.show();
    if (!this.elsewhere(this.pending)) return this.arrive() && this.bench.refresh();
    if (this.bench.live && this.left) {
      this.bench.frame.classList.add("stale");
      return this.bench.send("go", JSON.stringify({ turn: Date.now(), input: this.pending.input }));
    }
    this.pending = null;
    return this.bench.say(`Step ${i + 1} is of another text or model than this file, which holds one.`);
  }

  // Whether a step is of another input than what is on the page; a step that names none is of any.
  elsewhere({ input }) {
    const { header, queries } = this.bench.payload;
    if (!input) return false;
    if (header.input) return !sameInput(input, header.input);
    const text = queries.labels.filter((_, i) => !queries.special[i]).join("").trim();
    return (input.model ?? header.model) !== header.model || (input.text ?? "").trim() !== text;
  }

  // Take over the state of the step that is waited for, if its input is there now; true if that is done.
  arrive() {
    const { bench, pending } = this;
    const { header } = bench.payload;
    const other = this.elsewhere(pending);
    if (other && sameInput(header.input, this.left)) return false; // an update that was under way before
    const merged = pending.state.words === "on";
    if (!other && bench.live && header.words && header.words.merged !== merged) {
      bench.state.words = merged; // the server is asked, and its answer comes here
      return true;
    }
    this.pending = null;
    const { state } = bench.fresh();
    const complaints = state.apply(pending.state, bench.payload).map((complaint) => `The step ${complaint}.`);
    if (other) complaints.push("The page could not take over all of the step’s input.");
    bench.state = state;
    for (const part of bench.parts) part.restored?.();
    bench.say(complaints.join(" "));
    return true;
  }
}

PARTS.push((bench) => new Steps(bench));

STYLES.push(`
.steps{padding:10px 14px 12px;border-top:1px solid var(--line)}
.steps-list{list-style:none;margin:6px 0 0;padding:0;display:flex;flex-direction:column;gap:4px}
.step{display:grid;grid-template-columns:36px minmax(140px,2fr) minmax(140px,3fr) repeat(3,32px);gap:6px;align-items:center;padding:3px 4px;border-radius:8px}
.step.current{background:var(--panel);box-shadow:inset 0 0 0 1px var(--border)}
.view .step .button{padding:0;width:100%}
.view .step.current .button:first-child{border-color:var(--primary);color:var(--primary);font-weight:600}
.view .step .button:disabled{color:var(--faint);border-color:var(--line);cursor:default}
.view .step input{font:inherit;font-size:13.5px;height:30px;min-width:0;padding:0 8px;border:1px solid var(--border);border-radius:8px;background:var(--page);color:var(--ink)}
.view .step input::placeholder{color:var(--faint)}
.narrow .step{grid-template-columns:36px repeat(3,1fr);grid-template-areas:"go name name name" ". note note note" ". up down remove"}
.narrow .step>:nth-child(1){grid-area:go}
.narrow .step>:nth-child(2){grid-area:name}
.narrow .step>:nth-child(3){grid-area:note}
.narrow .step>:nth-child(4){grid-area:up}
.narrow .step>:nth-child(5){grid-area:down}
.narrow .step>:nth-child(6){grid-area:remove}
`);
