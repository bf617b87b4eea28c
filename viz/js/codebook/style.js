// The look of a picture as tokens.

const CODEBOOK_STYLE = `${BASE_STYLE}${CONTROL_STYLE}
.cb{border:1px solid var(--border);border-radius:8px;background:var(--page);overflow:hidden}
.cb b{font-weight:600}
.cb>.bar{padding:10px 14px 4px}
.cb h2{font-size:17px;font-weight:600;margin:0}
.cb .panes{display:flex;gap:14px 16px;flex-wrap:wrap;padding:4px 14px 12px}
.cb figure{margin:0}
.cb figcaption{line-height:22px}
.cb canvas{border-radius:2px}
.cb .book{flex:1 1 200px;min-width:0}
.cb .tiles{display:flex;flex-wrap:wrap;gap:4px}
.view .cb .tiles button{border-radius:2px;box-shadow:0 0 0 1px var(--line)}
.view .cb .tiles button[aria-pressed=true]{box-shadow:0 0 0 3px var(--primary)}
.cb .status{padding:9px 14px;background:var(--panel);border-top:1px solid var(--line);line-height:1.4;min-height:40px}
`;
