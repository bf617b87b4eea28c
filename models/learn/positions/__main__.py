"""Train both experiments, or pick up where they were stopped, and write what was found.

python -m models.learn.positions [--work FOLDER]
"""

import argparse
from pathlib import Path
from typing import Any

import torch

from models.learn.positions import extrapolation, files, order, repeats


def main() -> None:
    """Six encodings and three seeds, one after the other; then the runs on order."""
    parser = argparse.ArgumentParser(prog=files.COMMAND, description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("zoo-work/positions"), help="where snapshots are kept")
    work = parser.parse_args().work
    torch.set_num_threads(1)
    runs: dict[str, list[dict[str, Any]]] = {encoding: [] for encoding in extrapolation.ENCODINGS}
    for seed in extrapolation.SEEDS:
        for encoding in extrapolation.ENCODINGS:
            model, found = extrapolation.train(encoding, seed, work, _report)
            runs[encoding].append(found)
            if seed == extrapolation.SEEDS[0]:
                files.save(model, encoding)
    files.save_record(
        {
            "command": files.COMMAND,
            "trained_length": repeats.LENGTH,
            "lengths": list(repeats.LENGTHS),
            "counted": repeats.COUNTED,
            "steps": extrapolation.plan(0).steps,
            "tested": extrapolation.TESTED,
            "shipped_seed": extrapolation.SEEDS[0],
            "extrapolation": runs,
            "order": order.train_all(work, _report),
        }
    )
    _report(f"wrote {files.RECORD}")


def _report(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
