"""The positions page: what is asked for in each of its parts, what is computed, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts import ask, keep, show
from pages.parts.show import words
from viz.theme import MINUS
from viz.views import positions as views
from viz.views import trials

PAGE, SHUFFLED = "positions", "shuffled"  # the second has a model of its own
SIZES = (8, 16, 32, 64, 128)
BASES = (100, 1_000, 10_000, 100_000, 500_000, 1_000_000)
TEXT = "the king gave the old woman a golden ring"
ASKED = {  # what of the address is a number: its bounds, and what it is if the address does not say
    f"{PAGE}_n": (16, 256, 64),
    f"{PAGE}_heads": (1, 32, 8),
    f"{PAGE}_head": (0, 31, 0),
    f"{SHUFFLED}_order": (1, 999, 1),
}
SOURCES = (
    "Sinusoidal: Vaswani et al. 2017. RoPE: Su et al. 2021; stretched by Chen et al. 2023 (linear), bloc97 2023 (NTK) "
    "and Peng et al. 2023 (YaRN). ALiBi: Press et al. 2021. T5 bias: Raffel et al. 2019."
)


def choose() -> Callable[[], None]:
    """The part of the page that is asked for."""
    parts = {
        "Side by side": side_by_side,
        "Turning pairs": turning,
        "A real model": real,
        "Shuffled words": shuffle,
        "Longer texts": longer,
        "Order matters": order,
    }
    first = next(iter(parts))
    complaints = _complaints(tuple(parts), first)
    chosen = st.segmented_control(
        "Show", list(parts), default=first, key=f"{PAGE}_show", bind="query-params", required=True
    )
    for complaint in complaints:
        st.caption(words(complaint))
    return parts[chosen or first]


def _complaints(parts: tuple[str, ...], first: str) -> list[str]:
    """What the address asked for that is not there, a sentence each; gone once the visitor has chosen another value."""
    key = f"{PAGE}_opened"
    if key not in st.session_state:
        found: list[tuple[str, str | int, str]] = []
        asked = st.query_params.get(f"{PAGE}_show")
        if asked is not None and asked not in parts:
            shown = f"The address asks for “{asked[:40]}”; this page shows {', '.join(parts)}."
            found.append((f"{PAGE}_show", first, shown))
        for name, (low, high, usual) in ASKED.items():
            value = st.query_params.get(name)
            if value is not None and not (value.isdecimal() and low <= int(value) <= high):
                what = f"{name.partition('_')[2]} = “{value[:20]}”"
                found.append((name, usual, f"The address says {what}; it can be a whole number from {low} to {high}."))
        st.session_state[key] = found
    return [said for name, usual, said in st.session_state[key] if st.session_state.get(name, usual) == usual]


def side_by_side() -> None:
    """The six encodings on the same axes."""
    from models.positions import encodings

    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = st.slider("Positions", *ASKED[f"{PAGE}_n"], 16, key=f"{PAGE}_n", bind="query-params", width=200)
        d = st.select_slider("Dimensions", SIZES, 64, key=f"{PAGE}_size", bind="query-params", width=180)
        base = st.select_slider(
            "Base", BASES, 10_000, key=f"{PAGE}_base", bind="query-params", format_func=_thousands, width=180
        )
        n_heads = int(
            st.number_input("Heads", *ASKED[f"{PAGE}_heads"], key=f"{PAGE}_heads", bind="query-params", width=110)
        )
        head = _head(n_heads)
    key = ("positions", n, d, n_heads, head, base)

    def draw() -> views.View:
        found = encodings.encodings(n, d, n_heads, head, float(base))
        wave = encodings.wavelengths(encodings.frequencies(d, float(base)).numpy())
        sides = {"both ways": True, "backwards": False}
        buckets = {name: encodings.buckets(200, both) for name, both in sides.items()}
        return views.side_by_side(found, {"Sinusoidal": wave, "RoPE": wave}, encodings.slopes(n_heads), buckets)

    st.caption(
        f"Six ways to tell order, each for {n} positions. Three places are used: a vector added to the embedding "
        "(learned, sinusoidal), queries and keys turned (RoPE), a number added to the score (ALiBi, T5). "
        f"ALiBi shows head {head} of {n_heads}. Learned and T5 show what the small models under “Longer texts” learnt, "
        "in the shape they were trained in."
    )
    packed = keep.packed(key, draw)
    show.view(packed.view, key=f"{PAGE}_side", data=packed.data)


def _head(n_heads: int) -> int:
    """Which of the heads ALiBi's picture shows; one that is no longer there becomes the last."""
    key = f"{PAGE}_head"
    if st.session_state.get(key, 0) > n_heads - 1:
        st.session_state[key] = n_heads - 1
    if n_heads == 1:
        return 0
    return int(st.number_input("Head shown", 0, n_heads - 1, 0, key=key, bind="query-params", width=110))


