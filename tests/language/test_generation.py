"""What is written is what the library's own `generate` writes; what its attention saw is what one pass sees."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from models import zoo
from models.language.filters import Settings
from models.language.generation import Generation
from models.zoo.given import Given
from models.zoo.model import Model
from tests import tiny
from tests.language.tiny_tasks import TEXTS, chat

WORDS = "king queen fox bird well forest castle daughter wolf night old young red blue little said went there".split()
SETTINGS = (
    Settings(temperature=0),
    Settings(seed=1),
    Settings(temperature=0.7, top_k=20, seed=2),
    Settings(top_p=0.9, seed=3),
    Settings(temperature=1.3, min_p=0.05, seed=4),
    Settings(temperature=0.8, top_k=50, top_p=0.95, repetition_penalty=1.3, seed=5),
)


@pytest.fixture(scope="module")
def stories() -> Model:
    return zoo.load("gpt-stories")


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Model]:
    """A tiny model of another family by its name in `tests.tiny`, loaded from its folder."""
    root = tmp_path_factory.mktemp("families")
    return cache(lambda name: zoo.load(str(tiny.save(name, root / name))))


def prompts(n: int) -> list[str]:
    chance = np.random.default_rng(0)
    return [" ".join(["The", *chance.choice(WORDS, 4)]) for _ in range(n)]


def by_library(model: Model, ids: tuple[int, ...], settings: Settings, n: int) -> list[int]:
    """The library's own text after a prompt."""
    options: dict[str, object] = {"do_sample": False, "repetition_penalty": settings.repetition_penalty}
    if not settings.greedy:
        options |= {
            "do_sample": True,
            "temperature": settings.temperature,
            "top_k": settings.top_k,
            "top_p": settings.top_p,
            "min_p": settings.min_p or None,
        }
    torch.manual_seed(settings.seed)
    read = torch.tensor([ids])
    out = model.module.generate(read, attention_mask=torch.ones_like(read), max_new_tokens=n, **options)
    return out[0].tolist()


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_text_is_that_of_generate(stories: Model, settings: Settings) -> None:
    for prompt in prompts(50):
        writing = Generation(stories, Given(prompt), seed=settings.seed)
        while not writing.ended and len(writing.written) < 6:
            writing.next(settings)
        assert list(writing.ids) == by_library(stories, writing.prompt, settings, 6)


def test_probabilities_are_those_of_the_logits(stories: Model) -> None:
    writing = Generation(stories, Given("Once upon a time"))
    written = writing.next(Settings(temperature=0.5, top_k=3, seed=1))
    logits = stories.module(input_ids=torch.tensor([writing.prompt])).logits[0, -1]
    every = logits.softmax(-1)
    assert written.probability == pytest.approx(every[written.id].item(), abs=1e-6)
    best = (logits / 0.5).topk(3)
    offered = best.values.softmax(-1)[best.indices.tolist().index(written.id)].item()
    assert written.offered == pytest.approx(offered, abs=1e-6)
    assert written.rank == (every > every[written.id]).sum()
    assert written.surprise == pytest.approx(-np.log2(every[written.id].item()), abs=1e-4)


def test_every_filter_is_shown_over_the_whole_vocabulary(stories: Model) -> None:
    writing = Generation(stories, Given("Once upon a time"))
    found = writing.stages(Settings(temperature=0.8, top_k=40, top_p=0.5, repetition_penalty=1.2))
    names = ["the model", "repetition penalty 1.2", "temperature 0.8", "top-k 40", "top-p 0.5"]
    assert [stage.name for stage in found] == names
    assert [stage.every.shape for stage in found] == [(4096,)] * 5
    assert [stage.n_left for stage in found[:4]] == [4096, 4096, 4096, 40]
    assert found[4].n_left < 40
    for stage in found:
        assert stage.every.sum() == pytest.approx(1, abs=1e-5)


def test_steps_stitched_together_are_one_pass(stories: Model) -> None:
    writing = Generation(stories, Given("The fox and the"))
    for _ in range(10):
        writing.next(Settings(seed=3))
    stitched = writing.trace().attentions[0]
    ids = torch.tensor([writing.ids])
    with torch.no_grad():
        eager = _eager(stories)(input_ids=ids, output_attentions=True).attentions
    assert len(stitched.queries) == len(writing.ids)
    for layer, weights in enumerate(eager):
        assert np.abs(stitched.weights[layer] - weights[0].numpy()).max() < 1e-5
    assert "".join(stitched.queries.labels) == stories.tokenizer.decode(writing.ids)


