"""The export menu: a page and its numbers as files, made when they are asked for.

Pictures (PNG, SVG) and the lines of Python are made in the browser: the workbench's own menu, Save, has them.
"""

import streamlit as st

from models.records import Attention
from pages.parts import ask, bench, keep, show, stage
from viz import files
from viz.view import View
from viz.views import neurons, workbench


def menu(page: str, kept: keep.Kept, number: int) -> None:
    """Downloads of one trace: the workbench as HTML, every weight as NPZ, chosen heads as JSON, one head as CSV."""
    with st.popover("Export", icon=":material/download:", on_change="rerun", key=f"{page}_export") as menu:
        if not menu.open:
            return
        trace = kept.trace
        said = show.here()
        if said is None:
            return
        attention, name = trace.attentions[number], files.name(trace)
        state = {name: said[name] for name in workbench.STATE if name in said}
        chosen = _chosen(attention, state.get("heads", "")) or workbench.heads(bench.beginning(kept, number)["heads"])
        state["heads"] = ",".join(f"{layer}.{head}" for layer, head in chosen)
        st.download_button(
            "The workbench as one HTML file",
            lambda: _workbench(kept, number, chosen, state).to_html(),
            file_name=f"{name}.html",
            mime="text/html",
            on_click="ignore",
            help="Opens from disk without a network, with every head and token in place.",
        )
        st.download_button(
            "Every weight as NPZ",
            lambda: files.npz(trace),
            file_name=f"{name}.npz",
            mime="application/octet-stream",
            on_click="ignore",
            help="numpy.load reads it: one float32 array [head, query, key] per layer, and the tokens.",
        )
        st.download_button(
            f"{_heads(chosen)} as JSON",
            lambda: files.json(trace, number, chosen, kept.statistics(number)),
            file_name=f"{name}_heads.json",
            mime="application/json",
            on_click="ignore",
            help="What was read, the answer, and the weights of the chosen heads in float32.",
        )
        layer, head = ask.head(page, len(attention.weights), min(attention.n_heads), chosen)
        st.download_button(
            f"Layer {layer} · head {head} as CSV",
            lambda: files.csv(attention, layer, head),
            file_name=f"{name}_layer{layer}_head{head}.csv",
            mime="text/csv",
            on_click="ignore",
            help="A row per query, a column per key, float32.",
        )
        st.caption("Pictures (PNG, SVG) and the view as Python: Save, in the workbench.")


def _chosen(attention: Attention, text: str) -> tuple[workbench.Head, ...]:
    """The heads that the address names, as far as there are such heads."""
    n_heads = attention.n_heads
    return tuple((i, head) for i, head in workbench.heads(text) if i < len(n_heads) and head < n_heads[i])


def _heads(chosen: tuple[workbench.Head, ...]) -> str:
    return f"The {len(chosen)} chosen heads" if len(chosen) > 1 else f"Layer {chosen[0][0]} · head {chosen[0][1]}"


def _workbench(kept: keep.Kept, number: int, want: tuple[workbench.Head, ...], state: dict[str, str]) -> View:
    seen = stage.by_words(kept, number, state.get("words", ""))
    made = bench.drawn(kept, seen, number, want, state, state.get("over", ""))
    asked = (st.session_state.get("workbench") or {}).get("neurons", "")
    return bench.with_neurons(made, seen, number, neurons.head_of(made, asked, want))
