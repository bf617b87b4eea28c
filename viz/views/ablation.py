"""Heads switched off, in the workbench: which ones, and how the answer moved. The browser asks by the state `off`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.records import Answer, Attention, Move, Ranking, Shift, Trace
from viz.view import View

Off = tuple[int, int, int]  # attention, layer, head

MOVED = 3  # positions named whose hidden states moved most


@dataclass(frozen=True)
class Change:
    """What switching heads off did: the pass with all of them, how its ranking shifted, how its hidden states moved."""

    before: Trace
    shift: Shift | None = None
    move: Move | None = None


def heads(text: str) -> tuple[Off, ...]:
    """Heads as in the page's address, "3.1,1:2.0" (attention 1, layer 2, head 0); what is no head is left out."""
    found = re.findall(r"(?:^|,)(?:(\d{1,2}):)?(\d{1,4})\.(\d{1,4})(?=,|$)", text)
    return tuple(sorted({(int(number or 0), int(layer), int(head)) for number, layer, head in found}))


def there(asked: tuple[Off, ...], trace: Trace) -> tuple[Off, ...]:
    """Those of the heads that the trace's attentions have."""
    counts = [stack.n_heads for stack in trace.attentions]
    return tuple(
        (number, layer, head)
        for number, layer, head in asked
        if number < len(counts) and layer < len(counts[number]) and head < counts[number][layer]
    )


def added(
    bench: View,
    trace: Trace,
    attention: int,
    off: tuple[Off, ...] = (),
    *,
    asked: str = "",
    refused: str = "",
    change: Change | None = None,
) -> View:
    """The workbench of `trace`, a pass with these heads off, with what that changed.

    `asked`: what the browser asked for, word for word; `refused`: why it cannot be had.
    """
    facts: dict[str, Any] = {"asked": asked, "heads": [list(head) for head in off], "model": trace.info.name}
    if len(trace.attentions) > 1:
        facts["stack"] = attention
        facts["stacks"] = [{"name": stack.name, "heads": list(stack.n_heads)} for stack in trace.attentions]
    if refused:
        facts["refused"] = refused
    if change is not None:
        facts["change"] = _change(change, trace)
    return replace(bench, header=bench.header | {"off": facts})


def _change(change: Change, trace: Trace) -> dict[str, Any]:
    """The numbers as the shortest decimals that give them back."""
    facts: dict[str, Any] = {}
    said = (change.before.answer, trace.answer)
    if said[0] is not None and said[1] is not None:
        facts["said"] = [said[0].verb, _words(said[0]), _words(said[1])]
    if change.shift is not None and trace.ranking is not None:
        facts |= {"bits": float(f"{change.shift.bits:.6g}"), "n": trace.ranking.n_candidates}
        moved = {"up": change.shift.up, "down": change.shift.down}
        facts |= {name: [[label, _short(p), _short(q)] for label, p, q in listed] for name, listed in moved.items()}
        facts["was"] = _was(change.before.ranking, trace.ranking)
    if change.move is not None:
        facts["move"] = _move(change.move, trace)
    return facts


def _words(answer: Answer) -> str:
    sure = "" if answer.probability is None else f" ({answer.probability:.2f})"
    return answer.text.strip() + sure


def _was(before: Ranking | None, now: Ranking) -> list[float]:
    """What the candidates of the new ranking had before, in its order."""
    assert before is not None
    assert before.every is not None
    return [_short(before.every[number]) for number in now.ids]


def _move(move: Move, trace: Trace) -> dict[str, Any]:
    """The distance of the mean vector, and of those positions that moved most, where they have names."""
    facts: dict[str, Any] = {"vector": None if np.isnan(move.vector) else float(f"{move.vector:.6g}")}
    named = next((stack for stack in trace.attentions if len(stack.queries) == len(move.positions)), None)
    if named is not None:
        facts["of"] = _thing(named)
        order = np.argsort(-np.nan_to_num(move.positions, nan=-1.0), kind="stable")[:MOVED]
        facts["most"] = [[int(i), named.queries.labels[i], _short(move.positions[i])] for i in order]
    return facts


def _thing(stack: Attention) -> str:
    """What the vector is of."""
    return "picture" if stack.queries.grid is not None or stack.kind == "vision" else "text"


def _short(number: Any) -> float:
    return float(str(np.float32(number)))
