"""A model with its weights rounded to few bits: size, answers and attention beside those of the model as it is."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from models.records import Floats
from models.tuning.spec import CLASSIFY
from models.zoo import public
from models.zoo.errors import InputError
from pages.parts import keep, outcome
from pages.parts.tuning_data import Chosen

if TYPE_CHECKING:
    from models.tuning.lessons import Grade
    from models.tuning.rounding import Moved
    from models.zoo.model import Model

BITS = (8, 6, 4, 3, 2)


def stage(page: str, ref: str, model: Model, task: str, chosen: Chosen) -> None:
    """The bits, and what they cost. Raises InputError, LoadError."""
    if public.is_public():
        raise InputError(
            "Rounding weights writes a folder, which a public Headlight does not. Run it on your own computer."
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        bits = st.segmented_control("Bits of a weight", BITS, default=8, key=f"{page}_bits", required=True) or 8
    if chosen.data is None:
        st.caption("Give it texts to compare on, on the left.")
        return
    data = chosen.data
    name = hashlib.sha256(repr((data.texts, data.labels)).encode()).hexdigest()
    with st.spinner("Rounding, and reading the texts both ways"):
        folder = keep.made(("rounded", model.id, bits), lambda: _saved(ref, model, bits), lambda _: 200)
        found: tuple[Moved, Grade | None, Grade | None] = keep.made(
            ("moved", model.id, bits, name), lambda: _measured(ref, model, folder, task, chosen), lambda _: 65_536
        )
    _figures(folder, task, *found)
    _moved(model, found[0], bits)
    outcome.places(page, task, ref, folder, data.texts[0])
    _speed(page, ref, model, data.texts[0], bits)


def _saved(ref: str, model: Model, bits: int) -> Path:
    from models.jobs.store import home
    from models.tuning import rounding

    of = hashlib.sha256(ref.encode()).hexdigest()[:6]  # folders of one name are told apart
    folder = home() / "models" / f"{model.info.name.replace('/', '-')}-{bits}-bits-{of}"
    folder.mkdir(parents=True, exist_ok=True)
    rounding.save(ref, bits, folder)
    return folder


def _measured(ref: str, model: Model, folder: Path, task: str, chosen: Chosen) -> tuple[Any, Any, Any]:
    """How attention moved, and how both answer."""
    from models import zoo
    from models.tuning import rounding

    assert chosen.data is not None
    moved = rounding.moved(model, zoo.load(str(folder)), chosen.data.texts)
    before, after = (rounding.graded(name, task, chosen.data) for name in (ref, str(folder)))
    return moved, before, after


def _figures(folder: Path, task: str, moved: Moved, before: Grade | None, after: Grade | None) -> None:
    from models.tuning import rounding

    large, small = rounding.sizes(folder)
    with st.container(horizontal=True):
        outcome.figure("On disk", f"{small / 1e6:.2f} MB", f"{100 * small / large:.0f} % of {large / 1e6:.2f} MB")
        if before is not None and after is not None:
            change = 100 * (after.accuracy - before.accuracy)
            said = f"{change:+.1f} points" if abs(change) >= 0.05 else "as before"
            outcome.figure(outcome.RIGHT[task], f"{after.accuracy:.1%}", said, True if change else None)
            if task == CLASSIFY:
                outcome.figure("Loss", f"{after.loss:.4f}", f"{after.loss - before.loss:+.4f}", False)
            else:
                said = f"before: {outcome.perplexity(before.loss)}"
                outcome.figure("Perplexity", outcome.perplexity(after.loss), said)
        if moved.agreed is not None:
            outcome.figure("Same first answer", f"{moved.agreed:.0%}", f"of {moved.n_texts} texts")
    if before is None:
        st.caption("The model does not know the classes of these data, so its answers are not graded.")


def _moved(model: Model, moved: Moved, bits: int) -> None:
    """Every head's change, the one that moved most named."""
    layer, head = moved.most
    st.markdown(
        f"**Layer {layer} · head {head}** moved most: its weights changed by {moved.mean[layer, head]:.4f} on average "
        f"and {moved.largest[layer, head]:.3f} at most, over {moved.n_texts} texts."
    )
    one, two = st.columns(2)
    for place, title, values in ((one, "Mean change of a weight", moved.mean), (two, "Largest change", moved.largest)):
        with place:
            st.caption(title)
            st.dataframe(_grid(values), width="stretch")
    st.caption(
        f"Matrices are rounded to {bits} bits, each output channel by its own scale; tables of tokens and positions, "
        "biases and norms stay in float32. The model computes in float32 with the rounded weights."
    )


def _grid(values: Floats) -> dict[str, list[Any]]:
    heads = {f"head {h}": [round(v, 4) for v in column] for h, column in enumerate(values.T.tolist())}
    return {"layer": list(range(len(values))), **heads}


def _speed(page: str, ref: str, model: Model, text: str, bits: int) -> None:
    """How much faster true 8-bit weights are here, asked for with a button: it takes a while."""
    if bits != 8:
        return
    from models.tuning import rounding

    key = ("speed", model.id)
    if st.button("Measure the speed of 8-bit weights", icon=":material/speed:", key=f"{page}_speed"):
        st.session_state[f"{page}_speed_of"] = key
    if st.session_state.get(f"{page}_speed_of") != key:
        return
    ratio = keep.made(key, lambda: rounding.speed(ref, text) or -1.0, lambda _: 8)
    if ratio < 0:
        st.caption("True 8-bit weights need the package torchao: “pip install \\-r requirements\\-extra.txt”.")
    else:
        st.caption(
            f"With 8-bit weights (torchao) a pass takes {ratio:.2f} times as long as in float32, measured by turns."
        )
