"""bert-qa: a small BERT that answers questions by pointing at a word of the story.

The question answering of Devlin et al. 2019 ("BERT", section 4.2: a start and an end) on a made-up world, at 3 layers,
4 heads, d_model 96. It is trained on our own stories only and tested on bAbI's. A throw-away head, which says of every
sentence whether it still holds at the end of the story, shows the lower layers what to look for: without it the model
was at 79 % after 2,500 steps.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import BertConfig, BertForQuestionAnswering, PreTrainedTokenizerFast

from models.learn.train import Batch, Plan, fit
from models.records import Bools, Floats
from models.zoo.recipes import attended, babi, holding, tokens, world
from models.zoo.recipes.splits import fingerprint

NAME = "bert-qa"
PLAN = Plan(steps=3_000, lr=1e-3, warmup=200, final_lr=0.02, betas=(0.9, 0.98), weight_decay=0.01, every=250)
BATCH, N_POSITIONS = 64, 96
MOST_SENTENCES = 10  # as many as bAbI's longest
HELD_OUT = 20  # one of our own stories in 20
WATCHED, TESTED, PROBED = 300, 1_000, 200  # questions
PAD, START, BREAK = "[PAD]", "[CLS]", "[SEP]"

CARD = {
    "title": "A small BERT that answers questions about a story",
    "task": "answer from a text",
    "architecture": "BERT: 3 layers, 4 heads, d_model 96, 96 positions, a token per word",
    "licence": "MIT (weights); bAbI CC BY 3.0",
    "data": (
        "Made up by the recipe, in the words of bAbI: stories of 2 to 10 sentences about eight people, eight places "
        "and four things. Tested on the 1,000 questions of bAbI's task 1 (Weston et al. 2015, (c) Facebook, CC BY "
        "3.0), none of which it was trained on; a made-up story that is one of bAbI's is thrown away."
    ),
    "measured_by": "python -m models.zoo verify bert-qa --data FOLDER",
    "recipe": "models/zoo/recipes/bert_qa.py",
    "weaknesses": (
        "It knows 50 words and two questions, Where is ...? and Who has the ...? Any other word is [UNK] to it, and "
        "to any other question it still points at something."
    ),
    "look_for": (
        "One head goes from the name in the question to the sentence that answers it: the last "
        "one in which that person moved. Earlier sentences about the same person are passed over."
    ),
    "examples": (
        {
            "title": "The last move counts",
            "role": "supporting fact",
            "text": "Mary moved to the bathroom. John went to the hallway. Mary travelled to the office.",
            "question": "Where is Mary?",
        },
        {
            "title": "Many people",
            "role": "supporting fact",
            "text": "Daniel went to the garden. Emma moved to the cellar. Paul went back to the kitchen. "
            "Daniel journeyed to the library. Emma went to the office.",
            "question": "Where is Daniel?",
        },
        {
            "title": "Who has it?",
            "role": "supporting fact",
            "text": "Anna went to the garden. Anna took the milk. Peter moved to the garden. Anna dropped the milk. "
            "Peter picked up the milk.",
            "question": "Who has the milk?",
        },
    ),
}


class Trained(nn.Module):
    """The network, and the throw-away head on all but its last layer."""

    def __init__(self, d_vocab: int) -> None:
        super().__init__()
        self.bert_qa = BertForQuestionAnswering(config(d_vocab))
        self.bert_qa.set_attn_implementation("eager")  # stories this short are faster without the fused kernel
        self.holding = holding.Holding(self.bert_qa.config.hidden_size)


def config(d_vocab: int) -> BertConfig:
    """The model's shape."""
    return BertConfig(
        vocab_size=d_vocab,
        hidden_size=96,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=384,
        initializer_range=0.1,  # about 1 / sqrt(d_model): at 0.02 attention this narrow stays even for long
        max_position_embeddings=N_POSITIONS,
        hidden_dropout_prob=0.0,  # every batch is new: there is nothing to learn by heart
        attention_probs_dropout_prob=0.0,
        pad_token_id=0,
    )


