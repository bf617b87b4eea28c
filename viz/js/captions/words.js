// The words as buttons, and what the picture shows in one sentence.

const NAMED = 3; // patches in a sentence

const WAYS = {
  cross: "Cross-attention: layers of their own, through which each word reads the picture.",
  prefix: "Prefix: the picture stands before the words in one row. Shown are the words’ rows over the picture’s columns of self-attention.",
  question: "Question and picture stand in one row. Shown are the question’s rows over the picture’s columns of self-attention.",
};
const MEAN_WARNING = "A mean over heads washes out: it often shows the same bright spots under every word. Beside it is how far the heads lie apart.";

class Words {
  constructor(view) {
    this.view = view;
    this.title = el("b");
    this.row = el("div", { className: "chips", role: "listbox" });
    this.way = span("cap");
    this.compare = toggle("Compare with a grey picture", (on) => view.set({ grey: on ? "on" : "off" }));
    this.element = el("div", { className: "saying" },
      el("div", { className: "bar" }, this.title, spring(), this.compare.element), this.row, this.way);
    this.row.addEventListener("keydown", (event) => this.key(event));
  }

  take() {
    const { payload, payload: { header } } = this.view;
    this.title.textContent = header.asked ? "The words of the question" : "The model writes";
    this.row.ariaLabel = this.title.textContent;
    this.way.textContent = header.asked && header.way === "cross"
      ? `${WAYS.cross} Here the question’s words read the picture; the answer’s words read the question alone.` : WAYS[header.way];
    this.nodes = payload.words.map((word, i) => {
      const node = pressable("chip", "", () => this.view.choose(i), { role: "option", tabIndex: -1 });
      node.dataset.word = String(i);
      node.onpointerenter = () => this.view.hover(i);
      node.onpointerleave = () => this.view.hover(null);
      return node;
    });
    this.row.replaceChildren(...this.nodes);
    this.compare.element.hidden = !this.view.live && !header.grey;
    this.draw();
  }

  draw() {
    const { payload, payload: { header }, state, word } = this.view;
    const grey = state.grey === "on" && !header.asked ? header.grey : null;
    this.nodes.forEach((node, i) => {
      const { label, special, probability } = payload.words[i];
      const bars = [[probability, "fill"], [grey?.[i] ?? null, "fill without"]].filter(([share]) => share !== null)
        .map(([share, name]) => {
          const bar = span(name);
          bar.style.width = `${100 * share}%`;
          return el("span", { className: "track" }, bar);
        });
      node.replaceChildren(el("bdi", { className: special ? "mark" : "", textContent: shown(label).trim() || "␣" }), ...bars);
      node.ariaSelected = String(i === state.word);
      node.classList.toggle("near", i === word && i !== state.word);
      node.tabIndex = i === state.word ? 0 : -1;
      const sure = probability === null ? "" : `: ${chance(probability)}${grey ? `, with a grey picture ${chance(grey[i])}` : ""}`;
      node.title = `${shown(label).trim()}${sure}`;
    });
    this.compare.set(state.grey === "on");
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const last = this.nodes.length - 1;
    const to = Math.min(last, Math.max(0, this.view.state.word + step));
    this.view.choose(to);
    this.nodes[to].focus();
  }
}

function captionSentence(view) {
  const { payload, payload: { header }, state, missing, maps, word } = view;
  if (missing) return [missing];
  const [over] = maps;
  const label = quoted(payload.words[word].label.trim() || " ");
  const does = header.asked ? [label, " of the question reads "] : ["writing ", label, ", it reads "];
  if (over.bad) return [strong(`${mapTitle(view)}: `), "these weights are no distribution (not a number, or all zero), so there is nothing to draw."];
  const best = strongest(over, NAMED).filter((patch) => over.value[patch] > 0);
  const places = best.flatMap((patch, i) => [i ? ", " : "", over.side.words(patch), " ", strong(over.text(patch))]);
  if (state.map === "relevance") {
    const what = header.answers && !header.answers.written ? ["the answer ", quoted(header.answers.labels[0])] : [label];
    return best.length ? [strong("Relevance: "), ...what, " rests most on ", ...places, ", in per cent of the strongest patch."]
      : [strong("Relevance: "), "no patch speaks for ", ...what, "."];
  }
  const specials = over.special.flatMap(([name, text], i) => [i ? ", " : "", strong(text), ` on ${name === "words" ? "words" : name}`]);
  const hidden = over.special.length ? ["; not on the picture: ", ...specials] : [];
  const warning = state.map === "mean" ? ` ${MEAN_WARNING}` : "";
  const here = state.patch === null ? [] : [" Here, ", over.side.words(state.patch), ": ", strong(over.text(state.patch)), "."];
  return [strong(`${mapTitle(view)}: `), ...does, ...places, ...hidden,
    `; the other ${thousands(over.side.patches - best.length)} patches share the rest.`, ...here, warning];
}

function mapTitle({ state, payload, word }) {
  if (state.map === "relevance") return `Relevance of “${shorten(shown(payload.words[word].label).trim(), 28)}”`;
  if (state.map === "mean") return `Layer ${state.head.layer} · mean of its heads`;
  return headTitle(state.head);
}
