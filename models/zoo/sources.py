"""From what a visitor types to a folder on disk: a bundled name, a local folder, or a download from the hub."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.zoo import public
from models.zoo.cards import BUNDLED, card
from models.zoo.errors import LoadError

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)
TIMEOUT = 10.0  # seconds that the hub has to say what a repository holds
TOKENIZER_FILES = ("*.json", "*.txt", "*.model", "*.spm", "*.jinja")
UNWANTED = ("*/*", "adapter_*", "training_args*", "trainer_state*", "optimizer*")


@dataclass(frozen=True)
class Progress:
    """How far a load has come: a stage in words, and bytes done and in all (0 where they are not known)."""

    stage: str
    done: int = 0
    total: int = 0


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Source:
    """Where a model lies: `kind` is "bundled", "folder" or "hub"."""

    kind: str
    name: str
    folder: Path

    @property
    def revision(self) -> str:
        """Which weights these are: the hub's commit, a bundled file's checksum; "" of a folder, which may change."""
        if self.kind == "hub":  # the hub's cache names folders by commit
            return self.folder.name if re.fullmatch(r"[0-9a-f]{40}", self.folder.name) else ""
        if self.kind == "bundled":
            return "sha256:" + hashlib.sha256((self.folder / "model.safetensors").read_bytes()).hexdigest()[:12]
        return ""


@dataclass(frozen=True)
class Prospect:
    """A model that may still have to be fetched: `folder` holds its config.json, `download` counts bytes to come."""

    kind: str
    name: str
    folder: Path
    download: int


def locate(ref: str, report: Report) -> Source:
    """Find the model, downloading it if need be; raises LoadError with a sentence for the page."""
    here = _local(ref.strip())
    return here or Source("hub", ref.strip(), download(ref.strip(), report))


def peek(ref: str) -> Prospect:
    """Find the model, but of a hub model fetch config.json only; raises LoadError with a sentence for the page."""
    ref = ref.strip()
    here = _local(ref)
    if here is not None:
        return Prospect(here.kind, here.name, here.folder, 0)
    found = _ask(ref)
    if isinstance(found, Path):
        return Prospect("hub", ref, found, 0)
    return Prospect("hub", ref, _config(ref), _missing(ref, found))


def _local(ref: str) -> Source | None:
    """A bundled model or a folder; None if it is a hub id. Raises LoadError for what is neither, or not allowed."""
    if card(ref) is not None:
        return Source("bundled", ref, BUNDLED / ref)
    public.check(ref)
    folder = Path(ref).expanduser()
    if ref and not public.is_public() and folder.is_dir():
        return Source("folder", folder.name, folder)
    if not HUB_ID.fullmatch(ref) or ".." in ref or "--" in ref:
        raise LoadError(
            f"“{ref[:80]}” is neither a folder on this computer nor a Hugging Face id. An id looks like "
            "openai-community/gpt2; a folder is given by its full path."
        )
    return None


def download(repo: str, report: Report) -> Path:
    """Fetch config, tokenizer and safetensors of a hub model into the hub's own cache, or find them there.

    Raises LoadError if the id is unknown, the hub cannot be reached, the weights are pickles or too large, or the
    download breaks off; what came is kept, and the next try goes on from there.
    """
    from huggingface_hub import snapshot_download

    report(Progress(f"Asking the hub for {repo}"))
    sizes = _ask(repo)
    if isinstance(sizes, Path):
        return sizes
    total = sum(sizes.values())
    try:
        return Path(snapshot_download(repo, allow_patterns=list(sizes), tqdm_class=_bar(repo, total, report)))
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise LoadError(f"{repo} could not be stored on this computer: {error.strerror}.") from error
        raise LoadError(
            f"The download of {repo} broke off ({type(error).__name__}). What came is kept: try again and it goes on "
            "from there."
        ) from error


def _ask(repo: str) -> dict[str, int] | Path:
    """The files to fetch and their sizes, or the folder of an earlier download if the hub cannot be asked.

    Raises LoadError if there is neither, if the weights are pickles, or if they are too large.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        # one question without retries: offline, the answer must come at once
        siblings = HfApi().model_info(repo, files_metadata=True, timeout=TIMEOUT).siblings or []
    except Exception as error:  # every failure of the hub's client ends as a sentence
        cached = None if isinstance(error, RepositoryNotFoundError) else _cached(repo)
        if cached is None:
            raise _refusal(repo, error) from error
        return cached
    sizes = {file.rfilename: file.size or 0 for file in siblings}
    wanted = {name: sizes[name] for name in _wanted(repo, sizes)}
    total, limit = sum(wanted.values()), public.limits().download
    if total > limit:
        more = "Choose a smaller one." if public.is_public() else "Set HEADLIGHT_MAX_DOWNLOAD_GB to allow more."
        raise LoadError(f"{repo} is a download of {total / 1e9:.1f} GB; Headlight stops at {limit / 1e9:g} GB. {more}")
    return wanted


