// The comparison's look; shapes that all views share are in common.js.

const STYLE = `${BASE_STYLE}
.cmp{border:1px solid var(--border);border-radius:8px;background:var(--page);overflow:hidden}
.cmp.stale .cmp-body{opacity:.45;filter:saturate(.2)}
.cmp .headline{padding:10px 14px;border-bottom:1px solid var(--line);font-size:15px}
.cmp b{font-weight:600}
.cmp-body{display:grid;grid-template-columns:250px minmax(0,1fr)}
.ranking{padding:10px 14px;border-right:1px solid var(--line);min-width:0;position:relative}
.ranking .list{max-height:352px;overflow-y:auto;margin:6px -6px;padding:2px 6px;scrollbar-width:thin}
.ranking .button{margin:4px 0 8px}
.ranking>.cap{display:block;line-height:1.35}
.head{display:grid;grid-template-columns:minmax(64px,auto) 1fr 44px;align-items:center;gap:8px;height:28px;padding:0 6px;border-radius:5px;cursor:pointer;font-size:13.5px}
.head .name{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.head .number{text-align:right;font-size:13px}
.head .track{height:8px;background:var(--line);border-radius:1px;overflow:hidden}
.head .fill{display:block;height:8px;background:var(--muted)}
.head:hover{background:var(--panel)}
.head[aria-selected=true]{box-shadow:inset 0 0 0 1px var(--primary);background:color-mix(in srgb,var(--primary) 10%,var(--page));font-weight:600}
.head[aria-selected=true] .fill{background:var(--primary)}
.view .head:focus-visible{outline-offset:-2px}
.stage{padding:10px 14px 8px;min-width:0}
.panes{border-radius:5px;padding:2px}
.panes.side{display:flex;gap:16px;justify-content:flex-start}
.pane{margin:0 0 12px;min-width:0}
.pane figcaption{font-size:13px;line-height:20px;color:var(--muted);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.pane figcaption b{color:var(--ink)}
.sheet{position:relative;cursor:crosshair;max-width:100%}
.sheet canvas{position:absolute;left:0;top:0;pointer-events:none}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;line-height:20px}
.legend>span{display:inline-flex;align-items:center;gap:7px}
.status{display:flex;align-items:flex-start;padding:9px 14px;gap:8px;background:var(--panel);border-top:1px solid var(--line);line-height:1.4;min-height:61px}
.sentence{flex:1;min-width:0;overflow-wrap:anywhere}
.hint{white-space:nowrap;line-height:21px}
.nearest{display:flex;flex-wrap:wrap;align-items:center;gap:6px 12px;padding:8px 14px;border-top:1px solid var(--line)}
.below{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);border-top:1px solid var(--line)}
.below>div{padding:10px 14px 12px;min-width:0}
.below>div+div:not([hidden]){border-left:1px solid var(--line)}
.below table{width:100%;border-collapse:collapse;font-size:13.5px;margin-top:6px}
.below th{font-weight:400;font-size:12px;color:var(--muted);text-align:right;padding:0 0 2px 10px;white-space:nowrap}
.cells>.cap,.answers>.cap{display:block;margin:4px 0 0}
.below td{text-align:right;padding:2px 0 2px 10px;white-space:nowrap}
.below :is(th,td):first-child{text-align:left;padding-left:0;width:100%;max-width:0;overflow:hidden;text-overflow:ellipsis}
.below tr[tabindex]{cursor:pointer}
.below tr[tabindex]:hover td{color:var(--primary)}
.chip{display:inline-block;min-width:52px;padding:0 5px;border-radius:4px;text-align:right}
.cmp .notes{padding:8px 14px 10px;border-top:1px solid var(--line)}
.cmp .notes p{margin:0}
.cmp.narrow .cmp-body{grid-template-columns:minmax(0,1fr)}
.cmp.narrow .ranking{border-right:0;border-bottom:1px solid var(--line)}
.cmp.narrow .ranking .list{max-height:176px}
.cmp.narrow :is(.ranking,.stage,.status,.headline,.nearest,.notes,.below>div){padding-left:10px;padding-right:10px}
.cmp.narrow .below{grid-template-columns:minmax(0,1fr)}
.cmp.narrow .below>div+div:not([hidden]){border-left:0;border-top:1px solid var(--line)}
.cmp.narrow .status{flex-wrap:wrap;min-height:82px}
`;
