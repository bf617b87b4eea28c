// A scene of coloured shapes, put together by hand: click to place one, drag to move it; its shape, colour and size are
// those that are pressed below. What stands there goes to the server as one line of text.

const SCREEN_SIDE = 256; // pixels that the scene is drawn at
const NIGHT = "rgb(28 28 28)";
const SCENE_STYLE = `${BASE_STYLE}${CONTROL_STYLE}
.scene{width:${SCREEN_SIDE + 2}px;max-width:100%}
.scene .ground{border:1px solid var(--border);border-radius:6px;cursor:crosshair;touch-action:none}
.scene .row{display:flex;flex-wrap:wrap;gap:4px;margin-top:8px}
.view .scene .pick{width:28px;height:28px;border:1px solid var(--border);border-radius:6px;padding:2px;background:${NIGHT}}
.view .scene .pick[aria-checked=true]{box-shadow:0 0 0 2px var(--page),0 0 0 4px var(--primary)}
.scene .cap{display:block;line-height:1.35;margin-top:6px}
.scene .control{margin-top:8px;display:flex}
`;

// The outline of each shape around (0, 0) with radius r, as models/zoo/recipes/scenes.py covers it.
const OUTLINES = {
  circle: (pen, r) => pen.arc(0, 0, r, 0, 2 * Math.PI),
  square: (pen, r) => pen.rect(-0.9 * r, -0.9 * r, 1.8 * r, 1.8 * r),
  triangle: (pen, r) => { pen.moveTo(0, -r); pen.lineTo(r, r); pen.lineTo(-r, r); pen.closePath(); },
  ring: (pen, r) => { pen.arc(0, 0, r, 0, 2 * Math.PI); pen.moveTo(0.55 * r, 0); pen.arc(0, 0, 0.55 * r, 0, 2 * Math.PI, true); },
  cross: (pen, r) => { pen.rect(-r, -0.3 * r, 2 * r, 0.6 * r); pen.rect(-0.3 * r, -r, 0.6 * r, 2 * r); },
  diamond: (pen, r) => { pen.moveTo(0, -r); pen.lineTo(r, 0); pen.lineTo(0, r); pen.lineTo(-r, 0); pen.closePath(); },
};

// A line of text as things, and back.
function readScene(text) {
  return text.split("_").filter(Boolean).map((part) => {
    const [shape, colour, x, y, radius] = part.split(".");
    return { shape, colour, x: Number(x), y: Number(y), radius: Number(radius) };
  });
}
const writeScene = (things) => things.map(({ shape, colour, x, y, radius }) => [shape, colour, x, y, radius].join(".")).join("_");

// The foremost thing at a point: within its radius, or the only sensible one to mean.
function thingAt(things, x, y) {
  for (let i = things.length - 1; i >= 0; i--) {
    if (Math.max(Math.abs(things[i].x - x), Math.abs(things[i].y - y)) <= things[i].radius) return i;
  }
  return null;
}

// A whole number of pixels inside the scene.
const within = (value, side) => Math.min(side, Math.max(0, Math.round(value)));

function drawThing(pen, { shape, colour, x, y, radius }, colours, factor) {
  pen.save();
  pen.translate(x * factor, y * factor);
  pen.fillStyle = `rgb(${colours[colour].join(" ")})`;
  pen.beginPath();
  OUTLINES[shape](pen, radius * factor);
  pen.fill();
  pen.restore();
}

class Scene extends Mounted {
  constructor(parent) {
    super(parent);
    [this.things, this.chosen, this.sent] = [[], null, new Set()];
    this.ground = el("canvas", { className: "ground", tabIndex: 0, role: "application", "aria-label": "The scene: click to place a shape, arrows move the chosen one, Delete takes it out" });
    [this.shapes, this.colours] = [el("div", { className: "row", role: "radiogroup", "aria-label": "Shape" }), el("div", { className: "row", role: "radiogroup", "aria-label": "Colour" })];
    this.words = span("cap");
    const act = (name, action) => pressable("button", name, action);
    this.remove = act("Remove", () => this.take_out());
    this.frame = el("section", { className: "scene", "aria-label": "Draw a scene", hidden: true }, this.ground, this.shapes, this.colours);
    this.bar = el("div", { className: "row" }, act("Add", () => this.add()), this.remove, act("Clear", () => this.change([], null)));
    this.root.replaceChildren(el("style", { textContent: SCENE_STYLE }), this.failure, this.frame);
    this.ground.addEventListener("pointerdown", (event) => this.press(event));
    this.ground.addEventListener("pointermove", (event) => this.drag(event));
    this.ground.addEventListener("pointerup", () => this.drop());
    this.ground.addEventListener("keydown", (event) => this.key(event));
    this.listen();
  }

  take(unpacked) {
    const first = !this.payload;
    this.payload = { ...unpacked.header, colours: Object.fromEntries(unpacked.header.colours.map(([name, ...rgb]) => [name, rgb])) };
    const { scene, shapes, colours, radii: [least, most] } = this.payload;
    if (first) {
      [this.shape, this.colour, this.radius] = [shapes[0], Object.keys(colours)[0], Math.round((least + most) / 2) - 2];
      this.size = slider("Size", most, (radius) => this.restyle({ radius }), least);
      this.picks(this.shapes, shapes, "shape");
      this.picks(this.colours, Object.keys(colours), "colour");
      this.frame.append(this.size.element, this.bar, this.words);
    }
    if (first || !this.sent.has(scene)) [this.things, this.chosen] = [readScene(scene), null];
    this.frame.hidden = false;
    this.dress();
  }

