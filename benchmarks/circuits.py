"""CircuitsVis, the peer that draws heads as heatmaps: its pages in the form that needs no network."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from types import ModuleType

import numpy as np

from benchmarks.peers import Missing
from models.records import Attention

HEAD = '<!doctype html><meta charset="utf-8">'


def heads(attention: Attention, layers: tuple[int, ...] = (0,)) -> str:
    """`attention_heads`: a heatmap of each head of these layers, and the one under the pointer large."""
    weights = np.concatenate([attention.weights[layer] for layer in layers])
    names = [f"{layer}.{head}" for layer in layers for head in range(attention.n_heads[layer])]
    html = _package().attention_heads(weights, list(attention.queries.labels), names, mask_upper_tri=attention.causal)
    return f"{HEAD}{html.local_src}"


def patterns(attention: Attention, layer: int = 0) -> str:
    """`attention_patterns`: small heatmaps of a layer's heads; the tokens, coloured by what the pointed one reads."""
    html = _package().attention_patterns(list(attention.queries.labels), attention.weights[layer])
    return f"{HEAD}{html.local_src}"


def _package() -> ModuleType:
    """Its module of attention views; importlib-metadata, which it asks for its version, is in the standard library."""
    sys.modules.setdefault("importlib_metadata", importlib.metadata)
    try:
        return importlib.import_module("circuitsvis.attention")
    except ImportError as error:
        raise Missing("circuitsvis is not installed: run `make bench`, which installs it") from error
