// The look of charts over steps.

const CHARTS_STYLE = `${BASE_STYLE}
.charts{border:1px solid var(--border);border-radius:8px;background:var(--page);overflow:hidden}
.charts h2{font-size:17px;font-weight:600;margin:0}
.charts>.bar{padding:8px 14px 0}
.charts .sheet{position:relative;margin:6px 14px 0;border-radius:4px}
.charts .cross{position:absolute;left:0;top:0;pointer-events:none}
.charts .legend{display:flex;flex-wrap:wrap;gap:2px 12px}
.charts .key{display:inline-flex;align-items:center;gap:6px}
.charts .key i{width:18px;border-top:2px solid}
.charts .key i:is(.validation,.dashed){border-top-style:dashed}
.charts .status{padding:9px 14px;background:var(--panel);border-top:1px solid var(--line);line-height:1.4;min-height:62px;font-size:14px}
`;
