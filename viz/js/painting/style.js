// The look of a picture while it is painted; shapes that all views share are in common.js, controls.js and overlay.

const STYLE = `${OVERLAY_STYLE}
.pt .transport{padding:10px 14px;border-bottom:1px solid var(--line)}
.view .pt .button:disabled{color:var(--faint);border-color:var(--line);cursor:default}
.pt .control.stretch{flex:1 1 160px}
.pt .count{min-width:72px}
.pt .body{grid-template-columns:auto minmax(0,1fr) 318px}
.pt .board{border-radius:3px;cursor:crosshair;touch-action:manipulation}
.pt .easel{margin:6px 0}
.pt .left>.legend{display:flex;gap:7px;align-items:center;margin:0 0 4px;justify-content:flex-start}
.pt .as{max-width:400px;font-size:13.5px;line-height:1.4;min-height:38px}
.pt .as .cap{display:inline}
.pt .right{color:var(--right)}
.pt .wrong{color:var(--wrong)}
.pt .middle{display:flex;flex-direction:column;gap:14px}
.pt .middle b{display:block;margin-bottom:5px}
.pt .middle .cap{display:block;line-height:1.35;margin-top:4px}
.view .colour{display:grid;grid-template-columns:16px 52px minmax(30px,1fr) 48px;gap:9px;align-items:center;width:100%;height:25px;padding:0 6px;border-radius:5px;text-align:left;font-size:13.5px}
.view .colour:not(:disabled):hover{background:var(--panel);box-shadow:inset 0 0 0 1px var(--primary)}
.view .colour:disabled{cursor:default}
.view .colour[aria-pressed=true]{background:color-mix(in srgb,var(--primary) 10%,var(--page));box-shadow:inset 0 0 0 1px var(--primary)}
.colour .chip{width:16px;height:16px;border-radius:3px;box-shadow:0 0 0 1px var(--border)}
.colour .bars{display:flex;flex-direction:column;gap:2px}
.colour .bars i{display:block;height:7px;border-radius:1px;min-width:1px;background:var(--primary)}
.colour .bars i.after{background:var(--faint);height:4px}
.pt .number{text-align:right}
.pt .word{display:grid;grid-template-columns:77px minmax(30px,1fr) 48px;gap:9px;align-items:center;height:22px;padding:0 6px;font-size:13.5px}
.pt .word bdi{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.pt .word bdi.unknown{text-decoration:underline wavy var(--wrong)}
.pt .word .track{background:var(--sunk);border-radius:1px;height:9px}
.pt .word i{display:block;height:9px;border-radius:1px;min-width:1px}
.pt .status{margin:0;border-width:1px 0;border-radius:0;min-height:62px}
.strips{padding:2px 14px 12px}
.strips h2{font-size:15px;font-weight:600;margin:12px 0 8px;display:flex;gap:4px 12px;align-items:baseline;flex-wrap:wrap}
.strips h2 .cap{font-weight:400}
.frames{display:flex;gap:10px 12px;flex-wrap:wrap}
.view .frame{display:flex;flex-direction:column;text-align:left;font-size:13px;line-height:17px;padding:6px;border-radius:6px;max-width:196px}
.frame .pair{display:flex;gap:6px;margin-bottom:4px}
.frame canvas{border-radius:2px;flex:none}
.frame .mask{box-shadow:0 0 0 1px var(--line)}
.strips section:first-child .frame{width:104px}
.frame span{overflow-wrap:anywhere}
.view .frame:not(:disabled):hover{background:var(--panel);box-shadow:inset 0 0 0 1px var(--border)}
.view .frame[aria-pressed=true]{background:color-mix(in srgb,var(--primary) 10%,var(--page));box-shadow:inset 0 0 0 2px var(--primary)}
.view .frame:disabled{cursor:default}
.pt.narrow .left{order:-2;border-top:0}
.pt.narrow .middle{order:-1;border-top:1px solid var(--line)}
.pt.narrow .side{min-width:0}
`;
