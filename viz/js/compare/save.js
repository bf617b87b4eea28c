// The three matrices as a picture: PNG at any scale or SVG, drawn as on screen.
// uses: picture

function saveButtons(view) {
  const button = (name, kind) => pressable("button", name, () => saveCompared(view, kind));
  return el("span", { className: "cap saves", "data-unsaved": "" }, "Save picture",
    ...[1, 2, 4].map((scale) => button(`PNG ${scale}×`, scale)), button("SVG", "svg"));
}

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

const SAVE_STYLE = `${PAPER_STYLE}
.paper .headline{padding:0;border:0;color:var(--ink)}
.saves{display:flex;flex-wrap:wrap;align-items:center;gap:6px;margin-top:8px}
.view .saves .button{height:26px;padding:0 8px;font-size:13px}
`;
