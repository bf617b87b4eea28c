"""The coverage table as text."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import torch
import transformers as hf

from tests.coverage.compare import Result

HEADINGS = ("Architecture", "Tier", "Layers", "Kinds", "Library", "Difference", "Softmax", "Values", "Remark")
DIFFERENCE = HEADINGS.index("Difference")  # the one column that is not the same on every machine
MEANING = {
    "interface": "transformers' own attention interface; torch's fused attention runs on, at full speed",
    "function": "softmax and products, followed inside the attention modules while somebody looks",
    "mixed": "some layers by the interface, the others by their functions",
    "library": "the attentions that the model returns, where only its own code puts the matrix together",
    "none": "refused with a sentence: there is no attention, or none that has weights",
}
PREFACE = """\
# Coverage

Every architecture here is built as a tiny random model and run on a batch of two, the second of which ends in padding
where the model takes padding. The run is repeated with the capture on, and three questions are asked of it. Does
looking leave the output as it is? Are the weights those that the library returns with `output_attentions=True` and its
eager attention? And, as the library is wrong or silent in places, are they right by themselves: the softmax of their
scores in float64, and such that weights times values give what the heads hand on? `make coverage` writes this page;
the tests hold every row of it to the code.

Made with transformers {transformers} and torch {torch}: {count} architectures.

| Tier | Architectures | How it is read |
|---|---:|---|
{tiers}

**Layers** counts the calls of attention modules in one pass. **Library** says how many of the attention tensors that
the library returns were found among them, to within 1e-5; **Difference** is the largest among those. **Softmax** and
**Values** count the layers whose weights were recomputed from their scores, and from their values and the heads'
output; a softmax over bands or blocks meets its values in another layout, and is not counted under Values. A remark
says where the library's own answer is wrong, incomplete, or laid out in another way.
"""


def page(results: Sequence[Result]) -> str:
    """The whole page, sorted by group and name."""
    ordered = sorted(results, key=lambda result: (result.architecture.group, result.architecture.name.lower()))
    count = Counter(result.tier for result in results)
    tiers = "\n".join(f"| {tier} | {count[tier]} | {meaning} |" for tier, meaning in MEANING.items())
    versions = {"transformers": hf.__version__, "torch": torch.__version__.partition("+")[0]}
    parts = [PREFACE.format(**versions, count=len(results), tiers=tiers)]
    for group, members in groupby(ordered, key=lambda result: result.architecture.group):
        lines = [line(HEADINGS), "|---|---|---:|---|---:|---:|---:|---:|---|", *(line(row(one)) for one in members)]
        parts.append("\n".join([f"## {group.capitalize()}", "", *lines, ""]))
    return "\n".join(parts)


def line(cells: Sequence[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def row(result: Result) -> tuple[str, ...]:
    """One architecture's cells, in the order of HEADINGS."""
    kinds = ", ".join(f"{kind} {count}" for kind, count in result.kinds.items())
    compared = bool(result.matched) and result.tier != "none"
    return (
        result.architecture.name,
        result.tier,
        str(result.calls),
        kinds,
        f"{result.equal} of {len(result.matched)}" if compared else "",
        ("0" if result.farthest == 0 else f"{result.farthest:.0e}") if compared else "",
        f"{len(result.softmax)} of {result.calls}" if result.calls else "",
        f"{len(result.values)} of {result.calls}" if result.calls else "",
        remark(result),
    )


def remark(result: Result) -> str:
    """What is to be known of the library's own attentions, or why there are none."""
    about = result.architecture
    expect = about.expect if result.others or not result.refusal else ""
    parts = [result.refusal, expect, about.options.get("silent", ""), about.options.get("asked", "")]
    return "; ".join(part for part in parts if part).replace("|", "\\|")


def rows(text: str) -> dict[str, tuple[str, ...]]:
    """The cells of a written page by the architecture's name, without what differs between machines."""
    found = [tuple(cell.strip() for cell in one.strip("|").split(" | ")) for one in text.splitlines() if one[:1] == "|"]
    return {cells[0]: stable(cells) for cells in found if len(cells) == len(HEADINGS) and cells != HEADINGS}


def stable(cells: Sequence[str]) -> tuple[str, ...]:
    """Cells without the difference."""
    return (*cells[:DIFFERENCE], *cells[DIFFERENCE + 1 :])
