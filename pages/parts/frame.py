"""What every page stands in: set-up, the sidebar in sections, the header. Pages are found, not listed."""

import ast
import base64
import functools
import html
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts import forgotten, garbage, keep, stale, unsent

# Each visitor's request computes in a thread of its own. Several threads for one request wait for one another wherever
# the cores are busy, and are many times slower than one. Set before anything imports torch, which reads it once.
os.environ.setdefault("OMP_NUM_THREADS", "1")
forgotten.mend()
unsent.mend()
stale.mend()
garbage.spare()

ROOT = Path(__file__).parents[2]
SECTIONS = ("Explore", "Understand", "Look inside", "Train", "Share")  # in the sidebar's order; a page names its own
HOME = "home"
SIDEBAR = 236  # pixels
STYLE = ROOT / "pages" / "parts" / "frame.css"
LOGO = ROOT / "pages" / "parts" / "logo.svg"
MENU = ROOT / "pages" / "parts" / "sidebar"  # .css and .js


@dataclass(frozen=True)
class Page:
    """A page as its own file describes it: the docstring's first line and question, and its comments."""

    path: Path
    title: str
    question: str
    section: str
    icon: str

    @property
    def link(self) -> str:
        """The path that st.page_link wants."""
        return self.path.relative_to(ROOT).as_posix()


@functools.cache
def pages() -> tuple[Page, ...]:
    """Every file in pages/, in the order of sections, then titles; read, not run."""
    found = [describe(path) for path in (ROOT / "pages").glob("*.py")]
    return tuple(sorted(found, key=lambda page: (SECTIONS.index(page.section), page.title)))


def describe(path: Path) -> Page:
    """Read a page's docstring and its `# section:` and `# icon:` comments; raises ValueError if one is missing."""
    source = path.read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(source)) or ""
    title, _, question = (part.strip() for part in docstring.partition("\n"))
    section = re.search(r"^# section: (.+)$", source, re.M)
    icon = re.search(r"^# icon: (.+)$", source, re.M)
    if not (title and question and section and icon):
        raise ValueError(
            f"{path.name} should start with a docstring (title, blank line, one-sentence question) and have the "
            f"comments '# section: one of {', '.join(SECTIONS)}' and '# icon: a Material symbol's name'."
        )
    return Page(path, title, " ".join(question.split()), section[1].strip(), icon[1].strip())


def begin(file: str) -> None:
    """Set up a page: title from its docstring, sidebar, style, header."""
    page = describe(Path(file))
    _set_up(page.title, page.path.stem)
    st.title(page.title, anchor=False)


def begin_home(title: str) -> None:
    """Set up Home, whose docstring is not a page's; while it is read, the first model is warmed."""
    _set_up("Headlight", HOME)
    keep.warm()
    st.title(title, anchor=False)


def _set_up(title: str, here: str) -> None:
    st.set_page_config(
        page_title=title if title == "Headlight" else f"{title} · Headlight",
        page_icon=_icon(title),
        layout="wide",
        initial_sidebar_state=SIDEBAR,
    )
    with st.sidebar:
        _sidebar(here)


def _icon(title: str) -> str | None:
    """The logo, once for each page that a visitor comes to: the browser keeps it, and a rerun would send it whole."""
    there = st.session_state.get("icon_of")
    st.session_state["icon_of"] = title
    return None if there == title else str(LOGO)


@functools.cache
def _brand() -> str:
    """The style sheet, with the logo in it: Streamlit strips SVG from HTML, but not from CSS."""
    logo = base64.b64encode(LOGO.read_bytes()).decode()
    sheet = STYLE.read_text("utf-8").replace("LOGO", f"data:image/svg+xml;base64,{logo}")
    return f'<style>{sheet}</style><div class="headlight-brand">Headlight</div>'


def _sidebar(here: str) -> None:
    """Every page as a link, `here` marked: all in one element, for which a rerun sends one hash."""
    st.html(_brand())
    chosen = _menu()(key="sidebar", data={"here": here}, on_go_change=lambda: None).go
    if chosen is not None:
        st.switch_page({page.path.stem: page.link for page in pages()}.get(chosen, "app.py"))


@functools.cache
def _menu() -> Any:
    style, script = (MENU.with_suffix(ending).read_text("utf-8") for ending in (".css", ".js"))
    return st.components.v2.component("headlight_sidebar", html=_links(), css=style, js=script)


def _links() -> str:
    """The links as HTML, by sections."""
    found = [_link("./", HOME, "Home", "home")]
    for section in SECTIONS:
        members = [page for page in pages() if page.section == section]
        found += [f"<p>{html.escape(section)}</p>"] * bool(members)
        found += [_link(f"./{page.path.stem}", page.path.stem, page.title, page.icon) for page in members]
    return f'<nav aria-label="Pages">{"".join(found)}</nav>'


def _link(href: str, name: str, title: str, icon: str) -> str:
    parts = (html.escape(part, quote=True) for part in (href, name, icon, title))
    return '<a href="{}" data-page="{}"><i aria-hidden="true">{}</i><span>{}</span></a>'.format(*parts)
