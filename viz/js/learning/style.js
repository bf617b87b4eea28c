// The look of the charts.

const LEARNING_STYLE = `${BASE_STYLE}
.ln{border:1px solid var(--border);border-radius:8px;background:var(--page);overflow:hidden}
.ln h2{font-size:17px;font-weight:600;margin:0}
.ln>.bar{padding:8px 14px 0}
.ln .sheet{position:relative;margin:6px 14px 0;border-radius:4px}
.ln .cross{position:absolute;left:0;top:0;pointer-events:none}
.ln .legend{display:flex;flex-wrap:wrap;gap:2px 12px}
.ln .key{display:inline-flex;align-items:center;gap:6px}
.ln .key i{width:18px;border-top:2px solid}
.ln .key i.dashed{border-top-style:dashed}
.ln .status{padding:9px 14px;background:var(--panel);border-top:1px solid var(--line);line-height:1.4;min-height:42px;font-size:14px}
`;