def _eager(model: Model) -> torch.nn.Module:
    """The library's own model of the same weights, which hands out its weights."""
    import transformers as hf

    made = hf.GPT2LMHeadModel(model.module.config)
    made.load_state_dict(model.module.state_dict())
    made.set_attn_implementation("eager")
    return made.eval()


@pytest.mark.parametrize("name", ["gpt2", "llama", "mistral", "gemma2", "gpt_oss", "t5", "bart"])
def test_steps_of_every_family_are_one_pass(family: Callable[[str], Model], name: str) -> None:
    """Shared keys, sliding windows, capped scores, sinks, and decoders that read an encoder."""
    model = family(name)
    text = "The cat sat on the mat because it was"
    writing = Generation(model, Given(text))
    for _ in range(10):
        if not writing.ended:
            writing.next(Settings(seed=3))
    stitched = writing.trace().attentions
    output, passed = model.run(replace(writing.prepared, arguments=writing.arguments))
    np.testing.assert_allclose(writing.here.logits, output.logits[0, -1], atol=1e-4)
    for one, other in zip(stitched, passed.attentions(), strict=True):
        for layer in range(len(one.weights)):
            assert np.abs(one.weights[layer] - other.weights[layer]).max() < 1e-5


@pytest.mark.parametrize("name", ["gpt2", "llama", "mistral", "gemma2"])
def test_the_cache_is_measured_beside_the_formula(family: Callable[[str], Model], name: str) -> None:
    """Where a window slides, less is held than keys and values of all tokens would take."""
    writing = Generation(family(name), Given("The cat sat on the mat because it was"))
    for _ in range(4):
        writing.next(Settings(seed=2))
    held, said = writing.cache_bytes
    config = writing.model.module.config
    heads = getattr(config, "num_key_value_heads", config.num_attention_heads)
    assert said == 2 * config.num_hidden_layers * heads * writing.model.info.d_head * len(writing.ids) * 4
    assert held < said if name in ("mistral", "gemma2") else held == said


@pytest.mark.parametrize("name", ["gemma2", "llama"])
@pytest.mark.parametrize("text", TEXTS)
def test_labels_of_a_text_give_it_back(family: Callable[[str], Model], name: str, text: str) -> None:
    """Byte-level BPE and SentencePiece with bytes: every character of any script, numbered where tokens share it."""
    writing = Generation(family(name), Given(text))
    sequence = writing.sequence()
    labels = [label for label, mark in zip(sequence.labels, sequence.special, strict=True) if not mark]
    whole = "".join(labels)
    shared = re.compile(r"(.)₁(?:\1[₂-₉])+", re.S)  # 🦊₁🦊₂🦊₃🦊₄
    assert shared.sub(r"\1", whole).strip() == text
    words = [word for word in sequence.words if word is not None]
    assert words == sorted(words)
    assert len(set(words)) == len(text.split())


def test_a_message_stands_in_the_models_own_template(tmp_path: Path) -> None:
    model = zoo.load(str(chat(tmp_path / "chat")))
    message = "The cat sat, said the fox 🦊."
    writing = Generation(model, Given(message), chat=True, seed=1)
    told = model.tokenizer.apply_chat_template(
        [{"role": "user", "content": message}], add_generation_prompt=True, return_dict=False
    )
    assert list(writing.prompt) == list(told)
    drawn = writing.draft(Settings()).prompt
    marks = [label for label, mark in zip(drawn.labels, drawn.special, strict=True) if mark]
    assert marks == ["<s>", "<|user|>", "<|end|>", "<|assistant|>"]
    assert writing.left_out == 0
    plain = Generation(model, Given(message))
    assert "<|user|>" not in plain.draft(Settings()).prompt.labels
    writing.next(Settings(seed=1))
    assert list(writing.ids) == by_library(model, writing.prompt, Settings(seed=1), 1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, ""),
        ({"temperature": 0, "repetition_penalty": 1.5}, ""),
        ({"temperature": 0, "top_k": 40, "top_p": 0.95}, "top-k 40 and top-p 0.95 can change nothing"),
        ({"top_k": 1}, "With top-k 1 one token is left"),
        ({"top_p": 0.0, "min_p": 0.3}, "With top-p 0 one token is left"),
        ({"min_p": 1.0, "temperature": 2}, "With min-p 1 one token is left"),
        ({"top_k": 2, "top_p": 0.1, "min_p": 0.9}, ""),
    ],
)
def test_settings_that_contradict_each_other_are_remarked_on(
    stories: Model, settings: dict[str, float], said: str
) -> None:
    made = Settings(**settings)
    assert said in made.remark
    assert bool(said) == bool(made.remark)
    if said:  # the sentence is true
        writing = Generation(stories, Given("Once upon a time"))
        for _ in range(4):
            assert writing.next(made).rank == 0


