"""A picture that the browser draws: numbers packed in Python, JavaScript beside them, no server needed to look."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import struct
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viz import theme

VERSION = 1
SAMPLE = 2**16  # bytes by which a way to compress is chosen
JS = Path(__file__).parent / "js"
DTYPES = {
    "uint8": "u1",
    "uint16": "u2",
    "uint32": "u4",
    "float32": "f4",
}  # little-endian: what every browser's typed arrays hold


@dataclass(frozen=True)
class View:
    """One picture: `js/<name>/` draws `header` (small, JSON) and `parts` (arrays); `title` heads the exported page."""

    name: str
    header: dict[str, Any]
    parts: dict[str, NDArray[Any]] = field(repr=False)
    title: str

    def pack(self) -> bytes:
        """What the browser receives, the same bytes for the same picture.

        Four bytes say how long the header is; then the header and each part, all raw deflate. The header names its
        parts in order with their type, shape and packed size. NaN in the header is a ValueError here, not in a browser.
        """
        raw = {name: _bytes(array) for name, array in self.parts.items()}
        packed = {name: deflate(data) for name, data in raw.items()}
        listed = [[name, DTYPES[a.dtype.name], list(a.shape), len(packed[name])] for name, a in self.parts.items()]
        header = {**self.header, "v": VERSION, "parts": listed}
        digest = hashlib.sha256(b"".join([_json(header), *raw.values()])).hexdigest()[:12]
        head = _deflate(_json({**header, "id": digest}), zlib.Z_DEFAULT_STRATEGY)
        return b"".join([struct.pack("<I", len(head)), head, *packed.values()])

    @property
    def script(self) -> str:
        """The JavaScript that draws it, as one module."""
        return script_of(self.name).module

    def to_html(self, title: str | None = None) -> str:
        """One page that opens from disk with the network off; all data sits in base64, so no text becomes markup."""
        script = script_of(self.name).plain
        data = f'Uint8Array.from(atob("{base64.b64encode(self.pack()).decode()}"), (c) => c.charCodeAt(0))'
        script += f"\ndraw({{data: {data}, parentElement: document.body}});\n"
        script = script.replace("</", "<\\/").replace("<!--", "<\\!--")
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        policy = f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'"
        heading = html.escape(self.title if title is None else title)
        return _PAGE.format(policy=policy, title=heading, palette=theme.css(), script=script)

    def _repr_html_(self) -> str:
        """The page in a frame of its own, for notebooks."""
        page = html.escape(self.to_html(), quote=True)
        allowed, style = "allow-scripts allow-downloads", "width:100%;height:820px;border:0"
        return f'<iframe srcdoc="{page}" sandbox="{allowed}" style="{style}"></iframe>'


@dataclass(frozen=True)
class Script:
    """The JavaScript of one view in the forms that its hosts want."""

    name: str
    module: str = field(repr=False)  # exports the function that draws

    @property
    def plain(self) -> str:
        """Without an export: the function is the constant `draw`."""
        return self.module.replace("export default function", "const draw = function", 1)

    @property
    def _place(self) -> str:
        """Where `library` leaves the function for `loader`, another one for other code."""
        return json.dumps(f"{self.name}:{hashlib.sha256(self.module.encode()).hexdigest()[:8]}")

    @property
    def shelved(self) -> str:
        """Puts the function where `loader` looks for it, and leaves no other name behind."""
        place = f";(globalThis.headlight ??= {{}})[{self._place}] = draw;\ndispatchEvent(new Event({self._place}));"
        return f"{{\n{self.plain}\n{place}\n}}\n"

    @property
    def loader(self) -> str:
        """The few lines that go with the data instead."""
        return (JS / "loader.js").read_text("utf-8").replace("NAME", self._place)


@cache
def script_of(name: str) -> Script:
    """The view's script: palette, what all views share, then the view's own files by name."""
    own = sorted((JS / name).glob("*.js"))
    used = [file for path in own for folder in _uses(path) for file in sorted((JS / folder).glob("*.js"))]
    files = [JS / "common.js", JS / "controls.js", *used, *own]
    module = f"const THEME = {theme.as_json()};\n" + "".join(path.read_text("utf-8") for path in files)
    return Script(name, module)


def library(names: tuple[str, ...]) -> str:
    """For a host that sends a script with all new data: the scripts of several views, to be mounted once."""
    return "".join(script_of(name).shelved for name in names) + "export default function () {}\n"


def _uses(path: Path) -> list[str]:
    """Folders that a script says it builds on: "// uses: overlay"."""
    return re.findall(r"^// uses: (\w+)$", path.read_text("utf-8"), re.MULTILINE)


_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>
<style>{palette}
body{{margin:0 auto;max-width:1440px;padding:20px;background:var(--page);color:var(--ink);
font-family:"Source Sans 3","Source Sans Pro",system-ui,sans-serif}}
h1{{font-size:22px;font-weight:700;margin:0 0 14px}}@media(max-width:640px){{body{{padding:10px}}}}</style></head>
<body><h1>{title}</h1><div class="view"></div><script type="module">{script}</script></body></html>
"""


def deflate(data: bytes) -> bytes:
    """Raw deflate by whichever of two strategies is shorter: noisy weights do best by Huffman codes alone.

    Of long data its middle is asked: trying both on all of it would take twice as long for the same answer.
    """
    middle = data[max(0, len(data) - SAMPLE) // 2 :][:SAMPLE]
    tried = {strategy: _deflate(middle, strategy) for strategy in (zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY)}
    best = min(tried, key=lambda strategy: len(tried[strategy]))
    return tried[best] if len(middle) == len(data) else _deflate(data, best)


def _deflate(data: bytes, strategy: int) -> bytes:
    squeeze = zlib.compressobj(6, zlib.DEFLATED, -15, 9, strategy)
    return squeeze.compress(data) + squeeze.flush()


def _bytes(array: NDArray[Any]) -> bytes:
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
