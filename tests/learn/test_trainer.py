"""The playground's loop: same seeds and changes, same bits; each knob does what its name says."""

import json
import math
import random
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from models.learn import looking, stages, tasks
from models.learn.spec import Change, Spec
from models.learn.trainer import Diverged, Trainer, replay
from models.records import ConfigError

TINY = Spec(
    task="reverse", length=4, vocabulary=5, examples=200, n_layers=1, n_heads=2, d_model=16, d_ff=16, batch_size=8,
    steps=60, warmup=4,
)  # fmt: skip
CHANGES = [
    Change(3, "lr", 2e-3, 1e-2),
    Change(5, "optimiser", "AdamW", "momentum"),
    Change(5, "dropout", 0.0, 0.2),
    Change(9, "ema", 0.0, 0.9),
    Change(11, "label_noise", 0.0, 0.3),
    Change(14, "weight_decay", 0.01, 0.5),
    Change(16, "optimiser", "momentum", "Adam"),
    Change(17, "pattern", "full", "window"),
    Change(20, "accumulation", 1, 3),
    Change(22, "residual", True, False),
    Change(24, "batch_size", 8, 30),
]


def bits(trainer: Trainer) -> dict[str, torch.Tensor]:
    kept = {name: weight.detach().clone() for name, weight in trainer.model.named_parameters()}
    return kept | {f"average {name}": weight.clone() for name, weight in trainer.average.items()}


def same(a: Trainer, b: Trainer) -> bool:
    one, two = bits(a), bits(b)
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_the_same_log_twice_gives_the_same_bits_and_another_seed_does_not() -> None:
    first, again = (replay(TINY, CHANGES, 30) for _ in range(2))
    assert same(first, again)
    for seed in ("data_seed", "init_seed", "order_seed"):
        other = Spec(**TINY.as_json() | {seed: 1})
        assert not same(first, replay(other, CHANGES, 30))


def test_a_snapshot_at_any_step_goes_on_to_the_same_bits() -> None:
    whole = replay(TINY, CHANGES, 30)
    chance = random.Random(1)
    for cut in sorted(chance.sample(range(30), 8)):
        before = replay(TINY, CHANGES, cut)
        after = Trainer(TINY)
        after.resume(before.state())
        waiting = CHANGES[after.turned :]
        while after.step < 30:
            while waiting and waiting[0].step <= after.step:
                after.change(waiting[0].knob, waiting.pop(0).new)
            after.advance()
        assert same(whole, after), cut


def test_looking_changes_nothing() -> None:
    looked, alone = Trainer(TINY), Trainer(TINY)
    for _ in range(6):
        looked.evaluate(), looking.frame(looked), looked.state()
        looked.advance(), alone.advance()
    assert same(looked, alone)


def test_an_untrained_model_guesses() -> None:
    found = Trainer(TINY).evaluate()
    assert found.loss == pytest.approx(math.log(len(tasks.symbols(TINY))), abs=0.05)
    assert found.accuracy < 0.5


def test_the_first_adam_step_moves_each_weight_by_the_learning_rate() -> None:
    trainer = Trainer(TINY.changed("warmup", 0).changed("weight_decay", 0.0).changed("schedule", "constant"))
    before = bits(trainer)
    trainer.advance()
    for name, weight in trainer.model.named_parameters():
        assert weight.grad is not None
        felt = weight.grad.abs() > 1e-5  # eps aside
        moved = (before[name] - weight)[felt]
        assert torch.allclose(moved, 2e-3 * weight.grad[felt].sign(), rtol=1e-2, atol=0)


def test_label_smoothing_is_what_the_loss_is_taken_against() -> None:
    logits = torch.log(torch.tensor([[0.7, 0.1, 0.1, 0.1]]))
    wanted = -(torch.tensor([0.925, 0.025, 0.025, 0.025]) * logits[0]).sum()
    assert F.cross_entropy(logits, torch.tensor([0]), label_smoothing=0.1).item() == pytest.approx(wanted.item())


def test_accumulated_batches_are_one_larger_batch() -> None:
    spec = Spec(**TINY.as_json() | {"task": "induction", "length": 24, "vocabulary": 20})  # rows of equal weight
    two = Trainer(spec.changed("accumulation", 2))
    one = Trainer(spec.changed("batch_size", 16))
    two.advance(), one.advance()
    for a, b in zip(two.model.parameters(), one.model.parameters(), strict=True):
        assert a.grad is not None
        assert torch.allclose(a.grad, b.grad, atol=1e-6)


