// A picture from the clipboard: by the button, or pasted anywhere on the page while this is on it.

const MOST = 12e6; // bytes: as text a third more, and the server takes no more than 25 MB at once
const STYLE = `${BASE_STYLE}
.paste{display:flex;flex-wrap:wrap;align-items:center;gap:6px 10px}
`;

class Paste {
  constructor(root) {
    this.words = span("cap", "or press Ctrl+V");
    this.element = el("div", { className: "paste" }, pressable("button", "Paste a picture", () => this.fetch()), this.words);
    root.replaceChildren(el("style", { textContent: STYLE }), this.element);
    const { colour } = Theme.of(root);
    for (const [name, value] of Object.entries(colour)) root.style.setProperty(`--${name}`, value);
    this.listener = (event) => {
      const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (!file) return;
      event.preventDefault();
      this.take(file);
    };
    document.addEventListener("paste", this.listener);
  }

  async fetch() {
    try {
      const items = await navigator.clipboard.read();
      const found = items.flatMap((item) => item.types.filter((type) => type.startsWith("image/")).map((type) => [item, type]));
      if (!found.length) return this.say("The clipboard holds no picture.");
      const [item, type] = found[0];
      return this.take(await item.getType(type));
    } catch {
      return this.say("The browser does not hand out the clipboard here: press Ctrl+V instead.");
    }
  }

  take(blob) {
    if (blob.size > MOST) return this.say("This picture has more than 12 MB: save it, and upload the file.");
    const reader = new FileReader();
    reader.onload = () => this.send("picture", reader.result.slice(reader.result.indexOf(",") + 1));
    reader.readAsDataURL(blob);
    return this.say("Pasted.");
  }

  say(words) { this.words.textContent = words; }
}

const PASTES = new WeakMap();

export default function ({ parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".view");
  if (!PASTES.has(parentElement)) PASTES.set(parentElement, new Paste(root));
  const paste = PASTES.get(parentElement);
  paste.send = setTriggerValue;
  root.dataset.ready = "paste";
  return () => {
    document.removeEventListener("paste", paste.listener);
    PASTES.delete(parentElement);
  };
}
