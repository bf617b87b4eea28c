"""From the calls of a pass to the records that are drawn: which layers belong together, and what they read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn
from transformers import PreTrainedModel

from models.capture import display
from models.capture.active import Place
from models.capture.calls import ALL, Call
from models.capture.catalogue import Catalogue, Layer
from models.records import Attention, Head, Sequence, Weights
from models.zoo.errors import InputError
from models.zoo.inputs import Prepared

NAMES = {  # of a stack, by its kind; a number is added where there are several
    "self": "decoder",
    "encoder": "encoder",
    "decoder": "decoder",
    "cross": "cross-attention",
    "vision": "picture",
    "text": "text",
}


class Calls:
    """The calls of a pass by place; one that was not kept is made again by another pass, and the last such is kept."""

    def __init__(self, kept: list[Call], again: Callable[[Place], Call]) -> None:
        self._kept = {(call.layer, call.number): call for call in kept}
        self._again = again
        self._last: tuple[Place, Call] | None = None
        self._lock = threading.Lock()

    def __getitem__(self, place: Place) -> Call:
        call = self._kept.get(place)
        if call is not None:
            return call
        with self._lock:
            if self._last is None or self._last[0] != place:
                self._last = place, self._again(place)
            return self._last[1]

    def __contains__(self, place: Place) -> bool:
        return place in self._kept

    def of(self, name: str) -> tuple[Call, ...]:
        """All kept calls of one module, in their order."""
        return tuple(call for (layer, _), call in sorted(self._kept.items()) if layer == name)

    @property
    def nbytes(self) -> int:
        """Bytes that are held."""
        return sum(call.nbytes for call in self._kept.values())


@dataclass(frozen=True)
class Pass:
    """One forward pass of a model, for whoever draws it."""

    model: PreTrainedModel
    catalogue: Catalogue
    calls: Calls
    prepared: Prepared
    gradients: Mapping[Place, Tensor] | None = None

    def attentions(self) -> tuple[Attention, ...]:
        """One record per stack of layers."""
        stacks = self.catalogue.stacks()
        names = _names([stack[0] for stack in stacks])
        return tuple(self._attention(stack, name) for stack, name in zip(stacks, names, strict=True))

    def head(self, layer: Layer, number: int) -> Head:
        """What one head computed with; raises InputError for a layer that cannot be shown on this input."""
        call, scene = self.calls[layer.place], self._scene(layer)
        one, item = slice(number, number + 1), scene.item
        recipe = call.recipe
        scores = call.scores(one)
        plain = display.shape_of(scene.module) is None

        def own(tensor: Tensor | None, grouped: bool = False) -> Any:
            if tensor is None or not plain:
                return None
            place = number // (call.n_heads // tensor.shape[1]) if grouped else number
            return _numpy(tensor[item, place])

        sink = None if recipe is None or recipe.sinks is None else float(recipe.sinks[number])
        return Head(
            query=own(call.query),
            key=own(call.key, grouped=True),
            value=own(call.value, grouped=True),
            scores=_numpy(scores[item, 0]) if scores is not None and plain else None,
            weights=_drawn(call, scene, one)[0],
            output=own(call.output),
            scale=None if recipe is None else recipe.scale,
            softcap=None if recipe is None else recipe.softcap,
            sink=sink,
        )

    def keys(self, number: int) -> display.Side | None:
        """What the keys of a stack are, where they are not simply what went in; with the size of its patches."""
        layer = self.catalogue.stacks()[number][0]
        scene = self._scene(layer)
        side = display.sides(self.calls[layer.place], scene)[1]
        return None if side is None else replace(side, cell=display.cell(side, scene))

    def _attention(self, stack: tuple[Layer, ...], name: str) -> Attention:
        first = self.calls[stack[0].place]
        queries, keys = self._sequences(stack[0], first)
        shape = display.shape_of(self._scene(stack[0]).module)
        kept = [self.calls[layer.place].nbytes for layer in stack if layer.place in self.calls]
        return Attention(
            kind=stack[0].kind,
            queries=queries,
            keys=keys,
            weights=self._weights(stack, self._scene, sum(kept)),
            layers=tuple(_said(layer, stack) for layer in stack),
            n_heads=tuple(layer.n_heads for layer in stack),
            name=name,
            view="matrix" if shape is None else shape.view,
            looks_back=all(layer.causal for layer in stack),
            points=self._points(stack) if shape is not None and shape.points is not None else None,
            gradients=None if self.gradients is None else self._weights(stack, self._gradients, 0),
        )

    def _points(self, stack: tuple[Layer, ...]) -> Weights:
        """Where the keys of each query lie, [head, query, key, 2]."""

        def layer(index: int) -> Any:
            seen = self._scene(stack[index])
            places = display.points(_first(seen, self.calls, stack[index]), seen)
            assert places is not None
            return _numpy(places)

        return Weights(len(stack), layer)

    def _weights(self, stack: tuple[Layer, ...], scene: Callable[[Layer], display.Scene], nbytes: int) -> Weights:
        def layer(index: int) -> Any:
            seen = scene(stack[index])
            return _drawn(_first(seen, self.calls, stack[index]), seen)

        def head(index: int, number: int) -> Any:
            seen = scene(stack[index])
            return _drawn(_first(seen, self.calls, stack[index]), seen, slice(number, number + 1))[0]

        return Weights(len(stack), layer, head, nbytes)

    def _scene(self, layer: Layer) -> display.Scene:
        """What went into the layer; a layer that is made of several calls gets them all."""
        module = self.model if layer.tier == "library" else self.model.get_submodule(layer.place[0])
        scene = display.Scene(self.model, module, self.prepared.arguments)
        return replace(scene, calls=self.calls.of(layer.place[0])) if is_whole(self.model, layer) else scene

    def _gradients(self, layer: Layer) -> display.Scene:
        """The same with gradients in place of the weights, so that both are laid out alike."""
        scene = self._scene(layer)
        calls = scene.calls or (self.calls[layer.place],)
        assert self.gradients is not None
        given = self.gradients
        return replace(
            scene, calls=tuple(replace(call, given=given[call.layer, call.number], recipe=None) for call in calls)
        )

    def _sequences(self, layer: Layer, call: Call) -> tuple[Sequence, Sequence]:
        """What the layer's queries and keys are; the same object where they are the same, as heads are told by it."""
        sides = display.sides(call, self._scene(layer))
        counts = (call.n_query, call.n_key)
        found = [
            self._sequence(layer, *side, place)
            for side, place in zip(zip(sides, counts, strict=True), (0, 1), strict=True)
        ]
        same = layer.kind != "cross" and counts[0] == counts[1] and sides[0] == sides[1]
        return (found[0], found[0]) if same else (found[0], found[1])

    def _sequence(self, layer: Layer, side: display.Side | None, n: int, place: int) -> Sequence:
        """The tokens or patches of one side: a side of its own, a text of this length, or numbers."""
        scene = self._scene(layer)
        if side is not None:
            return of_side(side, self.prepared.sequences.get("text"), display.cell(side, scene))
        wanted = {
            "decoder": ("target", "text"),
            "cross": ("target", "text") if place == 0 else ("text", "target"),
        }.get(layer.kind, ("text", "target"))
        if layer.kind != "vision":
            for name in wanted:
                sequence = self.prepared.sequences.get(name)
                if sequence is not None and len(sequence) == n:
                    return sequence
        patches = display.patches(scene, n) or display.Side(n)
        return of_side(patches, cell=display.cell(patches, scene))


