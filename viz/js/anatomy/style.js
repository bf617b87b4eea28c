// The look of an anatomy; shapes that all views share are in common.js and controls.js.

const STYLE = `${BASE_STYLE}${CONTROL_STYLE}
.anatomy{border:1px solid var(--border);border-radius:8px;background:var(--page);overflow:hidden}
.anatomy b{font-weight:600}
.tools{padding:10px 14px;gap:8px 16px}
.tools .control{max-width:100%;overflow-x:auto;scrollbar-width:none;padding:2px}
.tools .button{min-width:34px}
.tools .button:disabled{opacity:.4;cursor:default}
.view .play{min-width:64px;background:var(--primary);color:var(--on-primary);border-color:var(--primary);font-weight:600}
.view .play:hover{color:var(--on-primary);filter:brightness(1.1)}
.map{border-top:1px solid var(--line);border-bottom:1px solid var(--line);background:var(--panel);overflow-x:auto;scrollbar-width:thin;position:relative}
.map-inner{display:flex;min-width:max-content;padding:8px 8px 12px;position:relative}
.map-group{position:relative;padding:0 6px}
.map-group::after{content:"";position:absolute;left:0;right:0;bottom:3px;height:3px;background:var(--rail)}
.map-group:first-child::after{left:12px;border-radius:2px 0 0 2px}
.map-group:last-child::after{right:12px;border-radius:0 2px 2px 0}
.map-group+.map-group::before{content:"";position:absolute;left:0;top:4px;bottom:16px;border-left:1px dashed var(--border)}
.map-title{font-size:12px;color:var(--muted);height:18px;line-height:16px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;width:0;min-width:100%}
.map-tiles{display:flex;gap:2px}
.view .tile{position:relative;display:flex;flex-direction:column;align-items:center;gap:2px;padding:3px 1px 16px;border-radius:6px;min-width:20px}
.tile canvas{border-radius:2px;box-shadow:0 0 0 1px var(--border)}
.tile .symbol{font-size:12px;line-height:16px;color:var(--muted);white-space:nowrap}
.tile .joint{position:absolute;left:50%;bottom:0;width:9px;height:9px;margin-left:-4.5px;border-radius:50%;background:var(--page);border:3px solid var(--rail);z-index:1}
.tile .joint::before{content:"";position:absolute;left:50%;bottom:6px;height:8px;border-left:2px solid var(--rail);margin-left:-1px}
.view .tile:hover canvas{box-shadow:0 0 0 2px var(--primary)}
.tile.read canvas{box-shadow:0 0 0 2px var(--rail)}
.tile[aria-current=step]{background:color-mix(in srgb,var(--primary) 13%,transparent)}
.tile[aria-current=step] canvas{box-shadow:0 0 0 2px var(--primary)}
.tile[aria-current=step] .symbol{color:var(--ink);font-weight:700}
.elsewhere{min-width:54px}
.elsewhere .map-tiles{justify-content:center}
.elsewhere .tile canvas{opacity:.55}
.body{display:grid;grid-template-columns:minmax(0,1fr) minmax(340px,36%)}
.main,.side{padding:14px;min-width:0}
.side{border-left:1px solid var(--line)}
.anatomy h2{font-size:20px;font-weight:700;margin:0 0 4px;display:flex;gap:4px 10px;align-items:baseline;flex-wrap:wrap}
.anatomy h2 .cap{font-weight:400}
.stage-symbol{color:var(--primary)}
.anatomy h3{font-size:12px;font-weight:600;color:var(--muted);margin:14px 0 4px}
.anatomy h3:first-child{margin-top:0}
.says{margin:0 0 6px;max-width:64em}
.shape{margin:0 0 10px}
.anatomy code,.code-lines{font-family:var(--st-code-font,"Source Code Pro",ui-monospace,monospace);font-size:13px}
.shape code{color:var(--ink);margin-right:6px}
.matrix-frame{overflow-x:auto;scrollbar-width:thin;padding:3px;margin:-3px}
.legend{margin-top:6px;gap:4px 8px}
.sum{margin-top:12px;padding-top:12px;border-top:1px solid var(--line)}
.cell-head{display:flex;gap:4px 12px;align-items:baseline;flex-wrap:wrap;margin-bottom:8px}
.cell-value{font-size:22px;font-weight:600;min-width:5.2em}
.cell-where{color:var(--muted)}
.cell-where bdi{color:var(--ink)}
.equation{display:flex;flex-wrap:wrap;gap:6px 8px;align-items:center;margin:8px 0 6px}
.operator{color:var(--muted);font-size:17px}
.box{display:inline-flex;flex-direction:column;padding:4px 9px;border:1px solid var(--line);border-radius:8px;background:var(--panel);line-height:1.25;font-size:14px}
.box .cap{font-size:12px}
.box.result{border-color:var(--primary);box-shadow:inset 0 0 0 1px var(--primary)}
.formula{min-height:64px;padding:12px;background:var(--panel);border-radius:8px;overflow-x:auto;scrollbar-width:thin;font-size:19px;display:grid;align-items:center}
.formula math{font-family:"STIX Two Math","Latin Modern Math","Cambria Math","KaTeX_Main","Libertinus Math",math,serif}
.reads{display:flex;flex-wrap:wrap;gap:6px;min-height:27px}
.view .chip{display:inline-flex;gap:5px;align-items:center;height:27px;padding:0 9px;border:1px solid var(--border);border-radius:14px;font-size:13px;background:var(--page)}
.view button.chip:hover{border-color:var(--primary);color:var(--primary)}
.chip.still{color:var(--muted);border-style:dashed}
.code{border:1px solid var(--line);border-radius:8px;overflow:hidden}
.code-head{display:flex;gap:2px 10px;flex-wrap:wrap;align-items:baseline;padding:6px 10px;border-bottom:1px solid var(--line);background:var(--panel);font-size:13px}
.code-lines{max-height:330px;overflow:auto;scrollbar-width:thin;padding:6px 0;line-height:1.55;position:relative;font-size:12.5px}
.line{display:flex;min-width:max-content;padding-right:12px}
.line .text{white-space:pre}
.number-of{flex:none;width:44px;padding-right:12px;text-align:right;color:var(--faint);user-select:none;font-size:12px}
.line.ran{background:var(--lit);box-shadow:inset 3px 0 0 var(--rail)}
.line.ran .number-of{color:var(--ink);font-weight:600}
.keyword{color:var(--primary);font-weight:600}
.string,.doc{color:var(--right)}
.comment{color:var(--faint)}
.code .number{color:var(--muted)}
.anatomy .status{padding:9px 14px;background:var(--panel);border-top:1px solid var(--line);line-height:1.45}
.anatomy .status b:first-child{color:var(--right)}
.budget{padding:14px;border-top:1px solid var(--line)}
.budget h2{font-size:17px;margin-bottom:8px}
.budget-frame{overflow-x:auto;scrollbar-width:thin}
.budget table{border-collapse:collapse;width:100%;min-width:520px;font-size:14px}
.budget th{font-weight:400;text-align:left;padding:3px 12px 3px 0;white-space:nowrap}
.budget thead th{font-size:12px;color:var(--muted)}
.budget td{position:relative;padding:3px 12px 3px 0;white-space:nowrap;width:30%}
.budget td:last-child{width:1%}
.budget td span{position:relative;padding-left:6px}
.bar-of{position:absolute;left:0;top:3px;bottom:3px;background:color-mix(in srgb,var(--rail) 30%,transparent);border-radius:2px;max-width:calc(100% - 12px)}
.budget .total{font-weight:600;border-top:1px solid var(--line)}
.budget .total th{font-weight:600}
.narrow .hint{display:none}
.same{color:var(--right)}
.differs{color:var(--wrong);text-decoration:underline}
.anatomy{--rail:#E8812A;--lit:color-mix(in srgb,#FDC55B 26%,var(--page))}
[data-theme=dark] .anatomy{--rail:#CB6A1F;--lit:color-mix(in srgb,#CB6A1F 30%,var(--page))}
.narrow .body{display:block}
.narrow .side{border-left:0;border-top:1px solid var(--line)}
@media(max-width:640px){.tools{padding:8px 10px}.main,.side,.budget{padding:12px 10px}.map-inner{padding:8px 8px 12px}}
`;
