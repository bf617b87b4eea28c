"""What the server answers a view that asked for more than a picture; it costs no byte of the picture itself."""

from __future__ import annotations

from typing import Any

import segno

from viz.view import View

LONGEST = 2_900  # characters of a link in a code: a larger one no camera reads


def view(**values: Any) -> View:
    """Say these to the view that asked, each under its name."""
    return View("answer", {"values": values}, {}, "")


def code(link: str) -> dict[str, Any]:
    """The QR code of a link: `size` modules a side, `modules` row after row as text of 0 and 1; or `why` there is none.

    As small as the link allows, with as much error correction as fits into that size.
    """
    if len(link) <= LONGEST:
        try:
            rows = segno.make_qr(link, error="l").matrix
        except segno.DataOverflowError:
            pass
        else:
            modules = "".join("1" if module else "0" for row in rows for module in row)
            return {"link": link, "size": len(rows), "modules": modules}
    why = f"This link has {len(link):,} characters, more than a QR code holds. Copy it, or shorten the text."
    return {"link": link, "why": why}
