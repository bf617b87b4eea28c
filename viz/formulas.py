"""Formulas for the browser: the LaTeX that stages are described in, as a tree of MathML.

A node is [tag, text] or [tag, child, ...]; `viz/js/anatomy/formula.js` makes elements of it. Only what formulas of this
project use is known; anything else is a ValueError, which a test meets before a reader does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

Node = list[Any]

LETTERS = {"mu": "μ", "sigma": "σ", "epsilon": "ε", "theta": "θ", "omega": "ω", "Delta": "Δ", "infty": "∞", "dots": "…"}
SIGNS = {"odot": "⊙", "leftarrow": "←", "top": "⊤", "lfloor": "⌊", "rfloor": "⌋", "times": "×", "cdot": "·"}
SPACES = {"quad": "1em", ",": "0.17em", ";": "0.28em"}
ACCENTS = {"hat": "^", "overline": "¯"}
TOKEN = re.compile(r"\\([A-Za-z]+|[,;])|\s+|(\d+(?:\.\d+)?)|(.)")


def tree(latex: str) -> Node:
    """The formula as a tree; raises ValueError for a command that is not known."""
    tokens = [match for match in TOKEN.finditer(latex) if not match[0].isspace()]
    return _Reader(latex, tokens).row(closed_by="")


class _Reader:
    """Reads tokens from the left."""

    def __init__(self, latex: str, tokens: Sequence[re.Match[str]]) -> None:
        self.latex, self.tokens, self.at = latex, tokens, 0

    def row(self, closed_by: str) -> Node:
        """All up to the closing brace."""
        found: list[Node] = []
        while self.at < len(self.tokens) and self.tokens[self.at][0] != closed_by:
            found.append(self._scripted(self._atom()))
        self.at += 1
        return found[0] if len(found) == 1 else ["mrow", *found]

    def _atom(self) -> Node:
        """One letter, number, sign, command or group."""
        token = self.tokens[self.at]
        self.at += 1
        command, number, sign = token[1], token[2], token[3]
        if command:
            return self._command(command, token)
        if number:
            return ["mn", number]
        if sign == "{":
            return self.row("}")
        return ["mi", sign] if sign.isalpha() else ["mo", "′" if sign == "'" else sign.replace("-", "−")]

    def _command(self, name: str, token: re.Match[str]) -> Node:
        if name == "frac":
            return ["mfrac", self._atom(), self._atom()]
        if name == "sqrt":
            return ["msqrt", self._atom()]
        if name == "sum":
            return ["mo", "∑"]
        if name in ACCENTS:
            return ["mover", self._atom(), ["mo", ACCENTS[name]]]
        if name in ("text", "mathrm"):
            return ["mtext" if name == "text" else "mi", self._raw()]
        if name in LETTERS:
            return ["mi", LETTERS[name]]
        if name in SIGNS:
            return ["mo", SIGNS[name]]
        if name in SPACES:
            return ["mspace", SPACES[name]]
        raise ValueError(f"\\{name} in the formula {self.latex} is unknown.")

    def _raw(self) -> str:
        """The text of a group as it is written."""
        start = self.tokens[self.at].end()
        while self.tokens[self.at][0] != "}":
            self.at += 1
        self.at += 1
        return self.latex[start : self.tokens[self.at - 1].start()]

    def _scripted(self, base: Node) -> Node:
        """The atom with what stands below and above it."""
        scripts: dict[str, Node] = {}
        while self.at < len(self.tokens) and self.tokens[self.at][0] in ("_", "^", "'"):
            sign = self.tokens[self.at][0]
            if sign == "'":
                scripts["^"] = self._atom()
                continue
            self.at += 1
            scripts[sign] = self._atom()
        whole = base == ["mo", "∑"]
        below, above = scripts.get("_"), scripts.get("^")
        if below and above:
            return ["munderover" if whole else "msubsup", base, below, above]
        if below:
            return ["munder" if whole else "msub", base, below]
        return ["msup", base, above] if above else base
