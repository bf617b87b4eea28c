"""`python -m benchmarks [NAME ...]`: measures, prints ratios beside budgets, and keeps the page of them.

Exit status 1 only if a benchmark itself failed; a missed budget is a result like any other.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import time
import traceback

import benchmarks
from benchmarks import report
from benchmarks.rows import Row


def discover() -> list[str]:
    """The modules of this package that have a `run`, by name."""
    names = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name != "__main__"]
    return [name for name in names if hasattr(importlib.import_module(f"benchmarks.{name}"), "run")]


def main(asked: list[str]) -> int:
    """Run the named benchmarks, or all, one after another; a failed one leaves its old rows on the page."""
    known = discover()
    unknown = [name for name in asked if name not in known]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    failed = [name for name in asked or known if not _ran(name)]
    report.write_page()
    print(report.table(asked or known))
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def _ran(name: str) -> bool:
    """Run one benchmark and store its rows."""
    print(f"{name} ...", end=" ", flush=True)
    began = time.monotonic()
    try:
        rows: list[Row] = importlib.import_module(f"benchmarks.{name}").run()
    except Exception:  # whatever goes wrong in one, the others still run
        print("failed")
        traceback.print_exc()
        return False
    report.store(name, rows)
    print(f"{time.monotonic() - began:.0f} s")
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
