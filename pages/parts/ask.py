"""Pickers: a model, a text, a head. What a link needs is in the URL, under keys of the page's own."""

from collections.abc import Callable

import streamlit as st

from models import zoo
from models.records import Card
from pages.parts import keep
from pages.parts.show import words
from viz.views import workbench

EXAMPLES = {  # for models that bring none of their own
    "Pronouns": "The cat sat on the mat because it was tired after chasing the mouse.",
    "Repeats": "Mr and Mrs Dursley of Privet Drive had a small son. Mr and Mrs Dursley of Privet Drive were proud.",
    "Brackets": "f(x) = (a + b) * (c - (d + e)), so g(x) = f(f(x)).",
    "Two languages": "The house is red. La maison est rouge. The garden is green. Le jardin est vert.",
    "Long passage": (
        "At dusk the lighthouse keeper climbed the narrow stairs, counting each step the way her father had taught "
        "her. The lamp was older than the harbour itself, and it turned slowly, so slowly that sailors swore it was "
        "thinking. Tonight the fog came in early. It folded over the rocks, over the boats, and over the small church "
        "where the bell had not rung for years. She lit the lamp, wiped the glass, and watched the beam reach out "
        "across the water."
    ),
}
OWN = "Your own text"


def model(page: str) -> str:
    """The name, folder or hub id of a model: bundled ones to pick, anything else to type."""
    cards = {card.name: card for card in zoo.bundled()}
    return st.selectbox(
        "Model",
        list(cards) or [keep.DEFAULT_MODEL],
        format_func=lambda name: f"{name} ({cards[name].task})" if name in cards else name,
        accept_new_options=True,
        key=f"{page}_model",
        bind="query-params",
        help="Pick a model that comes with Headlight, or type any Hugging Face id or the path of a folder, "
        "then press Enter.",
        placeholder="A bundled name, a Hugging Face id or a folder",
        width=260,
    ) or next(iter(cards), keep.DEFAULT_MODEL)


def text(page: str, ref: str) -> str:
    """A text, typed or taken from the examples; the link's text comes first."""
    examples = _examples(ref)
    key, chosen = f"{page}_text", f"{page}_example"
    if key not in st.session_state:
        st.session_state[key] = st.query_params.get("text") or next(iter(examples.values()))

    def take() -> None:
        if st.session_state[chosen] in examples:
            st.session_state[key] = examples[st.session_state[chosen]]

    # the picker follows the text: it names the example that stands in the box, if one does
    st.session_state[chosen] = next((name for name, t in examples.items() if t == st.session_state[key]), OWN)
    text = st.text_area("Text", key=key, height=68, placeholder="Type a sentence", persist_state="session")
    st.selectbox("Examples", [*examples, OWN], key=chosen, on_change=take, width=200)
    return text or ""


def starts(page: str, ref: str) -> list[tuple[str, Callable[[], None]]]:
    """Two examples as buttons, for a page that has nothing to read."""

    def start(text: str) -> Callable[[], None]:
        return lambda: st.session_state.update({f"{page}_text": text})

    return [(title, start(text)) for title, text in list(_examples(ref).items())[:2]]


def fallback(page: str, ref: str) -> tuple[str, Callable[[], None]] | None:
    """The way out when a model cannot be had: the one that comes with Headlight."""
    if ref == keep.DEFAULT_MODEL:
        return None
    return f"Use {keep.DEFAULT_MODEL}", lambda: st.session_state.update({f"{page}_model": keep.DEFAULT_MODEL})


def _examples(ref: str) -> dict[str, str]:
    """Title -> text: the card's own examples, or the ones for any model."""
    card: Card | None = next((card for card in zoo.bundled() if card.name == ref), None)
    own = {example["title"]: example["text"] for example in card.examples} if card else {}
    return own or EXAMPLES


def plain(page: str, strings: tuple[str, ...]) -> bool:
    """Whether special-token strings that stand in the text are meant as text; asked only if there are any."""
    if not strings:
        return False
    listed = ", ".join(f"“{words(string)}”" for string in strings)
    answer = st.segmented_control(
        f"The text contains {listed}: read it as",
        ["special token", "plain text"],
        default="special token",
        key=f"{page}_plain",
    )
    return answer == "plain text"


def window(page: str, n_tokens: int, max_len: int) -> int:
    """The first token to read, for a text longer than the model reads; says what is left out."""
    st.warning(
        f"The text has {n_tokens:,} tokens; this model reads {max_len:,} at a time. Move the window to read another "
        "part.",
        icon=":material/content_cut:",
    )
    return st.slider("First token of the window", 0, n_tokens - max_len, key=f"{page}_start")


def head(page: str, n_layers: int, n_heads: int) -> tuple[int, int]:
    """One head, for an export; starts at the one that the link names."""
    first = workbench.heads(st.query_params.get("heads", ""))
    layer, number = first[0] if first and first[0][0] < n_layers and first[0][1] < n_heads else (0, 0)
    left, right = st.columns(2)
    return (
        int(left.number_input("Layer", 0, n_layers - 1, layer, key=f"{page}_export_layer_{layer}")),
        int(right.number_input("Head", 0, n_heads - 1, number, key=f"{page}_export_head_{number}")),
    )