def test_filters_never_leave_nothing(stories: Model) -> None:
    writing = Generation(stories, Given("Once upon a time"))
    found = writing.stages(Settings(temperature=2, top_k=1, top_p=0.0, min_p=1.0, repetition_penalty=2))
    assert [stage.n_left >= 1 for stage in found] == [True] * len(found)
    assert np.isfinite(found[-1].every).all()


def test_what_a_prompt_leaves_out_is_counted(stories: Model) -> None:
    assert Generation(stories, Given("the fox and " * 30)).left_out == 0
    writing = Generation(stories, Given("the fox and " * 70))
    n = len(stories.tokenizer("the fox and " * 70)["input_ids"])
    assert writing.left_out == n - stories.info.max_len > 0


def test_a_translator_is_stitched_with_its_cross_attention() -> None:
    model = zoo.load("marian-en-fr")
    writing = Generation(model, Given("The cat is under the table."))
    while not writing.ended:
        writing.next(Settings(temperature=0))
    said = "".join(token.label for token in writing.written[:-1])
    assert said.strip() == "Le chat est sous la table."
    full = model.trace("The cat is under the table.", target=said)
    for one, two in zip(writing.trace().attentions, full.attentions, strict=True):
        assert one.name == two.name
        rows = len(two.queries)
        for layer in range(len(two.weights)):
            columns = two.weights[layer].shape[2]
            assert np.abs(one.weights[layer][:, :rows, :columns] - two.weights[layer]).max() < 1e-5


def test_branches_stay_and_can_be_walked(stories: Model) -> None:
    writing = Generation(stories, Given("Once upon a time"))
    greedy = Settings(temperature=0)
    first = writing.next(greedy)
    second = writing.next(greedy)
    writing.back()
    other = int(writing.here.logits.argsort(descending=True)[3])
    taken = writing.take(other, greedy)
    assert (taken.chosen, taken.rank, taken.id) == (True, 3, other)
    writing.next(greedy)
    assert [len(node.children) for node in writing.nodes] == [1, 2, 0, 1, 0]
    writing.go(1)
    assert writing.next(greedy) is second
    assert writing.written == (first, second)
    assert len(writing.nodes) == 5


def test_a_branch_is_what_a_fresh_text_would_be(stories: Model) -> None:
    greedy = Settings(temperature=0)
    writing = Generation(stories, Given("Once upon a time"))
    for _ in range(3):
        writing.next(greedy)
    writing.go(1)
    fourth = int(writing.here.logits.argsort(descending=True)[4])
    writing.take(fourth, greedy)
    expected = stories.module(input_ids=torch.tensor([writing.ids])).logits[0, -1]
    assert torch.allclose(writing.here.logits, expected, atol=1e-4)


def test_the_cache_grows_by_the_formula(stories: Model) -> None:
    writing = Generation(stories, Given("Once upon a time"))
    for _ in range(4):
        held, said = writing.cache_bytes
        assert held == said == 2 * 4 * 256 * len(writing.ids) * 4
        writing.next(Settings(seed=2))


def test_a_text_that_is_full_says_so(stories: Model) -> None:
    writing = Generation(stories, Given("the fox and " * 70))
    assert len(writing.ids) == stories.info.max_len
    with pytest.raises(zoo.InputError, match="128 tokens, and they are full"):
        writing.next(Settings())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"temperature": -1}, "temperature is 0"),
        ({"temperature": float("nan")}, "temperature is 0"),
        ({"top_k": -3}, "Top-k is a whole number"),
        ({"top_p": 1.5}, "share from 0 to 1"),
        ({"repetition_penalty": 0.0}, "more than 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused_in_words(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(zoo.InputError, match=said):
        Settings(**wrong)


def test_top_p_of_nothing_leaves_the_likeliest(stories: Model) -> None:
    writing = Generation(stories, Given("Once upon a time"))
    assert writing.stages(Settings(top_p=0.0))[-1].n_left == 1
    assert writing.next(Settings(top_p=0.0)).rank == 0


def test_a_model_that_does_not_write_says_so() -> None:
    with pytest.raises(zoo.InputError, match="does not write text"):
        Generation(zoo.load("roberta-sentiment"), Given("A fine film."))


def test_a_model_without_a_chat_template_says_so(stories: Model) -> None:
    with pytest.raises(zoo.InputError, match="no chat template"):
        Generation(stories, Given("Hello"), chat=True)
