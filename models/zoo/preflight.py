"""What a model will cost, said before it is paid: bytes to fetch and to hold, seconds, and whether attention will come.

Everything is found out without the weights: from the settings, the model's skeleton on the meta device (shapes without
numbers), and a twin of one or two layers that is run on the CPU.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from models.zoo import public, safety, sources
from models.zoo.errors import LoadError

if TYPE_CHECKING:
    from models.zoo.device import Placement

# transformers imports its parts when they are first used, and builds models under a global default dtype: two threads
# that do so at once wait for each other for ever
BUILDING = threading.Lock()
TIERS = {
    "interface": "attention is read through the attention interface",
    "function": "attention is read off the softmax it computes",
    "library": "attention is what the model itself returns",
    "mixed": "attention is read in more than one way",
    "none": "it has no attention that can be read",
    None: "whether its attention can be read is found out when it is loaded",
}


@dataclass(frozen=True)
class Preflight:
    """The cost of opening a model and reading `n_tokens` tokens with it; sizes in bytes.

    `reason` says in a sentence why it cannot be opened, None if nothing is known against it.
    """

    name: str
    source: str  # "bundled", "folder" or "hub"; "" if it was not found
    family: str = ""
    download: int = 0  # still to come from the hub: 0 if bundled, a folder, or downloaded before
    hold_weights: int = 0  # weights and buffers, in the precision they will be held in
    hold_capture: int = 0  # what a trace keeps
    peak: int = 0  # comes and goes while it loads or runs
    free: int = 0  # where the model will be held
    n_params: int = 0
    n_tokens: int = 0  # as asked for, or as many as can be read; 0 if it reads pictures only
    seconds: float | None = None  # for one pass on this CPU; None where it is not known
    tier: str | None = None  # a key of TIERS
    precision: str = ""
    reason: str | None = None

    @property
    def needs(self) -> int:
        """Bytes of memory in all."""
        return self.hold_weights + self.hold_capture + self.peak

    @property
    def fits(self) -> bool:
        """True if it can be opened, fits into memory and gives attention, as far as is known."""
        return self.reason is None

    def sentence(self) -> str:
        """All of it for the page."""
        if self.reason is not None:
            return self.reason
        fetched = f"Downloads {size(self.download)}, holds" if self.download else "Holds"
        what = f"{self.n_tokens} tokens" if self.n_tokens else "a picture"
        took = "" if self.seconds is None else f", about {self.seconds:.1g} s for {what}"
        return f"{fetched} {size(self.needs)} of {size(self.free)} free{took}; {TIERS[self.tier]}."


def size(n_bytes: float) -> str:
    """548 MB, 1.1 GB."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= scale:
            value = n_bytes / scale
            return f"{value:.1f} {unit}" if value < 10 else f"{value:,.0f} {unit}"
    return f"{n_bytes / 1e3:.0f} kB"


def preflight(ref: str, n_tokens: int = 512, precision: str = "auto") -> Preflight:
    """What opening `ref` and reading `n_tokens` tokens costs; never raises for a model, says the reason instead.

    Of a hub model that is not here yet only config.json is fetched.
    """
    try:
        prospect = sources.peek(ref)
    except LoadError as error:
        return Preflight(ref.strip(), "", reason=str(error))
    try:
        config = safety.checked_config(prospect.folder)
        if not prospect.download:
            safety.weight_files(prospect.folder)
        with BUILDING:
            return _measured(prospect, config, n_tokens, precision)
    except LoadError as error:
        return Preflight(prospect.name, prospect.kind, download=prospect.download, reason=str(error))


def _measured(prospect: sources.Prospect, config: dict[str, Any], n_tokens: int, precision: str) -> Preflight:
    """The numbers, of a model whose settings are in order."""
    from models.zoo import device, sizes, twin

    whole = twin.skeleton(config)
    placement = device.choose(precision, _float32(whole))
    weights, free = twin.held(whole, placement), device.free_bytes(placement)
    reason = _too_large(prospect.name, weights, free)
    tier, why = (
        (None, "") if reason else twin.tier(config)
    )  # a twin of a very large model takes seconds: spared if it is in vain
    n_tokens = max(1, min(n_tokens, public.limits().tokens, _positions(whole.config)))
    loading = twin.held(whole, replace(placement, int8=False)) - weights  # 8-bit weights begin as floats
    found = Preflight(
        name=prospect.name,
        source=prospect.kind,
        family=config["model_type"],
        download=prospect.download,
        hold_weights=weights,
        hold_capture=sizes.capture(whole.config, n_tokens, tier),
        peak=max(loading, sizes.peak(whole.config, n_tokens)),
        free=free,
        n_params=sum(p.numel() for p in whole.parameters()),
        n_tokens=n_tokens if sizes.reads_text(whole.config) else 0,
        seconds=None if reason or placement.device != "cpu" else twin.seconds(config, whole, n_tokens),
        tier=tier,
        precision=placement.label,
    )
    return replace(found, reason=_too_large(found.name, found.needs, free) or _blind(found, why))


def _blind(found: Preflight, why: str) -> str | None:
    """The reason, if there is nothing to see."""
    if found.tier != "none":
        return None
    return f"{found.name} shows no attention: {why}."


def _too_large(name: str, needs: int, free: int) -> str | None:
    """The numbers in a sentence if a model does not fit, else None."""
    limit = public.limits().hold
    if needs > limit:
        return (
            f"{name} needs {size(needs)} of memory; here models of up to {size(limit)} are opened. Choose a smaller "
            "model, or one of the bundled ones."
        )
    if needs > free:
        return (
            f"{name} needs {size(needs)} of memory, {size(free)} are free. Close other programs or models, or choose a "
            "smaller model."
        )
    return None


def place(name: str, config: dict[str, Any], precision: str = "auto") -> Placement:
    """Where a model with these settings goes; raises LoadError if its weights are too large for that place.

    Called before anything is built: config.json may promise more than the weights' file holds.
    """
    from models.zoo import device, twin

    whole = twin.skeleton(config)
    placement = device.choose(precision, _float32(whole))
    needs = twin.held(whole, replace(placement, int8=False))  # 8-bit weights begin as floats
    refusal = _too_large(name, needs, device.free_bytes(placement))
    if refusal is not None:
        raise LoadError(refusal)
    return placement


def _float32(module: Any) -> int:
    """Bytes of the weights as the CPU holds them."""
    return sum(4 * p.numel() if p.is_floating_point() else p.nbytes for p in module.parameters())


def _positions(settings: Any) -> int:
    """How many tokens the settings say can be read."""
    said = getattr(settings.get_text_config(), "max_position_embeddings", None)
    return said if isinstance(said, int) and said > 0 else 1 << 30
