// The workbench's look: Streamlit's shapes, colours by the theme's names (set on the root by `dress`).

const STYLE = `${BASE_STYLE}${CONTROL_STYLE}
.wb{border:1px solid var(--border);border-radius:8px;background:var(--page);overflow:hidden}
.wb.stale .body,.wb.stale .inspector,.wb.stale .status{opacity:.45;filter:saturate(.2)}
.wb.stale::before{content:"Picture of the previous text";display:block;padding:6px 14px;font-size:13px;color:var(--muted)}
.body{display:grid;grid-template:"heads controls" auto "heads stage" 1fr / var(--left) minmax(0,1fr)}
.controls{grid-area:controls;align-self:start;padding:12px 14px 0;border-left:1px solid var(--line)}
.heads{grid-area:heads;padding:12px 14px;align-self:start;min-width:0}
.stage{grid-area:stage;padding:6px 14px 8px;border-left:1px solid var(--line);min-width:0}
.bar.second{margin-top:6px;gap:4px 18px;min-height:34px}
.tools{display:inline-flex;flex-wrap:wrap;gap:6px;margin-left:auto}
.view .tools .button{height:26px;padding:0 8px;font-size:13px}
.wrap{white-space:normal}
.narrow .control{flex-wrap:wrap}
.heads .bar{margin-bottom:6px}
.heads .bar b{font-weight:600}
.grid{overflow:auto;max-height:520px;padding:0 0 4px;margin-left:-2px;padding-left:2px;scrollbar-width:thin}
.sheet{position:relative}
.sheet canvas{position:absolute;left:0;top:0;pointer-events:none}
.view .sheet button{position:absolute;border-radius:2px}
.view .sheet button[role=gridcell]:hover{box-shadow:0 0 0 1px var(--ink)}
.view .sheet .row-label{font-size:12px;color:var(--muted);text-align:left}
.view .sheet .row-label:hover{color:var(--primary);text-decoration:underline}
.roles{display:flex;flex-wrap:wrap;gap:2px 14px;margin-top:7px;line-height:22px}
.roles:empty{display:none}
.role{display:inline-flex;align-items:center;gap:4px;white-space:nowrap}
.role i{font-style:normal;color:var(--faint)}
.ramp{display:flex;align-items:center;flex-wrap:wrap;gap:2px 8px;margin-top:4px;line-height:20px}
.below{display:flex;gap:14px;margin-top:12px}
.mini{position:relative;width:136px;height:136px;flex:none;cursor:crosshair}
.mini canvas{position:absolute;left:0;top:0}
.beside{flex:1;min-width:0;display:flex;flex-direction:column;gap:8px}
.beside .wrap{line-height:1.35;min-height:3.9em}
.chips{display:flex;flex-wrap:wrap;gap:6px}
.chip{display:flex;align-items:center;flex:1 1 100%;height:28px;border:1px solid var(--border);border-radius:6px;background:var(--page);font-size:13px;min-width:0}
.chips:has(.chip:nth-child(4)) .chip{flex:1 1 calc(50% - 3px)}
.chip.focus{border-color:var(--ink);box-shadow:inset 0 0 0 1px var(--ink)}
.chip.off{border-style:dashed}
.chip.off .name{color:var(--muted)}
.view .chip .name{display:flex;align-items:center;gap:7px;flex:1;min-width:0;height:100%;padding:0 4px 0 7px;text-align:left;white-space:nowrap}
.chip.focus .name{font-weight:600}
.number{flex:none;width:14px;height:14px;border-radius:3px;font:700 11px/14px inherit;font-size:11px;line-height:14px;font-weight:700;text-align:center}
.role-text{color:var(--muted);font-weight:400;overflow:hidden;text-overflow:ellipsis}
.view .chip .remove{flex:none;width:24px;height:100%;color:var(--faint)}
.view .chip .remove:hover{color:var(--ink)}
.lines{position:relative}
.lines>canvas{position:absolute;left:0;top:0;pointer-events:none}
.lines .strong-lines{z-index:1}
.lines>.cap{position:absolute;top:0;line-height:20px;white-space:nowrap}
.scroller{position:absolute;left:0;right:0;overflow:hidden}
.scroller.long{overflow-y:auto;overscroll-behavior:auto;scrollbar-width:thin}
.spacer{position:relative}
.view .token{position:absolute;display:block;padding:0 6px;font-size:15px;border-radius:5px;white-space:pre;unicode-bidi:isolate;color:var(--muted);overflow:hidden;text-overflow:ellipsis}
.token.query{text-align:right}
.token.key{text-align:left}
.view .token.faint{color:var(--faint)}
.view .token.reached{color:var(--ink);font-weight:600}
.view .token.active{color:var(--page);background:var(--ink);font-weight:600}
.view .token:focus-visible{outline-offset:-2px}
.view .token.bad,.view .word.bad{text-decoration:underline wavy var(--wrong);color:var(--wrong);background:repeating-linear-gradient(135deg,var(--wrong-fill) 0 3px,var(--page) 3px 6px)}
.view .token.bad.active,.view .word.bad.active{outline:2px solid var(--ink)}
.nothing{position:absolute;z-index:2;padding:10px 12px;border:1px solid var(--border);border-radius:8px;background:var(--page);font-size:13.5px;line-height:1.4}
.nothing .button{margin-top:8px}
.text{display:flex;flex-direction:column}
.reader{position:relative;overflow-y:auto;scrollbar-width:thin;padding:16px 2px 4px 0}
.block{white-space:pre-wrap;overflow-wrap:break-word;color:color-mix(in srgb,var(--ink) 78%,var(--page))}
.block .cap{line-height:22px}
.block+.block{margin-top:12px;padding-top:8px;border-top:1px solid var(--line)}
.reader[data-size=largest]{font-size:26px;line-height:52px}
.reader[data-size=large]{font-size:20px;line-height:40px}
.reader[data-size=medium]{font-size:18px;line-height:36px}
.reader[data-size=small]{font-size:15px;line-height:31px}
.word{cursor:pointer;unicode-bidi:isolate;border-radius:4px;padding:.14em 1px;margin:0 -1px;-webkit-box-decoration-break:clone;box-decoration-break:clone}
.word.special{font-size:.72em;color:var(--faint);margin:0 3px}
.word.blank,.block .mark{color:var(--faint);font-size:.8em}
.word.cannot{color:var(--faint)}
.word.strong{-webkit-text-stroke:.5px currentColor}
.word.active{box-shadow:0 0 0 2px var(--primary);color:var(--ink);-webkit-text-stroke:.5px currentColor}
.word.pinned{box-shadow:0 0 0 2px var(--page),0 0 0 4px var(--primary)}
.reader .weight{position:absolute;left:0;top:16px;font-size:12px;line-height:14px;font-weight:600;color:var(--ink);pointer-events:none;white-space:nowrap}
.strip-words{margin-top:10px}
.status{display:flex;align-items:flex-start;padding:9px 14px;gap:8px;background:var(--panel);border-top:1px solid var(--line);line-height:1.4;min-height:40px}
.wb[data-view=text]:not(.narrow) .status{min-height:61px}
.swatch{flex:none;width:10px;height:10px;margin-top:6px;border-radius:2px}
.sentence{flex:1;min-width:0;overflow-wrap:anywhere}
.sentence b{font-weight:600}
.hint{white-space:nowrap;line-height:21px}
.inspector{display:flex;flex-wrap:wrap;gap:12px 20px;padding:10px 14px 12px;border-top:1px solid var(--line)}
.figures{display:flex;flex-wrap:wrap;gap:12px 20px}
.figure{width:158px}
.figure .value{font-size:22px;line-height:28px;white-space:nowrap}
.figure .value{overflow:hidden;text-overflow:ellipsis}
.figure .value span{font-size:13px;color:var(--muted)}
.figure canvas{margin-top:3px}
.answer{flex:1 1 320px;min-width:0}
.figures:not([hidden])+.answer:not(:empty){border-left:1px solid var(--line);padding-left:20px}
.answer .bar{min-height:0;margin-bottom:6px}
.answer b{font-weight:600}
.candidates{display:grid;grid-template-columns:repeat(auto-fill,minmax(96px,1fr));gap:6px 14px}
.candidate{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 6px;font-size:13px;line-height:18px}
.candidate bdi{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.track{grid-column:1/3;height:6px;margin-top:1px;border-radius:1px;background:var(--line)}
.track .fill{height:6px;min-width:1px;border-radius:1px;background:var(--faint)}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.narrow .body{display:flex;flex-direction:column}
.narrow .controls,.narrow .stage{border-left:0;padding-left:10px;padding-right:10px}
.narrow .heads{padding:10px;order:-1;align-self:stretch}
.narrow .controls{border-top:1px solid var(--line)}
.narrow .status{flex-wrap:wrap}
.narrow .whole{white-space:nowrap}
.sentence{flex:1 1 calc(100% - 30px)}
.narrow .status,.narrow .inspector{padding-left:10px;padding-right:10px}
.narrow .figures{width:100%}
.narrow .figure{width:calc(50% - 10px)}
.narrow .answer{border-left:0!important;padding-left:0!important}
.narrow .below{flex-wrap:wrap}
.narrow .beside{flex:1 1 180px}
.neurons{font-size:13.5px}
.n-words{padding:24px 4px;color:var(--muted)}
.n-words .button{margin-top:10px}
.n-formula{font-size:15px;line-height:22px}
.n-check{color:var(--right);line-height:20px;margin-bottom:6px}
.n-check.wrong{color:var(--wrong);text-decoration:underline}
.n-row{display:grid;grid-template-columns:var(--n-columns);gap:0 10px;align-items:center;height:26px;padding:0 4px;border-radius:5px}
.n-heading{height:54px;grid-template-rows:20px 30px;border-bottom:1px solid var(--line);border-radius:0}
.n-heading>.cap{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.n-scroller{position:relative;overflow:hidden auto;scrollbar-width:thin}
.n-spacer{position:relative}
.n-spacer .n-row{position:absolute;left:0;right:0;cursor:default;border-bottom:1px solid transparent}
.n-row.active{background:var(--panel);box-shadow:inset 0 0 0 1px var(--border)}
.view .n-row:focus-visible{outline-offset:-2px}
.n-row.masked{color:var(--faint)}
.n-label{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.n-strip{position:relative}
.n-strip canvas{width:var(--n-strip);height:16px;image-rendering:pixelated;box-shadow:0 0 0 1px var(--line)}
.n-mark{position:absolute;border:2px solid var(--ink);border-radius:2px;pointer-events:none}
.n-number{text-align:right;white-space:nowrap}
.n-score{font-weight:600}
.n-row.masked .n-score{font-weight:400}
.n-weight{display:flex;align-items:center;gap:6px}
.n-heading .n-weight{justify-content:flex-end}
.n-track{flex:1;height:8px;border-radius:1px;background:var(--line)}
.n-track i{display:block;height:8px;min-width:1px;border-radius:1px;background:var(--n-head)}
.n-row.masked .n-track i{display:none}
.n-weight b{font-weight:600;width:46px;text-align:right}
.n-row.masked .n-weight b{font-weight:400;font-size:13px}
.n-sink{padding:4px 4px 0}
.n-readout{margin-top:6px;padding:0 4px;min-height:58px;line-height:19px;overflow-wrap:anywhere}
.n-readout b{font-weight:600}
.view .n-heading select{font:inherit;font-weight:600;color:var(--ink);width:100%;min-width:0;height:28px;padding:0 2px;border:1px solid var(--border);border-radius:6px;background:var(--page)}
.stacked .n-spacer .n-row{height:var(--n-row);grid-template:"label weight" 24px "key product" 20px "numbers numbers" 1fr / 1fr 1fr;border-bottom-color:var(--line)}
.stacked .n-heading{height:80px;grid-template:"name picker" 32px "vector product" 20px "strip ." 22px / 1fr 1fr}
.stacked .n-vector{grid-area:vector}
.stacked .n-product{grid-area:product}
.stacked .n-heading .n-strip{grid-area:strip}
.stacked .n-heading select{grid-area:picker}
.narrow .seg{flex-wrap:wrap}
.view .narrow .seg button{padding:0 8px}
.stacked .n-label{grid-area:label}
.stacked .n-row>.n-weight{grid-area:weight}
.stacked .n-numbers{grid-area:numbers;display:flex;flex-wrap:wrap;gap:0 14px;align-items:baseline;line-height:20px}
.stacked .n-number small{font-size:12px;color:var(--muted);font-weight:400;margin-right:4px}
.matrix-frame{position:relative;user-select:none;-webkit-user-select:none}
.matrix-frame>canvas{position:absolute;left:0;top:0;pointer-events:none}
.matrix-frame .surface{position:absolute;cursor:crosshair;border-radius:2px;touch-action:pan-y;overflow:hidden}
.matrix-frame .surface.zoomed{cursor:move;touch-action:none}
.from .surface{cursor:pointer}
.from .surface.long{overflow-y:auto;overscroll-behavior:auto;scrollbar-width:thin}
.matrix-frame .tip{position:absolute;z-index:2;padding:3px 8px;border:1px solid var(--border);border-radius:5px;background:var(--page);color:var(--ink);font-size:13px;line-height:18px;max-width:min(320px,70%);pointer-events:none;overflow-wrap:anywhere}
.tip b{font-weight:600;font-size:15px;white-space:pre}
.matrix-words{margin-top:8px;line-height:1.35;min-height:2.7em}
.zooms{gap:6px}
.view .zooms button{min-width:30px;height:26px;padding:0 8px;border:1px solid var(--border);border-radius:8px;background:var(--page);font-size:13.5px}
.view .zooms button:hover{border-color:var(--primary);color:var(--primary)}
.view .zooms button[aria-disabled=true]{color:var(--faint);border-color:var(--line);cursor:default}
.zoom-note{min-width:62px}
.from-slider{min-width:170px;max-width:330px}
.from-token{min-width:84px}
.narrow .controls>.bar>.seg{display:flex;width:100%}
.view .narrow .controls>.bar>.seg button{flex:1 1 auto;padding:0 2px;font-size:13px}
`;
