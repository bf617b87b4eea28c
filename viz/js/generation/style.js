// The look of a text that is being written; shapes that all views share are in common.js.

const STYLE = `${BASE_STYLE}
.gen{border:1px solid var(--border);border-radius:8px;background:var(--page);overflow:hidden}
.gen b{font-weight:600}
.gen-body{display:grid;grid-template-columns:minmax(0,1fr) minmax(320px,38%)}
.gen section{padding:12px 14px;min-width:0}
.gen h2{font-size:15px;font-weight:600;margin:0 0 6px;display:flex;gap:4px 12px;align-items:baseline;flex-wrap:wrap}
.written{font-size:22px;line-height:40px;white-space:pre-wrap;overflow-wrap:anywhere;max-height:420px;overflow-y:auto;scrollbar-width:thin}
.written .given{color:var(--muted)}
.written .mark{color:var(--faint);font-size:.72em;margin:0 2px}
.view .written button{font:inherit;line-height:1.35;border-radius:4px;padding:0 1px;white-space:pre-wrap;text-align:left;unicode-bidi:isolate}
.view .written button.chosen{text-decoration:underline 2px;text-underline-offset:4px}
.view .written button:hover,.view .written button.active{box-shadow:0 0 0 2px var(--primary)}
.view .written button.later{opacity:.3}
.time{display:flex;align-items:center;gap:10px;font-size:13px;color:var(--muted);margin-top:8px}
.time input{flex:1;min-width:0;max-width:420px;accent-color:var(--primary)}
.caret{display:inline-block;width:2px;height:1.1em;background:var(--primary);vertical-align:text-bottom;margin-left:2px}
.next{border-left:1px solid var(--line)}
.chain{font-size:13px;color:var(--muted);line-height:20px;margin-bottom:6px}
.view .chain button{color:inherit;border-radius:5px;padding:0 5px;margin:0 -5px}
.view .chain button:hover{background:var(--panel);box-shadow:inset 0 0 0 1px var(--border)}
.view .chain button[aria-pressed=true]{color:var(--ink);font-weight:600}
.chain i{font-style:normal;color:var(--faint);padding:0 5px}
.candidate-list{display:flex;flex-direction:column;gap:1px}
.view .candidate-row{display:grid;grid-template-columns:minmax(70px,34%) 1fr 52px 52px;gap:8px;align-items:center;height:27px;padding:0 6px;border-radius:5px;text-align:left;font-size:14px;width:100%}
.view button.candidate-row:hover{background:var(--panel);box-shadow:inset 0 0 0 1px var(--border)}
.candidate-row bdi{overflow:hidden;text-overflow:ellipsis;white-space:pre}
.candidate-row .bars{display:flex;flex-direction:column;gap:2px}
.candidate-row .bars i{display:block;height:6px;border-radius:1px;min-width:1px;background:var(--faint)}
.candidate-row .bars i.after{background:var(--primary)}
.candidate-row .number{text-align:right;font-size:13px}
.candidate-row.out{color:var(--faint)}
.candidate-row.heading{height:22px;font-size:12px;color:var(--muted)}
.gen .status{padding:9px 14px;background:var(--panel);border-top:1px solid var(--line);line-height:1.4;min-height:40px;overflow-wrap:anywhere}
.branches{margin-top:16px}
.branch-list{display:flex;flex-direction:column;gap:2px;max-height:220px;overflow-y:auto;scrollbar-width:thin}
.view .branch{display:flex;gap:10px;align-items:baseline;padding:3px 6px;border-radius:5px;text-align:left;font-size:14px;min-width:0}
.view .branch:hover{background:var(--panel)}
.branch bdi{flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:pre}
.branch[aria-current=true]{box-shadow:inset 0 0 0 1px var(--primary);font-weight:600}
.branch .cap{white-space:nowrap}
.lens{border-top:1px solid var(--line)}
.lens-frame{position:relative;overflow-x:auto;scrollbar-width:thin}
.lens-words{min-height:2.8em;line-height:1.4;margin-top:6px;font-size:13.5px;overflow-wrap:anywhere}
.narrow .gen-body{display:block}
.narrow .next{border-left:0;border-top:1px solid var(--line)}
`;
