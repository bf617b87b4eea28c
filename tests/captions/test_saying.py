"""What is said of a picture is what the library itself writes and returns, and each word's row is the right one."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf
from PIL import Image

from models import zoo
from models.captions import asking, saying
from models.captions.saying import Saying
from models.zoo import pictures
from models.zoo.errors import InputError
from models.zoo.given import Given
from tests import tiny_captions

PICTURE = Image.effect_noise((96, 64), 60).convert("RGB")
TEXT = "the cat"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("speakers")


@pytest.fixture(scope="module")
def speaking(root: Path) -> dict[str, Saying]:
    """Every kind, having spoken about one picture."""
    given = Given(text=TEXT, image=PICTURE)
    return {
        name: saying.say(zoo.load(str(tiny_captions.save(name, root / name))), given) for name in tiny_captions.MODELS
    }


def library(folder: Path, kind: Any) -> Any:
    """The same weights with the library's own explicit attention, which hands its weights out."""
    return kind.from_pretrained(folder, attn_implementation="eager").eval()


def test_every_kind_says_something_and_which_kind_it_is(speaking: dict[str, Saying]) -> None:
    ways = {name: (one.said.way, one.said.asked) for name, one in speaking.items()}
    assert ways == {
        "to_words": ("cross", False),
        "blip": ("cross", False),
        "blip_answers": ("cross", True),
        "git": ("prefix", False),
        "vilt": ("question", True),
        "llava": ("prefix", False),
    }
    grids = {name: one.said.trace.attentions[0].keys.grid for name, one in speaking.items()}
    assert grids == dict.fromkeys(grids, (4, 4)) | {"to_words": (4, 6), "vilt": (4, 6)}


def test_weights_are_shares_with_what_is_not_on_the_picture(speaking: dict[str, Saying]) -> None:
    for one in speaking.values():
        stack = one.said.trace.attentions[0]
        assert len(stack.queries) == len(one.said.words)
        for layer in stack.weights:
            np.testing.assert_allclose(layer.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["to_words", "blip", "git", "llava"])
def test_words_are_written_greedily_and_as_likely_as_said(speaking: dict[str, Saying], name: str) -> None:
    """The library's own pass over the words: each the likeliest after those before it, with its probability."""
    one = speaking[name]
    module: Any = one.model.module
    with torch.no_grad():
        logits = module(**one.asked.prepared.arguments).logits[0]
    logits = logits[-len(one.asked.ids) :]
    for row, word in zip(one.asked.rows, one.said.words, strict=True):
        odds = logits[row].softmax(-1)
        assert word.probability == pytest.approx(float(odds[word.id]), abs=1e-5)
        assert word.best[0][1] == pytest.approx(float(odds.max()), abs=1e-5)
        assert word.probability == pytest.approx(float(odds.max()), abs=1e-5)


def test_rows_of_cross_attention_are_the_librarys(root: Path, speaking: dict[str, Saying]) -> None:
    one = speaking["to_words"]
    eager = library(root / "to_words", hf.VisionEncoderDecoderModel)
    with torch.no_grad():
        found = eager(**one.asked.prepared.arguments, output_attentions=True).cross_attentions
    for layer, expected in zip(one.said.trace.attentions[0].weights, found, strict=True):
        np.testing.assert_allclose(layer, expected[0, :, list(one.asked.rows)].numpy(), atol=1e-5)


def test_git_reads_the_picture_in_columns_before_its_words(root: Path, speaking: dict[str, Saying]) -> None:
    """17 columns of picture, class token first, then the words: here the words come together as one."""
    one = speaking["git"]
    eager = library(root / "git", hf.GitForCausalLM)
    with torch.no_grad():
        found = eager(**one.asked.prepared.arguments, output_attentions=True).attentions
    for layer, expected in zip(one.said.trace.attentions[0].weights, found, strict=True):
        rows = expected[0][:, [17 + row for row in one.asked.rows]].numpy()
        np.testing.assert_allclose(layer[..., 1:], rows[..., :17], atol=1e-5)
        np.testing.assert_allclose(layer[..., 0], rows[..., 17:].sum(-1), atol=1e-5)


def test_vilts_patches_stand_where_they_were(root: Path, speaking: dict[str, Saying]) -> None:
    """One draw, remade: column c of what the library returns belongs to the patch that its own code drew there."""
    one = speaking["vilt"]
    module: Any = one.model.module
    arguments = one.asked.prepared.arguments
    eager = library(root / "vilt", hf.ViltForQuestionAnswering)
    drawn: list[Any] = []
    embed = eager.vilt.embeddings.visual_embed
    eager.vilt.embeddings.visual_embed = lambda *a, **k: drawn.append(embed(*a, **k)) or drawn[0]
    torch.manual_seed(0)
    with torch.no_grad():
        found = eager(**arguments, output_attentions=True)
    index = drawn[0][2][0][0]
    n = arguments["input_ids"].shape[1]
    assert index.tolist() != sorted(index.tolist())  # the draw is no reading order
    for layer, expected in zip(one.said.trace.attentions[0].weights, found.attentions, strict=True):
        for column, (row, of_row) in enumerate(index.tolist()):
            seen = expected[0, :, :n, n + 1 + column].numpy()
            np.testing.assert_allclose(layer[..., 2 + row * 6 + of_row], seen, atol=1e-5)
    assert one.said.text == module.config.id2label[int(found.logits[0].argmax())]


