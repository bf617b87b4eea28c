// Keeps what Python knows of the page's state in the page's address, so that reload and links work; or, where it is
// asked to, tells Python what the address says now. Streamlit knows only what it wrote itself. Draws nothing, but says
// what no link can hold.

const KEPT = new WeakMap(); // parent element -> {fields, gone}
let writing = false; // an address that is written is a change too: two of us for a moment would answer each other for ever

function say(parent, sentence) {
  parent.querySelector("p")?.remove();
  if (!sentence) return;
  const style = "margin:0;font:400 13px var(--st-font,sans-serif)";
  parent.append(el("p", { textContent: sentence, style }));
}

export default function ({ data, parentElement, setStateValue }) {
  const { pathname } = location;
  // Streamlit writes the address too, at times without what stands here: then it is put back. Another page's is not ours.
  const write = () => {
    const { fields } = KEPT.get(parentElement);
    if (!parentElement.isConnected || location.pathname !== pathname) return;
    const found = readAddress(Object.keys(fields));
    if (Object.entries(fields).every(([key, value]) => (found[key] ?? null) === value)) return;
    if (writing) return;
    const values = Object.entries(fields).filter(([, value]) => value !== null);
    writing = true;
    try {
      writeAddress(Object.keys(fields), Object.fromEntries(values.map(([k, v]) => [k, encodeURIComponent(v)])));
    } finally {
      writing = false;
    }
  };
  unpack(data).then(({ header }) => {
    if (header.ask) return setStateValue("search", location.search || "?");
    const first = !KEPT.has(parentElement);
    KEPT.set(parentElement, { fields: header.values, gone: KEPT.get(parentElement)?.gone ?? new AbortController() });
    if (first) globalThis.navigation?.addEventListener("currententrychange", write, { signal: KEPT.get(parentElement).gone.signal });
    say(parentElement, header.said);
    return write();
  });
  return () => {
    KEPT.get(parentElement)?.gone.abort();
    KEPT.delete(parentElement);
  };
}
