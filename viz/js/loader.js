// Streamlit sends a component's script again with all new data. So the real script is mounted once, as a component of
// its own that puts its function on the page under NAME (viz/view.py), and this is all that travels with the data.

export default function (component) {
  let leave = null;
  const start = () => { leave = globalThis.headlight[NAME](component); };
  if (globalThis.headlight?.[NAME]) start();
  else addEventListener(NAME, start, { once: true });
  return () => {
    removeEventListener(NAME, start);
    leave?.();
  };
}
