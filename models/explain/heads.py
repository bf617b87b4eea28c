"""What each head does on one input, in numbers: entropy, distance, sinks, and a role where the pattern is clear."""

import unicodedata

import numpy as np

from models.records import Attention, Bools, Floats, HeadStatistics

# A head has a role when its score reaches the cut-off; of several, the one that clears its cut-off by most.
CUT_OFFS = {
    "previous token": 0.28,  # mean weight on the token just before
    "next token": 0.25,  # ... just after
    "same word": 0.24,  # ... on other places of the same token, over tokens that occur elsewhere
    "induction": 0.20,  # ... on what followed the same token last time (Olsson et al. 2022)
    "sink": 0.43,  # ... on sinks
    "broad": 0.92,  # entropy as a share of its maximum
}
ROLES = tuple(CUT_OFFS)
STRIKING = ("induction", "previous token", "same word", "next token")
# Other figures that heads can be sorted by: mean weight on these positions. No cut-off, and so no role.
FIGURES = (
    "diagonal",  # the query's own position
    "punctuation",  # tokens of nothing but punctuation marks, over tokens that can read one
)
ENOUGH = 3  # tokens that must have something to look for before a text says anything about heads that look for it
COUNTED = ("same word", "induction", "punctuation")  # what only some tokens can look for
ALL_ASKED = ("special", "first", "diagonal")  # what every token can look for: averaged over all of them
FIRST_IS_SINK = 0.25  # mean weight on the first token, over all heads, from which it counts as a sink


def statistics(attention: Attention) -> HeadStatistics:
    """Measure every head on this input; special tokens' own rows and rows without finite weights are left out."""
    n_layers, n_heads = len(attention.weights), max(attention.n_heads)
    rows = _rows(attention)
    masks = {name: mask[rows] for name, mask in _targets(attention).items()}
    figures = {name: np.full((n_layers, n_heads), np.nan, np.float32) for name in ("entropy", "distance", *masks)}
    apart = _apart(attention)[rows]
    for layer in range(n_layers):
        for head in range(attention.n_heads[layer]):
            measured = _measure(attention.at(layer, head)[rows], masks, apart)
            for name, value in measured.items():
                figures[name][layer, head] = value
    sinks = _sinks(attention, figures["first"])
    sink_mass = figures["special"] + (figures["first"] if sinks[0] and not attention.keys.special[0] else 0)
    limit = _max_entropy(attention, rows)
    scores = {name: figures[name] for name in (*ROLES, *FIGURES) if name in masks}
    scores |= {"sink": sink_mass, "broad": figures["entropy"] / limit if limit else np.zeros_like(sink_mass)}
    role, role_score = _roles(scores)
    return HeadStatistics(
        entropy=figures["entropy"],
        max_entropy=limit,
        distance=figures["distance"],
        sink_mass=sink_mass.astype(np.float32),
        sinks=sinks,
        role=role,
        role_score=role_score,
        scores=scores,
    )


def striking(statistics: HeadStatistics) -> tuple[int, int] | None:
    """The (layer, head) to show first: the clearest of the roles people come to see; None if no head has one."""
    for role in STRIKING:
        found = np.array([[name == role for name in row] for row in statistics.role])
        if found.any():
            layer, head = np.unravel_index((statistics.role_score * found).argmax(), found.shape)
            return int(layer), int(head)
    return None


def usable(weights: Floats) -> Bools:
    """Rows of weights [..., key] that are a distribution to measure: finite, and not all zero."""
    return np.asarray(np.isfinite(weights).all(-1) & (weights.sum(-1) > 0))


def entropy(weights: Floats) -> Floats:
    """Bits per row of weights [..., key], with 0 log 0 = 0."""
    logs = np.log2(weights, out=np.zeros_like(weights), where=weights > 0)
    return -(weights * logs).sum(-1)


def _rows(attention: Attention) -> np.ndarray:
    """Queries to average over: not special, and in a causal model not the first, which can only read itself."""
    rows = ~attention.queries.special
    if attention.causal:
        rows = rows & (np.arange(len(rows)) > 0)
    return np.flatnonzero(rows) if rows.any() else np.arange(len(rows))


