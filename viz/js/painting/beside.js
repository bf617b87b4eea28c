// Beside the picture: what the chosen cell could have been, and which words were read for it.

class Colours {
  constructor(view) {
    this.view = view;
    this.title = el("b");
    this.list = el("div", { className: "colours" });
    this.note = span("cap");
    this.element = el("div", {}, this.title, this.list, this.note);
  }

  draw() {
    const { view, view: { payload: data, focus } } = this;
    const [row, column] = data.place(focus);
    this.title.textContent = `Row ${row}, column ${column}: which colour?`;
    const filtered = data.colours.some((_, code) => Math.abs(data.own(focus, code) - data.offered(focus, code)) > 0.0005);
    this.list.replaceChildren(...data.colours.map(([name, rgb], code) => this.row(name, rgb, code, filtered)));
    const much = data.elsewhere(focus);
    const second = filtered ? " The lower bar is what was drawn from, after temperature and top-k, among colours alone." : "";
    this.note.textContent = `${probabilityWords(much)} falls on what is no colour: it is left out of the draw.${second}`;
    this.list.toggleAttribute("data-live", view.live);
  }

  row(name, [r, g, b], code, filtered) {
    const { view, view: { payload: data, focus } } = this;
    const [own, after] = [data.own(focus, code), data.offered(focus, code)];
    const bar = (className, share) => {
      const node = el("i", { className });
      node.style.width = `${100 * share}%`;
      return node;
    };
    const chip = el("span", { className: "chip", ariaHidden: "true" });
    chip.style.background = `rgb(${r} ${g} ${b})`;
    const painted = data.codes[focus] === code;
    const button = pressable("colour", "", () => view.put(code), { disabled: !view.live || painted, "aria-pressed": String(painted),
      title: painted ? "painted here" : view.live ? `Paint this cell ${name}, and go on from here` : "" });
    button.append(chip, span("", name), el("span", { className: "bars" }, bar("own", own), ...(filtered ? [bar("after", after)] : [])), span("number", probabilityWords(own)));
    return button;
  }
}

class Words {
  constructor(view) {
    this.view = view;
    this.title = el("b");
    this.list = el("div", { className: "words" });
    this.note = span("cap");
    this.element = el("div", {}, this.title, this.list, this.note);
  }

  draw() {
    const { payload: data, focus, state, theme } = this.view;
    const { words: { codes, halves }, onWords } = data.read(state.head, focus);
    this.title.textContent = `${headTitle(state.head)}: which words?`;
    this.list.replaceChildren(...data.words.map((word, i) => {
      const fill = el("i");
      fill.style.cssText = `width:${Math.max(0, halves[i] / 20)}%;background:${theme.beam[Math.max(90, codes[i])]}`;
      return el("div", { className: "word" }, el("bdi", { className: data.unknown.includes(i) ? "unknown" : "", textContent: word }),
        el("span", { className: "track" }, fill), span("number", places2(halves[i])));
    }));
    this.note.textContent = `${percentOf(onWords)} on the words, the rest on the cells before it.`;
  }
}
