"""Screenshots of every page into shots/: 1440 wide light and dark, 390 wide dark; and the README's pictures.

`make shots`, or `python -m tests.browser.shots "/text_attention?view=text"` to look at one place only; `readme` takes
the README's pictures alone.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page

from models import zoo
from pages.parts.frame import pages
from tests.browser import site

OUT = site.ROOT / "shots"
DOCS = site.ROOT / "docs"
SWEEP = {
    "preset": "reverse", "steps": 300, "knobs": ["lr", "n_heads", "position"], "is lr": "0.0003, 0.001, 0.003, 0.01",
    "is n_heads": "1, 2, 4", "is position": ["learned", "rope halves"],
}  # fmt: skip
SIZES = {"light": (1440, 1000, "light"), "dark": (1440, 1000, "dark"), "phone": (390, 1800, "dark")}


def main(wanted: list[str]) -> None:
    """Take them all, or only the places that are asked for."""
    OUT.mkdir(exist_ok=True)
    places = {f"given_{i}": place for i, place in enumerate(wanted) if place != "readme"}
    if not wanted:
        places = {"home": "/"} | {page.path.stem: f"/{page.path.stem}" for page in pages()}
    with (
        tempfile.TemporaryDirectory() as home,  # no runs of one's own in the pictures
        site.streamlit(site.ROOT / "app.py", HEADLIGHT_HOME=home) as address,
        site.chromium() as browser,
    ):
        site.wait_for(address)
        for name, place in places.items():
            for size, (width, height, scheme) in SIZES.items():
                shoot(browser, address + place, OUT / f"{name}_{size}.png", width, height, scheme)
        if not wanted or "readme" in wanted:
            for name, (place, height) in readme().items():
                shoot(browser, address + place, DOCS / f"{name}.png", 1280, height, "light", BEFORE.get(name))


def readme() -> dict[str, tuple[str, int]]:
    """The README's pictures: file -> place and height."""
    return {
        "text_attention": (induction(), 1010),
        "vision": ("/vision?head=2.3", 930),
        "detection": ("/detection", 1000),
        "captioning": ("/captioning?word=2", 1020),
        "text_to_image": (
            "/text_to_image?at=48&head=0.0&text_to_image_caption=a+blue+square+left+of+a+yellow+diamond",
            1440,
        ),
        "positions": ("/positions", 1010),
        "sweeps": (f"/sweeps?{urlencode({'plan': json.dumps(SWEEP)})}", 1010),
        "anatomy": ("/anatomy?text=Once+upon+a+time+there+was+a+king+who&stage=attention-weights&layer=1&head=2", 1290),
        "playground": ("/playground?preset=induction", 1250),
        "generation": ("/generation?generation_seed=10&generation_text=Once+upon+a+time+there+was+a+king", 1180),
        "sentiment": ("/language_tasks?language_model=roberta-sentiment", 760),
        "question_answering": ("/language_tasks?language_model=bert-qa", 900),
        "translation": ("/language_tasks?language_model=marian-en-fr", 1150),
        "summarization": ("/language_tasks?language_model=bart-summary", 1250),
        "fine_tuning": ("/fine_tuning", 1130),
        "fill_the_gap": ("/language_tasks?language_model=bert-stories&language_words=lovely", 1000),
    }


def induction() -> str:
    """The induction head of the bundled model on its own example."""
    card = next(card for card in zoo.bundled() if card.name == "gpt-stories")
    text = next(example["text"] for example in card.examples if example["role"] == "induction")
    roles = [card.heads[role] for role in ("induction", "previous token")]
    heads = ",".join(f"{head['layer']}.{head['head']}" for head in roles)
    return f"/text_attention?{urlencode({'text': text, 'heads': heads})}"


def written(page: Page) -> None:
    """Generation after so many tokens."""
    for number in range(14):
        page.get_by_role("button", name="One token").click()
        page.locator(".written button").nth(number).wait_for()


def trained(page: Page) -> None:
    """The playground when its run is done, with what each head came to."""
    page.set_default_timeout(300_000)
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_text("All steps are done").wait_for()
    page.get_by_role("button", name="Induction score", exact=True).click()
    _rest(page)


def _rest(page: Page) -> None:
    """Back to the beginning of the page, pointing at nothing."""
    page.locator(".stMain").evaluate("(node) => node.scrollTo(0, 0)")
    page.mouse.move(640, 5)


def swept(page: Page) -> None:
    """A sweep that has begun, at its end."""
    page.get_by_role("button", name="Start the sweep").click()
    page.get_by_text("finished").wait_for(timeout=600_000)
    _rest(page)


def tuned(page: Page) -> None:
    """A fine-tuning at its end."""
    page.get_by_role("button", name="Train", exact=True).click(timeout=90_000)
    page.get_by_text("All steps are done").wait_for(timeout=300_000)


DRAWN = (
    ".view[data-ready] :is(.wb, .cmp, .px, .anatomy, .pn, .ln, svg, .sw), .stText, .stDataFrame, .st-key-sweeps_start"
)
BEFORE = {"generation": written, "playground": trained, "sweeps": swept, "fine_tuning": tuned}


def shoot(
    browser: Browser,
    address: str,
    file: Path,
    width: int,
    height: int,
    scheme: str,
    before: Callable[[Page], None] | None = None,
) -> None:
    """One picture of one place, drawn and at rest, after something was done there."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    page.locator(DRAWN).filter(visible=True).last.wait_for(timeout=90_000)
    if before is not None:
        before(page)
    page.wait_for_timeout(1_500)  # fonts and the last transition
    page.screenshot(path=file)
    context.close()
    print(file.relative_to(site.ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
