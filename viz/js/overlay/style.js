// The look of views over a picture; shapes that all views share are in common.js and controls.js.

const SIDE = 224; // pixels of the column beside the map

const OVERLAY_STYLE = `${BASE_STYLE}${CONTROL_STYLE}${SAVE_STYLE}
.px{border:1px solid var(--border);border-radius:8px;background:var(--page);overflow:hidden}
.px.stale .body{opacity:.45;filter:saturate(.2)}
.px b{font-weight:600}
.px .body{display:grid;grid-template-columns:var(--left) minmax(0,1fr) ${SIDE}px}
.px .left{padding:12px 14px;min-width:0}
.px .middle{padding:12px 14px 10px;border-left:1px solid var(--line);min-width:0}
.px .side{padding:12px 14px;border-left:1px solid var(--line);min-width:0;display:flex;flex-direction:column;gap:14px}
.px .heads .bar{margin-bottom:4px}
.px .scroll{overflow:auto;max-height:560px;scrollbar-width:thin;padding:0 0 2px 2px;margin-left:-2px}
.px .sheet{position:relative}
.px .sheet canvas{position:absolute;left:0;top:0;pointer-events:none}
.view .px .sheet button{position:absolute;border-radius:2px}
.view .px .sheet button:hover{box-shadow:0 0 0 2px var(--ink)}
.px .heads>.cap{display:block;line-height:1.35;margin-top:4px}
.px .distances{margin-top:12px;padding-top:10px;border-top:1px solid var(--line)}
.px .bar.second,.px .bar.third{margin-top:6px;gap:4px 18px}
.px .bar.third{margin-bottom:8px}
.px .control.stretch{flex:0 1 190px;min-width:150px}
.view .px select{font:inherit;font-size:13px;color:var(--ink);height:26px;border:1px solid var(--border);border-radius:8px;background:var(--page)}
.px .panes{display:flex;gap:14px}
.px .pane{margin:0;min-width:0}
.px .pane figcaption{line-height:20px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.px .over{border-radius:3px}
.px .nothing{display:flex;align-items:center;justify-content:center;min-height:260px;padding:20px 12%;border:1px dashed var(--border);border-radius:8px;color:var(--muted);text-align:center}
.px .legend{display:flex;flex-wrap:wrap;justify-content:space-between;gap:2px 16px;margin-top:6px;line-height:20px}
.px .legend>span{display:inline-flex;align-items:center;gap:7px}
.px .side>div>b:first-child{display:block;margin-bottom:6px}
.px .side>div:not([hidden])~div:not([hidden]){border-top:1px solid var(--line);padding-top:12px}
.px .said .class{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 8px;margin-bottom:4px;font-size:13.5px;line-height:18px}
.view .px .class{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 8px;width:100%;padding:3px 4px;margin:0 -4px 2px;border-radius:5px;text-align:left;font-size:13.5px;line-height:18px;width:calc(100% + 8px)}
.view .px .class:not(:disabled):hover{background:var(--panel)}
.view .px .class:disabled{cursor:default}
.view .px .class[aria-pressed=true]{background:color-mix(in srgb,var(--primary) 10%,var(--page));box-shadow:inset 0 0 0 1px var(--primary)}
.px .class bdi{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.px .class .track{grid-column:1/3;height:6px;margin-top:1px;border-radius:1px;background:var(--line);overflow:hidden}
.px .class .fill{display:block;height:6px;min-width:1px;background:var(--primary)}
.px .answer .cap{display:block;line-height:1.35;margin-top:3px}
.px .patch{display:flex;align-items:center;gap:9px;margin-bottom:5px;font-size:13.5px}
.px .patch canvas{flex:none;box-shadow:0 0 0 1px var(--line)}
.px .patch b{margin-left:auto}
.px .special .cap{display:block;line-height:1.35}
.px .saw{margin-top:12px;padding-top:10px;border-top:1px solid var(--line)}
.px .saw .bar{flex-wrap:nowrap;margin-top:6px}
.px .saw canvas{flex:none;box-shadow:0 0 0 1px var(--line)}
.px .saw .cap{line-height:1.35}
.px .status{display:flex;align-items:flex-start;margin-top:10px;padding:9px 12px;gap:8px;background:var(--panel);border:1px solid var(--line);border-radius:8px;line-height:1.4;min-height:82px}
.px .sentence{flex:1;min-width:0;overflow-wrap:anywhere}
.px .hint{white-space:nowrap;line-height:21px}
.px.narrow .body{display:flex;flex-direction:column}
.px.narrow .middle{order:-1;border-left:0;padding:10px}
.px.narrow .left{padding:10px;border-top:1px solid var(--line)}
.px.narrow .side{border-left:0;border-top:1px solid var(--line);padding:10px}
.px.narrow .seg{flex-wrap:wrap}
.view .px.narrow .middle>.controls>.bar:first-child .seg button{padding:0 8px;font-size:13px}
.px.narrow .status{min-height:124px}
`;
