// The three matrices as a picture: PNG at any scale or SVG, drawn as on screen.
// uses: picture

async function saveCompared(view, kind) {
  const { payload: { header }, pair } = view;
  const passes = header.about.map((about, i) => {
    const { title, what } = header.sides[i];
    return `${title}${header.edited.length && what ? ` (${what})` : ""}: ${passWords(about)}`;
  });
  const versions = header.about.length ? versionWords(header.about[0]) : "";
  const heads = headTitle(pair.a) + (headWords(pair.a) === headWords(pair.b) ? "" : ` beside ${headTitle(pair.b)}`);
  const facts = [`${heads[0].toUpperCase()}${heads.slice(1)}; sqrt scale`, ...passes, versions].filter(Boolean).join(". ");
  const name = fileName("headlight", "compare", header.about[0]?.model ?? "", `layer${pair.a.layer}_head${pair.a.head}`);
  try {
    await savePicture(view, kind, { theme: view.theme, name, title: heads, about: facts }, () => ({
      head: [view.headline.cloneNode(true)],
      nodes: [view.panes.element, view.legend],
      foot: [el("p", { className: "said", textContent: view.status.textContent }), el("p", { textContent: `${facts}.` })],
    }));
  } catch (error) {
    view.say(`The picture could not be saved: ${error.message}.`);
    console.warn(error);
  }
}

const SAVE_STYLE = `${PAPER_STYLE}${SAVES_STYLE}
.paper .headline{padding:0;border:0;color:var(--ink)}
`;
