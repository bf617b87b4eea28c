// The look of a sweep.

const SWEEP_STYLE = `${BASE_STYLE}${CONTROL_STYLE}
.sw{border:1px solid var(--border);border-radius:8px;background:var(--page);overflow:hidden}
.sw h2{font-size:17px;font-weight:600;margin:0}
.sw .bar{padding:8px 14px 0}
.sw .panes{display:flex;flex-wrap:wrap}
.sw .panes>section{flex:1 1 300px;min-width:0}
.sw .panes>.wide{flex:2 1 460px}
.sw svg{display:block;width:100%;touch-action:none;user-select:none}
.sw svg text{font-size:12px;fill:var(--muted)}
.sw svg .ticks text{paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round;pointer-events:none}
.sw svg text.name{fill:var(--ink);font-weight:600;font-size:13px}
.sw svg .axis{stroke:var(--border);stroke-width:1}
.sw svg .grip{fill:transparent;cursor:ns-resize;outline:none}
.sw svg .grip:focus-visible{stroke:var(--primary);stroke-width:2}
.sw svg .brush{fill:color-mix(in srgb,var(--primary) 16%,transparent);stroke:var(--primary);pointer-events:none}
.sw svg .run{fill:none;stroke-width:2;stroke-linejoin:round}
.sw svg .run.dim{opacity:.12}
.sw svg .run.on{stroke-width:4}
.sw svg .dot.dim{opacity:.12}
.sw svg .run.none{stroke-width:1;stroke-dasharray:3 4}
.sw svg .cell{stroke:var(--line);cursor:pointer}
.sw svg .cell:focus-visible,.sw svg .cell.on{stroke:var(--primary);stroke-width:2;outline:none}
.sw .choose{display:flex;flex-wrap:wrap;gap:6px 12px;align-items:center;font-size:13.5px}
.sw .choose select{font:inherit;color:var(--ink);background:var(--panel);border:1px solid var(--border);border-radius:8px;height:28px;padding:0 6px;max-width:128px}
.sw .scroll{overflow:auto;max-height:420px;border-top:1px solid var(--line);margin-top:8px}
.sw table{border-collapse:collapse;width:100%;font-size:13.5px}
.sw th{position:sticky;top:0;background:var(--panel);text-align:left;font-weight:600;color:var(--muted);padding:6px 8px;vertical-align:bottom;z-index:1}
.sw td{padding:5px 8px;border-top:1px solid var(--line);white-space:nowrap}
.sw td.why{white-space:normal;min-width:280px}
.sw td .chip{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:7px;border:1px solid var(--border)}
.sw tr.dim td{opacity:.35}
.sw tr.on td{background:color-mix(in srgb,var(--primary) 9%,var(--page))}
.sw td.out{color:var(--wrong)}
.sw td a{color:var(--primary)}
.sw .status{padding:9px 14px;background:var(--panel);border-top:1px solid var(--line);line-height:1.4;min-height:42px;font-size:14px}
`;
