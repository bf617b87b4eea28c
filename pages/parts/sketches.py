"""The pictures on Home's cards: each made of what a bundled model computes on an example of its own, or has recorded.

A page has its picture here, under its file's name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from PIL import Image

from models import zoo
from models.learn.presets import PRESETS, measured
from models.records import Attention, Card, Trace
from models.zoo.given import Given
from models.zoo.recipes import scenes
from pages.parts import keep
from viz.view import View
from viz.views import sketches
from viz.views.sketch import Sketch

if TYPE_CHECKING:
    from models.zoo.model import Model

TEACHER_AND_STUDENT = ("roberta-sentiment", "distil-sentiment")
STORY = "A red hen and a blue bird. A red hen and a blue"  # said twice: induction has something to find


def sketch(stem: str) -> View:
    """The picture of a page's card, made once. Raises zoo.HeadlightError."""
    return _made(SKETCHES[stem])


@cache
def _made(make: Callable[[], Sketch]) -> View:
    return make().view()


def _card(name: str) -> Card:
    card = zoo.card(name)
    assert card is not None
    return card


def _role(name: str, role: str) -> tuple[int, int]:
    """The head that a card names."""
    head = _card(name).heads[role]
    return head["layer"], head["head"]


def _model(name: str) -> Model:
    load = keep.load(name)
    load.done.wait()
    if load.model is None:
        raise zoo.LoadError(str(load.error))
    return load.model


def _trace(name: str, **given: Any) -> Trace:
    return keep.trace(_model(name), Given(**given)).trace


def _stack(trace: Trace, kind: str) -> Attention:
    return next(stack for stack in trace.attentions if stack.kind == kind)


def _example(name: str, number: int = 0) -> Image.Image:
    return Image.open(zoo.folder(name) / _card(name).examples[number]["picture"]).convert("RGB")


# ---- one per page


def _text_attention() -> Sketch:
    stack = _trace("gpt-stories", text=STORY).attentions[0]
    return sketches.heads(stack, "All sixteen heads of gpt-stories on a sentence that is said twice")


def _compare() -> Sketch:
    head, texts = _role("gpt-stories", "induction"), (STORY, STORY.replace("hen", "cat"))
    one, two = (_trace("gpt-stories", text=text).attentions[0].at(*head) for text in texts)
    return sketches.difference(one, two, "One head of gpt-stories on two texts, and the difference")


def _generation() -> Sketch:
    ranking = _trace("gpt-stories", text="Once upon a time there was a").ranking
    assert ranking is not None
    return sketches.candidates(ranking, "The likeliest words of gpt-stories after “Once upon a time there was a”")


def _language_tasks() -> Sketch:
    trace = _trace("marian-en-fr", text="The cat is under the table.", target="Le chat est sous la table.")
    head = _role("marian-en-fr", "alignment")
    return sketches.alignment(_stack(trace, "cross"), head, "Which English word each French word is written from")


def _vision() -> Sketch:
    image = _example("vit-fashion")
    trace = _trace("vit-fashion", image=image)
    rows = [trace.attentions[0].at(*head)[0] for head in ((1, 2), (2, 3), (3, 1))]
    return sketches.overlays(trace, image, rows, "Where three heads of vit-fashion look on a T-shirt")


def _detection() -> Sketch:
    image = _example("detr-shapes")
    found = _trace("detr-shapes", image=image).detections
    assert found is not None
    return sketches.found(image, found, "What detr-shapes found in a scene of shapes")


def _text_to_image() -> Sketch:
    from models.language.filters import Settings
    from models.painting import painter

    model = _model("dalle-shapes")
    caption = painter.read(model, "a blue square left of a yellow diamond")
    codes = painter.paint(model, caption, [painter.Row(seed=0)], Settings()).codes[0]
    pictures = [painter.coloured(codes, n) for n in (35, 58, len(codes))]
    return sketches.painting(pictures, "dalle-shapes paints a blue square left of a yellow diamond, cell by cell")


def _captioning() -> Sketch:
    image = _example("caption-shapes")
    trace = _trace("caption-shapes", image=image)
    cross = _stack(trace, "cross")
    weights = cross.at(*_role("caption-shapes", "named thing"))
    written = [" ".join(label.split()) for label in cross.queries.labels]
    named = [i for i, word in enumerate(written) if word in scenes.COLOURS]  # a position writes the word after its own
    rows, words = [weights[i - 1] for i in named], [written[i] for i in named]
    return sketches.overlays(trace, image, rows, "Where caption-shapes looks when it names a colour", words)


def _anatomy() -> Sketch:
    stack = _trace("gpt-stories", text="Once upon a time").attentions[0]
    head = _role("gpt-stories", "previous token")
    return sketches.numbers(stack, head, "Attention weights as numbers: each row sums to 1")


def _positions() -> Sketch:
    from models.positions.encodings import encodings

    table = next(one for one in encodings(n=24, d=64) if one.name == "sinusoidal").picture
    assert table is not None
    return sketches.table(table, "Sinusoidal position encodings: a row per position")


def _playground() -> Sketch:
    rows = _card("algo-sort").curve
    loss, exact = ([row[name] for row in rows] for name in ("loss", "exact_percent"))
    ones = [(loss, max(loss), "loss", 94.0), (exact, 100.0, "exact answers", 26.0)]
    return sketches.curves([row["step"] for row in rows], ones, "How a small model learnt to sort, as recorded")


def _sweeps() -> Sketch:
    found = [(PRESETS[name].title, [hit for hit in one.hits if hit]) for name, one in measured().items()]
    shown = sorted((one for one in found if one[1]), key=lambda one: max(one[1]))[:5]
    return sketches.dots(shown, "The step at which each of five seeds had learnt, preset by preset")


def _fine_tuning() -> Sketch:
    rows = _card("distil-sentiment").curve
    loss, right = ([row[name] for row in rows] for name in ("loss", "accuracy_percent"))
    ones = [(loss, max(loss), "loss", 94.0), (right, 100.0, "right on held-out reviews", 18.0)]
    return sketches.curves([row["step"] for row in rows], ones, "How distil-sentiment was trained, as recorded")


def _smaller_models() -> Sketch:
    text = "a moving and wonderfully acted film , full of warmth ."
    ones = [(_trace(name, text=text).attentions[0].weights[0].mean(0), name) for name in TEACHER_AND_STUDENT]
    return sketches.matrices(ones, "What a teacher and its student read, first layer, mean of the heads")


SKETCHES: dict[str, Callable[[], Sketch]] = {
    "text_attention": _text_attention,
    "compare": _compare,
    "generation": _generation,
    "language_tasks": _language_tasks,
    "vision": _vision,
    "captioning": _captioning,
    "detection": _detection,
    "text_to_image": _text_to_image,
    "anatomy": _anatomy,
    "positions": _positions,
    "playground": _playground,
    "sweeps": _sweeps,
    "fine_tuning": _fine_tuning,
    "smaller_models": _smaller_models,
}
