"""Word vectors by counting, for models that have too little text to learn them by gradient alone.

Which tokens stand near which, as positive pointwise mutual information, cut down to its largest singular vectors
(Levy and Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization"): seconds of work, no labels, and
"dull" already lies beside "tedious".
"""

from collections.abc import Sequence

import torch
from torch import Tensor

WINDOW = 6  # tokens on either side that count as near; one k places away counts 1 / k
SMOOTHED = 0.75  # exponent on how often a neighbour comes: rare ones would seem too telling (Levy et al. 2015)
SPARE = 16  # singular vectors computed beyond those kept: the randomised method is exact only in the first ones


def vectors(rows: Sequence[Sequence[int]], d_vocab: int, d_model: int, length: float) -> Tensor:
    """A vector [d_vocab, d_model] of the same length for every token: tokens used alike point the same way."""
    torch.manual_seed(0)  # the randomised method draws its first guess
    near = information(together(rows, d_vocab))
    left, strength, _ = torch.svd_lowrank(near, q=min(d_model + SPARE, d_vocab), niter=3)
    found = left[:, :d_model] * strength[:d_model].sqrt()
    return length * torch.nn.functional.normalize(found - found.mean(0))


def together(rows: Sequence[Sequence[int]], d_vocab: int) -> Tensor:
    """Sparse [token, token]: how often two come near each other in a row, the nearer the more."""
    gap = [-1] * WINDOW  # between rows, so that no pair spans two of them
    ids = torch.tensor([token for row in rows for token in (*row, *gap)])
    shape = (d_vocab, d_vocab)
    counts = torch.sparse_coo_tensor(torch.empty(2, 0), torch.empty(0), shape, check_invariants=True)
    for k in range(1, WINDOW + 1):
        pairs = torch.stack([ids[:-k], ids[k:]])
        pairs = pairs[:, (pairs >= 0).all(0)]
        pairs = torch.cat([pairs, pairs.flip(0)], 1)
        share = torch.full((pairs.shape[1],), 1 / k)
        counts = (counts + torch.sparse_coo_tensor(pairs, share, shape, check_invariants=True)).coalesce()
    return counts


def information(counts: Tensor) -> Tensor:
    """Positive pointwise mutual information: log p(a, b) / p(a) p(b) where it is above 0, the second p smoothed."""
    often = counts.sum(1).to_dense()
    neighbour = often**SMOOTHED / (often**SMOOTHED).sum()
    (a, b), n = counts.indices(), counts.values()
    told = (n / (often[a] * neighbour[b])).log().clamp(min=0)
    return torch.sparse_coo_tensor(counts.indices(), told, counts.shape, check_invariants=True).coalesce()


def frequency(rows: Sequence[Sequence[int]], d_vocab: int) -> Tensor:
    """Share [token] of all tokens; one that never comes counts as if it had come a third of a time."""
    often = torch.bincount(torch.tensor([token for row in rows for token in row]), minlength=d_vocab) + 1 / 3
    return often / often.sum()
