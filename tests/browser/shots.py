"""Screenshots of every page into shots/: 1440 wide light and dark, 390 wide dark; and the README's pictures.

`make shots`, or `python -m tests.browser.shots "/text_attention?view=text"` to look at one place only.
"""

import sys
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser

from models import zoo
from pages.parts.frame import pages
from tests.browser import site

OUT = site.ROOT / "shots"
README = site.ROOT / "docs" / "text_attention.png"
POSITIONS = site.ROOT / "docs" / "positions.png"
SIZES = {"light": (1440, 1000, "light"), "dark": (1440, 1000, "dark"), "phone": (390, 1800, "dark")}


def main(wanted: list[str]) -> None:
    """Take them all, or only the places that are asked for."""
    OUT.mkdir(exist_ok=True)
    places = {f"given_{i}": place for i, place in enumerate(wanted)}
    places = places or {"home": "/"} | {page.path.stem: f"/{page.path.stem}" for page in pages()}
    with site.streamlit(site.ROOT / "app.py") as address, site.chromium() as browser:
        site.wait_for(address)
        for name, place in places.items():
            for size, (width, height, scheme) in SIZES.items():
                shoot(browser, address + place, OUT / f"{name}_{size}.png", width, height, scheme)
        if not wanted:
            shoot(browser, address + example(), README, 1280, 1010, "light")
            shoot(browser, address + "/positions", POSITIONS, 1280, 1010, "light")


def example() -> str:
    """The README's picture: the induction head of the bundled model on its own example."""
    card = next(card for card in zoo.bundled() if card.name == "gpt-stories")
    text = next(example["text"] for example in card.examples if example["role"] == "induction")
    roles = [card.heads[role] for role in ("induction", "previous token")]
    heads = ",".join(f"{head['layer']}.{head['head']}" for head in roles)
    return f"/text_attention?{urlencode({'text': text, 'heads': heads})}"


def shoot(browser: Browser, address: str, file: Path, width: int, height: int, scheme: str) -> None:
    """One picture of one place, drawn and at rest."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    page.locator(".view[data-ready] :is(.wb, .cmp, .pn, svg)").last.wait_for(timeout=90_000)
    page.wait_for_timeout(1_500)  # fonts and the last transition
    page.screenshot(path=file)
    context.close()
    print(file.relative_to(site.ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
