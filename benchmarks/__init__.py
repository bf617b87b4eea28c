"""Headlight against its peers and its budgets, as ratios measured in one run: `python -m benchmarks [NAME ...]`."""

import os

# Before anything imports torch: with more threads the two sides of a pair would fight over the cores they share.
os.environ["OMP_NUM_THREADS"] = "1"