def test_every_row_is_read_once_an_epoch() -> None:
    trainer = Trainer(TINY.changed("batch_size", 30))
    n = len(trainer.data.train)
    rows = np.concatenate([trainer._batch()[0].numpy() for _ in range(math.ceil(n / 30))])[:n]
    expected = trainer.data.train.tokens[:, :-1]
    assert sorted(map(tuple, rows)) == sorted(map(tuple, expected))


def test_wrong_labels_stay_the_same_and_are_as_many_as_asked_for() -> None:
    trainer = Trainer(TINY.changed("label_noise", 0.5))
    index = np.arange(len(trainer.data.train))
    tokens = trainer.data.train.tokens
    noisy = trainer._noisy(tokens, index)
    assert np.array_equal(noisy, trainer._noisy(tokens, index))
    assert (noisy != tokens).mean() == pytest.approx(0.5 * (1 - 1 / (len(trainer.data.symbols) - 1)), abs=0.05)


def test_averaged_weights_start_where_the_weights_are() -> None:
    trainer = replay(TINY, [], 3)
    trainer.change("ema", 0.5)
    start = bits(trainer)
    trainer.advance()
    for name, weight in trainer.model.named_parameters():
        assert torch.allclose(trainer.average[name], 0.5 * start[name] + 0.5 * weight, atol=1e-7)
    trainer.change("ema", 0.0)
    assert trainer.average == {}


def test_weight_decay_turns_without_losing_the_optimisers_memory() -> None:
    trainer = replay(TINY, [], 3)
    before = trainer.optimiser
    trainer.change("weight_decay", 1.0)
    assert trainer.optimiser is before
    assert [group["weight_decay"] for group in before.param_groups] == [1.0, 0.0]


def test_a_loss_beyond_measure_stops_with_a_sentence() -> None:
    trainer = Trainer(TINY.changed("lr", 10.0).changed("optimiser", "SGD").changed("clip", 0.0).changed("warmup", 0))

    def go_on() -> None:
        for _ in range(60):
            trainer.advance()

    with pytest.raises(Diverged, match=r"At step \d+ the loss was .*; the learning rate was .*\. Try a smaller one\."):
        go_on()


def test_a_frame_holds_the_weights_that_the_model_used() -> None:
    trainer = replay(Spec(**TINY.as_json() | {"n_layers": 2, "n_kv_heads": 1, "position": "alibi"}), [], 2)
    frame = looking.frame(trainer)
    n = tasks.n_tokens(TINY) - 1
    assert frame.weights.shape == (2, 2, n, n)
    assert np.allclose(frame.weights.sum(-1), 1, atol=1e-6)
    assert np.triu(frame.weights, 1).max() == 0
    row = torch.from_numpy(trainer.data.held_out.tokens[:1, :-1])
    expected = trainer.model(row, trainer.spec.knobs).argmax(-1)[0]
    assert np.array_equal(frame.predicted[0, 1:], expected.numpy())


def test_it_learns() -> None:
    trainer = replay(TINY.changed("batch_size", 64).changed("lr", 1e-2), [], 60)
    losses = [trainer.evaluate().loss, Trainer(TINY).evaluate().loss]
    assert all(a < 0.85 * b for a, b in pairwise(losses))


def test_a_knob_that_needs_a_rebuild_does_not_turn() -> None:
    with pytest.raises(ConfigError, match="needs a rebuild"):
        Trainer(TINY).change("n_layers", 2)


@pytest.mark.parametrize("task", ["clothes", "shapes", "labels"])
def test_pictures_and_tables_replay_to_the_same_bits_and_learn(task: str) -> None:
    sizes = {"length": 8, "vocabulary": 3, "examples": 300, "n_layers": 1, "d_model": 32, "d_ff": 32, "lr": 3e-3}
    spec = Spec(task=task, **sizes, batch_size=32, steps=100, warmup=4)
    first, again = (replay(spec, [Change(3, "dropout", 0.0, 0.1)], 60) for _ in range(2))
    assert same(first, again)
    resumed = Trainer(spec)
    resumed.resume(first.state())
    assert first.evaluate() == resumed.evaluate()
    assert first.evaluate().loss < (0.995 if task == "shapes" else 0.9) * Trainer(spec).evaluate().loss
    frame = looking.frame(first)
    n = 17 if task != "labels" else 10
    assert frame.weights.shape == (1, 4, n, n)
    assert np.allclose(frame.weights.sum(-1), 1, atol=1e-5)


