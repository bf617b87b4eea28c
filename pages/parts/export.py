"""The export menu: a page's picture and numbers as files, made when they are asked for."""

import streamlit as st

from pages.parts import ask, bench, keep, show, stage
from viz import files
from viz.view import View
from viz.views import neurons, workbench


def menu(page: str, kept: keep.Kept, number: int) -> None:
    """Downloads of one trace: the workbench as HTML, one head as CSV, every weight as NPZ."""
    with st.popover("Export", icon=":material/download:", on_change="rerun", key=f"{page}_export") as menu:
        if not menu.open:
            return
        trace = kept.trace
        said = show.here()
        if said is None:
            return
        state = {name: said[name] for name in workbench.STATE if name in said}
        want = workbench.heads(state.get("heads", ""))
        attention, name = trace.attentions[number], files.name(trace)
        st.download_button(
            "The workbench as one HTML file",
            lambda: _workbench(kept, number, want, state).to_html(),
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
        layer, head = ask.head(page, len(attention.weights), min(attention.n_heads), want)
        st.download_button(
            f"Layer {layer} · head {head} as CSV",
            lambda: files.csv(attention, layer, head),
            file_name=f"{name}_layer{layer}_head{head}.csv",
            mime="text/csv",
            on_click="ignore",
            help="A row per query, a column per key, float32.",
        )


def _workbench(kept: keep.Kept, number: int, want: tuple[workbench.Head, ...], state: dict[str, str]) -> View:
    seen = stage.by_words(kept, number, state.get("words", ""))
    made = bench.drawn(kept, seen, number, want, state, state.get("over", ""))
    asked = (st.session_state.get("workbench") or {}).get("neurons", "")
    return bench.with_neurons(made, seen, number, neurons.head_of(made, asked, want))
