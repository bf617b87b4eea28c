"""The two modes: everything on one's own machine, a list where strangers are served."""

from pathlib import Path

import pytest

from models import zoo
from models.zoo import public, sources


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Headlight open to strangers, whose list names acme/tiny."""
    path = tmp_path / "allowed.txt"
    path.write_text("# ours\n\nacme/tiny  # a GPT-2\n")
    monkeypatch.setenv("HEADLIGHT_PUBLIC", "1")
    monkeypatch.setenv("HEADLIGHT_ALLOWED", str(path))
    return path


def silent(_: zoo.Progress) -> None: ...


def test_on_ones_own_machine_everything_may_be_asked_for(monkeypatch: pytest.MonkeyPatch, folders: Path) -> None:
    monkeypatch.setenv("HEADLIGHT_PUBLIC", "0")
    assert not public.is_public()
    public.check("anyone/anything")
    assert sources.locate(str(folders / "gpt2"), silent).kind == "folder"


def test_strangers_get_bundled_names_and_the_list(served: Path) -> None:
    assert public.allowed() == {"acme/tiny"}
    public.check("acme/tiny")
    name = zoo.bundled()[0].name
    assert sources.locate(name, silent).kind == "bundled"


@pytest.mark.parametrize("ref", ["acme/other", "gpt2", "", "file:///etc/passwd", "/etc", "~", "."])
def test_strangers_get_nothing_else(served: Path, ref: str) -> None:
    with pytest.raises(zoo.LoadError, match="is not among the models that this public Headlight opens"):
        sources.locate(ref, silent)
    with pytest.raises(zoo.LoadError, match="is not among"):
        sources.peek(ref)


def test_folders_are_not_opened_for_strangers_even_if_the_list_names_them(served: Path, folders: Path) -> None:
    served.write_text(str(folders / "gpt2"))
    with pytest.raises(zoo.LoadError, match="neither a folder"):
        sources.locate(str(folders / "gpt2"), silent)


def test_a_folder_that_is_called_like_an_id_is_not_taken_for_it(
    served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme" / "tiny").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sources, "download", lambda repo, _: Path("downloaded"))
    assert sources.locate("acme/tiny", silent).kind == "hub"
    monkeypatch.delenv("HEADLIGHT_PUBLIC")
    assert sources.locate("acme/tiny", silent).kind == "folder"


def test_the_list_that_comes_with_headlight_names_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADLIGHT_ALLOWED", raising=False)
    assert "openai-community/gpt2" in public.allowed()
    assert all(sources.HUB_ID.fullmatch(ref) and "/" in ref for ref in public.allowed())


def test_a_list_that_is_not_there(served: Path) -> None:
    served.unlink()
    with pytest.raises(zoo.LoadError, match="HEADLIGHT_ALLOWED") as caught:
        public.check("acme/tiny")
    assert str(served) not in str(caught.value)


def test_strangers_may_cost_less(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = public.limits()
    monkeypatch.delenv("HEADLIGHT_PUBLIC")
    many = public.limits()
    assert few.download < many.download
    assert few.hold < many.hold
    assert few.tokens < many.tokens


def test_limits_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADLIGHT_MAX_DOWNLOAD_GB", "0.5")
    monkeypatch.setenv("HEADLIGHT_MAX_HOLD_GB", "3")
    monkeypatch.setenv("HEADLIGHT_MAX_TOKENS", "64")
    assert public.limits() == public.Limits(5e8, 3e9, 64)


@pytest.mark.parametrize("value", ["many", "0", "-1", "nan"])
def test_a_limit_that_is_none(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HEADLIGHT_MAX_HOLD_GB", value)
    with pytest.raises(zoo.LoadError, match="HEADLIGHT_MAX_HOLD_GB"):
        public.limits()


def test_strangers_see_no_messages_and_no_paths(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = ValueError(f"cannot read {Path.home()}/secret.\nmore")
    assert public.brief(error) == "ValueError"
    monkeypatch.delenv("HEADLIGHT_PUBLIC")
    assert public.brief(error) == "ValueError: cannot read ~/secret"
    assert public.brief(ValueError()) == "ValueError"
