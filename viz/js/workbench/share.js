// Share: the page's address as it is now, to copy, and as a QR code. The server makes the code; a file has no address.

const QUIET = 4; // modules around a QR code that stay white

// A QR code's modules (text of 0 and 1, row after row) as a picture of so many pixels a module; black on white always.
function drawCode(canvas, { size, modules }, pixels) {
  const side = (size + 2 * QUIET) * pixels;
  const pen = prepare(canvas, side, side);
  pen.fillStyle = "#FFFFFF";
  pen.fillRect(0, 0, side, side);
  pen.fillStyle = "#000000";
  const ratio = pixelRatio();
  const edge = (at) => Math.round((at + QUIET) * pixels * ratio) / ratio; // on the screen's own pixels: no seams
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      if (modules[row * size + column] !== "1") continue;
      const [x, y] = [edge(column), edge(row)];
      pen.fillRect(x, y, edge(column + 1) - x, edge(row + 1) - y);
    }
  }
}

// Pixels of a module so that the whole code is no larger than `most`.
const modulePixels = (size, most) => Math.min(5, most / (size + 2 * QUIET));

// A place for the code of the current address: asked for while it is shown, and again when the address has changed.
class Code {
  constructor(bench, most) {
    Object.assign(this, { bench, most, shown: false, link: null });
    this.canvas = el("canvas", { className: "code", role: "img" });
    this.words = el("div", { className: "cap code-words", role: "status" });
  }

  show(on) {
    this.shown = on;
    if (on) this.ask();
    else { clearTimeout(this.timer); this.forget(); }
  }

  ask() {
    this.link = location.href;
    if (this.answer?.link === this.link) return this.draw(this.answer);
    this.canvas.hidden = true;
    this.words.textContent = "Making the code …";
    return askServer(this.bench, "share", this.link);
  }

  forget() { askServer(this.bench, "share", null); }

  // The address may have changed: ask again when it has rested for a while.
  later() {
    clearTimeout(this.timer);
    if (this.shown) this.timer = setTimeout(() => { if (location.href !== this.link) this.ask(); }, 700);
  }

  hear(answer) {
    this.answer = answer;
    if (this.shown && answer.link === this.link) this.draw(answer);
  }

  draw(answer) {
    this.canvas.hidden = Boolean(answer.why);
    this.words.textContent = answer.why ?? this.reach;
    if (answer.why) return;
    drawCode(this.canvas, answer, modulePixels(answer.size, this.most) / SCREEN.scale);
    this.canvas.ariaLabel = `QR code of ${answer.link}`;
  }

  get reach() { return ""; }
}

const ALONE = ["localhost", "127.0.0.1", "[::1]"];
const REACH = "This address opens on this computer only. To let others in, serve Headlight at this computer’s network " +
  "address, and open it there yourself: the README says how, under “Serving it to others”.";

class Share {
  constructor(bench) {
    this.bench = bench;
    this.code = new Code(bench, 280);
    this.tool = pressable("button", "Share", () => this.panel.togglePopover(), { ariaHasPopup: "dialog" });
    this.link = el("input", { type: "text", readOnly: true, "aria-label": "Link", onfocus: () => this.link.select() });
    this.copy = pressable("button", "Copy link", () => this.copyLink());
    this.reach = el("div", { className: "cap" });
    this.panel = el("div", { className: "share", role: "dialog", "aria-label": "Share", popover: "auto" },
      el("div", { className: "bar" }, this.link, this.copy), this.code.canvas, this.code.words, this.reach);
    this.below = this.panel;
    this.panel.addEventListener("toggle", ({ newState }) => this.turned(newState === "open"));
    this.panel.addEventListener("keydown", (event) => event.stopPropagation()); // what is typed here is no command
  }

  take() {
    this.tool.hidden = !this.bench.linked;
    if (this.heard) return;
    this.heard = true;
    onAnswer(this.bench, "qr", (answer) => this.code.hear(answer));
  }

  draw() { this.follow(); }
  point() { this.follow(); }
  follow() { if (this.code.shown) this.code.later(); }

  turned(open) {
    this.tool.ariaExpanded = String(open);
    this.code.show(open);
    if (!open) return;
    this.link.value = location.href;
    this.reach.textContent = ALONE.includes(location.hostname) ? REACH : "";
    const [at, width] = [this.tool.getBoundingClientRect(), this.panel.offsetWidth];
    const left = Math.max(8, Math.min(at.right - width, innerWidth - width - 8));
    const top = Math.max(8, Math.min(at.bottom + 6, innerHeight - 520));
    this.panel.style.cssText = `left:${left}px;top:${top}px`;
    this.link.focus();
    this.link.scrollLeft = 0;
  }

  async copyLink() {
    try {
      await navigator.clipboard.writeText(location.href);
      this.copy.textContent = "Copied";
      setTimeout(() => { this.copy.textContent = "Copy link"; }, 1500);
    } catch {
      this.code.words.textContent = "The browser does not allow copying here: the link is in the box above.";
      this.link.select();
    }
  }
}

PARTS.push((bench) => new Share(bench));

STYLES.push(`
.view .share{position:fixed;inset:auto;margin:0;width:min(332px,calc(100vw - 16px));padding:12px 14px;border:1px solid var(--border);border-radius:8px;background:var(--page);color:var(--ink);box-shadow:0 6px 24px rgb(0 0 0 / 18%)}
.view .share input{font:inherit;font-size:13.5px;flex:1;min-width:0;height:30px;padding:0 8px;border:1px solid var(--border);border-radius:8px;background:var(--panel);color:var(--ink)}
.share .bar{flex-wrap:nowrap}
.code{margin:12px auto 4px;border-radius:4px}
.code-words:empty{display:none}
.share .cap{margin-top:6px;line-height:1.4}
`);
