"""Parameters, floating-point operations and the cache of a transformer of `models.scratch`, from its Config alone.

A product of an [m, k] and a [k, n] matrix counts 2 m k n operations; what is not a product is small beside them and
is not counted, and neither is training (about twice as much again for the gradients). Masks save nothing here: torch
computes what they hide.
"""

from collections.abc import Iterator

from models.records import Budget, Config, Part

T5_BUCKETS = 32  # rows of T5's table: models.scratch.positions


def budget(config: Config, n_tokens: int, n_source: int = 0, bytes_each: int = 4) -> Budget:
    """What one pass over `n_tokens` tokens costs; of a picture its patches count, whatever `n_tokens` says.

    `n_source`: tokens that an encoder-decoder's encoder reads. `bytes_each`: of a number in the cache.
    """
    n = config.n_positions if config.kind == "vision" else n_tokens
    return Budget(tuple(_parts(config, n, n_source)), cache(config, n, n_source, bytes_each))


def cache(config: Config, n_tokens: int, n_source: int = 0, bytes_each: int = 4) -> int:
    """Bytes of the keys and values that writing the next token needs: 2 L n_kv d_head (tokens + source) bytes each.

    An encoder reads all at once and keeps nothing.
    """
    if "decoder" not in config.kind:
        return 0
    read = n_tokens + (n_source if config.kind == "encoder-decoder" else 0)
    return 2 * config.n_layers * config.kv_heads * config.d_head * read * bytes_each


def _parts(config: Config, n: int, n_source: int) -> Iterator[Part]:
    d = config.d_model
    yield from _embedding(config, n)
    if config.kind == "encoder-decoder":
        yield from _stack(config, "encoder ", n_source, 0)
        yield from _stack(config, "decoder ", n, n_source)
    else:
        yield from _stack(config, "", n, 0)
    answers = 1 if config.kind == "vision" else n
    if config.kind == "encoder":
        yield Part("last dense layer", _linear(config, d, d) + _norm(config), 2 * n * d * d)
    bias = config.d_vocab if config.kind == "vision" or (config.bias and config.kind != "decoder") else 0
    matrix = 0 if config.tied and config.kind != "vision" else d * config.d_vocab
    yield Part("unembedding", matrix + bias, 2 * answers * d * config.d_vocab)


def _embedding(config: Config, n: int) -> Iterator[Part]:
    """Looking a row up costs no product; projecting patches does."""
    if config.picture is None:
        yield Part("token embedding", config.d_vocab * config.d_model, 0)
        if config.n_segments:
            yield Part("segment embedding", config.n_segments * config.d_model, 0)
        return
    pixels = config.picture[0] * config.patch**2
    projection = pixels * config.d_model + config.d_model
    yield Part("patch embedding", projection + config.d_model, 2 * (n - 1) * pixels * config.d_model)


def _stack(config: Config, name: str, n: int, n_source: int) -> Iterator[Part]:
    """One stack that reads `n` positions; with a source, each layer reads that too."""
    many, cross = config.n_layers, name == "decoder "
    tables = {"learned": config.n_positions * config.d_model, "t5": T5_BUCKETS * config.n_heads}
    if config.position in tables:
        yield Part(f"{name}positions", tables[config.position], 0)
    yield _attention(config, f"{name}attention", n, n)
    if cross:
        yield _attention(config, f"{name}cross-attention", n, n_source)
    if config.d_ff:
        yield _feed_forward(config, name, n)
    norms = many * (1 + cross + bool(config.d_ff)) + config.embedding_norm + (config.norm_place == "pre")
    yield Part(f"{name}norms", norms * _norm(config), 0)


def _attention(config: Config, name: str, n_query: int, n_key: int) -> Part:
    """Four projections, and two products of every query with every key."""
    d, d_kv = config.d_model, config.kv_heads * config.d_head
    projections = 2 * n_query * d * d * 2 + 2 * n_key * d * d_kv * 2
    pairs = 2 * n_query * n_key * d * 2
    params = 2 * _linear(config, d, d) + 2 * _linear(config, d, d_kv)
    return Part(name, config.n_layers * params, config.n_layers * (projections + pairs))


def _feed_forward(config: Config, name: str, n: int) -> Part:
    """Up and down; with SwiGLU a gate beside up."""
    d, ups = config.d_model, 2 if config.activation == "swiglu" else 1
    params = ups * _linear(config, d, config.d_ff) + _linear(config, config.d_ff, d)
    flops = (ups + 1) * 2 * n * d * config.d_ff
    return Part(f"{name}feed-forward", config.n_layers * params, config.n_layers * flops)


def _linear(config: Config, d_in: int, d_out: int) -> int:
    """Numbers in a linear layer."""
    return d_in * d_out + (d_out if config.bias else 0)


def _norm(config: Config) -> int:
    """Numbers in one norm."""
    both = config.norm == "layer" and config.bias
    return {"layer": 1 + both, "rms": 1, "none": 0}[config.norm] * config.d_model
