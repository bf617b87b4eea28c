// The source lines that ran, as Python colours them: nothing is parsed, pieces of a line are told apart by their look.

const KEYWORDS = new Set(("def return if else elif for in is not and or None True False self class with lambda import " +
  "from yield raise assert").split(" "));
const PIECE = /("""|#.*$|f?"[^"]*"|[A-Za-z_]\w*|\d[\d_.]*|\s+|.)/g;

// [kind, text] for each piece of a line, and whether a docstring is still open after it.
function pythonPieces(line, inside = false) {
  const pieces = [];
  const push = (kind, text) => {
    const last = pieces.at(-1);
    if (last && last[0] === kind) last[1] += text;
    else pieces.push([kind, text]);
  };
  for (const [piece] of line.matchAll(PIECE)) {
    if (piece === '"""') {
      push("doc", piece);
      inside = !inside;
    } else if (inside) push("doc", piece);
    else if (piece.startsWith("#")) push("comment", piece);
    else if (/^f?"/.test(piece)) push("string", piece);
    else if (/^\d/.test(piece)) push("number", piece);
    else if (KEYWORDS.has(piece)) push("keyword", piece);
    else push("", piece);
  }
  return { pieces, inside };
}

// The function of a stage, the lines that made it marked.
function codeOf(code, ran) {
  const indent = Math.min(...code.lines.filter((line) => line.trim()).map((line) => line.search(/\S/)));
  const marked = new Set(ran);
  let inside = false;
  const lines = code.lines.map((line, i) => {
    const number = code.first + i;
    const found = pythonPieces(line.slice(indent), inside);
    inside = found.inside;
    const text = el("span", { className: "text" }, ...found.pieces.map(([kind, piece]) => (kind ? span(kind, piece) : piece)));
    return el("div", { className: marked.has(number) ? "line ran" : "line" }, span("number-of", String(number)), text);
  });
  const head = el("div", { className: "code-head" }, el("b", { textContent: code.function }), span("cap", `${code.path}, line ${ran[0]}`));
  const body = el("div", { className: "code-lines", role: "region", tabIndex: 0, "aria-label": `Source of ${code.function}` }, ...lines);
  return { element: el("div", { className: "code" }, head, body), body, first: lines[ran[0] - code.first] };
}
