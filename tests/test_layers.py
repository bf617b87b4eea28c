"""The arrows of the house: who may import whom, read from the source."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [
    p
    for top in ("app.py", "pages", "viz", "models")
    for p in ([ROOT / top] if top.endswith(".py") else (ROOT / top).rglob("*.py"))
]
STANDARD = set(sys.stdlib_module_names) | {"__future__"}

# room -> what it may import besides the standard library; the most specific room counts
MAY = {
    "app.py": {"streamlit", "pages.parts", "viz", "models.zoo", "models.records"},
    "pages": {"streamlit", "pages.parts", "viz", "models"},
    "pages/parts": {"streamlit", "cachetools", "PIL", "pages.parts", "viz", "models"},
    "viz": {"numpy", "PIL", "segno", "pyarrow", "viz", "models.records"},
    "models": {
        "numpy",
        "torch",
        "transformers",
        "tokenizers",
        "safetensors",
        "huggingface_hub",
        "tqdm",
        "torchao",
        "peft",
        "PIL",
        "models",
    },
    "models/jobs/ray.py": {"ray", "models"},
    "models/records.py": {"numpy"},
    "models/zoo/recipes": {"numpy", "torch", "transformers", "tokenizers", "safetensors", "PIL", "sacrebleu", "models"},
    "models/explain": {"numpy", "torch", "models"},
    "models/scratch": {"numpy", "torch", "transformers", "jaxtyping", "PIL", "models"},
    "models/cost": {"models.records"},
}
# importing these must cost no torch: a page is on the screen before torch is
LIGHT = (
    "app.py",
    "pages",
    "viz",
    "models/records.py",
    "models/zoo/__init__.py",
    "models/zoo/cards.py",
    "models/zoo/sources.py",
    "models/zoo/safety.py",
    "models/zoo/bounds.py",
    "models/zoo/device.py",
    "models/zoo/errors.py",
    "models/zoo/memory.py",
    "models/zoo/patterns.py",
    "models/zoo/preflight.py",
    "models/zoo/public.py",
    "models/zoo/pictures.py",
    "models/zoo/given.py",
    "models/zoo/sizes.py",
    "models/explain",
    "models/cost",
    "models/jobs",
    "models/tuning/spec.py",
    "models/tuning/job.py",
    "models/tuning/data.py",
    "models/tuning/examples.py",
    "models/tuning/history.py",
    "models/painting/masks.py",
    "models/painting/codebook.py",
    "models/learn/spec.py",
    "models/learn/samples.py",
    "models/learn/tasks.py",
    "models/learn/presets.py",
    "models/learn/recordings.py",
    "models/learn/sharing.py",
    "models/learn/zips.py",
    "models/learn/history.py",
    "models/learn/sweep.py",
    "models/learn/leader.py",
    "models/learn/results.py",
    "models/learn/frames.py",
    "models/learn/__main__.py",
)


def room(path: str) -> set[str]:
    """The rule of the most specific room a file is in."""
    return MAY[max((r for r in MAY if path == r or path.startswith(r + "/")), key=len)]


def imports(path: Path, top_only: bool = False) -> list[str]:
    """Modules a file imports, `if TYPE_CHECKING` left out; with `top_only` those inside functions too."""
    found: list[str] = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if top_only and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        if isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            # `from models import zoo` imports models.zoo
            found.extend(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text("utf-8")))
    return found


def allowed(module: str, rule: set[str]) -> bool:
    return module.split(".")[0] in STANDARD or any(module == r or module.startswith(r + ".") for r in rule)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_arrows(path: Path) -> None:
    rule = room(path.relative_to(ROOT).as_posix())
    assert [m for m in imports(path) if not allowed(m, rule)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_light_files_import_no_torch_at_the_top(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    if any(name == light or name.startswith(light.rstrip("/") + "/") for light in LIGHT):
        heavy = [
            m for m in imports(path, top_only=True) if m.split(".")[0] in ("torch", "transformers", "huggingface_hub")
        ]
        assert heavy == []


def test_the_light_side_really_costs_no_torch() -> None:
    import subprocess

    parts = [f"pages.parts.{path.stem}" for path in sorted((ROOT / "pages" / "parts").glob("*.py"))]
    light = ", ".join(["models.records", "models.zoo", "viz.views.workbench", *parts])
    code = f"import sys, {light}; sys.exit('torch' in sys.modules)"  # whatever they import in their turn
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_models_package_is_empty() -> None:
    assert (ROOT / "models" / "__init__.py").read_text() == ""


def test_only_parts_use_streamlits_state_and_cache() -> None:
    for path in FILES:
        name = path.relative_to(ROOT).as_posix()
        if name != "pages/parts/keep.py":
            assert "cache_resource" not in path.read_text("utf-8"), name
            assert "cache_data" not in path.read_text("utf-8"), name


def test_no_page_calls_out_or_takes_shortcuts() -> None:
    for path in [*FILES, *(ROOT / "viz" / "js").rglob("*.js")]:
        source = re.sub(r"http://www\.w3\.org/(2000/svg|1999/xlink)", "", path.read_text("utf-8"))  # names, not places
        for word in (
            "innerHTML",
            "unsafe_allow_html",
            "trust_remote_code=True",
            "pickle.load",
            "torch.load(",
            "http://",
            "https://",
        ):
            assert word not in source, f"{path.name}: {word}"
