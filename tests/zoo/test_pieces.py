"""What the recipes share: tokenizers, batches, masks, average precision, heads, and the shipped files."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertForMaskedLM, GPT2Config, GPT2LMHeadModel

from models.zoo.recipes import (
    attended,
    bert_stories,
    bucketed,
    counted,
    decoding,
    detection,
    detr_shapes,
    masked,
    roberta_sentiment,
    shipped,
    tokens,
    vit_fashion,
)

TEXTS = ["the king saw the queen", "the queen saw a fox", "a fox ran to the old wood!"] * 20


def test_words_are_tokens_and_come_back_with_spaces() -> None:
    tokenizer = tokens.words(("the", "king", "."), special=["[PAD]", "[CLS]"], single="[CLS] $A", pad_token="[PAD]")
    ids = tokenizer("The king. dragon")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == ["[CLS]", "the", "king", ".", "[UNK]"]
    assert tokenizer.decode(ids[1:]) == "the king . [UNK]"


def test_without_marks_words_end_at_spaces_only() -> None:
    tokenizer = tokens.words(("#red", "<paint>"), special=["<pad>"], marks=False)
    assert tokenizer.convert_ids_to_tokens(tokenizer("<paint> #red #red?")["input_ids"]) == [
        "<paint>",
        "#red",
        tokens.UNKNOWN,
    ]


def test_the_mask_swallows_the_space_before_it() -> None:
    tokenizer = bert_stories.train_tokenizer(tuple(TEXTS), 300)
    whole = tokenizer.tokenize("the king saw the queen")
    gap = tokenizer.tokenize("the [MASK] saw the queen")
    assert [a for a, b in zip(whole, gap, strict=True) if a == b] == [whole[0], *whole[2:]]
    assert tokenizer("x")["input_ids"][0] == tokenizer.cls_token_id
    assert tokenizer.pad_token_id == bert_stories.config(300).pad_token_id == 0


def test_an_epoch_visits_every_row_once_in_batches_of_similar_length() -> None:
    lengths = np.random.default_rng(0).integers(1, 40, 2_000)
    pick = bucketed.epochs(lengths, 16, seed=3)
    rows = np.concatenate([pick(step) for step in range(125)])
    assert sorted(rows) == list(range(2_000))
    spread = [np.ptp(lengths[pick(step)]) for step in range(125)]
    assert np.mean(spread) < 3
    assert (pick(3) == bucketed.epochs(lengths, 16, seed=3)(3)).all()
    assert not (pick(3) == pick(3 + 125)).all()


def test_too_few_rows_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="3 rows do not fill one batch of 4"):
        bucketed.epochs(np.ones(3, np.int64), 4, 0)


def test_pads_are_masked_out_of_input_and_loss() -> None:
    batch = bucketed.framed([[5, 6], [7]], [[8], [9, 10, 11]], filler=0)
    assert batch["input_ids"].tolist() == [[5, 6], [7, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1], [1, 0]]
    assert batch["labels"].tolist() == [[8, -100, -100], [9, 10, 11]]


@pytest.fixture(scope="module")
def gap_filler() -> tuple[BertForMaskedLM, object]:
    torch.manual_seed(0)
    return BertForMaskedLM(bert_stories.config(300)), bert_stories.train_tokenizer(tuple(TEXTS), 300)


def test_masks_fall_on_a_third_of_the_words_and_never_on_special_tokens(gap_filler: tuple) -> None:
    _, tokenizer = gap_filler
    rows = tokenizer([" ".join(TEXTS[i : i + 3]) for i in range(57)] * 10)["input_ids"]
    batch = masked.batches(rows, tokenizer, 200, 0)(1)
    plain = batch["input_ids"].where(batch["labels"] == -100, batch["labels"])
    asked = batch["labels"] != -100
    special = torch.isin(plain, torch.tensor(tokenizer.all_special_ids))
    assert not (asked & special).any()
    assert asked.any(1).all(), "every text asks for something"
    assert (asked.sum() / (~special).sum()).item() == pytest.approx(masked.TRAINED_SHARE, abs=0.02)
    shown = batch["input_ids"][asked]
    assert (shown == tokenizer.mask_token_id).float().mean().item() == pytest.approx(0.8, abs=0.05)
    assert (batch["input_ids"][~asked] == plain[~asked]).all()
    assert (batch["attention_mask"] == (plain != tokenizer.pad_token_id)).all()
    again = masked.batches(rows, tokenizer, 200, 0)(1)
    assert torch.equal(batch["input_ids"], again["input_ids"])


def test_the_loss_of_the_places_asked_for_is_the_models_own(gap_filler: tuple) -> None:
    model, tokenizer = gap_filler
    batch = masked.batches(tokenizer(TEXTS)["input_ids"], tokenizer, 8, 0)(0)
    model.eval()
    assert masked.loss(model, batch).item() == pytest.approx(model(**batch).loss.item(), rel=1e-5)


def test_nearer_tokens_count_for_more_and_rows_do_not_touch() -> None:
    counts = counted.together([[0, 1, 2], [3, 1]], 5).to_dense()
    assert counts[0].tolist() == [0, 1, 0.5, 0, 0]
    assert counts[1].tolist() == [1, 0, 1, 1, 0]
    assert torch.equal(counts, counts.T)


def test_information_is_how_much_oftener_than_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "SMOOTHED", 1.0)
    told = counted.information(counted.together([[0, 1], [2, 3]], 4)).to_dense()
    assert told[0].tolist() == pytest.approx([0, np.log(0.25 / 0.25**2), 0, 0])


def test_tokens_used_alike_begin_alike() -> None:
    dull, slow, fine, warm, *_ = range(8)  # the first two stand beside 4 and 5, the others beside 6 and 7
    rows = [[word, *beside] for word in (dull, slow) for beside in ((4, 5), (5, 4))] * 5
    rows += [[word, *beside] for word in (fine, warm) for beside in ((6, 7), (7, 6))] * 5
    vectors = counted.vectors(rows, 8, 4, 0.9)
    assert vectors.norm(dim=1).tolist() == pytest.approx([0.9] * 8, rel=1e-4)
    assert vectors[dull] @ vectors[slow] > 0.5 * 0.81
    assert vectors[dull] @ vectors[fine] < 0
    assert torch.equal(vectors, counted.vectors(rows, 8, 4, 0.9))
    assert counted.frequency(rows, 9)[[0, 8]].tolist() == pytest.approx([(10 + 1 / 3) / 123, 1 / 369])


def test_tuning_covers_a_share_of_the_words_and_never_special_tokens(gap_filler: tuple) -> None:
    _, tokenizer = gap_filler
    labelled = [(text, row % 2) for row, text in enumerate(TEXTS * 10)]
    whole, gaps = (roberta_sentiment.batches(tokenizer, labelled, 0, share)(1) for share in (0.0, 0.25))
    assert torch.equal(whole["labels"], gaps["labels"])
    special = torch.isin(whole["input_ids"], torch.tensor(tokenizer.all_special_ids))
    gone = gaps["input_ids"] != whole["input_ids"]
    assert not (gone & special).any()
    assert (gaps["input_ids"][gone] == tokenizer.mask_token_id).all()
    assert (gone.sum() / (~special).sum()).item() == pytest.approx(0.25, abs=0.08)


def test_masked_accuracy_is_all_or_nothing_for_models_that_know_all_or_nothing(gap_filler: tuple) -> None:
    _, tokenizer = gap_filler
    rows = tokenizer(["the the the the"] * 10)["input_ids"]

    class Says(torch.nn.Module):
        def __init__(self, token: int) -> None:
            super().__init__()
            self.token = token
            self.base_model = lambda input_ids, attention_mask: (torch.zeros(*input_ids.shape, 1),)
            self.lm_head = self.answer

        def answer(self, hidden: torch.Tensor) -> torch.Tensor:
            logits = torch.zeros(len(hidden), 300)
            logits[:, self.token] = 1
            return logits

    tail = tokenizer("the the")["input_ids"][2]
    first, five = masked.accuracy(Says(tail), tokenizer, rows, 0)
    assert five >= first > 50  # the first "the" has no space before it, and is another token
    assert masked.accuracy(Says(299), tokenizer, rows, 0)[0] == 0


def test_right_throughout_by_hand() -> None:
    logits = torch.eye(4)[torch.tensor([[1, 2, 3], [1, 2, 0]])]
    labels = torch.tensor([[1, 2, -100], [1, 3, 0]])
    assert decoding.right_throughout(logits, labels).tolist() == [True, False]


def test_mean_weight_on_targets_by_hand() -> None:
    weights = np.array([[[[1, 0], [0.25, 0.75]], [[0.5, 0.5], [1, 0]]]], np.float32)  # [1 layer, 2 heads, 2, 2]
    targets = np.array([[True, False], [False, True]])
    last_only = np.array([[False, False], [True, False]])
    scores = attended.share([(weights, targets), (weights, last_only)])
    assert scores.tolist() == [[(1 + 0.75 + 0.25) / 3, (0.5 + 0 + 1) / 3]]
    assert attended.best(scores) == {"layer": 0, "head": 0, "score": 0.667}
    with pytest.raises(ValueError, match="no row"):
        attended.share([(weights, np.zeros((2, 2), bool))])


def test_resting_on_the_named_thing_by_hand() -> None:
    """Five patches: the thing is one, another thing two, the rest two."""
    named = np.array([[True, False, False, False, False]])
    other = np.array([[False, True, True, False, False]])
    rows = [
        [0.6, 0.1, 0.1, 0.1, 0.1],  # more than all the rest together
        [0.4, 0.15, 0.15, 0.15, 0.15],  # the most per patch, and more than the other thing
        [0.4, 0.3, 0.2, 0.05, 0.05],  # less than the other thing, which is larger
        [0.4, 0.05, 0.05, 0.5, 0.0],  # more than the other thing; more per patch than anywhere
        [0.2, 0.05, 0.05, 0.7, 0.0],  # less per patch than the background
        [0.0, 0.0, 0.0, 0.0, 0.0],
    ]
    strict, mild = attended.rests(np.array(rows, np.float32)[:, None], named, other)
    assert strict.ravel().tolist() == [True, False, False, False, False, False]
    assert mild.ravel().tolist() == [True, True, False, True, False, False]


def test_a_patch_of_both_things_counts_for_the_named_one() -> None:
    both = np.array([[True, True, False]])
    strict, _ = attended.rests(np.array([[0.3, 0.3, 0.4]], np.float32), both, np.array([[False, True, True]]))
    assert strict.tolist() == [True]


BOX = np.array([[0, 0, 2, 2]], np.float32)


@pytest.mark.parametrize(
    ("other", "share"), [((0, 0, 2, 2), 1), ((1, 0, 3, 2), 1 / 3), ((2, 0, 4, 2), 0), ((0, 0, 1, 2), 0.5)]
)
def test_overlap_by_hand(other: tuple[float, ...], share: float) -> None:
    assert detection.overlap(BOX[0], np.array([other], np.float32))[0] == pytest.approx(share)


def found(*rows: tuple[int, float, tuple[float, ...]]) -> detection.Found:
    classes, scores, boxes = zip(*rows, strict=True) if rows else ((), (), np.zeros((0, 4)))
    return detection.Found(np.array(classes, int), np.array(scores, np.float32), np.array(boxes, np.float32))


HIT, MISS = (0, 0, 2, 2), (5, 5, 7, 7)


@pytest.mark.parametrize(
    ("said", "precision"),
    [
        ([(0, 0.9, HIT)], 1),
        ([], 0),
        ([(0, 0.9, MISS), (0, 0.8, HIT)], 0.5),
        ([(0, 0.9, HIT), (0, 0.8, MISS)], 1),
        ([(0, 0.9, HIT), (0, 0.8, HIT)], 1),  # the second finds the box taken, after all are found
        ([(1, 0.9, HIT)], 0),
    ],
)
def test_average_precision_of_one_box_by_hand(said: list, precision: float) -> None:
    there = [(np.array([0]), BOX)]
    assert detection.mean_average_precision([found(*said)], there, 0.5) == pytest.approx(precision)


def test_average_precision_over_two_pictures_by_hand() -> None:
    """Right, wrong, right by falling score, out of three boxes: (1 + 2/3) / 3."""
    there = [(np.array([0, 0]), np.array([HIT, (8, 8, 9, 9)], np.float32)), (np.array([0]), BOX)]
    said = [found((0, 0.9, HIT)), found((0, 0.8, MISS), (0, 0.7, HIT))]
    assert detection.average_precision(said, there, 0, 0.5) == pytest.approx((1 + 2 / 3) / 3)


def brute_force(said: list[detection.Found], there: list[detection.Truth], kind: int) -> float:
    """The definition, with the greedy matching written out and the area summed over recall steps."""
    rows = sorted(
        (
            (float(s), i, b)
            for i, f in enumerate(said)
            for c, s, b in zip(f.classes, f.scores, f.boxes, strict=True)
            if c == kind
        ),
        key=lambda row: -row[0],
    )
    free = {(i, j) for i, (kinds, _) in enumerate(there) for j, k in enumerate(kinds) if k == kind}
    n, points, hits = len(free), [], 0
    taken: set[tuple[int, int]] = set()
    for rank, (_, i, box) in enumerate(rows, 1):
        mine = [(float(detection.overlap(box, there[i][1][j : j + 1])[0]), j) for a, j in free if a == i]
        if mine:
            share, j = max(mine, key=lambda pair: (pair[0], -pair[1]))
            if share >= 0.5 and (i, j) not in taken:
                taken.add((i, j))
                hits += 1
        points.append((hits / n, hits / rank))
    recalls = sorted({recall for recall, _ in points if recall > 0})
    return sum(
        (recall - before) * max(p for r, p in points if r >= recall)
        for before, recall in itertools.pairwise([0.0, *recalls])
    )


def test_average_precision_is_that_of_the_definition() -> None:
    chance = np.random.default_rng(0)
    for _ in range(60):
        corners = chance.uniform(0, 4, (3, 4, 2))
        there = [
            (chance.integers(2, size=4), np.concatenate([c, c + chance.uniform(1, 3, c.shape)], 1).astype(np.float32))
            for c in corners
        ]
        said = [
            detection.Found(
                chance.integers(2, size=5),
                chance.random(5).astype(np.float32),
                (boxes[chance.integers(4, size=5)] + chance.normal(0, 0.3, (5, 4))).astype(np.float32),
            )
            for _, boxes in there
        ]
        for kind in {int(k) for kinds, _ in there for k in kinds}:
            assert detection.average_precision(said, there, kind, 0.5) == pytest.approx(brute_force(said, there, kind))


def test_fp16_on_disk_and_float32_in_memory(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=20, n_positions=8, n_embd=8, n_layer=1, n_head=2))
    before = model.transformer.h[0].attn.c_attn.weight.detach().clone()
    shipped.save(model, tokens.characters("abc."), tmp_path)
    again, tokenizer = shipped.load(tmp_path)
    weight = again.transformer.h[0].attn.c_attn.weight
    assert weight.dtype == torch.float32
    assert torch.equal(weight, before.half().float())
    assert (tmp_path / "model.safetensors").stat().st_size < 2.4 * again.num_parameters() + 2_000
    assert tokenizer.decode(tokenizer("ABC")["input_ids"]) == "abc"
    assert again.config._attn_implementation == "eager"


def test_an_image_processor_makes_what_the_model_was_trained_on(tmp_path: Path) -> None:
    picture = detr_shapes.sample(0, 0)[1]
    made = detr_shapes.processor()(images=[picture], return_tensors="pt")["pixel_values"]
    assert torch.allclose(made, detr_shapes.pixels([picture]), atol=1e-5)
    grey = np.random.default_rng(0).integers(256, size=(28, 28), dtype=np.uint8)
    shipped.save_pictures({"grey.png": grey}, tmp_path)
    from PIL import Image

    made = vit_fashion.processor()(images=Image.open(tmp_path / "grey.png"), return_tensors="pt")["pixel_values"]
    assert torch.allclose(made, vit_fashion.pixels(grey[None]), atol=1e-5)
