// Large: one head's matrix as wide as the workbench, the heads below it.

// In pixels the least height of the pane, and what of the window it leaves free; in widths how high it is at most.
const LARGE = { least: 480, around: 230, shape: 1.1 };

FIELDS.push({
  key: "large",
  start: false,
  write: (state) => (state.large ? "1" : ""),
  read(state, text) {
    if (text !== "1") return `asked for large=${shorten(text, 20)}; there is 1`;
    state.large = true;
    return "";
  },
});

// Escape closes it, once nothing is pinned.
PARTS.push((bench) => ({
  key(event) {
    if (event.key !== "Escape" || !bench.large) return false;
    bench.set({ large: false });
    return true;
  },
}));

STYLES.push(`
.wb.large .body{display:flex;flex-direction:column}
.wb.large .controls,.wb.large .stage{border-left:0;padding-left:14px;padding-right:14px}
.wb.large .controls{border-top:0;align-self:stretch}
.wb.large .heads{order:2;align-self:stretch;border-top:1px solid var(--line)}
.wb.large.narrow .controls,.wb.large.narrow .stage{padding-left:10px;padding-right:10px}
`);
