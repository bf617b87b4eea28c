"""What a trace holds for every kind of model: stacks, sequences, parts of a head, gradients, long texts."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file, save_file

from models import zoo
from models.capture.edits import Ablate, MaskKeys
from models.zoo import model as model_module
from models.zoo import windows
from models.zoo.given import Given
from models.zoo.model import Model
from tests import tiny
from viz.views import workbench

TEXT = "The cat sat on the mat because it was tired."
PICTURE = Image.radial_gradient("L").resize((96, 64))


def eager(model: Model, folder: Path, **inputs: torch.Tensor) -> dict[str, list[np.ndarray]]:
    """The library's own attentions by field, from a fresh copy."""
    module = type(model.module).from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    with torch.no_grad():
        out = module(**inputs, output_attentions=True)
    return {
        field: [tensor[0].numpy() for tensor in value]
        for field, value in out.items()
        if "attentions" in field and value is not None
    }


@pytest.mark.parametrize("name", ["t5", "bart"])
def test_an_encoder_decoder_has_three_stacks(folders: Path, name: str) -> None:
    model = zoo.load(str(folders / name))
    trace = model.trace(TEXT, target="The dog barked.")
    assert [(stack.kind, stack.causal) for stack in trace.attentions] == [
        ("encoder", False),
        ("decoder", True),
        ("cross", False),
    ]
    encoder, decoder, cross = trace.attentions
    assert cross.queries is decoder.queries
    assert cross.keys is encoder.keys
    assert "".join(encoder.keys.labels).endswith("tired." if name == "t5" else "[SEP]")
    assert "barked" in "".join(decoder.queries.labels)
    target = torch.tensor([model.reader._target_ids("The dog barked.")])
    expected = eager(model, folders / name, input_ids=torch.tensor([model.encode(TEXT).ids]), decoder_input_ids=target)
    for stack, field in (
        (encoder, "encoder_attentions"),
        (decoder, "decoder_attentions"),
        (cross, "cross_attentions"),
    ):
        assert len(stack.weights) == len(expected[field])
        for ours, theirs in zip(stack.weights, expected[field], strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_without_a_target_the_decoder_reads_the_models_own_answer(folders: Path) -> None:
    model = zoo.load(str(folders / "bart"))
    trace = model.trace(TEXT)
    answered = model.module.generate(
        torch.tensor([model.encode(TEXT).ids]), max_new_tokens=32, do_sample=False, num_beams=1
    )
    assert len(trace.attentions[1].queries) in (len(answered[0]), len(answered[0]) - 1)
    assert "itself answers" in trace.notes[0]


def test_patches_lie_in_a_rectangle_and_cls_is_special(folders: Path) -> None:
    model = zoo.load(str(folders / "vit"))
    (stack,) = model.trace(image=PICTURE).attentions
    assert stack.kind == "vision"
    assert stack.keys is stack.queries
    assert stack.keys.grid == (4, 6)
    assert stack.keys.special.tolist() == [True] + [False] * 24
    pixels = model.reader.processor(images=PICTURE.convert("RGB"), return_tensors="pt")
    expected = eager(model, folders / "vit", **pixels)["attentions"]
    for ours, theirs in zip(stack.weights, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_two_towers_are_two_stacks(folders: Path) -> None:
    trace = zoo.load(str(folders / "clip")).trace("the cat sat", image=PICTURE)
    stacks = {stack.kind: stack for stack in trace.attentions}
    assert set(stacks) == {"vision", "text"}
    assert stacks["vision"].keys.grid == (4, 4)
    assert "".join(stacks["text"].keys.labels) == "[CLS]the cat sat[SEP]"


def test_a_language_model_that_sees(folders: Path) -> None:
    model = zoo.load(str(folders / "llava"))
    trace = model.trace("What is this?", image=PICTURE)
    vision, language = trace.attentions
    assert (vision.kind, language.kind) == ("vision", "self")
    numbered = [label for label in language.keys.labels if "▦" in label]
    assert len(numbered) == 16
    assert language.causal
    assert trace.ranking is not None
    assert trace.ranking.question == "next token"


def test_what_is_missing_is_asked_for(folders: Path) -> None:
    with pytest.raises(zoo.NothingToRead, match="reads a picture"):
        zoo.load(str(folders / "vit")).trace()
    with pytest.raises(zoo.InputError, match="no pictures"):
        zoo.load(str(folders / "gpt2")).trace(TEXT, image=PICTURE)


def test_two_texts_are_told_apart(folders: Path) -> None:
    model = zoo.load(str(folders / "bert"))
    sequence = model.trace("The cat sat.", pair="The dog barked.").attentions[0].keys
    assert sequence.segments is not None
    first = "".join(label for label, side in zip(sequence.labels, sequence.segments, strict=True) if side == 0)
    second = "".join(label for label, side in zip(sequence.labels, sequence.segments, strict=True) if side == 1)
    assert (first, second) == ("the cat sat.", "the dog barked.")
    with pytest.raises(zoo.InputError, match="together"):
        model.trace(TEXT * 3, pair=TEXT * 3)


@pytest.mark.parametrize("name", [*tiny.MODELS, "bloom", "t5"])
def test_the_parts_of_a_head_make_its_weights(folders: Path, name: str) -> None:
    model = zoo.load(str(folders / name))
    trace = model.trace(TEXT, keep={"values", "outputs", "scores"}, **({"target": "Dog"} if name == "t5" else {}))
    for number, stack in enumerate(trace.attentions):
        part = trace.qkv(number, 1, 2)
        assert part.query is not None
        assert part.key is not None
        assert part.query.shape == (len(stack.queries), 8)
        assert part.key.shape == (len(stack.keys), 8)
        scores = np.concatenate(
            [part.scores, *([np.full((len(stack.queries), 1), part.sink)] if part.sink else [])], -1
        )
        expected = np.exp(scores - scores.max(-1, keepdims=True))
        expected /= expected.sum(-1, keepdims=True)
        np.testing.assert_allclose(part.weights, expected[:, : len(stack.keys)], atol=1e-6)
        np.testing.assert_allclose(part.weights, stack.at(1, 2), atol=1e-6)
        np.testing.assert_allclose(part.output, part.weights @ part.value, atol=1e-5)
        if part.scale is not None and part.softcap is None and name != "t5":
            readable = part.scores > -5_000
            np.testing.assert_allclose(
                (part.scale * part.query @ part.key.T)[readable], part.scores[readable], atol=1e-4
            )


@pytest.mark.parametrize("name", ["gpt2", "llama", "mistral", "gemma2", "bert", "distilbert", "bloom", "albert"])
def test_gradients_equal_the_librarys(folders: Path, name: str) -> None:
    model = zoo.load(str(folders / name))
    module = type(model.module).from_pretrained(folders / name, attn_implementation="eager", dtype=torch.float32).eval()
    out = module(input_ids=torch.tensor([model.encode(TEXT).ids]), output_attentions=True)
    number = out[0].flatten()[-3:].sum()
    expected = torch.autograd.grad(number, out.attentions)
    found = model.trace(TEXT, gradient_of=lambda output: output[0].flatten()[-3:].sum()).attentions[0]
    assert found.gradients is not None
    for ours, theirs in zip(found.gradients, expected, strict=True):
        np.testing.assert_allclose(ours, theirs[0].numpy(), atol=1e-5 * max(1.0, float(theirs.abs().max())))
    assert max(float(theirs.abs().max()) for theirs in expected) > 1e-3


def test_the_gradient_of_the_best_answer_is_that_of_its_number(folders: Path) -> None:
    model = zoo.load(str(folders / "gpt2"))
    with torch.no_grad():
        best = int(model.module(input_ids=torch.tensor([model.encode(TEXT).ids])).logits[0, -1].argmax())
    by_name, by_number = (model.trace(TEXT, gradient_of=target).attentions[0].gradients for target in (-1, best))
    assert by_name is not None
    assert by_number is not None
    np.testing.assert_array_equal(by_name[1], by_number[1])


@pytest.mark.parametrize("name", ["gpt2", "bloom", "bert"])
def test_past_its_byte_budget_a_pass_is_made_again_a_layer_at_a_time(
    folders: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = zoo.load(str(folders / name))
    whole = model.trace(TEXT)
    with model.edit(Ablate(layer=0, head=1)):
        edited = model.trace(TEXT)
    monkeypatch.setattr(model_module, "KEPT", 1_000)
    small = model.trace(TEXT)
    held, all_held = small.attentions[0].weights.nbytes, whole.attentions[0].weights.nbytes
    assert held <= all_held / len(whole.attentions[0].weights) + 1
    with model.edit(Ablate(layer=0, head=1)):
        small_edited = model.trace(TEXT)
    for layer in range(len(whole.attentions[0].weights)):
        np.testing.assert_array_equal(small.attentions[0].weights[layer], whole.attentions[0].weights[layer])
        np.testing.assert_array_equal(small_edited.attentions[0].weights[layer], edited.attentions[0].weights[layer])


def test_what_does_not_fit_into_memory_is_refused_with_the_numbers(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = zoo.load(str(folders / "gpt2"))
    monkeypatch.setattr(model_module.memory, "free_bytes", lambda: 1_000)
    with pytest.raises(zoo.InputError, match=r"0\.0 GB are free"):
        model.trace(TEXT)


@pytest.mark.parametrize("name", ["llama", "bloom"])
def test_eight_visitors_look_edit_and_run_at_once(folders: Path, name: str) -> None:
    model = zoo.load(str(folders / name))
    ids = torch.tensor([model.encode(TEXT).ids])

    def plain() -> np.ndarray:
        with torch.no_grad():
            return model.module(input_ids=ids, use_cache=False).logits[0, -1].numpy()

    def looking() -> np.ndarray:
        return model.trace(TEXT).attentions[0].weights[1]

    def edited(job: Callable[[], np.ndarray]) -> Callable[[], np.ndarray]:
        def run() -> np.ndarray:
            with model.edit(Ablate(layer=0, head=2)):
                return job()

        return run

    jobs = [plain, looking, edited(plain), edited(looking)] * 2
    alone = [job() for job in jobs]
    assert not np.array_equal(alone[0], alone[2])
    wrong: list[int] = []

    def visit(number: int) -> None:
        # eight visitors, 125 times each: a thousand rounds
        wrong.extend(number for _ in range(125) if not np.array_equal(jobs[number](), alone[number]))

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_windows_meet_in_the_middle() -> None:
    # ten content tokens between CLS and SEP, windows of six: four content tokens each, two apart
    plan = windows.plan(10, 1, 1, 6, 2)
    assert [window.places.tolist() for window in plan] == [
        [0, 1, 2, 3, 4, 11],
        [0, 3, 4, 5, 6, 11],
        [0, 5, 6, 7, 8, 11],
        [0, 7, 8, 9, 10, 11],
    ]
    rows = [window.places[window.rows].tolist() for window in plan]
    assert sorted(place for window in rows for place in window) == list(range(12))
    assert rows == [[0, 1, 2, 3], [4, 5], [6, 7], [8, 9, 10, 11]]


def test_a_long_text_is_read_whole_in_windows(folders: Path) -> None:
    model = zoo.load(str(folders / "bert"))  # 48 positions
    long = " ".join(["The cat sat on the mat because it was tired."] * 9)
    encoded = model.reader.encode(Given(long), 2_048)
    trace = model.look(Given(long, stride=20))
    (stack,) = trace.attentions
    assert len(stack.queries) == len(encoded.ids) > 2 * 48
    weights = stack.weights[1]
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    # a token in the middle: its row is that of a window run by itself
    middle = len(encoded.ids) // 2
    window = next(w for w in windows.plan(len(encoded.ids) - 2, 1, 1, 48, 20) if middle in w.places[w.rows])
    module = type(model.module).from_pretrained(folders / "bert", attn_implementation="eager").eval()
    with torch.no_grad():
        ids = torch.tensor([[encoded.ids[place] for place in window.places]])
        expected = module(input_ids=ids, output_attentions=True).attentions[1][0].numpy()
    row = window.places.tolist().index(middle)
    np.testing.assert_allclose(weights[:, middle, window.places], expected[:, row], atol=1e-5)
    assert (np.delete(weights[:, middle], window.places, -1) == 0).all()
    np.testing.assert_array_equal(stack.at(1, 3), weights[3])
    assert "windows of up to 48 tokens, 20 apart" in trace.notes[0]


def test_only_encoders_slide(folders: Path) -> None:
    with pytest.raises(zoo.InputError, match="only encoders"):
        zoo.load(str(folders / "gpt2")).look(Given(TEXT * 20, stride=20))


def test_nan_weights_are_said_and_their_rows_marked_not_drawn(folders: Path, tmp_path: Path) -> None:
    folder = tiny.save("gpt2", tmp_path / "nan")
    tensors = load_file(folder / "model.safetensors")
    tensors["transformer.h.1.attn.c_attn.weight"][:, 3] = np.nan  # head 0 of layer 1
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    model = zoo.load(str(folder))
    assert any("NaN" in warning for warning in model.warnings)
    trace = model.trace(TEXT)
    n = len(trace.attentions[0].queries)
    bad = np.unpackbits(workbench.view(trace).parts["bad"])[: 12 * n].reshape(12, n).astype(bool)
    assert not bad[:4].any()  # layer 0 came before
    assert bad[4].all()


def test_a_query_with_nothing_left_to_read_is_marked_not_drawn(folders: Path) -> None:
    model = zoo.load(str(folders / "gpt2"))
    with model.edit(MaskKeys(layer=0, head=1, keys=(0,))):
        trace = model.trace(TEXT)
    n = len(trace.attentions[0].queries)
    assert (trace.attentions[0].at(0, 1)[0] == 0).all()
    bad = np.unpackbits(workbench.view(trace).parts["bad"])[: 12 * n].reshape(12, n).astype(bool)
    assert np.argwhere(bad).tolist() == [[1, 0]]
