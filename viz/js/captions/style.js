// The look of what is the captions view's own; the rest is that of all views over a picture.

const STYLE = `${OVERLAY_STYLE}
.cpt .saying{padding:12px 14px 10px;border-bottom:1px solid var(--line)}
.cpt .chips{display:flex;flex-wrap:wrap;gap:6px;margin:8px 0 6px}
.view .cpt .chip{padding:3px 10px 5px;border:1px solid var(--border);border-radius:5px;font-size:17px;line-height:23px;min-width:34px;text-align:center;background:var(--page)}
.view .cpt .chip:hover,.view .cpt .chip.near{background:var(--panel)}
.view .cpt .chip[aria-selected=true]{background:color-mix(in srgb,var(--primary) 12%,var(--page));box-shadow:inset 0 0 0 2px var(--primary)}
.cpt .chip .mark{color:var(--muted);font-style:italic}
.cpt .track{display:block;height:4px;margin-top:2px;border-radius:1px;background:var(--line);overflow:hidden}
.cpt .chip .fill{display:block;height:4px;min-width:1px;background:var(--primary)}
.cpt .fill.without{background:var(--muted)}
.cpt .saying>.cap{display:block;line-height:1.35}
.cpt .side .class{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 8px;margin-bottom:4px;font-size:13.5px;line-height:18px}
.cpt .class .track{grid-column:1/3}
.cpt .side .next{display:block;margin:8px 0 4px}
`;
