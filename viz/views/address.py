"""The page's address: what a link needs and no widget keeps there by itself, such as a long text."""

from urllib.parse import parse_qs, quote

from viz.view import View

LONGEST = 30_000  # bytes of an encoded value; servers refuse requests of more than about 64 kB


def fits(value: str) -> bool:
    """Whether a value can be part of a link."""
    return len(quote(value.encode("utf-8", "replace"), safe="")) <= LONGEST


def view(**values: str | None) -> View:
    """Put these into the address under their names; None takes a name out, as does a value too long for a link.

    Of such a one the view says so: it draws nothing else.
    """
    kept = {name: value if value is not None and fits(value) else None for name, value in values.items()}
    long = [name for name, value in values.items() if value is not None and kept[name] is None]
    said = [f"This {name.split('_')[-1]} is too long for a link: the address leaves it out." for name in long]
    return View("address", {"values": kept, "said": " ".join(said)}, {}, "")


def asking() -> View:
    """Tell Python, as the state `search`, what the address says: a click in a view changes it without a word."""
    return View("address", {"ask": True}, {}, "")


def read(search: str) -> dict[str, str]:
    """The address's keys and values from what the browser said of it."""
    return {key: values[-1] for key, values in parse_qs(search.removeprefix("?")).items()}
