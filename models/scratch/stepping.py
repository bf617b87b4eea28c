"""Runs code and notes what each line of this room assigned, so that a lesson can show the very lines that ran.

Python tells a trace function before each line it runs: what is new among a function's variables then was assigned by
the line before. Nothing is added to the code that is watched. Only the calling thread is watched.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOM = Path(__file__).parent


@dataclass(frozen=True)
class Assignment:
    """One variable that a line gave a value; `name` is "return" for what a function returned."""

    function: str  # "MultiHeadAttention.forward"
    name: str
    value: Any
    owner: Any  # the object whose method ran it, or called the function that did
    code: CodeType
    statement: str
    lines: tuple[int, int]  # first and last line of the statement
    used: tuple[Any, ...]  # values of the variables that the statement reads


def watch(run: Callable[[], Any]) -> tuple[Any, list[Assignment]]:
    """What `run` returns, and every assignment that functions of this room made meanwhile, in order."""
    found: list[Assignment] = []

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        here = Path(frame.f_code.co_filename).parent == ROOM and "<" not in frame.f_code.co_name
        return Watcher(frame, found).step if here else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        return run(), found
    finally:
        sys.settrace(before)


class Watcher:
    """Follows one call of a function."""

    def __init__(self, frame: FrameType, found: list[Assignment]) -> None:
        self.found, self.line, self.seen = found, frame.f_lineno, {}  # type: ignore[var-annotated]
        self.owner = _owner(frame)

    def step(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Note what the line that just ended assigned, and what the function returns."""
        if event == "exception":
            return self.step
        now = dict(frame.f_locals)
        new = {name: value for name, value in now.items() if self.seen.get(name) is not value}
        if event == "return" and argument is not None:
            new["return"] = argument
        for name, value in new.items():
            self.note(frame.f_code, name, value)
        self.seen, self.line = now, frame.f_lineno
        return self.step

    def note(self, code: CodeType, name: str, value: Any) -> None:
        """One assignment by the line that just ended."""
        statement, first, last, reads = _statement(code, self.line)
        used = tuple(self.seen[variable] for variable in reads if variable in self.seen)
        self.found.append(Assignment(code.co_qualname, name, value, self.owner, code, statement, (first, last), used))


def _owner(frame: FrameType) -> Any:
    """`self` of the method, or of the nearest method that called it."""
    caller: FrameType | None = frame
    while caller is not None:
        if "self" in caller.f_locals and Path(caller.f_code.co_filename).parent == ROOM:
            return caller.f_locals["self"]
        caller = caller.f_back
    return None


@cache
def _statement(code: CodeType, line: int) -> tuple[str, int, int, tuple[str, ...]]:
    """The innermost statement that a line belongs to: its text, first and last line, and the variables it reads."""
    lines, first = inspect.getsourcelines(code)
    source = textwrap.dedent("".join(lines))
    simple = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.stmt) and node.lineno <= line - first + 1 <= (node.end_lineno or node.lineno)
    ]
    node = min(simple, key=lambda node: (node.end_lineno or node.lineno) - node.lineno)
    if isinstance(node, ast.FunctionDef):
        return f"def {node.name}", line, line, ()
    sizes = {id(part.value) for part in ast.walk(node) if isinstance(part, ast.Attribute) and part.attr == "shape"}
    names = [part for part in ast.walk(node) if isinstance(part, ast.Name) and id(part) not in sizes]
    reads = (part.id for part in names if isinstance(part.ctx, ast.Load))
    last = (node.end_lineno or node.lineno) + first - 1
    return ast.unparse(node), node.lineno + first - 1, last, tuple(dict.fromkeys(reads))