def _targets(attention: Attention) -> dict[str, Bools]:
    """Where a head would look for each score that makes sense of this input: bool [query, key]."""
    n_query, n_key = len(attention.queries), len(attention.keys)
    query, key = np.arange(n_query)[:, None], np.arange(n_key)[None]
    special = np.broadcast_to(attention.keys.special, (n_query, n_key))
    targets = {"special": special, "first": np.broadcast_to(key == 0, (n_query, n_key))}
    itself = attention.queries is attention.keys
    text = attention.keys.grid is None and attention.kind != "vision"
    if itself:
        targets["diagonal"] = np.broadcast_to(key == query, (n_query, n_key))
    if text:
        targets["punctuation"] = np.broadcast_to(_punctuation(attention), (n_query, n_key))
    if text and attention.causal:
        targets["punctuation"] = targets["punctuation"] & (key <= query)
    if text and itself:  # else there is no token before or after
        targets["previous token"] = (key == query - 1) & ~special
        said = np.array([label.strip().lower() for label in attention.keys.labels])
        real = ~attention.keys.special & (said != "")
        twin = (said[:, None] == said[None]) & real[:, None] & real[None] & (query != key)
        if attention.causal:
            twin &= key < query
            targets["induction"] = np.zeros_like(twin)
            targets["induction"][:, 1:] = twin[:, :-1] & (key[:, 1:] < query)
        else:
            targets["next token"] = (key == query + 1) & ~special
        targets["same word"] = twin
    return targets


def _punctuation(attention: Attention) -> Bools:
    """Keys of nothing but punctuation marks, as Unicode has them; special tokens are none, however they are written."""
    marks = [
        label.strip() != "" and all(unicodedata.category(c).startswith("P") for c in label.strip())
        for label in attention.keys.labels
    ]
    return np.array(marks, bool) & ~attention.keys.special


def _apart(attention: Attention) -> Floats:
    """How far query and key are apart, [query, key]: in tokens, or in patches across the picture.

    NaN where there is no distance, between a patch and a special token; such weight is left out (a head that reads
    CLS would look short-sighted).
    """
    grid, queries, keys = attention.queries.grid, attention.queries, attention.keys
    if grid is None or grid != keys.grid:
        return np.abs(np.arange(len(queries))[:, None] - np.arange(len(keys))[None]).astype(np.float32)
    apart = np.full((len(queries), len(keys)), np.nan, np.float32)
    rows, columns = (index.ravel() for index in np.indices(grid))
    inside = np.hypot(rows[:, None] - rows[None], columns[:, None] - columns[None])
    apart[np.ix_(~queries.special, ~keys.special)] = inside
    return apart


def _measure(weights: Floats, masks: dict[str, Bools], apart: Floats) -> dict[str, float]:
    """All figures of one head from the rows [query, key] that count; what too few of them can look for is left out."""
    good = usable(weights)
    if not good.any():
        return {}
    if not good.all():
        weights, apart = weights[good], apart[good]
        masks = {name: mask[good] for name, mask in masks.items()}
    counted = weights * np.isfinite(apart)
    mass = float(counted.sum())
    result = {
        "entropy": float(entropy(weights).mean()),
        "distance": float((counted * np.nan_to_num(apart)).sum() / mass) if mass else np.nan,
    }
    for name, mask in masks.items():
        asked = slice(None) if name in ALL_ASKED else mask.any(-1)
        if len(weights[asked]) >= (ENOUGH if name in COUNTED else 1):
            result[name] = float((weights[asked] * mask[asked]).sum(-1).mean())
    return result


def _sinks(attention: Attention, first: Floats) -> Bools:
    """Special tokens, and the first token of a causal model if its heads park their weight there on average."""
    sinks = attention.keys.special.copy()
    if attention.causal and len(sinks) > 3 and np.nanmean(first) >= FIRST_IS_SINK:
        sinks[0] = True
    return sinks


def _max_entropy(attention: Attention, rows: np.ndarray) -> float:
    """Mean over the rows of the bits of even attention; a causal row sees only its past and itself."""
    visible = rows + 1 if attention.causal else np.full(len(rows), len(attention.keys))
    return float(np.log2(visible).mean())


def _roles(scores: dict[str, Floats]) -> tuple[tuple[tuple[str, ...], ...], Floats]:
    """The role of each head ("" for none) and the score that earned it, arrays [layer, head]."""
    none = np.zeros_like(scores["sink"])
    stacked = np.stack([np.nan_to_num(scores.get(name, none)) for name in ROLES])
    margin = stacked / np.array(list(CUT_OFFS.values()))[:, None, None]
    best = margin.argmax(0)
    found = margin.max(0) >= 1
    role = tuple(
        tuple(ROLES[b] if ok else "" for b, ok in zip(row, oks, strict=True))
        for row, oks in zip(best, found, strict=True)
    )
    score = np.where(found, np.take_along_axis(stacked, best[None], 0)[0], 0).astype(np.float32)
    return role, score
