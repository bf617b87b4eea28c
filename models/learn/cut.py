"""Code cut out of the project's own files: what a few names lead to, in order, as the text of one file.

Files are read, not run. Names are followed from statement to statement; what nothing leads to is left out.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = "models"
CALLED = ("forward",)  # by torch
HEADING = "# ----"


@dataclass(frozen=True)
class Module:
    """A file of ours: what it defines at its top, and where its names come from."""

    text: str = field(repr=False)
    defined: Mapping[str, ast.stmt]
    ours: Mapping[str, tuple[str, str]]  # name -> module and name there; "" for the module itself
    others: Mapping[str, tuple[str, str, str]]  # name -> "from" or "import", module, what stands behind it


@cache
def module(name: str) -> Module:
    """Read a file of ours; it is not run."""
    text = _path(name).read_text("utf-8")
    tree = ast.parse(text)
    ours: dict[str, tuple[str, str]] = {}
    others: dict[str, tuple[str, str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                ours[alias.name] = (inner, "") if _path(inner).exists() else (node.module, alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            others |= {a.asname or a.name: ("from", node.module, _as(a)) for a in node.names}
        elif isinstance(node, ast.Import):
            others |= {a.asname or a.name: ("import", a.name, _as(a)) for a in node.names}
    defined = {bound: node for node in tree.body for bound in _bound(node)}
    return Module(text, defined, ours, others)


def _path(name: str) -> Path:
    return ROOT.joinpath(*name.split(".")).with_suffix(".py")


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == OURS


def _as(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _bound(node: ast.stmt) -> list[str]:
    """The names that a statement at the top of a file gives a meaning to."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]


