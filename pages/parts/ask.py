"""Pickers: a model, a text, a picture, a head. What a link needs is in the URL, under keys of the page's own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import streamlit as st

from models import zoo
from models.records import Trace
from models.zoo.given import Given
from pages.parts import drawing, keep, picture
from pages.parts.show import cut, words
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
FIELDS = ("text", "question")  # what an example may put into boxes
QUESTION = "Who was tired?"
Example = dict[str, str]  # "text", "question", "picture" (a path)
MOST_LYING = 24  # pictures of a folder that are offered
ONE, ALL = "one window", "all of it, in windows"
SPECIAL, PLAIN = "special token", "plain text"
PICTURE = Path(__file__).parent / "examples" / "lighthouse.webp"


def model(
    page: str,
    label: str = "Model",
    first: str = keep.DEFAULT_MODEL,
    reads: str = "",
    task: str = "",
    among: tuple[str, ...] = (),
) -> str:
    """The name, folder or hub id of a model: bundled ones to pick, anything else to type.

    `reads`, `task`, `among`: only bundled models that read this, whose card calls their task so, that are among these.
    """
    found = [card for card in zoo.bundled() if not reads or any(reads in example for example in card.examples)]
    found = [card for card in found if task in ("", card.task) and (not among or card.name in among)]
    cards = {card.name: card for card in sorted(found, key=lambda card: card.name != first)}
    return st.selectbox(
        label,
        list(cards) or [first],
        format_func=lambda name: f"{name} ({cards[name].task})" if name in cards else name,
        accept_new_options=True,
        key=f"{page}_model",
        bind="query-params",
        help="Pick a model that comes with Headlight, or type any Hugging Face id or the path of a folder, "
        "then press Enter.",
        placeholder="A bundled name, a Hugging Face id or a folder",
        width=260,
    ) or next(iter(cards), first)


def given(
    page: str, ref: str, reads: tuple[str, ...], slim: bool = False, own: dict[str, Example] | None = None
) -> Given:
    """What goes into the model, as far as it reads it, typed or from the examples; the link's text comes first.

    `slim`: the page shows the picture itself. `own`: examples for models that bring none.

    Raises zoo.InputError for a picture that cannot be opened.
    """
    examples = _examples(ref, reads, own)
    _follow(page, ref, reads, own)
    put = Given()
    if "text" in reads:
        put = replace(put, text=_field(page, "text", examples, "Type a sentence"))
    if "question" in reads:
        put = replace(put, pair=_field(page, "question", examples, "Ask about the text"))
    chosen = _example(page, ref, reads, examples)
    if "target" in reads:
        put = replace(put, target=_target(page))
    if "picture" in reads:
        draws = slim and ref in drawing.MODELS
        put = replace(put, image=picture.pick(page, Path(chosen.get("picture", PICTURE)), slim, draws))
    return put


def _follow(page: str, ref: str, reads: tuple[str, ...], own: dict[str, Example] | None) -> None:
    """With another model comes its own example, if an example and no text of the visitor's own stood in the boxes."""
    before: tuple[str, tuple[str, ...], dict[str, Example] | None] | None = st.session_state.get(f"{page}_ref")
    st.session_state[f"{page}_ref"] = (ref, reads, own)
    if before is None or before[0] == ref:  # a model that turns out to read more is the same one
        return
    for name in FIELDS:
        key = f"{page}_{name}"
        stood = {example[name] for example in _examples(*before).values() if name in example}
        first = next(iter(_examples(ref, reads, own).values()))
        if name in first and st.session_state.get(key) in stood:
            st.session_state[key] = first[name]


def _field(page: str, name: str, examples: dict[str, Example], placeholder: str) -> str:
    """A box for a text; at first what the link says, else the first example's."""
    key = f"{page}_{name}"
    if key not in st.session_state:
        first = next((example[name] for example in examples.values() if name in example), "")
        st.session_state[key] = st.query_params.get(name) or first
    if name == "text":
        return (
            st.text_area("Text", key=key, height=68, placeholder=placeholder, persist_state="session", width="stretch")
            or ""
        )
    return st.text_input(name.capitalize(), key=key, placeholder=placeholder, persist_state="session", width=220) or ""


def _example(page: str, ref: str, reads: tuple[str, ...], examples: dict[str, Example]) -> Example:
    """The example that is chosen; the picker follows the boxes: it names the example that stands in them."""
    fields = [name for name in FIELDS if name in reads]
    key = f"{page}_example" if fields else f"{page}_scene_{ref}"

    def take() -> None:
        for name in fields:
            text = examples.get(st.session_state[key], {}).get(name)
            if text is not None:
                st.session_state[f"{page}_{name}"] = text

    if fields:
        stands = [st.session_state[f"{page}_{name}"] for name in fields]
        same = (title for title, e in examples.items() if [e.get(name, "") for name in fields] == stands)
        st.session_state[key] = next(same, OWN)
    title = st.selectbox("Examples", [*examples, *([OWN] if fields else [])], key=key, on_change=take, width=200)
    return examples.get(title or OWN, {})


