"""What a saved file says of itself: the model, what it read, the versions; and the Python that makes the view again."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from models.records import Trace
from viz.views import tiles

if TYPE_CHECKING:
    from models.capture.edits import Edit
    from models.zoo.given import Given

MOST = 160  # characters of an input in a caption
PICTURE = "picture.png"  # stands in the code for a picture of the visitor's own


def about(trace: Trace, attention: int | None = None) -> dict[str, Any]:
    """Model, revision where it is known, input (shortened), versions; where there are several stacks, also which."""
    info = trace.info
    facts: dict[str, Any] = {"model": info.name, "source": info.source, "input": inputs(trace, MOST)}
    facts["versions"] = [list(version) for version in info.versions]
    if info.revision:
        facts["revision"] = info.revision
    if trace.notes:
        facts["notes"] = list(trace.notes)
    if attention is not None and len(trace.attentions) > 1:
        facts["attention"] = trace.attentions[attention].name
    return facts


def words(facts: dict[str, Any]) -> str:
    """`about` as one line, as the browser writes it under a saved picture (viz/js/picture/save.js)."""
    revision, source = facts.get("revision"), facts.get("source")
    origin = f" (revision {revision})" if revision else f" ({source})" if source else ""
    parts = [f"Model {facts['model']}{origin}"]
    parts += [f"attention: {facts['attention']}"] if "attention" in facts else []
    for name, said in facts["input"].items():
        parts.append(f"a picture of {said}" if name == "picture" else f"{name} “{said}”")
    parts += [note.removesuffix(".") for note in facts.get("notes", ())]
    return "; ".join([*parts, ", ".join(" ".join(version) for version in facts["versions"])])


def inputs(trace: Trace, most: int | None = None) -> dict[str, str]:
    """What the model was given, by the names that pages use; texts cut to `most` characters."""
    given = trace.given
    if given is None:
        return {}
    texts = {"text": given.text or None, "question": given.pair, "target": given.target}
    found = {name: _cut(text, most) for name, text in texts.items() if text is not None}
    if given.languages is not None:
        found["languages"] = " to ".join(given.languages)
    if given.beams != 1:
        found["beams"] = str(given.beams)
    if given.image is not None:
        found["picture"] = f"{given.image.width} × {given.image.height} pixels"
    return found


def python(trace: Trace, attention: int, measured: bool, over: str = "", words: bool = False) -> list[str]:
    """The lines that make `trace` and its view in a notebook, up to the state; empty where the input is not known.

    In two pieces where the pass can keep more than weights: what it is to keep goes between them. `measured`: the view
    has statistics of every head; `over`: and several heads as one, those that the address calls so; `words`: tokens
    are merged to words.
    """
    given = trace.given
    if given is None:
        return []
    info = trace.info
    windows = given.stride > 0 and trace.n_tokens > info.max_len
    looks = windows or bool(trace.edits) or _writes(given)  # what `trace` alone does not take
    name = literal(info.name if info.source != "folder" else f"path/to/{info.name}")
    lines = [*_imports(trace, looks, measured, over, words), "", f"model = zoo.load({name}){_from(trace)}"]
    if given.image is not None:
        lines.append(f'picture = pictures.read(open("{PICTURE}", "rb").read())  # saved beside this notebook')
    stack = f"trace.attentions[{attention}]"
    view = ["trace = merged(trace)"] if words else []
    view += ["workbench.view(", "    trace,"]
    view += [f"    statistics({stack}),"] if measured else []
    view += [f"    attention={attention},"] if attention else []
    view += [f"    aggregates=aggregates({stack}, tiles.over({literal(over)}, {stack}.n_heads)),"] if over else []
    view += [f"    thing={literal(tiles.WORD)},"] if words else []
    said = _arguments(given, windows)
    if looks:
        edits = f", edits=({', '.join(map(_plainly, trace.edits))},)" if trace.edits else ""
        call = f"trace = model.look(Given({said}){edits}"
    else:
        call = f"trace = model.trace({said}"
    if windows:
        return ["\n".join([*lines, f"{call})", *view])]
    return ["\n".join([*lines, call]), "\n".join([")", *view])]


def _plainly(edit: Edit) -> str:
    """An edit as a call: what is as it is by itself is left out."""
    said = ((part.name, getattr(edit, part.name), part.default) for part in fields(edit))
    return f"{type(edit).__name__}({', '.join(f'{name}={value!r}' for name, value, usual in said if value != usual)})"


def _imports(trace: Trace, looks: bool, measured: bool, over: str, words: bool) -> list[str]:
    lines = ["from models import zoo"]
    lines += [f"from models.capture.edits import {name}" for name in sorted({type(e).__name__ for e in trace.edits})]
    lines += ["from models.explain.aggregates import aggregates"] if over else []
    lines += ["from models.explain.heads import statistics"] if measured else []
    lines += ["from models.explain.words import merged"] if words else []
    lines += ["from models.zoo import pictures"] if trace.given and trace.given.image is not None else []
    lines += ["from models.zoo.given import Given"] if looks else []
    return [*lines, f"from viz.views import {'tiles, ' if over else ''}workbench"]


def _arguments(given: Given, windows: bool) -> str:
    """What the model is given, as a call writes it."""
    texts = {"pair": given.pair, "target": given.target}
    said = ["image=picture"] if given.image is not None else []
    said += [f"{name}={literal(text)}" for name, text in texts.items() if text is not None]
    said += [f"start={given.start}"] if given.start else []
    said += ["plain=True"] if given.plain else []
    said += [f"stride={given.stride}"] if windows else []
    if given.languages is not None:
        said.append(f"languages=({', '.join(map(literal, given.languages))})")
    said += [f"most={given.most}"] if given.most else []
    said += [f"beams={given.beams}"] if given.beams != 1 else []
    return ", ".join([literal(given.text), *said] if given.text or not said else said)


def _writes(given: Given) -> bool:
    """Whether a decoder was told how to write."""
    return given.languages is not None or given.most > 0 or given.beams != 1


def literal(text: str) -> str:
    """A string as Python reads it back; what cannot be seen, or would turn the line around it, is escaped."""
    return repr(text) if '"' in text else '"' + repr("'" + text)[2:-1] + '"'


def _from(trace: Trace) -> str:
    """What the name alone does not say, as a comment."""
    info = trace.info
    if info.source == "folder":
        return "  # the folder it was loaded from"
    return f"  # revision {info.revision}" if info.source == "hub" and info.revision else ""


def _cut(text: str, most: int | None) -> str:
    text = " ".join(text.split()) if most else text
    return text if most is None or len(text) <= most else text[: most - 1].rstrip() + "…"
