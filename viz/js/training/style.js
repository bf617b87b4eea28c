// The look of the curves.

const TRAINING_STYLE = `${BASE_STYLE}
.tr{border:1px solid var(--border);border-radius:8px;background:var(--page);overflow:hidden}
.tr h2{font-size:17px;font-weight:600;margin:0}
.tr>.bar{padding:8px 14px 0}
.tr .sheet{position:relative;margin:6px 14px 0;border-radius:4px}
.tr .cross{position:absolute;left:0;top:0;pointer-events:none}
.tr .legend{display:flex;flex-wrap:wrap;gap:2px 12px}
.tr .key{display:inline-flex;align-items:center;gap:6px}
.tr .key i{width:18px;border-top:2px solid}
.tr .key i.validation{border-top-style:dashed}
.tr .status{padding:9px 14px;background:var(--panel);border-top:1px solid var(--line);line-height:1.4;min-height:62px;font-size:14px}
`;
