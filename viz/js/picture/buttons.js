// Buttons that save a view's picture as PNG at any scale or as SVG, in a row.

// `save(kind)`; `before`: nodes that stand between the words and the buttons.
function saveButtons(save, ...before) {
  const button = (name, kind) => pressable("button", name, () => save(kind));
  return el("span", { className: "cap saves", "data-unsaved": "" }, "Save picture", ...before,
    ...[1, 2, 4].map((scale) => button(`PNG ${scale}×`, scale)), button("SVG", "svg"));
}

const SAVES_STYLE = `
.saves{display:flex;flex-wrap:wrap;align-items:center;gap:6px;margin-top:8px}
.view .saves .button{height:26px;padding:0 8px;font-size:13px}
`;
