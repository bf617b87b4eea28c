// The look of a beam search; shapes that all views share are in common.js.

const STYLE = `${BASE_STYLE}${CONTROL_STYLE}
.beams{border:1px solid var(--border);border-radius:8px;background:var(--page);overflow:hidden}
.beams b{font-weight:600}
.beams section{padding:12px 14px;min-width:0}
.beams h2{font-size:15px;font-weight:600;margin:0 0 8px;display:flex;gap:4px 14px;align-items:center;flex-wrap:wrap}
.beams h2 .cap{font-weight:400}
.walk{margin-left:auto;font-weight:400}
.view .walk .button{height:26px;padding:0 9px}
.walk input{width:150px}
.keys{display:inline-flex;gap:6px;align-items:center;font-weight:400}
.key{width:12px;height:12px;border-radius:3px;border:1px solid var(--border);margin-left:6px}
.key.kept{background:color-mix(in srgb,var(--primary) 16%,var(--page));border-color:var(--primary)}
.key.finished{background:var(--primary);border-color:var(--primary)}
.key.dropped{border-style:dashed}
.tree{position:relative;overflow-x:auto;scrollbar-width:thin;padding-bottom:4px}
.tree svg{position:absolute;left:0;top:0;pointer-events:none}
.tree path{fill:none;stroke:var(--faint);stroke-width:1}
.tree path.kept,.tree path.finished{stroke:var(--muted);stroke-width:1.5}
.tree path.dropped,.tree path.late{opacity:.45}
.tree path.on{stroke:var(--primary);stroke-width:2.5;opacity:1}
.cells{position:relative}
.view .cells button{position:absolute;width:${CELL.width}px;height:25px;padding:0 6px;display:flex;gap:5px;align-items:center;border:1px solid var(--border);border-radius:5px;font-size:13.5px;background:var(--page);text-align:left}
.cells bdi{flex:1;min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:pre}
.cells .number{font-size:12px}
.view .cells .kept{background:color-mix(in srgb,var(--primary) 10%,var(--page));border-color:color-mix(in srgb,var(--primary) 45%,var(--page))}
.view .cells .finished{background:color-mix(in srgb,var(--primary) 10%,var(--page));border-color:var(--primary);box-shadow:inset 0 0 0 1px var(--primary)}
.view .cells .dropped,.view .cells .late{color:var(--muted);border-style:dashed}
.cells .end{min-width:16px;height:16px;line-height:16px;border-radius:8px;background:var(--primary);color:var(--on-primary);font-size:11px;text-align:center}
.view .cells button.on,.view .cells button:hover{border-color:var(--primary);border-style:solid;box-shadow:0 0 0 1px var(--primary);color:var(--ink)}
.lit .cells button:not(.on){opacity:.55}
.beams .status{padding:9px 14px;background:var(--panel);border-top:1px solid var(--line);border-bottom:1px solid var(--line);line-height:1.4;min-height:60px;overflow-wrap:anywhere}
.ranking{display:flex;flex-direction:column;gap:3px;font-size:14px;overflow-wrap:anywhere}
.ranked-row{display:flex;gap:4px 10px;align-items:center;padding:4px 6px;border-radius:5px;flex-wrap:wrap}
.ranked-row.on,.ranked-row:hover{background:var(--panel)}
.ranked-row sup{font-size:10px}
.ranked-row .place{width:18px;color:var(--muted)}
.ranked-row bdi{flex:1 1 240px;min-width:0;white-space:pre-wrap}
.view .ranked-row .button{height:26px}
`;
