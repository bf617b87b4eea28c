// Draws nothing: keeps what Python knows of the page's state in the page's address, so that reload and links work.

const LATEST = new WeakMap(); // parent element -> what was written last
const AGAIN = [400, 1500, 5000]; // milliseconds: Streamlit writes the address too, at times without what stands here

export default function ({ data, parentElement }) {
  unpack(data).then(({ header }) => {
    const values = Object.entries(header.values).filter(([, value]) => value !== null);
    const fields = Object.fromEntries(values.map(([k, v]) => [k, encodeURIComponent(v)]));
    LATEST.set(parentElement, fields);
    const write = () => {
      if (!parentElement.isConnected) return; // the visitor has gone to another page meanwhile
      if (LATEST.get(parentElement) === fields) writeAddress(Object.keys(header.values), fields);
    };
    write();
    for (const wait of AGAIN) setTimeout(write, wait);
  });
}
