"""Which side of a split something belongs to, decided by what it says and never by where it stands."""

import hashlib


def fingerprint(text: str) -> int:
    """A number that depends on the letters and digits of a text alone: spelling variants always share a side."""
    words = "".join(c for c in text.lower() if c.isalnum())
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8])