def _config(repo: str) -> Path:
    """The folder that config.json lies in, fetched if it is not there yet; raises LoadError if it does not come."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    try:
        return Path(hf_hub_download(repo, "config.json")).parent
    except EntryNotFoundError as error:
        raise LoadError(f"{repo} has no config.json, so there is no telling what kind of model it is.") from error
    except Exception as error:
        raise LoadError(
            f"The settings of {repo} did not come ({type(error).__name__}). Try again in a while, or choose a bundled "
            "model."
        ) from error


def _missing(repo: str, sizes: dict[str, int]) -> int:
    """Bytes of those files that no earlier download left here."""
    from huggingface_hub import try_to_load_from_cache

    return sum(size for name, size in sizes.items() if not isinstance(try_to_load_from_cache(repo, name), str))


def _wanted(repo: str, sizes: dict[str, int]) -> list[str]:
    """The files to fetch: one set of safetensors, config and tokenizer; raises LoadError if there are no weights."""
    from huggingface_hub.utils import filter_repo_objects

    names = list(filter_repo_objects(sizes, allow_patterns=list(TOKENIZER_FILES), ignore_patterns=list(UNWANTED)))
    if "model.safetensors" in sizes:
        weights = ["model.safetensors"]
    else:
        weights = [name for name in sizes if re.fullmatch(r"model-\d+-of-\d+\.safetensors", name)]
    if not weights:
        pickles = any(name.endswith((".bin", ".pt", ".pth", ".ckpt")) for name in sizes)
        raise LoadError(
            f"{repo} holds its weights only as a pickle file, which can run any code when it is opened. Look for a "
            "version with model.safetensors."
            if pickles
            else f"{repo} has no model.safetensors: there are no weights to load."
        )
    return sorted(set(names) | set(weights))


def _cached(repo: str) -> Path | None:
    """What an earlier download left, for when the hub cannot be asked."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import IncompleteSnapshotError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repo, local_files_only=True))
    except IncompleteSnapshotError as error:  # files that we never asked for are missing too: the loader looks closer
        return Path(error.snapshot_path)
    except LocalEntryNotFoundError:
        return None


def _refusal(repo: str, error: BaseException) -> LoadError:
    """The hub client's exception as a sentence."""
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    if isinstance(error, GatedRepoError):
        return LoadError(f"{repo} is gated: its authors want you to ask them first, and to log in with your own token.")
    if isinstance(error, RepositoryNotFoundError):
        return LoadError(f"The hub knows no model called “{repo}”, or it is private. Check the spelling.")
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        return LoadError(f"The hub answered {status} for {repo}. Try again in a while, or choose a bundled model.")
    return LoadError(
        f"The hub cannot be reached from here ({type(error).__name__}), and {repo} has not been downloaded before. The "
        "bundled models and any folder on this computer work without a network."
    )


def _bar(repo: str, total: int, report: Report) -> Any:
    """A tqdm class that tells the page how many bytes have come, and prints nothing."""
    from tqdm.auto import tqdm

    class Bar(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._counts_bytes = kwargs.get("unit") == "B"
            kwargs["file"] = _Silence()
            kwargs.pop("name", None)
            super().__init__(*args, **kwargs)

        def update(self, n: float | None = 1) -> bool | None:
            shown = super().update(n)
            if self._counts_bytes:
                report(Progress(f"Downloading {repo}", min(int(self.n), total), total))
            return shown

    return Bar


class _Silence:
    """A file that swallows what tqdm prints."""

    def write(self, _: str) -> None: ...

    def flush(self) -> None: ...
