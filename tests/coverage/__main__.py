"""Writes docs/coverage.md: `python -m tests.coverage`."""

import warnings
from pathlib import Path

import torch
import transformers as hf

from tests.coverage.compare import look
from tests.coverage.report import page
from tests.coverage.table import ARCHITECTURES

PAGE = Path("docs/coverage.md")


def main() -> None:
    """Look at every architecture and write down what was seen."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    hf.logging.set_verbosity_error()
    PAGE.write_text(page([look(architecture) for architecture in ARCHITECTURES]))
    print(f"{PAGE}: {len(ARCHITECTURES)} architectures")


if __name__ == "__main__":
    main()
