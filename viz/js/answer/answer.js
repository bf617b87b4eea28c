// Draws nothing: says to the page what the server answers a view that asked for something (workbench/asking.js).

export default function ({ data }) {
  unpack(data).then(({ header }) => dispatchEvent(new CustomEvent("headlight-answer", { detail: header.values })));
  return () => {};
}