  picks(row, names, key) {
    row.replaceChildren(...names.map((name) => {
      const node = el("button", { type: "button", role: "radio", className: "pick", title: name, "aria-label": name });
      node.dataset.name = name;
      node.append(el("canvas", { ariaHidden: "true" }));
      node.onclick = () => this.restyle({ [key]: name });
      return node;
    }));
    row.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      const next = names[(names.indexOf(this[key]) + step + names.length) % names.length];
      this.restyle({ [key]: next });
      [...row.children][names.indexOf(next)].focus();
      event.preventDefault();
    });
  }

  // ---- What the visitor does

  at(event) {
    const { x, y } = pointIn(this.ground, event), { side } = this.payload;
    return [x, y].map((value) => within((value / SCREEN_SIDE) * side, side));
  }

  press(event) {
    const [x, y] = this.at(event);
    const found = thingAt(this.things, x, y);
    this.placed = found === null;
    if (this.placed) this.chosen = null;
    if (this.placed) this.place(x, y);
    else this.choose(found);
    if (this.chosen === null) return;
    this.ground.setPointerCapture(event.pointerId);
    this.held = [x - this.things[this.chosen].x, y - this.things[this.chosen].y];
  }

  drag(event) {
    if (!this.held) return;
    const [x, y] = this.at(event), { side } = this.payload;
    Object.assign(this.things[this.chosen], { x: within(x - this.held[0], side), y: within(y - this.held[1], side) });
    this.refresh();
  }

  drop() {
    if (!this.held) return;
    this.held = null;
    if (this.placed) this.chosen = null; // the next shape that is pressed below is for the next thing, not for this one
    this.refresh();
    this.tell();
  }

  place(x, y) {
    const { most } = this.payload;
    if (this.things.length >= most) return;
    this.things.push({ shape: this.shape, colour: this.colour, x, y, radius: this.radius });
    this.chosen = this.things.length - 1;
    this.refresh();
  }

  // At the first of some places where no other thing stands.
  add() {
    const { side } = this.payload;
    const places = [0.25, 0.5, 0.75].flatMap((down) => [0.25, 0.5, 0.75].map((across) => [across, down].map((part) => Math.round(part * side))));
    const [x, y] = places.find(([left, top]) => thingAt(this.things, left, top) === null) ?? places[4];
    this.place(x, y);
    this.tell();
  }

  choose(index) {
    this.chosen = index;
    const { shape, colour, radius } = this.things[index];
    Object.assign(this, { shape, colour, radius });
    this.refresh();
  }

  restyle(look) {
    Object.assign(this, look);
    if (this.chosen !== null) {
      Object.assign(this.things[this.chosen], look);
      this.tell();
    }
    this.refresh();
  }

  take_out() {
    if (this.chosen !== null) this.change(this.things.filter((_, i) => i !== this.chosen), null);
  }

  change(things, chosen) {
    [this.things, this.chosen] = [things, chosen];
    this.refresh();
    this.tell();
  }

  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const { side } = this.payload;
    if (event.key === "Delete" || event.key === "Backspace") this.take_out();
    else if (event.key === "Enter") this.add();
    else if (step && this.chosen !== null) {
      const thing = this.things[this.chosen];
      Object.assign(thing, { x: within(thing.x + step[0], side), y: within(thing.y + step[1], side) });
      this.refresh();
      this.tell();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // What stands here, once the hand rests.
  tell() {
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      const text = writeScene(this.things);
      this.sent.add(text);
      this.send?.("scene", text);
    }, 250);
  }

  // ---- What is drawn

  refresh() {
    const { side, colours, most, shapes } = this.payload, factor = SCREEN_SIDE / side;
    this.width = this.root.clientWidth;
    const pen = prepare(this.ground, SCREEN_SIDE, SCREEN_SIDE);
    pen.fillStyle = NIGHT;
    pen.fillRect(0, 0, SCREEN_SIDE, SCREEN_SIDE);
    this.things.forEach((thing) => drawThing(pen, thing, colours, factor));
    if (this.chosen !== null) {
      const { x, y, radius } = this.things[this.chosen];
      [pen.strokeStyle, pen.lineWidth] = ["#FFFFFF", 1.5];
      pen.setLineDash([4, 3]);
      pen.strokeRect((x - radius) * factor - 3, (y - radius) * factor - 3, 2 * radius * factor + 6, 2 * radius * factor + 6);
    }
    const icon = (node, thing) => drawThing(prepare(node.firstChild, 22, 22), { x: 11, y: 11, radius: 9, ...thing }, colours, 1);
    for (const node of this.shapes.children) icon(node, { shape: node.dataset.name, colour: this.colour });
    for (const node of this.colours.children) icon(node, { shape: shapes[0], colour: node.dataset.name });
    for (const [row, value] of [[this.shapes, this.shape], [this.colours, this.colour]]) {
      for (const node of row.children) [node.ariaChecked, node.tabIndex] = [String(node.dataset.name === value), node.dataset.name === value ? 0 : -1];
    }
    this.size.set(this.radius);
    this.size.note.textContent = `${2 * this.radius} pixels`;
    this.remove.disabled = this.chosen === null;
    this.words.textContent = this.things.length >= most ? `${most} shapes are the most that fit.`
      : this.things.length ? "Drag a shape to move it; press one to change it." : "Click into the scene to put the shape there.";
  }
}

export default function (host) { return mount(Scene, host); }
