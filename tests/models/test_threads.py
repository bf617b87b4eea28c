"""Several visitors load their first models at the same moment, in a fresh process."""

import subprocess
import sys
from pathlib import Path

CODE = """
import sys, threading
from models import zoo
found = []
def load(ref):
    found.append(zoo.load(ref).info.family)
threads = [threading.Thread(target=load, args=(ref,)) for ref in sys.argv[1:]]
for thread in threads: thread.start()
for thread in threads: thread.join(100)
print(sorted(found))
"""


def test_first_loads_side_by_side_end(folders: Path) -> None:
    refs = [str(folders / name) for name in ("bert", "gpt2", "llama", "roberta")]
    run = subprocess.run(
        [sys.executable, "-c", CODE, *refs], capture_output=True, text=True, timeout=120, check=False, cwd=Path.cwd()
    )
    assert run.stdout.strip() == "['bert', 'gpt2', 'llama', 'roberta']", run.stderr
