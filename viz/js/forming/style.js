// The look of attention while it forms.

const FORMING_STYLE = `${BASE_STYLE}${CONTROL_STYLE}
.fo{border:1px solid var(--border);border-radius:8px;background:var(--page);overflow:hidden}
.fo h2{font-size:17px;font-weight:600;margin:0}
.fo .head{padding:8px 14px 0;min-height:38px}
.fo .body{padding:6px 14px 10px}
.fo .sheet{position:relative}
.fo .over{position:absolute;left:0;top:0;pointer-events:none}
.fo .over .map{position:absolute;pointer-events:auto;border-radius:2px}
.film{display:flex;gap:6px;margin:8px 0 2px;overflow:hidden}
.view .film button{border-radius:2px;outline-offset:-2px}
.view .film button[aria-pressed=true]{outline:2px solid var(--primary)}
.fo .control{display:flex}
.fo .scale{min-height:20px;gap:8px}
.fo .status{padding:9px 14px;background:var(--panel);border:1px solid var(--line);border-width:1px 0;line-height:1.4;min-height:40px;font-size:14px}
.said{font:15px/26px var(--st-code-font,ui-monospace,monospace);overflow-x:auto;scrollbar-width:thin;margin:4px 0}
.said .row{display:flex;gap:2px;margin-bottom:3px;min-height:42px}
.said .row>span{min-width:15px;height:26px;padding:0 3px;text-align:center;border-radius:3px;white-space:pre;position:relative;flex:none}
.said .given{color:var(--faint)}
.said .good{background:var(--right-fill);color:var(--right)}
.said .bad{background:var(--wrong-fill);color:var(--wrong)}
.said .bad>span:first-child{text-decoration:underline 2px;text-underline-offset:3px}
.said.pictures{display:flex;gap:10px;overflow-x:auto;font-size:13px;line-height:18px}
.said figure{margin:0;flex:none;width:84px}
.said figcaption{display:flex;flex-direction:column;gap:2px;text-align:center;font-family:var(--st-font,sans-serif);font-size:12px}
.said.pictures figcaption span{position:static;padding:0 2px;border-radius:3px}
.said.pictures .bad{text-decoration:underline 2px;text-underline-offset:3px}
.fo .body>.bar:not(:first-child){margin-top:12px}
.spread{display:grid;grid-template-columns:repeat(auto-fill,minmax(280px,1fr));gap:8px 16px;margin:6px 0 2px}
.spread .part{display:grid;grid-template-columns:1fr 1fr;gap:2px 10px}
.spread .name{grid-column:1/-1;color:var(--ink)}
.spread .bars{display:flex;flex-direction:column;min-width:0}
.spread canvas{max-width:100%}
.said .instead{position:absolute;left:0;right:0;top:25px;font-size:12px;line-height:15px;color:var(--muted)}
`;
