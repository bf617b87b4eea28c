// The look of what is the detection view's own; the rest is that of all views over a picture.

const STYLE = `${OVERLAY_STYLE}
.det .found .cap{display:block;line-height:1.35}
.det .found .control{display:flex;width:100%}
.det .found .control.cap{display:flex;align-items:center;gap:8px;margin-top:8px}
.view .det .found select{flex:1;min-width:0}
.det .founds{margin:6px -4px 0}
.det .founds.long{max-height:430px;overflow:auto;scrollbar-width:thin}
.det .none{padding:0 4px 4px}
.view .det .query{display:grid;grid-template-columns:11px minmax(0,1fr) auto;gap:0 8px;align-items:center;width:100%;padding:3px 4px;border-radius:5px;text-align:left;font-size:13.5px;line-height:18px}
.view .det .query:hover{background:var(--panel)}
.view .det .query[aria-pressed=true]{background:color-mix(in srgb,var(--primary) 10%,var(--page));box-shadow:inset 0 0 0 1px var(--primary)}
.det .query .chip{width:11px;height:11px;border-radius:3px;box-shadow:inset 0 0 0 1px rgb(0 0 0 / 25%);grid-row:1}
.det .query bdi{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.det .query b{grid-column:3;grid-row:1}
.det .query .cap{grid-column:2/4;grid-row:2;font-size:12px;line-height:15px}
.det .most .query{margin:0 -4px;width:calc(100% + 8px)}
.det .strip{margin-top:8px}
.det .frames{display:flex;gap:8px;overflow-x:auto;padding:3px;scrollbar-width:thin}
.view .det .frame{flex:none;border-radius:5px;padding:2px}
.view .det .frame[aria-pressed=true]{box-shadow:0 0 0 2px var(--primary)}
.det .frame .cap{display:block;text-align:center;line-height:18px}
.det .pairs{cursor:crosshair}
.px.det.narrow .left{order:1}
.det .seg{flex-wrap:wrap}
.view .det .controls>.bar:first-child .seg button{padding:0 8px;font-size:13px}
`;