def test_bfloat16_computes_coarsely_and_keeps_float32_weights() -> None:
    exact, coarse = Trainer(TINY), Trainer(TINY.changed("precision", "bfloat16"))
    one, two = exact.advance(), coarse.advance()
    assert one.loss != two.loss
    assert one.loss == pytest.approx(two.loss, rel=2e-2)
    assert {w.dtype for w in coarse.model.parameters()} == {torch.float32}
    live = replay(TINY, [Change(2, "precision", "float32", "bfloat16"), Change(4, "precision", "", "float32")], 6)
    assert same(live, replay(TINY, [Change(2, "precision", "", "bfloat16"), Change(4, "precision", "", "float32")], 6))
    assert not same(live, replay(TINY, [], 6))


def test_what_fits_is_kept_and_the_rest_is_new() -> None:
    old = replay(TINY, [], 5)
    wider = Trainer(Spec(**TINY.as_json() | {"n_layers": 2, "vocabulary": 6}))
    fresh = bits(wider)
    kept, new = wider.keep(old.state())
    assert {name.split(".")[0] for name in new} == {"embedding", "unembedding", "stack"}
    assert all(name.startswith(("embedding.", "unembedding.", "stack.blocks.1.")) for name in new)
    assert "stack.blocks.0.attention.query.weight" in kept
    for name, weight in wider.model.named_parameters():
        assert torch.equal(weight, bits(old)[name] if name in kept else fresh[name]), name


# ---- looking


def test_a_watched_step_is_the_same_step_and_measures_what_it_did() -> None:
    watched, alone = replay(TINY, [], 3), replay(TINY, [], 3)
    before = bits(watched)
    step, moved = looking.watched(watched, watched.advance)
    assert step == alone.advance()
    assert same(watched, alone)
    assert moved.parts == ("embedding", "layer 0 attention", "layer 0 feed-forward", "output")
    assert math.hypot(*moved.norms) == pytest.approx(step.norm, rel=1e-4)
    old, now = before["unembedding.weight"], bits(watched)["unembedding.weight"]
    norm = before["stack.final_norm.weight"], before["stack.final_norm.bias"]
    size = math.sqrt(sum(float(w.square().sum()) for w in (old, *norm)))
    change = [
        now - old,
        *(bits(watched)[f"stack.final_norm.{n}"] - w for n, w in zip(("weight", "bias"), norm, strict=True)),
    ]
    assert moved.ratios[-1] == pytest.approx(math.sqrt(sum(float(c.square().sum()) for c in change)) / size, rel=1e-4)
    spread = looking.spread(watched)
    sizes = [sum(w.numel() for w in weights) for weights in looking.parts(watched.model).values()]
    assert spread.counts.sum(-1).tolist() == [[n, n] for n in sizes]


def test_a_step_in_slow_motion_is_the_same_step() -> None:
    slow, alone = replay(TINY, [], 3), replay(TINY, [], 3)
    step, told = stages.staged(slow)
    assert step == alone.advance()
    assert same(slow, alone)
    assert told["loss"]["mean"] == step.loss
    assert told["loss"]["one"] == pytest.approx(-math.log(told["forward"]["chance"]))
    assert math.hypot(*told["backward"].values()) == pytest.approx(step.norm, rel=1e-4)
    assert told["clip"]["factor"] == pytest.approx(min(1, 1 / step.norm))
    assert told["update"]["lr"] == step.lr
    assert told["forward"]["read"][-1] == "="
    assert abs(told["update"]["after"] - told["update"]["before"]) == pytest.approx(step.lr, rel=0.5)  # Adam
    json.dumps(told)


def test_scores_of_heads_by_hand() -> None:
    weights = torch.zeros(1, 1, 1, 4, 4)
    weights[..., 0, 0] = 1
    weights[..., 1, :2] = 0.5
    weights[..., 2, 1] = 1
    weights[..., 3, :] = 0.25
    real = torch.ones(1, 4, dtype=torch.bool)
    assert looking._entropy(weights, real) == pytest.approx((0 + 1 + 0 + 2) / 4)
    # a b a b: position 2 (a) may read 1, which followed the first a; position 3 (b) may read 2
    assert looking._induction(weights, np.array([[0, 1, 0, 1, 0]]), real) == pytest.approx((1 + 0.25) / 2)


def test_a_head_that_is_off_writes_nothing() -> None:
    trainer = replay(TINY, [], 20)
    base, without = looking.ablated(trainer)
    assert base == trainer.evaluate().accuracy  # nothing stays behind
    size = TINY.config.d_head
    copy = Trainer(TINY)
    copy.resume(trainer.state())
    with torch.no_grad():
        copy.model.stack.blocks[0].attention.out.weight[:, size:] = 0
    assert without[0, 1] == pytest.approx(copy.evaluate().accuracy)
