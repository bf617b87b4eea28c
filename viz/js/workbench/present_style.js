// How a presentation looks. Sizes are in the deck's own pixels: on a screen of 1920 x 1080 they are drawn 29 / 15 as large.

const onStage = (pixels) => `${((pixels * 15) / 29).toFixed(2)}px`;

STYLES.push(`
.p-top,.p-foot,.layer:not(.presenting) .p-note,.layer:not(.presenting) .p-corner{display:none}
.presenting{position:fixed;inset:0;width:100%;height:100%;max-width:none;max-height:none;margin:0;padding:0;border:0;overflow:hidden;background:var(--page);color:var(--ink);z-index:2147483647}
.presenting .deck{position:relative;display:flex;flex-direction:column;transform-origin:0 0;overflow:hidden;outline:none}
.presenting .p-top{display:flex;align-items:baseline;gap:16px;padding:8px 20px 4px}
.p-title{flex:1;min-width:0;margin:0;font-size:${onStage(38)};line-height:1.3;font-weight:700;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.p-facts{color:var(--muted);font-size:${onStage(22)};white-space:nowrap}
.view .p-leave{align-self:center;width:22px;height:22px;border-radius:5px;color:var(--faint);font-size:${onStage(28)};line-height:20px}
.view .p-leave:hover{color:var(--ink)}
.presenting .wb{flex:1;min-height:0;display:flex;flex-direction:column;border:0;border-radius:0}
.presenting .body{flex:1;min-height:0}
.presenting .controls,.presenting .inspector,.presenting .below,.presenting .steps,.presenting .hint,.presenting .heads>.bar,.presenting .together,.presenting .off-switch,.presenting .off-bar{display:none}
.presenting .below:has(.chips){display:block}
.presenting .below .mini,.presenting .beside .wrap{display:none}
.presenting .stage{grid-area:controls / controls / stage / stage;padding:4px 20px 4px 14px;border-left:0}
.presenting .heads{display:flex;flex-direction:column;height:100%;min-height:0;padding:4px 10px 4px 20px}
.presenting .grid{flex:0 1 auto;min-height:80px;max-height:none}
.presenting .chips{margin-top:4px}
.presenting .chip{height:26px}
.presenting .status{min-height:54px;padding:8px 20px;background:none;align-items:flex-start}
.presenting .sentence{font-size:${onStage(32)};line-height:1.3}
.presenting .swatch{margin-top:5px}
.presenting .notice{font-size:${onStage(24)}}
.presenting .p-note{padding:0 20px 6px;color:var(--muted);font-size:${onStage(26)};line-height:1.35}
.presenting .p-foot{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 18px;padding:0 20px 8px;color:var(--muted)}
.p-hints{display:flex;flex-wrap:wrap;gap:2px 18px;font-size:${onStage(20)}}
.p-answer{margin-left:auto;font-size:${onStage(25)}}
.p-answer b{color:var(--ink);font-weight:600}
.coded .status,.presenting .coded .p-foot{padding-right:min(46%,250px)}
.p-hint{display:inline-flex;align-items:center;gap:4px;white-space:nowrap}
.layer kbd{font:inherit;padding:0 5px;border:1px solid var(--border);border-radius:4px;background:var(--panel);color:var(--ink)}
.p-corner{position:absolute;right:14px;bottom:10px;z-index:3;padding:6px;border-radius:8px;background:var(--page);border:1px solid var(--border);text-align:center;max-width:46%}
.p-corner .code{margin:0 auto}
.p-follow,.p-corner .code-words{font-size:${onStage(20)};color:var(--muted)}
.p-dark,.p-help{position:absolute;inset:0;z-index:5;outline:none}
.p-dark{background:#000}
.p-help{inset:24px auto auto 50%;transform:translateX(-50%);max-width:94%;max-height:calc(100% - 48px);overflow:auto;padding:14px 22px 16px;border:1px solid var(--border);border-radius:8px;background:var(--page);box-shadow:0 0 0 100vmax rgb(0 0 0 / 45%)}
.p-help h3{margin:0 0 8px;font-size:${onStage(32)}}
.p-help dl{display:grid;grid-template-columns:auto 1fr;gap:3px 18px;margin:0 0 12px;font-size:${onStage(25)};line-height:1.35}
.p-help dt{display:flex;gap:5px;justify-content:flex-end;white-space:nowrap}
.p-help dd{margin:0}
.presenting .wb.narrow{overflow:auto}
.presenting .narrow .body{display:flex;flex:none}
.presenting .narrow .heads{height:auto}
.presenting .narrow .grid{flex:none}
@media (max-width:640px){.p-facts{display:none}}
`);
