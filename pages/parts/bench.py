"""The workbench on a page: what the visitor has asked for is fetched, packed and mounted."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from models import zoo
from models.records import Aggregates, Trace
from pages.parts import ablation, keep, rewriting, show, stage
from viz.view import View
from viz.views import neurons as neurons_view
from viz.views import tiles
from viz.views import workbench as workbench_view

FROM_LINK = stage.FROM_LINK  # what is asked for before it was touched: the address says what that is
OF_TOKENS = "Query and key belong to tokens, not to words: switch Words off to see them."


def mount(
    kept: keep.Kept,
    attention: int,
    key: str,
    page: str = "",
    inputs: dict[str, str] | None = None,
    rewrites: rewriting.Rewrites | None = None,
) -> None:
    """Every head of one stack; of a text too long to send whole, the heads that the visitor has asked for.

    `inputs`: what stands in the boxes of `page`, as `stage.inputs` says it, for steps to come back to.
    """
    rewriting.leave()
    state = st.session_state.get(key) or {}
    want = workbench_view.heads(state.get("want") or st.query_params.get("heads", ""))
    over = state.get("over", FROM_LINK)
    over = st.query_params.get("over", "") if over == FROM_LINK else over
    seen = stage.by_words(kept, attention, state.get("words", FROM_LINK))
    name = ("workbench", seen.key, kept.asked, attention, want, over, tuple((inputs or {}).items()))

    def made() -> View:
        bench = _workbench(kept, seen, attention, want, over, inputs)
        return bench if rewrites is None or seen is not kept else rewrites.offered(bench, kept, attention)

    packed = keep.packed(name, made)
    asked = state.get("neurons", FROM_LINK)
    if asked and (asked != FROM_LINK or st.query_params.get("view") == "neurons"):
        bench = packed.view
        head = neurons_view.head_of(bench, asked, want)
        packed = keep.packed((*name, head), lambda: with_neurons(bench, seen, attention, head))
    then = {"go": stage.take(page, key)}
    if rewrites is not None:
        then["rewrite"] = lambda: rewrites.take(key)
    firsts = {"want": "", "neurons": FROM_LINK, "over": FROM_LINK, "off": ablation.FROM_LINK, "rewrite": ""}
    firsts |= {"words": FROM_LINK, "ask": "", "go": ""}
    show.view(packed.view, key=key, data=packed.data, then=then, **firsts)
    stage.answers(state.get("ask", ""))


def aggregates(kept: keep.Kept, attention: int, over: str) -> Aggregates | None:
    """Several heads as one, those that the page's address calls `over`; of a long text only if they are asked for."""
    stack = kept.trace.attentions[attention]
    if not over and not workbench_view.whole(stack):
        return None
    return kept.aggregates(attention, tiles.over(over, stack.n_heads))


def with_neurons(bench: View, kept: keep.Kept, attention: int, head: neurons_view.Asked) -> View:
    """The workbench with query and key of one head."""
    if bench.header.get("thing") == tiles.WORD:
        return replace(bench, header=bench.header | {"neurons": {"head": list(head[:2]), "why": OF_TOKENS}})
    try:
        parts = kept.head(attention, *head[:2])
    except (ValueError, zoo.InputError):
        parts = None
    return neurons_view.added(bench, kept.trace, attention, head, parts)


def _workbench(
    kept: keep.Kept,
    seen: keep.Kept,
    attention: int,
    want: tuple[tuple[int, int], ...],
    over: str,
    inputs: dict[str, str] | None,
) -> View:
    """The picture, beginning with the head that has most to show on this input; `seen` may be `kept` by words."""
    state = beginning(kept, attention)
    if workbench_view.whole(seen.trace.attentions[attention]):
        state["over"] = tiles.ALL  # is there unasked, and so is no part of a link
    view = drawn(kept, seen, attention, want, state, over)
    facts = stage.falls_into_words(kept.trace.attentions[attention], seen is not kept)
    return replace(view, header=view.header | facts | ({"input": inputs} if inputs else {}))


def drawn(
    kept: keep.Kept,
    seen: keep.Kept,
    attention: int,
    want: tuple[tuple[int, int], ...],
    state: dict[str, str],
    over: str = "",
) -> View:
    """The workbench of a pass, maybe by words, with what was switched off in it."""
    made = workbench_view.view(
        seen.trace,
        seen.statistics(attention),
        attention=attention,
        want=want,
        state=state,
        aggregates=aggregates(seen, attention, over),
        thing=tiles.WORD if seen is not kept else "",
    )
    return ablation.told(made, kept, attention)


def beginning(kept: keep.Kept, attention: int) -> dict[str, str]:
    """What is selected before the visitor has done anything."""
    from models.explain.heads import striking

    statistics = (kept.before or kept).statistics(attention)  # a head that is switched off does not move the eye
    found = striking(statistics) if statistics else None
    layer, head = found or _carded(kept.trace, attention)
    return {"heads": f"{layer}.{head}"}


def _carded(trace: Trace, attention: int) -> tuple[int, int]:
    """The head that a bundled model's card tells to look at, if it is of this stack; else the first."""
    stack = trace.attentions[attention]
    card = zoo.card(trace.info.name)
    if card is None or card.stack not in ("", stack.name):
        return 0, 0
    found = ((head["layer"], head["head"]) for head in card.heads.values())
    there = ((layer, head) for layer, head in found if layer < len(stack.n_heads) and head < stack.n_heads[layer])
    return next(there, (0, 0))
