"""The playground's loop: same seeds and changes, same bits; each knob does what its name says."""

import math
import random
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from models.learn import tasks
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
        looked.evaluate(), looked.frame(), looked.state()
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
    frame = trainer.frame()
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
