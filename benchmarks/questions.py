"""What one may want to know of a model's attention, and which tool answers: each answer tried or with its source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.trials import Facts

TOOLS = ("BertViz", "CircuitsVis", "Headlight")
BERTVIZ = "https://github.com/jessevig/bertviz"
CIRCUITS = "https://github.com/TransformerLensOrg/CircuitsVis"
SOURCES = {  # name -> where; a path is one of this repository, seen from docs/
    "BertViz: head and model view": f"{BERTVIZ}#head-and-model-views",
    "BertViz: neuron view": f"{BERTVIZ}#neuron-view-1",
    "BertViz: limitations": f"{BERTVIZ}#%EF%B8%8F-limitations",
    "BertViz: encoder-decoder models": f"{BERTVIZ}#encoder-decoder-models-bart-t5-etc",
    "BertViz: sentence pairs": f"{BERTVIZ}#visualizing-sentence-pairs",
    "BertViz: display modes": f"{BERTVIZ}#dark--light-mode",
    "BertViz: HTML": f"{BERTVIZ}#obtain-HTML-representations",
    "BertViz issue 33: vector graphics": f"{BERTVIZ}/issues/33",
    "BertViz issue 94: pictures": f"{BERTVIZ}/issues/94",
    "CircuitsVis: attention.py": f"{CIRCUITS}/blob/main/python/circuitsvis/attention.py",
    "CircuitsVis: AttentionHeads.tsx": f"{CIRCUITS}/blob/main/react/src/attention/AttentionHeads.tsx",
    "CircuitsVis: AttentionPattern.tsx": f"{CIRCUITS}/blob/main/react/src/attention/AttentionPattern.tsx",
    "CircuitsVis: render.py": f"{CIRCUITS}/blob/main/python/circuitsvis/utils/render.py",
    "CircuitsVis: the package": f"{CIRCUITS}/tree/main/python/circuitsvis",
    "CircuitsVis: AttentionPatterns.tsx": f"{CIRCUITS}/blob/main/react/src/attention/AttentionPatterns.tsx",
    "workbench": "../tests/browser/test_workbench.py",
    "heads switched off": "../tests/browser/test_off.py",
    "words rewritten": "../tests/browser/test_rewrite.py",
    "head atlas": "../tests/browser/test_head_atlas.py",
    "a talk by keys": "../tests/browser/test_talk.py",
    "vision": "../tests/browser/test_vision.py",
    "pairs of texts": "../tests/browser/test_pairs.py",
    "pictures saved": "../tests/browser/test_save.py",
    "edits": "../tests/models/test_edits.py",
    "neurons": "../tests/browser/test_neurons.py",
    "compare": "../tests/browser/test_compare.py",
    "app": "../tests/browser/test_app.py",
    "files": "../tests/viz/test_files.py",
    "view": "../tests/viz/test_view.py",
    "coverage": "coverage.md",
    "readme": "../README.md",
}
TRIED = "tried"


@dataclass(frozen=True)
class Answer:
    """Yes, No or In part; what exactly; and the names of its sources, or TRIED."""

    verdict: str
    words: str = ""
    sources: tuple[str, ...] = (TRIED,)


Given = Answer | Callable[[dict[str, Facts]], Answer]


@dataclass(frozen=True)
class Question:
    """A question, and each tool's answer or how to read it off what was tried, by the drawing's name."""

    name: str
    bertviz: Given
    circuitsvis: Given
    headlight: Given

    def answers(self, facts: dict[str, Facts]) -> tuple[Answer, ...]:
        """In the order of TOOLS."""
        given = (self.bertviz, self.circuitsvis, self.headlight)
        return tuple(one if isinstance(one, Answer) else one(facts) for one in given)


HEAD, MODEL = "BertViz head view", "BertViz model view"
HEADS, PATTERNS = "CircuitsVis attention_heads, layer 0", "CircuitsVis attention_patterns, layer 0"
OURS = "Headlight workbench"


def _yes(words: str, *sources: str) -> Answer:
    return Answer("Yes", words, sources or (TRIED,))


def _no(words: str, *sources: str) -> Answer:
    return Answer("No", words, sources or (TRIED,))


def _partly(words: str, *sources: str) -> Answer:
    return Answer("In part", words, sources or (TRIED,))


def _offline(name: str) -> Given:
    return lambda facts: (
        _yes("one file, nothing is asked of a network")
        if facts[name].offline
        else _no("the page stays empty: its libraries come from a public address")
    )


def _keyboard(name: str) -> Given:
    def answer(facts: dict[str, Facts]) -> Answer:
        stops = f"Tab reaches {facts[name].stops or 'no'} place{'' if facts[name].stops == 1 else 's'}"
        where = ", in attention_patterns" if name == PATTERNS else ""
        if facts[name].reads:
            return _yes(f"{stops}, and what a token reads can be called up{where}")
        return _no(f"{stops}; no token can be chosen")

    return answer


def _dark(name: str, otherwise: Answer) -> Given:
    return lambda facts: _yes("follows the reader's own preference") if facts[name].dark else otherwise


def _phone(*names: str) -> Given:
    """The first drawing decides between yes and no; what of the others is too wide is said."""

    def answer(facts: dict[str, Facts]) -> Answer:
        wide = {name.split(" ", 1)[1]: facts[name].overflow for name in names if facts[name].overflow}
        too = "; ".join(f"the {name} is {pixels} pixels wider" for name, pixels in wide.items())
        if not wide:
            return _yes("fits 390 pixels")
        return _no(f"not within 390 pixels: {too}") if len(wide) == len(names) else _partly(f"390 pixels, but {too}")

    return answer


MARKUP = {
    "text": _yes("it is shown as it is"),
    "script": _no("it is run as a script"),
    "nothing": _no("the page stays empty"),
}


def _markup(name: str) -> Given:
    return lambda facts: MARKUP[facts[name].markup]


DRAWS_ONLY = "it draws the weights that it is given"

QUESTIONS = (
    Question(
        "Several heads at once",
        _yes("all heads of one layer, as coloured lines", "BertViz: head and model view"),
        _partly("one heatmap large, the others small beside it", "CircuitsVis: AttentionHeads.tsx"),
        _yes("up to six, of any layers, each in its own colour", "workbench"),
    ),
    Question(
        "All heads of all layers in one picture",
        _yes("the model view", "BertViz: head and model view"),
        _partly("in one row that wraps, if all are given at once", "CircuitsVis: AttentionHeads.tsx"),
        _yes("rows are layers, columns are heads; roles marked, ranked by a score", "workbench", "head atlas"),
    ),
    Question(
        "Several heads as one",
        _no("their lines lie over one another", "BertViz: head and model view"),
        _partly("the darkest colour of any head, in attention_patterns", "CircuitsVis: AttentionPatterns.tsx"),
        _yes("mean, largest, smallest and rollout, of all heads or those chosen", "head atlas"),
    ),
    Question(
        "The weight itself, in digits",
        lambda facts: _yes("on hover") if facts[HEAD].number else _no("opacity only"),
        _yes("all its digits, in a tooltip on a cell", "CircuitsVis: AttentionPattern.tsx"),
        lambda facts: (
            _yes("beside the tokens read most, and in Matrix in every cell; from float32", TRIED, "app", "workbench")
            if facts[OURS].number
            else _no("")
        ),
    ),
    Question(
        "The running text, shaded by what a token reads",
        _no("tokens stand in columns", "BertViz: head and model view"),
        _yes("attention_patterns, which its authors call deprecated", "CircuitsVis: attention.py"),
        _yes("the Text pane, with the top five numbered", "workbench"),
    ),
    Question(
        "Queries, keys and scores of a head",
        _partly("its own copies of BERT, GPT-2 and RoBERTa only", "BertViz: neuron view", "BertViz: limitations"),
        _no(DRAWS_ONLY, "CircuitsVis: attention.py"),
        _yes("any captured model, checked against the model's own weights", "neurons", "coverage"),
    ),
    Question(
        "Encoder, decoder and cross-attention",
        _yes("a menu in either view", "BertViz: encoder-decoder models"),
        _no("one list of tokens for both axes", "CircuitsVis: attention.py"),
        _yes("a choice above the workbench", "app", "coverage"),
    ),
    Question(
        "Attention of vision models",
        _no("called out of scope", "BertViz issue 94: pictures"),
        _no("labels are text; there is no picture", "CircuitsVis: attention.py"),
        _yes("over the picture itself, with rollout and relevance for a class", "vision", "coverage"),
    ),
    Question(
        "Attention sinks taken out of the picture",
        _no("no such choice", "BertViz: head and model view"),
        _no("no such choice", "CircuitsVis: attention.py"),
        _yes("and how much weight went with them", "workbench"),
    ),
    Question(
        "A head switched off, and what changes",
        _no(DRAWS_ONLY, "BertViz: head and model view"),
        _no(DRAWS_ONLY, "CircuitsVis: attention.py"),
        _yes("in the picture, with the answer before and after", "heads switched off", "edits"),
    ),
    Question(
        "Another word in a token's place, and what changes",
        _no(DRAWS_ONLY, "BertViz: head and model view"),
        _no(DRAWS_ONLY, "CircuitsVis: attention.py"),
        _yes("in the picture: typed, masked or left out; before and after side by side", "words rewritten"),
    ),
    Question(
        "Two texts or two models, and their difference",
        _no(DRAWS_ONLY, "BertViz: head and model view"),
        _no(DRAWS_ONLY, "CircuitsVis: attention.py"),
        _yes("words aligned, heads ranked by how far apart they read", "compare"),
    ),
    Question(
        "Only what one sentence of a pair reads in the other",
        _yes("a menu in either view", "BertViz: sentence pairs"),
        _no("no such choice", "CircuitsVis: attention.py"),
        _yes("either text alone, or each in the other, in every view", "pairs of texts"),
    ),
    Question(
        "Activations, or the log probability of each token",
        _no("attention only", "BertViz: head and model view"),
        _yes("activations, coloured tokens, log probabilities, top samples", "CircuitsVis: the package"),
        _partly("the model's answer, over its whole vocabulary", "app"),
    ),
    Question("Opens without a network", _offline(HEAD), _offline(HEADS), _offline(OURS)),
    Question("A token that looks like markup stays text", _markup(HEAD), _markup(HEADS), _markup(OURS)),
    Question("With the keyboard alone", _keyboard(HEAD), _keyboard(PATTERNS), _keyboard(OURS)),
    Question(
        "Dark theme",
        _dark(HEAD, _partly("model and neuron view, chosen in the call", TRIED, "BertViz: display modes")),
        _dark(HEADS, _no("light whatever the reader prefers")),
        _dark(OURS, _no("light whatever the reader prefers")),
    ),
    Question("On a phone", _phone(HEAD, MODEL), _phone(HEADS), _phone(OURS)),
    Question(
        "Saved as a file",
        _partly("HTML that needs a network; no picture", "BertViz: HTML", "BertViz issue 33: vector graphics"),
        _partly("HTML; what needs no network is made where none is found", "CircuitsVis: render.py"),
        _yes("HTML that needs no network, PNG, SVG; weights as CSV, NPZ, JSON", "pictures saved", "files", "view"),
    ),
    Question(
        "What one looks at, as a link",
        _no("the output of a notebook's cell", "BertViz: head and model view"),
        _no("the output of a notebook's cell", "CircuitsVis: render.py"),
        _yes("model, text, heads and view are in the address", "app"),
    ),
    Question(
        "In front of a room",
        _no("no such view", "BertViz: head and model view"),
        _no("no such view", "CircuitsVis: the package"),
        _yes("full screen in large type, driven by keys, with saved steps and a code for the link", "a talk by keys"),
    ),
    Question(
        "Without writing code",
        _no("a Python call in a notebook", "BertViz: head and model view"),
        _no("a Python call in a notebook", "CircuitsVis: attention.py"),
        _yes("in the browser; in a notebook too", "readme"),
    ),
)
