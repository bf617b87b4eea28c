"""How many cells an attention pattern fills, exactly: the arithmetic beside `models.scratch.patterns`."""

from models.records import Knobs


def cells(n: int, knobs: Knobs, looks_back: bool) -> int:
    """Pairs (query, key) that may be read among `n` positions; `looks_back` leaves out the keys ahead.

    Every pattern is symmetric, so of its cells off the diagonal half look back.
    """
    if knobs.pattern == "causal":
        return n * (n + 1) // 2
    both = _BOTH_WAYS[knobs.pattern](n, knobs)
    return (both + n) // 2 if looks_back else both


def _band(n: int, width: int) -> int:
    """N (2w + 1) - w (w + 1): a band of half-width w, its corners cut off."""
    width = min(width, n - 1)
    return n * (2 * width + 1) - width * (width + 1)


def _full(n: int, knobs: Knobs) -> int:
    """N²."""
    return n * n


def _window(n: int, knobs: Knobs) -> int:
    """The band."""
    return _band(n, knobs.width)


def _dilated(n: int, knobs: Knobs) -> int:
    """The diagonal, and w diagonals on either side, `step` apart: the k-th has N - k step cells."""
    reach = min(knobs.width, (n - 1) // knobs.step)
    return n + 2 * (reach * n - knobs.step * reach * (reach + 1) // 2)


def _strided(n: int, knobs: Knobs) -> int:
    """The band of half-width step - 1, and every diagonal that is a multiple of `step` away; none is in both."""
    reach = (n - 1) // knobs.step
    return _band(n, knobs.step - 1) + 2 * (reach * n - knobs.step * reach * (reach + 1) // 2)


def _global(n: int, knobs: Knobs) -> int:
    """Rows and columns of the g global positions, and the band among the others: (2gN - g²) + band(N - g)."""
    g = min(knobs.n_global, n)
    return 2 * g * n - g * g + (_band(n - g, knobs.width) if n > g else 0)


def _block(n: int, knobs: Knobs) -> int:
    """Whole blocks of w², and the square that is left over."""
    whole, left = divmod(n, knobs.width)
    return whole * knobs.width**2 + left**2


_BOTH_WAYS = {
    "full": _full,
    "window": _window,
    "dilated": _dilated,
    "strided": _strided,
    "global": _global,
    "block": _block,
}
