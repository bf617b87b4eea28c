"""Distillation: the loss by hand, the student's layers, and what a teacher is good for."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from models import zoo
from models.learn import export as playground
from models.learn import samples
from models.learn.spec import Spec as PlaygroundSpec
from models.learn.trainer import replay
from models.tuning import export, network, student, teaching
from models.tuning.data import plain
from models.tuning.examples import films
from models.tuning.spec import NEXT, Spec
from models.tuning.teaching import Pupil
from models.zoo.errors import LoadError
from tests.tuning.test_tuner import OTHERS, PIECES, TWO


def test_the_softened_divergence_by_hand() -> None:
    """Teacher ln 4 : 0 at T = 2 is 2/3 : 1/3, the student is even: 4 (2/3 ln 4/3 + 1/3 ln 2/3) nats."""
    teacher, mine = torch.tensor([[math.log(4), 0.0]]), torch.zeros(1, 2)
    wanted = 4 * (2 / 3 * math.log(4 / 3) + 1 / 3 * math.log(2 / 3))
    assert teaching.softened(mine, teacher, 2.0).item() == pytest.approx(wanted, abs=1e-6)
    assert teaching.softened(teacher, teacher, 2.0).item() == pytest.approx(0.0, abs=1e-7)
    both = teaching.softened(torch.zeros(2, 2), torch.stack([teacher[0], torch.zeros(2)]), 2.0)
    assert both.item() == pytest.approx(wanted / 2, abs=1e-6)  # the mean of rows


def test_t_squared_keeps_the_gradient_in_proportion() -> None:
    """Hinton et al. 2015, section 2.1: at a high temperature the gradient is (student - teacher) / candidates."""
    teacher = torch.tensor([[1.0, -1.0, 0.0]])
    mine = torch.zeros(1, 3, requires_grad=True)
    teaching.softened(mine, teacher, 200.0).backward()
    assert mine.grad is not None
    assert torch.allclose(mine.grad, (mine.detach() - teacher) / 3, atol=5e-3)


def test_layers_are_kept_evenly() -> None:
    assert [student.picks(4, k) for k in (1, 2, 4)] == [[0], [0, 2], [0, 1, 2, 3]]
    assert student.picks(12, 6) == [0, 2, 4, 6, 8, 10]


@pytest.mark.parametrize(
    ("name", "task"), [("gpt2", NEXT), ("distilbert", "classify"), ("llama", NEXT), ("mistral", NEXT)]
)
def test_a_student_is_some_layers_of_its_model(folders: Path, name: str, task: str) -> None:
    classes = TWO.classes if task == "classify" else ()
    whole, made, new = (network.load(str(folders / name), task, classes, 0) for _ in range(3))
    before, n = whole.module.state_dict(), whole.module.config.num_hidden_layers
    student.smaller(made, 1, False, 0)
    after = made.module.state_dict()
    assert len(after) < len(before)
    assert all(torch.equal(value, before[key]) for key, value in after.items())  # layer 0 is kept
    student.smaller(new, n, True, 0)
    assert any(not torch.equal(value, before[key]) for key, value in new.module.state_dict().items())
    with pytest.raises(LoadError, match=f"A student of 9 layers was asked for; this model has {n} layers"):
        student.smaller(whole, 9, False, 0)


@pytest.fixture
def pupil(folders: Path) -> Callable[..., Pupil]:
    def make(weight: float) -> Pupil:
        ref = str(folders / "distilbert")
        return Pupil(Spec(ref, teacher=ref, layers=1, weight=weight, batch_size=8, lr=1e-3), TWO)

    return make


def test_the_loss_is_both_parts_weighed(pupil: Callable[..., Pupil]) -> None:
    for weight in (0.0, 0.3, 1.0):
        values = pupil(weight).advance().values
        assert values["loss"] == pytest.approx(weight * values["teacher"] + (1 - weight) * values["labels"], abs=1e-6)
    made = pupil(0.5)
    about = made.about()["teacher"]
    assert len(about["answers"]) == len(made.lesson.held)
    assert 0 <= made.beside(made.grade())["agreement"] <= 1


def test_a_snapshot_of_a_student_goes_on_with_the_same_bits(pupil: Callable[..., Pupil]) -> None:
    whole, half, again = pupil(0.5), pupil(0.5), pupil(0.5)
    for _ in range(6):
        whole.advance()
    for _ in range(3):
        half.advance()
    again.resume(half.state())
    for _ in range(3):
        again.advance()
    assert again.state() == whole.state()


def test_a_run_of_the_playground_teaches_a_smaller_one(tmp_path: Path) -> None:
    run = PlaygroundSpec(task="reverse", n_layers=2, d_model=16, d_ff=32, examples=200, batch_size=8)
    playground.save(run, replay(run, [], 3).state(), tmp_path)
    data = plain("\n".join(samples.sample(run, 40)))
    made = Pupil(Spec(str(tmp_path), NEXT, teacher=str(tmp_path), layers=1, batch_size=8, lr=1e-3), data)
    first = made.grade()
    for _ in range(8):
        made.advance()
    assert made.grade().loss < first.loss
    export.save(made.spec, data, made.state(), tmp_path / "student")
    opened = zoo.load(str(tmp_path / "student"))
    assert (opened.info.n_layers, opened.warnings) == (1, ())


def test_who_cannot_teach_says_why(folders: Path) -> None:
    with pytest.raises(LoadError, match="The teacher does not know these classes yet"):
        Pupil(Spec(str(folders / "distilbert"), teacher=str(folders / "distilbert"), batch_size=8), OTHERS)
    text = plain("\n".join(PIECES))
    with pytest.raises(LoadError, match="read different tokens"):
        Pupil(Spec(str(folders / "gpt2"), NEXT, teacher=str(folders / "llama"), batch_size=8), text)


def test_a_student_sees_through_wrong_labels_with_its_teacher() -> None:
    """Seeds 0 to 4, by the labels that are right: 0.67 0.79 0.81 0.83 0.63 without its teacher, 0.88 to 0.96 with."""
    data, right = films(), films(wrong=0.0)
    assert sum(a != b for a, b in zip(data.labels, right.labels, strict=True)) == 76
    found = []
    for weight in (0.0, 0.9):
        spec = Spec(
            "roberta-sentiment", teacher="roberta-sentiment", layers=1, lr=1e-3, epochs=25, weight=weight, seed=0
        )
        made = Pupil(spec, data)
        while made.step < made.plan.steps:
            made.advance()
        held = made.lesson.held
        found.append(sum(a == right.labels[row] for a, row in zip(made.grade().answers, held, strict=True)) / len(held))
    assert found[0] < 0.8 < 0.85 < found[1]
