"""A server of jobs that a test can kill: `python -m tests.jobs.server FOLDER PLACES`; it ends when its input does."""

import sys
from pathlib import Path

from models.jobs.local import LocalEngine

if __name__ == "__main__":
    engine = LocalEngine(Path(sys.argv[1]), n_slots=int(sys.argv[2]))
    print("up", flush=True)
    sys.stdin.read()
    engine.close()
