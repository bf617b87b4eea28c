"""A text that a model writes on a page: the prompt, the settings, the transport, and what is drawn of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import streamlit as st

from models import zoo
from models.zoo.given import Given
from pages.parts import ask, bench, keep, show
from viz.views import generation as view

if TYPE_CHECKING:
    from models.language.filters import Settings
    from models.language.generation import Generation
    from models.records import Lens
    from models.zoo.model import Model

EXAMPLES = {  # a model's own prompts come from its card
    "A story begins": "Once upon a time there was a king who had three",
    "Someone speaks": "“Who are you?” said the",
}
NOT_HERE = "These rows were read as the tokens were written. Text attention is where heads are switched off."
HELP = (  # of the settings, in their order on the page
    "Below 1 the likely becomes likelier still, above 1 less so. 0: always the likeliest token.",
    "Only so many of the likeliest tokens stay. 0: off.",
    "Only the likeliest tokens that together hold this much probability stay. 1: off.",
    "Only tokens stay that are at least this share as likely as the likeliest. 0: off.",
    "Tokens that are in the text already become less likely. 1: off.",
    "Chance begins here: the same seed draws the same text again.",
)
CHANCE = ("temperature", "k", "p", "min_p", "seed")  # settings of a text that is drawn, by their names in a link
TEMPO = 0.15  # seconds between tokens while it plays
SMALL, SMALL_MODEL = 3_000_000, 20_000_000  # weights, parameters up to which lens and workbench follow while it plays


def prompt(page: str, ref: str) -> str:
    """The box for the text to go on with; at first what the link says, else the card's first example."""
    key = f"{page}_text"
    before = st.session_state.get(f"{page}_ref")
    st.session_state[f"{page}_ref"] = ref
    if key not in st.session_state:
        st.session_state[key] = st.query_params.get(key) or next(iter(_prompts(ref).values()))
    elif before not in (None, ref) and st.session_state[key] in _prompts(before).values():
        st.session_state[key] = next(iter(_prompts(ref).values()))
    return (
        st.text_area(
            "Text to go on with",
            key=key,
            height=68,
            placeholder="Type a sentence",
            persist_state="session",
            width="stretch",
        )
        or ""
    )


def _prompts(ref: str) -> dict[str, str]:
    card = zoo.card(ref)
    own = {e["title"]: e["text"] for e in card.examples if "text" in e} if card else {}
    return own or EXAMPLES


def starts(page: str) -> list[tuple[str, Callable[[], None]]]:
    """Two prompts as buttons, for a page that has nothing to read."""
    key, ref = f"{page}_text", st.session_state.get(f"{page}_model", keep.DEFAULT_MODEL)

    def start(text: str) -> Callable[[], None]:
        return lambda: st.session_state.update({key: text})

    return [(title, start(text)) for title, text in list(_prompts(ref).items())[:2]]


def given(page: str, model: Model, prompt: str) -> tuple[Given, bool]:
    """The prompt as this model is to read it, and whether it is a message to a chat model."""
    chat = _chat(page, model)
    return Given(prompt, plain=not chat and ask.plain(page, model.special_strings(prompt))), chat


def _chat(page: str, model: Model) -> bool:
    """Asked only where there is a template."""
    if getattr(model.tokenizer, "chat_template", None) is None:
        return False
    return st.toggle(
        "Chat template",
        value=True,
        key=f"{page}_chat",
        bind="query-params",
        help="Puts the text between the tokens that this model was trained to answer to; they are shown.",
    )


def settings(page: str) -> Settings:
    """How the next token is taken. Raises zoo.InputError."""
    from models.language.filters import Settings

    def key(name: str) -> Any:
        return {"key": f"{page}_{name}", "bind": "query-params", "persist_state": "session"}

    with st.container(horizontal=True, vertical_alignment="bottom"):
        temperature = st.slider("Temperature", 0.0, 2.0, 0.8, 0.05, **key("temperature"), width=160, help=HELP[0])
        return Settings(
            temperature=temperature,
            top_k=int(st.number_input("Top-k", 0, None, 0, **key("k"), width=100, help=HELP[1])),
            top_p=st.slider("Top-p", 0.0, 1.0, 0.95, 0.01, **key("p"), width=150, help=HELP[2]),
            min_p=st.slider("Min-p", 0.0, 1.0, 0.0, 0.01, **key("min_p"), width=150, help=HELP[3]),
            repetition_penalty=st.slider(
                "Repetition penalty", 1.0, 2.0, 1.0, 0.05, **key("repeat"), width=180, help=HELP[4]
            ),
            seed=int(st.number_input("Seed", 0, 2**31, 0, **key("seed"), width=100, help=HELP[5])),
        )


def begin(page: str, model: Model, given: Given, chat: bool, seed: int | None = None) -> Generation:
    """The visitor's own text, begun anew with another model or prompt; no seed: it draws on. Raises zoo.InputError."""
    from models.language.generation import Generation

    kept = st.session_state.get(f"{page}_writing")
    wanted = (model.id, given.key, chat)
    if kept is None or kept[0] != wanted:
        kept = (wanted, Generation(model, given, chat, seed or 0), seed or 0)
        st.session_state[f"{page}_playing"] = False
    elif seed is not None and kept[2] != seed:
        kept[1].draw_anew(seed)
        kept = (wanted, kept[1], seed)
    st.session_state[f"{page}_writing"] = kept
    text: Generation = kept[1]
    return text