def test_blips_answer_is_as_likely_as_its_own_scores_say(speaking: dict[str, Saying]) -> None:
    one = speaking["blip_answers"]
    module: Any = one.model.module
    arguments = {name: one.asked.prepared.arguments[name] for name in ("pixel_values", "input_ids")}
    with torch.no_grad():
        found = module.generate(
            **arguments, max_new_tokens=20, do_sample=False, output_logits=True, return_dict_in_generate=True
        )
    answers = one.said.answers
    assert answers is not None
    for step, share in enumerate(answers.probabilities):
        assert share == pytest.approx(float(found.logits[step][0].softmax(-1).max()), abs=1e-4)


def test_a_grey_picture_gives_the_same_words_another_chance(speaking: dict[str, Saying]) -> None:
    for one in speaking.values():
        found = saying.on_grey(one)
        answers = one.said.answers
        before = [word.probability for word in one.said.words] if answers is None else list(answers.probabilities)
        assert len(found) == len(before[: len(found)])
        assert all(0 <= share <= 1 for share in found)
        assert max(abs(a - b) for a, b in zip(found, before, strict=False)) > 1e-4


def test_relevance_of_a_word_by_the_papers_rules(root: Path, speaking: dict[str, Saying]) -> None:
    """Encoder, then self- and cross-attention of each decoder layer, on the library's own gradients."""
    one, number = speaking["to_words"], 2
    eager = library(root / "to_words", hf.VisionEncoderDecoderModel)
    output = eager(**one.asked.prepared.arguments, output_attentions=True)
    kept = {
        "encoder": list(output.encoder_attentions),
        "decoder": list(output.decoder_attentions),
        "cross": list(output.cross_attentions),
    }
    score = output.logits[0][one.asked.rows[number], one.asked.word_ids[number]]
    every = [*kept["encoder"], *kept["decoder"], *kept["cross"]]
    grads = torch.autograd.grad(score, every, allow_unused=True)
    cams = [(a[0] * (0 if g is None else g[0])).clamp(min=0).mean(0) for a, g in zip(every, grads, strict=True)]
    n, m = len(kept["encoder"]), len(kept["decoder"])
    inner, own = torch.eye(cams[0].shape[0]), torch.eye(cams[n].shape[0])
    mixed = torch.zeros(len(own), len(inner))
    for cam in cams[:n]:
        inner = inner + cam @ inner
    for self_cam, cross_cam in zip(cams[n : n + m], cams[n + m :], strict=True):
        own, mixed = own + self_cam @ own, mixed + self_cam @ mixed
        mixed = mixed + _shares(own).T @ cross_cam @ _shares(inner)
    expected = mixed[one.asked.rows[number]].detach().numpy()
    np.testing.assert_allclose(saying.of_word(one, number), expected, rtol=1e-3, atol=1e-6)


def _shares(relevance: torch.Tensor) -> torch.Tensor:
    own = torch.eye(len(relevance))
    added = relevance - own
    return torch.nan_to_num(added / added.sum(-1, keepdim=True)) + own


def test_who_says_nothing_of_pictures_says_so(folders: Path) -> None:
    for name in ("vit", "clip"):
        with pytest.raises(InputError, match="says nothing of a picture"):
            asking.ask(zoo.load(str(folders / name)), Given(text=TEXT, image=PICTURE))


def test_no_relevance_where_no_number_is_handed_out(speaking: dict[str, Saying]) -> None:
    assert "no number" in saying.why_not(speaking["blip_answers"])
    with pytest.raises(InputError, match="no number"):
        saying.of_word(speaking["blip_answers"], 0)
    for name in ("git", "vilt", "llava"):
        assert saying.of_word(speaking[name], 1).max() > 0


@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_a_bright_corner_stays_in_its_corner(speaking: dict[str, Saying], turn: int) -> None:
    """A rectangular picture turned by EXIF: what the model saw has the corner where a person sees it."""
    upright = np.zeros((40, 60, 3), np.uint8)
    upright[:10, 45:] = 255  # top right as a person sees it
    stored = Image.fromarray(upright)
    back = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    stored = stored.transpose(back[turn]) if turn in back else stored
    exif = Image.Exif()
    exif[0x0112] = turn
    file = io.BytesIO()
    stored.save(file, "PNG", exif=exif)
    image = pictures.read(file.getvalue())
    for name in ("to_words", "vilt"):
        found = saying.say(speaking[name].model, Given(text=TEXT, image=image))
        pixels = found.said.trace.picture
        assert pixels is not None
        grey = pixels.mean(-1)
        height, width = grey.shape
        assert grey[: height // 4, -(width // 4) :].mean() > 4 * grey[height // 2 :].mean() + 20
        rows, columns = found.said.trace.attentions[0].keys.grid or (0, 0)
        assert (rows, columns) == (4, 6)


def test_caption_shapes_looks_at_what_it_names() -> None:
    """The card's head, on the example with two shapes: the weight of "purple" and "white" lies on different patches."""
    folder = zoo.folder("caption-shapes")
    found = saying.say(zoo.load("caption-shapes"), Given(image=Image.open(folder / "two.png").convert("RGB")))
    assert found.said.text == "a big purple triangle left of a small white triangle"
    card = zoo.card("caption-shapes")
    assert card is not None
    head = card.heads["named thing"]
    weights = found.said.trace.attentions[0].at(head["layer"], head["head"])[:, 1:]
    labels = [word.label.strip() for word in found.said.words]
    purple, white = (weights[labels.index(word)] for word in ("purple", "white"))
    assert np.minimum(purple, white).sum() < 0.2
