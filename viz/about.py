"""What a saved file says of itself: the model, what it read, the versions; and the Python that makes the view again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.records import Trace

if TYPE_CHECKING:
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
    if attention is not None and len(trace.attentions) > 1:
        facts["attention"] = trace.attentions[attention].name
    return facts


def inputs(trace: Trace, most: int | None = None) -> dict[str, str]:
    """What the model was given, by the names that pages use; texts cut to `most` characters."""
    given = trace.given
    if given is None:
        return {}
    texts = {"text": given.text or None, "question": given.pair, "target": given.target}
    found = {name: _cut(text, most) for name, text in texts.items() if text is not None}
    if given.image is not None:
        found["picture"] = f"{given.image.width} × {given.image.height} pixels"
    return found


def python(trace: Trace, attention: int, measured: bool) -> list[str]:
    """The lines that make `trace` and its view in a notebook, up to the state; empty where the input is not known.

    In two pieces where the pass can keep more than weights: what it is to keep goes between them. `measured`: the view
    has statistics of every head.
    """
    given = trace.given
    if given is None:
        return []
    info = trace.info
    windows = given.stride > 0 and trace.n_tokens > info.max_len
    name = literal(info.name if info.source != "folder" else f"path/to/{info.name}")
    lines = [*_imports(given, measured, windows), "", f"model = zoo.load({name}){_from(trace)}"]
    if given.image is not None:
        lines.append(f'picture = pictures.read(open("{PICTURE}", "rb").read())  # saved beside this notebook')
    view = ["workbench.view(", "    trace,"]
    view += [f"    statistics(trace.attentions[{attention}]),"] if measured else []
    view += [f"    attention={attention},"] if attention else []
    said = _arguments(given, windows)
    if windows:
        return ["\n".join([*lines, f"trace = model.look(Given({said}))", *view])]
    return ["\n".join([*lines, f"trace = model.trace({said}"]), "\n".join([")", *view])]


def _imports(given: Given, measured: bool, windows: bool) -> list[str]:
    lines = ["from models import zoo"]
    lines += ["from models.explain.heads import statistics"] if measured else []
    lines += ["from models.zoo import pictures"] if given.image is not None else []
    lines += ["from models.zoo.given import Given"] if windows else []
    return [*lines, "from viz.views import workbench"]


def _arguments(given: Given, windows: bool) -> str:
    """What the model is given, as a call writes it."""
    texts = {"pair": given.pair, "target": given.target}
    said = ["image=picture"] if given.image is not None else []
    said += [f"{name}={literal(text)}" for name, text in texts.items() if text is not None]
    said += [f"start={given.start}"] if given.start else []
    said += ["plain=True"] if given.plain else []
    said += [f"stride={given.stride}"] if windows else []
    return ", ".join([literal(given.text), *said] if given.text or not said else said)


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