def tokenizer_of() -> PreTrainedTokenizerFast:
    """[CLS] question [SEP] story [SEP], a token per word."""
    return tokens.words(
        world.vocabulary(),
        special=[PAD, START, BREAK],
        single=f"{START} $A {BREAK}",
        pair=f"{START} $A {BREAK} $B:1 {BREAK}:1",
        pad_token=PAD,
        cls_token=START,
        sep_token=BREAK,
        model_max_length=N_POSITIONS,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def is_held_out(story: str) -> bool:
    """True for the made-up stories that are not trained on."""
    return fingerprint(story) % HELD_OUT == 0


def key(sentences: Sequence[str]) -> int:
    """What tells whether a made-up story is one of bAbI's."""
    return fingerprint(" ".join(sentences))


def ask(chance: np.random.Generator, held_out: bool, tested: frozenset[int]) -> babi.Asked:
    """A made-up story of one side of the split, none of the `tested`, and one question about it."""
    while True:
        n_things = int(chance.integers(3)) if chance.random() < 0.5 else 0
        story = world.happen(chance, int(chance.integers(2, MOST_SENTENCES + 1)), int(chance.integers(2, 6)), n_things)
        sentences = tuple(event.sentence for event in story)
        if is_held_out(" ".join(sentences)) == held_out and key(sentences) not in tested:
            questions = world.questions(story)
            return sentences, questions[chance.integers(len(questions))]


def encode(tokenizer: PreTrainedTokenizerFast, asked: Sequence[babi.Asked]) -> Batch:
    """Questions with their stories, and where the answer stands: its place in the supporting sentence."""
    rows = tokenizer(
        [question.text for _, question in asked],
        [" ".join(story) for story, _ in asked],
        padding=True,
        return_tensors="pt",
    )
    places = []
    for row, (story, question) in enumerate(asked):
        before = len(" ".join(["", *story[: question.support]]))  # characters up to the supporting sentence
        sentence = story[question.support]
        places.append(rows.char_to_token(row, before + sentence.index(question.answer), sequence_index=1))
    place = torch.tensor(places)
    return {**rows, "start_positions": place, "end_positions": place}


def batches(tokenizer: PreTrainedTokenizerFast, tested: frozenset[int]) -> Callable[[int], Batch]:
    """Batch number `step`: 64 new questions, and what holds at the end of their stories."""

    def batch(step: int) -> Batch:
        chance = np.random.default_rng([PLAN.seed, step])
        asked = [ask(chance, False, tested) for _ in range(BATCH)]
        rows = encode(tokenizer, asked)
        return rows | {"holds": holds(asked, rows["input_ids"].shape[1])}

    return batch


def holds(asked: Sequence[babi.Asked], width: int) -> Tensor:
    """Per token [question, position]: 1 in sentences that no later one overrules, 0 in others, -1 outside the story."""
    starts = [len(question.text.split()) + 3 for _, question in asked]  # [CLS], the question mark, [SEP]
    return holding.marks([story for story, _ in asked], starts, width)


def loss(trained: Any, batch: Batch) -> Tensor:
    """The loss of start and end, and that of the throw-away head."""
    marks = batch.pop("holds")
    output = trained.bert_qa(**batch, output_hidden_states=True)
    return output.loss + trained.holding.loss(output.hidden_states[-2], marks)


@torch.no_grad()
def exact_match(model: Any, tokenizer: PreTrainedTokenizerFast, asked: Sequence[babi.Asked]) -> float:
    """Percentage of questions whose answer, read from the predicted start to the predicted end, is the right word."""
    model.eval()
    right = 0
    for start in range(0, len(asked), 100):
        some = asked[start : start + 100]
        rows = encode(tokenizer, some)
        output = model(**{k: rows[k] for k in ("input_ids", "token_type_ids", "attention_mask")})
        spans = zip(rows["input_ids"], output.start_logits.argmax(-1), output.end_logits.argmax(-1), strict=True)
        said = [tokenizer.decode(ids[first : last + 1]) for ids, first, last in spans]
        right += sum(s == q.answer.lower() for s, (_, q) in zip(said, some, strict=True))
    return round(100 * right / len(asked), 2)


def own(seed: int, n: int, tested: frozenset[int]) -> list[babi.Asked]:
    """Held-out questions about our own stories."""
    chance = np.random.default_rng([1, seed])
    return [ask(chance, True, tested) for _ in range(n)]


def stories_of(asked: Sequence[babi.Asked]) -> frozenset[int]:
    """Keys of the stories behind questions."""
    return frozenset(key(story) for story, _ in asked)


def train(data: Path, work: Path, report: Callable[[str], None] = print) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Train on fresh stories, with snapshots in `work`; bAbI is read from `data` only to keep clear of it."""
    tested = stories_of(babi.read(data))
    tokenizer = tokenizer_of()
    torch.manual_seed(PLAN.seed)
    trained = Trained(len(tokenizer))
    watched = own(0, WATCHED, tested)

    def evaluate() -> dict[str, float]:
        return {"own_exact_percent": exact_match(trained.bert_qa, tokenizer, watched)}

    curve = fit(trained, batches(tokenizer, tested), PLAN, work, evaluate, loss, report)
    return trained.bert_qa, tokenizer, curve


def measure(model: Any, tokenizer: Any, data: Path) -> dict[str, float]:
    """The card's figures: bAbI's test set, and stories of our own that the recipe never saw."""
    asked = babi.read(data)
    return {
        "babi_exact_percent": exact_match(model, tokenizer, asked),
        "own_exact_percent": exact_match(model, tokenizer, own(1, TESTED, stories_of(asked))),
    }


def heads(model: Any, tokenizer: Any, data: Path) -> dict[str, Any]:
    """The head that best goes from the name or thing in the question to the supporting sentence."""
    return {"supporting fact": attended.best(attended.share(looks(model, tokenizer, babi.read(data)[:PROBED])))}


@torch.no_grad()
def looks(model: Any, tokenizer: Any, asked: Sequence[babi.Asked]) -> Iterator[tuple[Floats, Bools]]:
    """Attention, and the tokens of the supporting sentence as targets of the question's last word."""
    for story, question in asked:
        rows = tokenizer(question.text, " ".join(story), return_tensors="pt")
        first = len(" ".join(["", *story[: question.support]]))
        ends = (first, first + len(story[question.support]) - 1)
        low, high = (rows.char_to_token(0, place, sequence_index=1) for place in ends)
        targets = np.zeros((rows["input_ids"].shape[1],) * 2, bool)
        targets[rows.char_to_token(0, len(question.text) - 2, sequence_index=0), low : high + 1] = True
        yield attended.stack(model(**rows, output_attentions=True).attentions), targets
