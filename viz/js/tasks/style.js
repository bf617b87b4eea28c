// The look of the text tasks; shapes that all views share are in common.js.
const STYLE = `${BASE_STYLE}${CONTROL_STYLE}
.task{border:1px solid var(--border);border-radius:8px;background:var(--page);overflow:hidden}
.task b{font-weight:600}
.task section{padding:12px 14px;min-width:0}
.task section+section{border-top:1px solid var(--line)}
.task h2{font-size:15px;font-weight:600;margin:0 0 6px;display:flex;gap:4px 12px;align-items:baseline;flex-wrap:wrap}
.task h3{font-size:14px;font-weight:600;margin:0 0 2px;display:flex;gap:2px 12px;align-items:center;flex-wrap:wrap}
.task p{margin:0 0 6px;font-size:13px;color:var(--muted);line-height:1.4}
.options{display:flex;flex-direction:column;gap:1px;max-width:760px}
.view .option{display:grid;grid-template-columns:minmax(90px,40%) 1fr 56px;gap:10px;align-items:center;min-height:29px;padding:0 8px;border-radius:5px;text-align:left;font-size:15px;width:100%}
.view button.option:hover{background:var(--panel)}
.view .option[aria-checked=true],.view .option[aria-pressed=true]{box-shadow:inset 0 0 0 1px var(--primary);font-weight:600}
.option bdi{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.option i{display:block;height:10px;border-radius:2px;min-width:1px;background:var(--head)}
.option .number{text-align:right;font-size:13.5px}
.option.none{color:var(--muted);font-size:14px}
.option.none i{background:var(--faint)}
.gaps{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,260px),1fr));gap:12px 26px}
.gaps .option{min-height:26px;padding:0 6px;font-size:14.5px}
.view .gaps .button[aria-pressed=true]{border-color:var(--primary);color:var(--primary);font-weight:600}
.gaps .asked{font-size:13.5px;margin:6px 0 0 6px;color:var(--ink)}
.maps{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:14px 26px}
.maps>div{min-width:0}
.read{font-size:17px;line-height:31px;white-space:pre-wrap;overflow-wrap:anywhere;max-height:310px;overflow-y:auto;scrollbar-width:thin}
.read span{border-radius:3px;padding:2px 0;unicode-bidi:isolate}
.read .mark{font-size:.72em;color:var(--faint);margin:0 2px;padding:2px 3px}
.read .answer{border-bottom:3px solid var(--head);border-radius:3px 3px 0 0}
.read .gap{outline:2px solid var(--head);outline-offset:-1px;padding:2px 5px}
.read .gap.on{background:var(--head)!important;color:var(--digit)!important}
.read .over{box-shadow:0 0 0 2px var(--primary)}
.wrote{font-size:19px;line-height:34px;white-space:pre-wrap;overflow-wrap:anywhere;max-height:260px;overflow-y:auto;scrollbar-width:thin}
.view .wrote button{font:inherit;line-height:1.35;white-space:pre-wrap;text-align:left;border-radius:3px;unicode-bidi:isolate}
.view .wrote button.mark{font-size:.72em;color:var(--faint);margin:0 2px}
.view .wrote button:hover,.view .wrote button.on{box-shadow:0 0 0 2px var(--primary)}
.ends{overflow-x:auto;scrollbar-width:thin;padding-bottom:6px}
.ends>div{display:flex;width:max-content}
.ends .place{display:grid;grid-template-rows:46px auto 46px;min-width:16px;padding:0 3px;text-align:center;font-size:13.5px;border-radius:4px}
.ends .place>b{align-self:end;justify-self:center;width:12px;border-radius:2px 2px 0 0;background:var(--head);min-height:0}
.ends .place>i{align-self:start;justify-self:center;width:12px;border-radius:0 0 2px 2px;background:var(--head2)}
.ends .place span{white-space:pre;padding:1px 0}
.ends .place.out span{color:var(--faint)}
.ends .place.in span{background:color-mix(in srgb,var(--head) 18%,var(--page));font-weight:600}
.ends .place.over{background:var(--panel);box-shadow:inset 0 0 0 1px var(--border)}
.key i,.key b{display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:5px;background:var(--head)}
.key i{background:var(--head2);margin-left:14px}
.align{overflow:auto;max-height:560px;scrollbar-width:thin}
.align canvas{touch-action:pan-x pan-y}
.task .status{padding:9px 14px;background:var(--panel);border-top:1px solid var(--line);line-height:1.4;min-height:40px;overflow-wrap:anywhere}
.task.narrow section{padding:10px}
`;