class Cut:
    """What is kept of which file, and why: `only` these entries of dictionaries, no methods of `without`.

    A method is kept if anything that is kept has an attribute of its name, if it is a special one, or if torch calls
    it. Raises ValueError if two files would give one name two meanings.
    """

    def __init__(self, only: Mapping[str, Collection[str]], without: Collection[str], called: Iterable[str]) -> None:
        self.only, self.without = only, without
        self.attributes = {*called, *CALLED}
        self.wanted: dict[str, set[str]] = {}  # file -> names
        self.others: set[tuple[str, str, str]] = set()
        self.aliases: set[str] = set()  # names that stand for a file of ours

    def want(self, name: str, what: str) -> None:
        """Keep what a file calls `what`."""
        if what in module(name).defined:
            self.wanted.setdefault(name, set()).add(what)

    def follow(self) -> None:
        """Everything that what is kept leads to."""
        before = -1
        while before != (before := self._size()):
            for name, names in list(self.wanted.items()):
                for what in list(names):
                    for node in self._kept(module(name).defined[what]):
                        self._read(name, node)
        self.check()

    def check(self) -> None:
        """Raises ValueError where one name has two meanings."""
        meanings = Counter(what for names in self.wanted.values() for what in names)
        clashes = [what for what, n in meanings.items() if n > 1]
        if clashes:
            raise ValueError(f"Two files of Headlight call different things {', '.join(clashes)}; one file cannot.")

    def _size(self) -> int:
        return len(self.attributes) + len(self.others) + len(self.aliases) + sum(map(len, self.wanted.values()))

    def _kept(self, node: ast.stmt) -> list[ast.AST]:
        """The parts of a statement that stay."""
        if isinstance(node, ast.ClassDef):
            body = [part for part in node.body if not self._dropped(node, part)]
            return [*node.decorator_list, *node.bases, *(k.value for k in node.keywords), *body]
        entries = self._entries(node)
        return [node] if entries is None else [part for pair in entries for part in pair]

    def _dropped(self, owner: ast.ClassDef, part: ast.stmt) -> bool:
        if not isinstance(part, ast.FunctionDef):
            return False
        special = part.name.startswith("__") and f"{owner.name}.{part.name}" not in self.without
        return not special and (part.name.startswith("__") or part.name not in self.attributes)

    def _entries(self, node: ast.stmt) -> list[tuple[ast.expr, ast.expr]] | None:
        """Those of a dictionary of which only some are wanted."""
        wanted = next((self.only[name] for name in _bound(node) if name in self.only), None)
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if wanted is None or not isinstance(value, ast.Dict):
            return None
        pairs = zip(value.keys, value.values, strict=True)
        return [(k, v) for k, v in pairs if isinstance(k, ast.Constant) and k.value in wanted]

    def _read(self, name: str, node: ast.AST) -> None:
        """Follow every name in `node` but those in annotations, which are never evaluated."""
        if isinstance(node, ast.ImportFrom):
            return
        if isinstance(node, ast.Attribute):
            self._attribute(name, node)
        if isinstance(node, ast.Name):
            self._name(name, node.id)
        for part, value in ast.iter_fields(node):
            if part not in ("annotation", "returns"):
                for child in value if isinstance(value, list) else [value]:
                    if isinstance(child, ast.AST):
                        self._read(name, child)

    def _attribute(self, name: str, node: ast.Attribute) -> None:
        owner = node.value.id if isinstance(node.value, ast.Name) else ""
        where, inner = module(name).ours.get(owner, ("", owner))
        if where and not inner:
            self.want(where, node.attr)
        else:
            self.attributes.add(node.attr)

    def _name(self, name: str, what: str) -> None:
        here = module(name)
        if what in here.ours:
            where, inner = here.ours[what]
            if inner:
                self.want(where, inner)
            else:
                self.aliases.add(what)
        elif what in here.defined:
            self.want(name, what)
        elif what in here.others:
            self.others.add(here.others[what])

    # ---- writing

    def imports(self) -> list[str]:
        """The import statements of what is kept, in order; names of our files stand for this one."""
        others = self.others | ({("import", "sys", "sys")} if self.aliases else set())
        plain = sorted(f"import {what}" for kind, _, what in others if kind == "import")
        sources = sorted({where for kind, where, _ in others if kind == "from"})
        from_ = [
            f"from {where} import {', '.join(sorted(w for k, s, w in others if (k, s) == ('from', where)))}"
            for where in sources
        ]
        alias = f"{' = '.join(sorted(self.aliases))} = sys.modules[__name__]  # files of their own in Headlight"
        return [*plain, *from_, *(["", alias] if self.aliases else [])]

    def parts(self) -> Iterator[str]:
        """The code, file by file, each after those it is built on."""
        for name in self._order():
            here = module(name)
            yield f"\n\n{HEADING} {name.replace('.', '/')}.py\n"
            done: set[int] = set()
            for what, node in here.defined.items():
                if what in self.wanted[name] and id(node) not in done:
                    done.add(id(node))
                    gap = "\n\n" if isinstance(node, ast.FunctionDef | ast.ClassDef) else ""
                    yield gap + self._text(here, node)

    def _order(self) -> list[str]:
        """Files after those that they import at their top."""
        order: list[str] = []

        def visit(name: str) -> None:
            if name in order:
                return
            for node in ast.parse(module(name).text).body:
                if isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
                    for alias in node.names:
                        where, _ = module(name).ours[alias.name]
                        visit(where)
            order.append(name)

        for name in self.wanted:
            visit(name)
        return [name for name in order if name in self.wanted]

    def _text(self, here: Module, node: ast.stmt) -> str:
        """A statement as it is written, without what is dropped."""
        entries = self._entries(node)
        if entries is not None:
            lines = [f"    {ast.unparse(key)}: {ast.unparse(value)},\n" for key, value in entries]
            return f"{_bound(node)[0]} = {{\n{''.join(lines)}}}"
        lines = here.text.splitlines()
        gone = {line for first, last in self._gone(node) for line in range(first, last + 1)}
        kept = [lines[i - 1] for i in range(_first(node), (node.end_lineno or 0) + 1) if i not in gone]
        return _tidy(kept)

    def _gone(self, node: ast.stmt) -> Iterator[tuple[int, int]]:
        """Lines of methods that nobody calls, and of imports from our files."""
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if self._dropped(node, part):
                    yield _first(part), part.end_lineno or 0
        for inner in ast.walk(node):
            if isinstance(inner, ast.ImportFrom) and inner.module and _is_ours(inner.module):
                yield inner.lineno, inner.end_lineno or 0


def _first(node: ast.stmt) -> int:
    """The first line, decorators included."""
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _tidy(lines: list[str]) -> str:
    """No headings without anything under them, no two empty lines on end, none at the end."""
    kept: list[str] = []  # from the last line to the first
    for line in reversed(lines):
        below = next((said.strip() for said in reversed(kept) if said.strip()), HEADING)  # what stands under this line
        empty = not line.strip() and (not kept or not kept[-1].strip())
        idle = line.strip().startswith(HEADING) and below.startswith(HEADING)
        if not (empty or idle):
            kept.append(line)
    return "\n".join(reversed(kept)).rstrip()
