"""Screenshots of every page into shots/: 1440 wide light and dark, 390 wide dark. `make shots`."""

import sys
from pathlib import Path

from pages.parts.frame import pages
from tests.browser import site

OUT = site.ROOT / "shots"
SIZES = {"light": (1440, 1000, "light"), "dark": (1440, 1000, "dark"), "phone": (390, 1800, "dark")}


def main(out: Path = OUT) -> None:
    """Take them all; an address may be given to look at one place only."""
    out.mkdir(exist_ok=True)
    places = {"home": "/"} | {page.path.stem: f"/{page.path.stem}" for page in pages()}
    places |= {place.strip("/").replace("/", "_").split("?")[0] + "_given": place for place in sys.argv[1:]}
    with site.streamlit(site.ROOT / "app.py") as address, site.chromium() as browser:
        site.wait_for(address)
        for name, place in places.items():
            for size, (width, height, scheme) in SIZES.items():
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
                page = context.new_page()
                page.goto(address + place)
                page.locator(".view[data-ready]").first.wait_for(timeout=90_000)
                page.wait_for_timeout(1_000)  # fonts and the last transition
                page.screenshot(path=out / f"{name}_{size}.png")
                context.close()
                print(out / f"{name}_{size}.png")


if __name__ == "__main__":
    main()