def _target(page: str) -> str | None:
    """What the decoder reads; None leaves it to the model."""
    return st.text_input(
        "Decoder reads",
        key=f"{page}_target",
        placeholder="the model's own answer",
        bind="query-params",
        help="Type an answer to see how the decoder reads it; leave it empty to let the model write its own.",
        width=240,
    )


def attention(page: str, ref: str, trace: Trace, among: tuple[int, ...] = (), last: bool = False) -> int:
    """Which of a trace's stacks of attention to show, the card's first; asked only if there are several.

    `among`: the stacks to choose from, none for all. `last`: begin with the last of them, where the card names none.
    """
    all_names = [stack.name for stack in trace.attentions]
    names = [all_names[number] for number in among] if among else all_names
    if len(names) == 1:
        return all_names.index(names[0])
    card = zoo.card(ref)
    first = card.stack if card is not None and card.stack in names else names[-1 if last else 0]
    key = f"{page}_stack"
    if st.session_state.get(f"{key}_of", ref) != ref or st.session_state.get(key, first) not in names:
        st.session_state[key] = first  # another model's choice says nothing of this one
    st.session_state[f"{key}_of"] = ref
    chosen = st.segmented_control("Attention", names, default=first, key=key, bind="query-params", required=True)
    return all_names.index(chosen if chosen in names else first)


def starts(
    page: str, ref: str, reads: tuple[str, ...], own: dict[str, Example] | None = None
) -> list[tuple[str, Callable[[], None]]]:
    """Two examples as buttons, for a page that has nothing to read."""

    def start(example: Example) -> Callable[[], None]:
        return lambda: st.session_state.update({f"{page}_{name}": example[name] for name in FIELDS if name in example})

    return [(title, start(example)) for title, example in list(_examples(ref, reads, own).items())[:2]]


def fallback(page: str, ref: str, name: str = keep.DEFAULT_MODEL) -> tuple[str, Callable[[], None]] | None:
    """The way out when a model cannot be had: one that comes with Headlight."""
    if ref == name:
        return None
    return f"Use {name}", lambda: st.session_state.update({f"{page}_model": name})


def _examples(ref: str, reads: tuple[str, ...], own: dict[str, Example] | None = None) -> dict[str, Example]:
    """Title -> what it puts in: the card's own examples, or `own`, or the ones for any model."""
    card = zoo.card(ref)
    if card is not None and card.examples:
        return {
            example["title"]: {
                name: str(zoo.folder(ref) / example[name]) if name == "picture" else example[name]
                for name in (*FIELDS, "picture")
                if name in example
            }
            for example in card.examples
        }
    if own:
        return own
    if "text" not in reads:
        return _lying(ref) or {"Lighthouse": {"picture": str(PICTURE)}}
    if "picture" in reads and "question" not in reads:
        return {"Lighthouse": {"text": "a lighthouse at dusk", "picture": str(PICTURE)}}
    question = {"question": QUESTION} if "question" in reads else {}
    return {title: {"text": text} | question for title, text in EXAMPLES.items()}


def _lying(ref: str) -> dict[str, Example]:
    """Pictures that lie in a model's folder, by their names: a run of the playground brings what it can name."""
    try:
        files = sorted(Path(ref).expanduser().glob("*.png"))
    except (OSError, ValueError, RuntimeError):
        return {}
    return {file.stem: {"picture": str(file)} for file in files[:MOST_LYING]}


def plain(page: str, strings: tuple[str, ...]) -> bool:
    """Whether special-token strings that stand in the text are meant as text; asked only if there are any."""
    if not strings:
        return False
    listed = ", ".join(f"“{words(string)}”" for string in strings)
    answer = st.segmented_control(
        f"The text contains {listed}: read it as",
        [SPECIAL, PLAIN],
        default=SPECIAL,
        key=f"{page}_plain",
    )
    return answer == PLAIN


def part(page: str, put: Given, n_tokens: int, max_len: int, slides: bool) -> Given:
    """Which part of a text that is longer than the model reads; `slides`: it may be all of it, in windows."""
    cut(n_tokens, max_len)
    whole = slides and st.segmented_control(
        "Read", [ONE, ALL], default=ONE, key=f"{page}_windows", bind="query-params", required=True
    )
    if whole == ALL:
        return replace(put, stride=max(1, max_len // 2))
    key, last = f"{page}_start", n_tokens - max_len
    if st.session_state.get(key, 0) > last:
        st.caption(f"The window was to begin at token {st.session_state[key]:,}; the last it can begin at is {last:,}.")
        st.session_state[key] = last
    return replace(put, start=st.slider("First token of the window", 0, last, key=key))


def head(page: str, n_layers: int, n_heads: int, first: tuple[workbench.Head, ...]) -> tuple[int, int]:
    """One head, for an export; starts at the first of those that are chosen."""
    layer, number = first[0] if first and first[0][0] < n_layers and first[0][1] < n_heads else (0, 0)
    left, right = st.columns(2)
    return (
        int(left.number_input("Layer", 0, n_layers - 1, layer, key=f"{page}_export_layer_{layer}")),
        int(right.number_input("Head", 0, n_heads - 1, number, key=f"{page}_export_head_{number}")),
    )
