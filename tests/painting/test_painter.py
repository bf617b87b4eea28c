"""Paintings against a plain loop over the library's own logits, and their attention against `output_attentions`."""

import copy

import numpy as np
import pytest
import torch

from models import zoo
from models.language.filters import Settings
from models.painting import masks, painter
from models.painting.painter import Row
from models.zoo.recipes import dalle_shapes, scenes

CAPTION = "a blue square left of a yellow diamond"


@pytest.fixture(scope="module")
def model():
    return zoo.load("dalle-shapes")


@pytest.fixture(scope="module")
def eager(model):
    module = copy.deepcopy(model.module)
    module.set_attn_implementation("eager")
    return module


def added(name: str, n_text: int) -> torch.Tensor:
    """The mask as the library's plain attention takes it: added to the scores."""
    allowed = torch.from_numpy(masks.mask(name, n_text, 10, 10))
    return torch.zeros(allowed.shape).masked_fill(~allowed, -torch.inf)


@torch.no_grad()
def alone(eager, tokenizer, caption: str, seed: int, temperature: float, k: int, name: str, put=()) -> list[int]:
    """The whole text anew for each cell, no cache, one picture at a time."""
    ids = tokenizer(f"{caption} <paint>")["input_ids"]
    n_text, chance, codes = len(ids), torch.Generator().manual_seed(seed), []
    allowed = added(name, n_text)
    for cell in range(100):
        n = len(ids)
        output = eager(input_ids=torch.tensor([ids]), attention_mask=allowed[None, None, :n, :n])
        scores = output.logits[0, -1, -9:]
        assert tokenizer.convert_ids_to_tokens(len(tokenizer) - 9) == "#night"
        if temperature == 0:
            torch.rand(1, generator=chance)
            code = int(scores.argmax())
        else:
            scores = scores / temperature
            if k:
                scores = scores.masked_fill(scores < scores.topk(k).values[-1], -torch.inf)
            code = int(torch.multinomial(scores.softmax(-1), 1, generator=chance))
        code = dict(put).get(cell, code)
        codes.append(code)
        ids.append(len(tokenizer) - 9 + code)
    return codes


@pytest.mark.parametrize(
    ("temperature", "k", "name", "put"),
    [(1.0, 0, "full", ()), (2.0, 3, "full", ((37, 4), (52, 0))), (1.3, 0, "row", ()), (0.0, 0, "column", ())],
)
def test_a_batch_paints_what_a_plain_loop_paints(model, eager, temperature, k, name, put) -> None:
    caption = painter.read(model, CAPTION)
    rows = [Row(seed, name, put) for seed in (3, 4)]
    painted = painter.paint(model, caption, rows, Settings(temperature=temperature, top_k=k))
    for number, row in enumerate(rows):
        expected = alone(eager, model.tokenizer, CAPTION, row.seed, temperature, k, name, put)
        assert painted.codes[number].tolist() == expected


def test_temperature_0_offers_the_likeliest_alone(model) -> None:
    caption = painter.read(model, "a red circle")
    one, other = (painter.paint(model, caption, [Row(seed)], Settings(temperature=0)) for seed in (1, 2))
    assert (one.codes == other.codes).all()
    assert one.offered.max(-1).tolist() == [[1.0] * 100]
    assert (one.offered[0].argmax(-1) == one.every[0, :, -9:].argmax(-1)).all()


def test_one_batch_holds_several_masks(model) -> None:
    caption = painter.read(model, CAPTION)
    together = painter.paint(model, caption, [Row(1, name) for name in masks.RULES], Settings())
    for number, name in enumerate(masks.RULES):
        single = painter.paint(model, caption, [Row(1, name)], Settings())
        assert (single.codes[0] == together.codes[number]).all()
        np.testing.assert_allclose(single.every[0], together.every[number], atol=1e-5)


def test_a_colour_put_in_changes_only_what_follows(model) -> None:
    caption = painter.read(model, "a red circle")
    plain, changed = painter.paint(model, caption, [Row(0), Row(0, put=((44, 3),))], Settings()).codes
    assert (plain[:44] == changed[:44]).all()
    assert changed[44] == 3


@pytest.mark.parametrize("name", ["full", "convolution"])
def test_attention_is_the_librarys(model, eager, name: str) -> None:
    caption = painter.read(model, CAPTION)
    painted = painter.paint(model, caption, [Row(5, name)], Settings())
    found = painter.attention(model, caption, painted.codes[0], name)
    ids = torch.tensor([[*caption.ids, *(painted.codes[0][:-1] + 24)]])
    n = ids.shape[1]
    allowed = added(name, len(caption.ids))[None, None, :n, :n]
    with torch.no_grad():
        output = eager(input_ids=ids, attention_mask=allowed, output_attentions=True)
    for layer, weights in enumerate(output.attentions):
        np.testing.assert_allclose(found.weights[layer], weights[0].numpy(), atol=1e-5)
    own = output.logits[0, len(caption.ids) - 1 :].softmax(-1).numpy()
    np.testing.assert_allclose(painted.every[0], own, atol=1e-5)


def test_the_judge_and_the_likelihood(model) -> None:
    caption = painter.read(model, "A red  circle")
    assert (caption.text, caption.asked, caption.words[-1]) == ("a red circle", "a red circle", "<paint>")
    rows = [Row(seed) for seed in range(4)]
    painted = painter.paint(model, caption, rows, Settings())
    for number, row in enumerate(rows):
        made = painter.painting(caption, row, painted, number)
        seen = dalle_shapes.read(made.codes)
        assert made.right == (seen == scenes.parse("a red circle"))
        assert made.shows == ("" if seen is None else scenes.caption(seen))
        logs = [np.log(painted.every[number, cell, 24 + made.codes.ravel()[cell]]) for cell in range(100)]
        assert made.likelihood == pytest.approx(sum(logs), abs=1e-4)


def test_what_is_said_of_words(model) -> None:
    caption = painter.read(model, "a small turquoise cross above a red diamond")
    assert [caption.words[i] for i in caption.unknown] == ["turquoise"]
    assert [caption.words[i] for i in caption.untrained] == ["small"]
    assert caption.ids[2] == model.tokenizer.unk_token_id
    assert (caption.asked, caption.strange) == ("", ())
    strange = painter.read(model, "a big purple cross above a blue ring")
    assert strange.strange == (("purple", "cross"),)
    assert strange.asked == "a purple cross above a blue ring"


@pytest.mark.parametrize(
    ("caption", "says"),
    [("  ", "no text yet"), ("a " * 13, "13 words; 12 fit"), ("a #red circle", "is a mark"), ("<paint>", "is a mark")],
)
def test_captions_that_cannot_be_read_are_refused(model, caption: str, says: str) -> None:
    with pytest.raises(zoo.InputError, match=says):
        painter.read(model, caption)


def test_the_longest_caption_is_painted(model) -> None:
    caption = painter.read(model, "a " * 12)
    painted = painter.paint(model, caption, [Row(0)], Settings())
    assert painter.attention(model, caption, painted.codes[0], "full").weights[0].shape == (4, 112, 112)
