"""Whether a tokenizer.json can be trusted with a text: some regular expressions, such as (a+)+$, never come back."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.zoo.errors import LoadError
from models.zoo.safety import read_json

# What the patterns of GPT-2, LLaMA 3, Qwen, GPT-4o, DeepSeek, CLIP and their kin consist of, with "|" between
KNOWN = frozenset(
    [
        *"'s 't 're 've 'm 'll 'd".split(),
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)",
        r"(?i:[sdmt]|ll|ve|re)",
        r"'(?i:[sdmt]|ll|ve|re)",
        r"<\|startoftext\|>",
        r"<\|endoftext\|>",
        r" ?\p{L}+",
        r" ?\p{N}+",
        r"\s?\p{L}+",
        r"\s?\p{P}+",
        r" ?[^\s\p{L}\p{N}]+",
        r" ?[^\s\p{L}\p{N}]+[\r\n]*",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r" ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*",
        r" ?[\p{P}\p{S}]+[\r\n]*",
        r"[^\r\n\p{L}\p{N}]?\p{L}+",
        r"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+",
        r"[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+""",
        r" ?[^(\s|[.,!?…。，、।۔،])]+",  # BLOOM
        r"\s*[\r\n]+",
        r"\s*[\r\n]",
        r"\s+(?!\S)",
        r"^▁+$",
    ]
)
# one run of one kind of character, with nothing after it that could fail and send the search back
PLAIN = re.compile(
    r"(?:\\[a-zA-Z]|\\p\{\w+\}|\[\^?(?:\\.|[^\]\\\[&])+\]|[^\\\[\](){}|^$.*+?])(?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\})?"
)
SECONDS = 5.0
_PROBE = """
import json, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
except (ImportError, ValueError, OSError):
    pass
given = json.load(sys.stdin)
sys.path[:] = given["path"]
from tokenizers import Tokenizer
try:
    tokenizer = Tokenizer.from_file(sys.argv[1])
except Exception:
    sys.exit(0)  # a file that cannot be read is the loader's to complain about
for text in given["texts"]:
    tokenizer.encode(text)
"""


def check_tokenizer(folder: Path, seconds: float = SECONDS) -> None:
    """Raise LoadError if tokenizer.json splits text by a regular expression that never comes back, such as (a+)+$.

    Patterns that are not well known are tried on long repetitive texts, in a process of their own that is ended after
    `seconds`. This finds the patterns that explode on such texts; it does not prove that others cannot.
    """
    path = folder / "tokenizer.json"
    if not path.exists():
        return
    patterns = sorted(unknown_patterns(read_json(path)))
    if not patterns:
        return
    command = [sys.executable, "-I", "-c", _PROBE, str(path.resolve())]
    texts = [text for pattern in patterns for text in _provocations(pattern)]
    given = json.dumps({"path": sys.path, "texts": texts}).encode()
    try:
        subprocess.run(command, input=given, capture_output=True, timeout=seconds, check=True)
        return
    except subprocess.TimeoutExpired:
        outcome = f"was still busy after {seconds:g} seconds"
    except subprocess.CalledProcessError:
        outcome = "broke"
    raise LoadError(
        f"The tokenizer splits text by the pattern {patterns[0][:60]}, and {outcome} when it was tried on long "
        "texts of one repeated character. Headlight does not use it: look for another version of the model."
    )


def unknown_patterns(tokenizer: dict[str, Any]) -> set[str]:
    """The regular expressions in a tokenizer.json that are neither well known nor plainly harmless."""
    steps = [tokenizer.get(key) for key in ("normalizer", "pre_tokenizer", "post_processor", "decoder")]
    return {p for p in _patterns(steps) if not _harmless(p)}


def _harmless(pattern: str) -> bool:
    """True for a pattern that is well known, or all of whose alternatives are well known or plain."""
    return pattern in KNOWN or all(part in KNOWN or PLAIN.fullmatch(part) for part in _alternatives(pattern))


def _alternatives(pattern: str) -> list[str]:
    """The parts of a pattern between the "|" that are in no class and no group."""
    parts, depth = [""], 0
    for piece in re.findall(r"\\.|\[\^?(?:\\.|[^\]\\])*\]|.", pattern, re.DOTALL):
        depth += (piece == "(") - (piece == ")")
        if piece == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _patterns(value: Any) -> Iterator[str]:
    """Every {"Regex": pattern} below a value."""
    waiting = [value]  # a file may be nested deeper than functions can call each other
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("Regex"), str):
                yield value["Regex"]
            waiting.extend(value.values())
        if isinstance(value, list):
            waiting.extend(value)


def _provocations(pattern: str) -> list[str]:
    """Long runs of what the pattern might repeat, each with an end that does not belong to them."""
    letters = dict.fromkeys([*"aA1 \n.\t-_", *(c for c in pattern if c.isalnum() or ord(c) > 127)])
    runs = [letter * 2_000 for letter in [*letters][:40]] + ["ab" * 1_000, "a " * 1_000, "1a" * 1_000]
    return [run + end for run in runs for end in ("", "\0!")]
