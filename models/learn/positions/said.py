"""What the recorded experiments show, in words: every figure in them is read from the record."""

from collections.abc import Mapping
from typing import Any

import numpy as np

Record = Mapping[str, Any]


def at(record: Record, name: str, test: str, times: float) -> float:
    """Mean share foreseen over the seeds, by one encoding, on texts so many times as long as in training."""
    place = record["lengths"].index(round(times * record["trained_length"]))
    return float(np.mean([run[test][place] for run in record["extrapolation"][name]]))


def stretched(record: Record, method: str, test: str, times: float) -> float:
    """The same of RoPE stretched."""
    place = record["lengths"].index(round(times * record["trained_length"]))
    return float(np.mean([run["stretched"][method][test][place] for run in record["extrapolation"]["rope"]]))


def end(record: Record, kind: str, encoding: str) -> float:
    """Mean share right at the end of the runs on order."""
    (found,) = [one for one in record["order"] if (one["kind"], one["encoding"]) == (kind, encoding)]
    return float(np.mean([run["accuracy"][-1] for run in found["runs"]]))


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def made(record: Record) -> str:
    """How it was made."""
    seeds = len(record["extrapolation"]["rope"])
    return (
        f"Recorded runs, {seeds} seeds each, made again by `{record['command']}`. Two layers of four heads, d_model "
        f"64. Bands: lowest and highest seed."
    )


def extrapolation(record: Record) -> str:
    """What the longer texts show, and what the textbook says that they do not; Markdown."""
    trained, longest = record["trained_length"], max(record["lengths"])
    most = longest / trained

    others = max(at(record, name, "late", most) for name in record["extrapolation"] if name != "alibi")

    def share(name: str, test: str, times: float = most) -> str:
        return _share(at(record, name, test, times))

    def rope(method: str, test: str, times: float) -> str:
        return _share(stretched(record, method, test, times))

    return "\n".join(
        [
            (
                f"Six models that differ in their encoding alone learnt to say a block of letters again, on texts of "
                f"{trained} letters, and are asked about up to {longest}. Drawn is the share of the last "
                f"{record['counted']} letters foreseen."
            ),
            "",
            (
                f"- **ALiBi extrapolates, as Press et al. found**: {share('alibi', 'late')} on a text of the training "
                f"length at the end of one {most:.0f} times as long, where every other encoding is at "
                f"{_share(others)} or less. It pays at the training length: {share('alibi', 'near', 1)}, where "
                f"learned positions have {share('learned', 'near', 1)}."
            ),
            (
                "- **RoPE sees distances alone, and still breaks within a few times its length**: said late, "
                f"{share('rope', 'late', 2)} at twice, {share('rope', 'late', 4)} at four times."
            ),
            (
                f"- **Stretching RoPE without more training helps a little**: said late at four times the length YaRN "
                f"has {rope('yarn', 'late', 4)} and RoPE as trained {share('rope', 'late', 4)}; said on and on at "
                f"{most:.0f} times, {rope('yarn', 'near', most)} and {share('rope', 'near')}. NTK helps at twice the "
                f"length ({rope('ntk', 'late', 2)}) and no more at four times ({rope('ntk', 'late', 4)}). Linear "
                f"makes it "
                f"worse ({rope('linear', 'late', 2)} at twice): its authors train on with it."
            ),
            "",
            "Where the textbook does not hold at this size:",
            "",
            (
                f"- “Learned positions end where training ended”: said on and on they keep "
                f"{share('learned', 'near')} at {most:.0f} times. The table has rows for {longest} places, of which "
                f"{trained} were trained; a block that was also said within those is still found there. Said "
                f"late, they "
                f"have {share('learned', 'late', 2)} at twice. A GPT-2 has no such rows, and refuses the text."
            ),
            (
                f"- “T5’s bias extrapolates”: said on and on {share('t5', 'near')}, but {share('t5', 'late', 2)} "
                f"at twice "
                "the length said late. Distances above 31 never came in training."
            ),
            (
                f"- “ALiBi reads only what is near”: needed from {longest // 2} letters back it still has "
                f"{share('alibi', 'far')}; its flattest head lowers a score by 1/256 for each position."
            ),
            (
                f"- “A decoder needs no positions, its mask tells it”: without any, it learns "
                f"{share('none', 'near', 1)} here, "
                f"and {share('none', 'near')} are left at {most:.0f} times."
            ),
        ]
    )


def order(record: Record) -> str:
    """What the task shows that needs order; Markdown."""
    return "\n".join(
        [
            (
                "Eight different letters are to be said backwards: the task cannot be done without knowing where each "
                "letter stands."
            ),
            "",
            (
                f"- **An encoder without positions is at {_share(end(record, 'encoder', 'none'))}**: it sees a set of "
                "letters. What stands at a place is never the answer there, and naming one of the other seven is "
                "right one time in seven (14.3 %). "
                f"With sines it has {_share(end(record, 'encoder', 'sinusoidal'))}, with a learnt table "
                f"{_share(end(record, 'encoder', 'learned'))}."
            ),
            (
                f"- **A decoder without positions is at {_share(end(record, 'decoder', 'none'))}**, with a learnt "
                f"table at {_share(end(record, 'decoder', 'learned'))}. It reads backwards only, and its mask tells it "
                "something of order: more than chance, far from enough at this size."
            ),
        ]
    )