def remarks(text: Generation, *others: str) -> None:
    """What there is to know of a text and its settings; below the controls, which so keep their place."""
    if text.left_out:
        then = "." if text.decodes else ", and nothing can be written after them: shorten the text."
        show.cut(text.prepared.n_tokens, text.model.info.max_len, f"What follows them was not read{then}")
    for other in others:
        show.remark(other)


def stage(page: str, text: Generation, settings: Settings) -> None:
    """Transport, text, lens and attention; while it plays, this part of the page runs by itself, a token at a time."""
    playing = st.session_state.get(f"{page}_playing", False)
    st.fragment(_stage, run_every=TEMPO if playing else None)(page, text, settings)


def _stage(page: str, text: Generation, settings: Settings) -> None:
    playing = st.session_state.get(f"{page}_playing", False)
    if playing and text.ended:
        st.session_state[f"{page}_playing"] = False
        st.rerun()
    problems: list[zoo.InputError] = []
    with suppressed(problems):
        text.next(settings) if playing else _obey(page, text, settings)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _transport(page, text, settings, playing, problems)
        lens = st.toggle("Logit lens", value=True, key=f"{page}_lens", bind="query-params")
        attention = st.toggle("Attention", value=True, key=f"{page}_attention", bind="query-params")
    remarks(text, settings.remark)
    for problem in problems:
        st.session_state[f"{page}_playing"] = False
        show.error(problem)
    draft = text.draft(settings)
    weights = text.model.info.n_layers * text.model.info.n_heads * len(text.ids) ** 2
    follows = not playing or (weights <= SMALL and text.model.info.n_params <= SMALL_MODEL)
    found = _lens(text) if lens and follows else None
    show.view(view.view(draft, found, title=_title(text), playing=playing), key=page, ask="")
    if attention and (not playing or weights <= SMALL):
        _attention(page, text)


@contextmanager
def suppressed(problems: list[zoo.InputError]) -> Iterator[None]:
    """Keep what goes wrong inside for later, when the controls stand."""
    try:
        yield
    except zoo.InputError as problem:
        problems.append(problem)


def _transport(page: str, text: Generation, settings: Settings, playing: bool, problems: list[zoo.InputError]) -> None:
    """Play, pause, a step on, a step back, and the visitor's own words."""

    def play() -> None:
        st.session_state[f"{page}_playing"] = not playing

    ended = bool(text.ended)
    pressed = st.button(
        "Pause" if playing else "Play",
        icon=":material/pause:" if playing else ":material/play_arrow:",
        type="secondary" if ended else "primary",  # what is primary and disabled cannot be read
        on_click=play,
        disabled=ended,
        key=f"{page}_play",
    )
    if pressed:
        st.rerun()
    if st.button("One token", icon=":material/skip_next:", disabled=playing or ended, key=f"{page}_step"):
        with suppressed(problems):
            text.next(settings)
    if st.button("Back", icon=":material/skip_previous:", disabled=playing or not text.written, key=f"{page}_back"):
        text.back()
    own = st.text_input(
        "Your own words",
        key=f"{page}_own_{len(text.nodes)}",
        placeholder="put words in its mouth",
        disabled=playing or ended,
        width="stretch",
    )
    if own and not playing:
        with suppressed(problems):
            text.write(own if own[:1].isspace() or not text.ids else f" {own}", settings)
            st.rerun(scope="fragment")


def _obey(page: str, text: Generation, settings: Settings) -> None:
    """Do what was clicked in the picture, once."""
    asked = (st.session_state.get(page) or {}).get("ask") or ""
    if not asked or asked == st.session_state.get(f"{page}_obeyed"):
        return
    st.session_state[f"{page}_obeyed"] = asked
    _, what, number = asked.split()
    if what == "take":
        text.take(int(number), settings)
    elif what == "go":
        text.go(int(number))


def _lens(text: Generation) -> Lens | None:
    """The lens on the text so far; where it cannot be had, why not is said."""
    from models.language.lens import read_through

    try:
        return keep.made(
            ("lens", text.model.id, text.ids, text.prepared.ids),
            lambda: read_through(text.model, text.arguments),
            lambda made: made.best.nbytes * 4,
        )
    except zoo.InputError as problem:
        st.caption(show.words(str(problem)))
        return None


def _attention(page: str, text: Generation) -> None:
    """The workbench on the steps stitched together."""
    try:
        key = ("written", text.model.id, text.prompt, text.ids, text.prepared.ids)
        kept = keep.made(key, lambda: keep.Kept(key, text.trace(), refused=NOT_HERE), lambda made: made.trace.nbytes)
    except zoo.InputError as problem:
        st.caption(show.words(str(problem)))
        return
    number = ask.attention(page, text.model.info.name, kept.trace)
    bench.mount(kept, number, key=f"{page}_bench")


def _title(text: Generation) -> str:
    return f"{text.model.info.name} goes on"