def _thousands(number: int) -> str:
    return f"{number:,}"


def turning() -> None:
    """RoPE's hands, and how they are stretched; everything happens in the browser."""
    st.caption(
        "RoPE turns each pair of dimensions of queries and keys like the hand of a clock, fast ones and slow ones. "
        "For texts longer than in training the slow hands come to angles that no training showed; stretching slows "
        "them: all alike (linear), the slow ones most (NTK), or only those that never turned round (YaRN)."
    )
    packed = keep.packed(("positions", "turning"), views.turning)
    show.view(packed.view, key=f"{PAGE}_turning", data=packed.data)


def real() -> None:
    """What a loaded model tells of places."""
    ref = ask.model(PAGE)
    model = show.model(ref, instead=ask.fallback(PAGE, ref))
    from models.positions import encodings, reading

    found = keep.made(
        ("positions", model.id), lambda: reading.read(model.module), lambda made: sum(one.values.nbytes for one in made)
    )
    if not found:
        st.info(
            words(
                f"Nothing in {model.info.name} was found to tell of places: no table, no rotation, no bias. Either it "
                "needs none, or it keeps them in a way that is not known here."
            )
        )
        return
    st.markdown("\n".join(f"- **{words(one.name)}**: {words(one.says)}" for one in found))

    def draw() -> views.View:
        return views.of_model(model.info.name, found, [encodings.nearness(one) for one in found])

    packed = keep.packed(("positions", model.id, "view"), draw)
    show.view(packed.view, key=f"{PAGE}_real", data=packed.data)


def shuffle() -> None:
    """The permutation test on a loaded model."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        ref = ask.model(SHUFFLED, first="bert-stories")
        text = st.text_input("Text", TEXT, key=f"{SHUFFLED}_text", bind="query-params", width="stretch") or ""
        order = int(
            st.number_input(
                "Order number", *ASKED[f"{SHUFFLED}_order"], key=f"{SHUFFLED}_order", bind="query-params", width=130,
                help="Each number is another order of the same words.",
            )
        )  # fmt: skip
    model = show.model(ref, instead=ask.fallback(SHUFFLED, ref, "bert-stories"))
    from models.positions import shuffling

    key = ("shuffled", model.id, text, order)
    found = keep.made(key, lambda: shuffling.shuffled(model, text, order), lambda made: made.apart.nbytes)
    mixed = "".join(found.tokens[i] if found.tokens[i][:1] == " " else f" {found.tokens[i]}" for i in found.order)
    st.markdown(f"The other order: **{words(mixed.strip())}**")
    with st.container(horizontal=True):
        st.metric("With positions", _apart(found.largest), help="Largest difference, as a share of the largest output")
        if found.largest_without is not None:
            st.metric("Every place told that it is the first", _apart(found.largest_without))
    st.caption(words(found.verdict))
    packed = keep.packed((*key, "view"), lambda: views.shuffled(found))
    show.view(packed.view, key=f"{PAGE}_shuffled", data=packed.data)


def _apart(share: float) -> str:
    """Two places, or, of what is smaller, one digit and its power of ten."""
    if share >= 0.01 or share == 0:
        return f"{share:.2f}"
    digit, _, power = f"{share:.0e}".partition("e-")
    return f"{digit}e{MINUS}{int(power)}"


def starts() -> list[tuple[str, Callable[[], None]]]:
    """A text to begin with, where there is none."""
    return [("The king’s ring", lambda: st.session_state.update({f"{SHUFFLED}_text": TEXT}))]


def longer() -> None:
    """The extrapolation experiment, as it was recorded."""
    from models.learn.positions import files, said

    record = files.record()
    st.markdown(said.extrapolation(record))
    packed = keep.packed(("positions", "longer"), lambda: trials.extrapolation(record))
    show.view(packed.view, key=f"{PAGE}_longer", data=packed.data)
    st.caption(said.made(record))


def order() -> None:
    """One task with positions and without, as it was recorded."""
    from models.learn.positions import files, said

    record = files.record()
    st.markdown(said.order(record))
    packed = keep.packed(("positions", "order"), lambda: trials.order(record))
    show.view(packed.view, key=f"{PAGE}_order", data=packed.data)
    st.caption(said.made(record))
