"""What Compare can start from, by what it compares; state by key, without the page's name before it."""

from typing import Any

TEXTS, MODELS, EDIT = "two texts", "two models", "before and after"
OFF, SCALE, EVEN, MASK = "switch it off", "scale its output", "make it read evenly", "hide a token from it"
HIDE = "hide a token from every head"
SAME = "A red hen and a blue bird. A red hen and a blue"
Example = dict[str, Any]  # state by key, without the page's name before it

EXAMPLES: dict[str, dict[str, Example]] = {
    TEXTS: {
        "Said twice, or not quite": {
            "model": "gpt-stories",
            "text": SAME,
            "second_text": "A red hen and a grey bird. A red hen and a blue",
        },
        "Son or daughter": {
            "model": "gpt-stories",
            "text": "The king gave the ring to his son. The king gave the ring to his",
            "second_text": "The king gave the ring to his daughter. The king gave the ring to his",
        },
        "One letter is another": {
            "model": "algo-induction",
            "text": "qwertqwertqwe",
            "second_text": "qwextqwextqwe",
        },
        "A word too many": {
            "model": "gpt-stories",
            "text": "The old fox looked at the young fox, and the young fox looked at the old",
            "second_text": "The old fox looked at the very young fox, and the young fox looked at the old",
        },
        "Two sentences translated": {
            "model": "marian-en-fr",
            "text": "She bought a red car.",
            "second_text": "He bought a red house.",
        },
    },
    MODELS: {
        "GPT and Mistral on a story": {"model": "gpt-stories", "b_model": "mistral-stories", "text": SAME},
        "BERT and RoFormer on a story": {"model": "bert-stories", "b_model": "roformer-stories", "text": SAME},
        "A large and a small judge": {
            "model": "roberta-sentiment",
            "b_model": "distil-sentiment",
            "text": "The food was not bad at all, but the service was slow.",
        },
        "Sort or turn round": {"model": "algo-sort", "b_model": "algo-reverse", "text": "fbdcaqh=hqac"},
    },
    EDIT: {
        "Half of a circuit is gone": {
            "model": "algo-induction",
            "text": "qwertqwertqwe",
            "change": OFF,
            "layer": 0,
            "head": 0,
        },
        "What it would have copied": {"model": "gpt-stories", "text": SAME, "change": OFF, "layer": 3, "head": 0},
        "A head that reads evenly": {"model": "algo-induction", "text": "qwertqwertqwe", "change": EVEN, "layer": 1},
        "A word it may not read": {"model": "gpt-stories", "text": SAME, "change": MASK, "layer": 3, "token": 6},
    },
}
