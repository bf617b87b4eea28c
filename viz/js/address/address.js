// Draws nothing: keeps what Python knows of the page's state in the page's address, so that reload and links work.

export default function ({ data, parentElement }) {
  unpack(data).then(({ header }) => {
    if (!parentElement.isConnected) return;      // the visitor has gone to another page meanwhile
    const values = Object.entries(header.values).filter(([, value]) => value !== null);
    writeAddress(Object.keys(header.values), Object.fromEntries(values.map(([k, v]) => [k, encodeURIComponent(v)])));
  });
}
