"""The browser's pure functions, under node's own test runner where there is a node."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="no node here: the browser tests run the same functions in Chromium")
def test_the_workbenchs_pure_functions() -> None:
    files = sorted(map(str, HERE.glob("*.test.mjs")))
    run = subprocess.run([str(NODE), "--test", *files], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    passed = re.search(r"^# pass (\d+)$|^ℹ pass (\d+)$", run.stdout, re.MULTILINE)
    assert passed is not None
    assert int(passed[1] or passed[2]) >= len(files)
