// Under the picture: the candidates, best first, and the same luck under other masks.

const SMALL_PICTURE = 84; // pixels

// What stands under a painting: what it shows, and whether that was asked.
function verdict({ shows, right }) {
  if (right === 1) return { className: "right", text: "✓ as asked" };
  if (right === 0) return { className: "wrong", text: shows ? `✗ ${shows}` : "✗ no exact scene" };
  return { className: "", text: shows || "no exact scene" };
}

// By the rule checker, then by what the model thinks of it.
const ranking = (list) => list.map((one, i) => i).sort((a, b) => list[b].right - list[a].right || list[b].log - list[a].log || a - b);

class Strips {
  constructor(view) {
    this.view = view;
    this.candidates = el("div", { className: "frames" });
    this.masks = el("div", { className: "frames" });
    this.count = span("cap");
    this.element = el("div", { className: "strips" },
      el("section", {}, el("h2", {}, "Candidates", this.count), this.candidates),
      el("section", {}, el("h2", {}, "The same luck under other masks", span("cap", "this model was trained with the full one: others take away what it is used to")), this.masks));
  }

  take() {
    const { view, view: { payload: data } } = this;
    const n = data.candidates.length;
    const right = data.candidates.filter((one) => one.right === 1).length;
    this.count.textContent = data.asked
      ? `${right} of ${n} as asked; ranked by an exact rule checker, the stand-in for CLIP, then by log-likelihood`
      : "ranked by log-likelihood: the caption asks for no scene that a rule could check";
    this.candidates.replaceChildren(...ranking(data.candidates).map((i, place) => this.frame(data.candidates[i], i, {
      on: i === data.which, title: `${place + 1}. seed ${data.candidates[i].seed}`, ask: () => view.ask({ candidate: i, put: [] }), name: `Candidate ${i}` })));
    const first = data.candidates.length;
    this.masks.replaceChildren(...data.under.map((one, i) => {
      const [name, cells, all] = data.masks[i];
      const frame = this.frame(one, first + i, { on: name === data.mask, title: name, ask: () => view.ask({ mask: name }), name: `Mask ${name}` });
      const drawn = el("canvas", { className: "mask", ariaHidden: "true" });
      frame.firstChild.append(drawn);
      frame.append(span("cap", name === "full" ? `${thousands(all)} pairs` : `${percent(cells / all)} of the pairs`));
      frame.maskDrawn = drawn;
      return frame;
    }));
  }

  frame(one, number, { on, title, ask, name }) {
    const { text, className } = verdict(one);
    const picture = el("canvas", { ariaHidden: "true" });
    const log = `log-likelihood ${one.log.toFixed(1).replace("-", THEME.minus)}`;
    const button = pressable("frame", "", ask, { ariaPressed: String(on), disabled: !this.view.live, ariaLabel: `${name}: ${one.shows || "no exact scene"}, ${log}` });
    button.append(el("span", { className: "pair" }, picture), el("b", { textContent: title }), span(className, text), span("cap", log));
    [button.picture, button.number] = [picture, number];
    return button;
  }

  draw() {
    const { payload: data } = this.view;
    for (const frame of [...this.candidates.children, ...this.masks.children]) {
      const pen = prepare(frame.picture, SMALL_PICTURE, SMALL_PICTURE);
      pen.imageSmoothingEnabled = false;
      pen.drawImage(cellImage(data, data.picture(frame.number), data.n), 0, 0, SMALL_PICTURE, SMALL_PICTURE);
    }
    [...this.masks.children].forEach((frame, i) => this.drawMask(frame.maskDrawn, i));
  }

  // Which position (down) may read which (across): words first, then cells.
  drawMask(canvas, number) {
    const { payload: data, theme } = this.view;
    const n = data.text + data.n;
    const image = new ImageData(n, n);
    const out = new Uint32Array(image.data.buffer);
    const [free, closed, words] = [theme.pixels[190], theme.pixel("sunk"), theme.pixels[110]];
    for (let query = 0; query < n; query++) {
      for (let key = 0; key < n; key++) out[query * n + key] = !data.allows(number, query, key) ? closed : key < data.text ? words : free;
    }
    const small = el("canvas", { width: n, height: n });
    small.getContext("2d").putImageData(image, 0, 0);
    const pen = prepare(canvas, SMALL_PICTURE, SMALL_PICTURE);
    pen.imageSmoothingEnabled = true;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(small, 0, 0, SMALL_PICTURE, SMALL_PICTURE);
  }
}