def is_whole(model: nn.Module, layer: Layer) -> bool:
    """Whether a layer is made of all calls of its module."""
    shape = None if layer.tier == "library" else display.shape_of(model.get_submodule(layer.place[0]))
    return shape is not None and shape.whole


def _first(scene: display.Scene, calls: Calls, layer: Layer) -> Call:
    """The call that a layer is drawn from."""
    return scene.calls[0] if scene.calls else calls[layer.place]


def _drawn(call: Call, scene: display.Scene, heads: slice = ALL) -> Any:
    """Weights [head, query, key] as they are drawn; raises InputError where this input makes no such matrix."""
    try:
        return _numpy(display.weights(call, scene, heads))
    except display.Unshown as unshown:
        raise InputError(f"{call.layer} cannot be drawn: {unshown}.") from unshown


def of_side(side: display.Side, text: Sequence | None = None, cell: tuple[float, float] | None = None) -> Sequence:
    """Labels for positions that are no tokens: row and column of a grid, or names, or numbers; text tokens first.

    `cell`: the height and width of a patch in pixels.
    """
    n = side.n - side.text - len(side.before) - len(side.after)
    if side.names is not None:
        labels = [f" {name}" for name in side.names]
    elif side.grid is not None:
        cells = [f" {row},{column}" for row in range(side.grid[0]) for column in range(side.grid[1])]
        labels = cells if side.frames == 1 else [f"{cell}@{frame}" for frame in range(side.frames) for cell in cells]
    else:
        labels = [f" {number}" for number in range(n)]
    words, marks = ([f" {number}" for number in range(side.text)], [False] * side.text)
    if text is not None and len(text) == side.text:
        words, marks = list(text.labels), text.special.tolist()
    marked = [*words, *(f" {name}" for name in side.before), *labels, *(f" {name}" for name in side.after)]
    special = [*marks, *[True] * len(side.before), *[False] * n, *[True] * len(side.after)]
    alone = side.frames == 1 and not side.text
    grid, patch = (side.grid, cell) if alone else (None, None)
    return Sequence(tuple(marked), special, grid=grid, patch=patch)  # type: ignore[arg-type]


def _names(firsts: list[Layer]) -> list[str]:
    """A name for each stack, numbered where a kind comes more than once."""
    kinds = [layer.kind for layer in firsts]
    return [
        NAMES[kind] + (f" {kinds[:place].count(kind) + 1}" if kinds.count(kind) > 1 else "")
        for place, kind in enumerate(kinds)
    ]


def _said(layer: Layer, stack: tuple[Layer, ...]) -> str:
    """The module's name, with the number of the call where one module is called again and again (ALBERT)."""
    name, number = layer.place
    again = sum(other.place[0] == name for other in stack) > 1
    return f"{name} (call {number})" if again else name


def _numpy(tensor: Tensor) -> Any:
    return tensor.detach().float().cpu().numpy()
