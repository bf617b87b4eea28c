"""A run as one plain Python file: what it needs of Headlight's own code, cut out and put in order, and nothing else.

The file wants torch and numpy and gives the same curve bit for bit, because it is the same code: from the loop on,
every name that is used is followed to where it is defined, and what nothing leads to is left out: other tasks, other
position encodings, other norms, methods that nobody calls, checks of settings that were checked already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from models.learn import pictures
from models.learn.cut import Cut
from models.learn.spec import NAMES, Change, Spec
from models.records import VERSION

CHECKS = ("Spec.__post_init__", "Config.__post_init__", "Knobs.__post_init__")  # of settings: done before
TRAINER, SPEC = "models.learn.trainer", "models.learn.spec"
EVALUATIONS = 50  # of a whole run, about

HEAD = '''"""{title}: a training run from Headlight's playground, as one file.

    pip install torch=={torch} numpy
    python train.py

It prints how the held-out rows come out, and writes curve.csv: loss, gradient norm and learning rate of every step,
the same bits on every run on one kind of processor. The code below the imports is Headlight's own (version {version},
MIT licence), as far as this run needs it; the loop is `Trainer.advance`, the run itself stands at the end.{beside}
"""

from __future__ import annotations
'''

MAIN = '''
# ---- the run

SPEC = Spec(
{settings}
)
CHANGES: list[Change] = [{changes}]
UNTIL = {until}


def main() -> None:
    """Train, and write the curve down."""
    trainer, waiting = Trainer(SPEC), list(CHANGES)
    with open("curve.csv", "w", encoding="utf-8") as file:
        print("step,loss,norm,lr", file=file)
        while trainer.step < UNTIL:
            while waiting and waiting[0].step <= trainer.step:
                change = waiting.pop(0)
                trainer.change(change.knob, change.new)
            step = trainer.advance()
            print(f"{{step.step}},{{step.loss!r}},{{step.norm!r}},{{step.lr!r}}", file=file)
            if step.step % {every} == 0 or step.step == UNTIL:
                seen = trainer.evaluate()
                right = f"{{seen.accuracy:.1%}} of tokens right, {{seen.exact:.1%}} of rows"
                print(f"step {{seen.step}}: held-out loss {{seen.loss:.4f}}, {{right}}")


if __name__ == "__main__":
    main()
'''


def script(spec: Spec, changes: Iterable[Change] = (), until: int | None = None) -> str:
    """The file: `spec` trained with the knobs turned as `changes` say, up to step `until` (None: to its last step)."""
    import torch

    from models.learn.tasks import TASKS

    turned = sorted(changes, key=lambda change: change.step)
    last = spec
    for change in turned:
        last = last.changed(change.knob, change.new)
    patterns = {spec.pattern, *(str(change.new) for change in turned if change.knob == "pattern")}
    only = {"TASKS": {spec.task}, "ACTIVATIONS": {spec.activation}, "NORMS": {spec.norm}, "RULES": patterns}
    cut = Cut(only, CHECKS, {"advance", "evaluate", *(["change"] if turned else [])})
    cut.want(TRAINER, "Trainer")
    cut.want(SPEC, "Spec")
    cut.want(SPEC, "Change")
    cut.want("models.scratch.positions", _position(spec.position))
    cut.follow()
    file = beside(spec)
    head = HEAD.format(
        title=TASKS[spec.task].title,
        torch=torch.__version__.partition("+")[0],
        version=VERSION,
        beside=f"\nIt reads its pictures from {file.name}, which has to lie beside it." if file else "",
    )
    steps = last.steps if until is None else until
    main = MAIN.format(
        settings="\n".join(_settings(spec)),
        changes="".join(f"\n    {change!r}," for change in turned) + ("\n" if turned else ""),
        until=steps,
        every=max(1, steps // EVALUATIONS),
    )
    return "\n".join([head, *cut.imports(), *cut.parts(), main.removeprefix("\n")])


def beside(spec: Spec) -> Path | None:
    """The file that the script reads and that has to lie beside it, if there is one."""
    return pictures.FILE if spec.task == "clothes" else None


def _settings(spec: Spec) -> Iterator[str]:
    """The knobs that do not stand where they stand by themselves, and the task."""
    for name, facts in NAMES.items():
        value = getattr(spec, name)
        if name == "task" or value != facts.default:
            yield f"    {name}={value!r},"


def _position(name: str) -> str:
    """The class of a position encoding; nothing names it but its registry."""
    from models.scratch.positions import Position

    return Position.kinds[name].__name__
