// How the panels look.

const STYLE = `${BASE_STYLE}${CONTROL_STYLE}
.pn{display:grid;gap:14px;grid-template-columns:repeat(auto-fill,minmax(min(100%,var(--least)),1fr))}
.pn figure{margin:0;min-width:0;border:1px solid var(--border);border-radius:8px;padding:12px 14px;display:flex;flex-direction:column;gap:4px}
.pn figure.wide{grid-column:1/-1}
.pn b{font-weight:600;font-size:15px}
.pn figcaption{font-size:13px;color:var(--muted);line-height:18px}
.pn canvas{cursor:crosshair;outline-offset:3px;border-radius:3px;touch-action:pan-y}
.pn .read{font-size:13px;min-height:19px;color:var(--ink);line-height:19px}
.pn .read:empty::before{content:attr(data-idle);color:var(--muted)}
.pn .none{flex:1;min-height:120px;display:grid;place-items:center;border:1px dashed var(--border);border-radius:6px;color:var(--muted);font-size:13px;text-align:center;padding:8px}
.pn .keys{display:flex;flex-wrap:wrap;gap:4px 6px}
.view .pn .keys button{display:inline-flex;align-items:center;gap:6px;font-size:13px;padding:2px 8px;border:1px solid var(--line);border-radius:5px}
.view .pn .keys button[aria-pressed=true]{border-color:var(--primary);color:var(--primary)}
.pn .scale{display:inline-flex;align-items:center;gap:8px;font-size:12px;color:var(--muted)}
`;
