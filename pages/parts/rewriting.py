"""Words of the text changed from the picture: put into the box, or taken to Compare beside the text as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from models.zoo.given import Given
from pages.parts import keep, pairs
from pages.parts.pair_examples import EDIT, HIDE, TEXTS
from viz.view import View
from viz.views import rewriting

if TYPE_CHECKING:
    from models.zoo.model import Model

LEAVE = "rewriting_leave"  # in the session: the visitor asked for Compare, and what to compare is set out there
HIDING = {"kind": EDIT, "change": HIDE}


@dataclass(frozen=True)
class Rewrites:
    """What may be done with the text of a page from its picture."""

    page: str
    ref: str
    model: Model
    given: Given

    def offered(self, bench: View, kept: keep.Kept, attention: int) -> View:
        """The workbench with what is needed to change words in it."""
        stack = kept.trace.attentions[attention]
        # what a link says without need is taken out of the address, as one more place to come back from
        values = {} if self.ref == pairs.DEFAULTS["model"] else {"model": self.ref}
        values |= {"question": self.given.pair} if self.given.pair else {}
        cut = kept.trace.start or self.given.stride or self.given.plain  # a token's place is another one in Compare
        return rewriting.added(
            bench,
            stack,
            ("question", "text") if "question" in kept.trace.info.reads else ("text",),
            page=pairs.PAGE,
            values={f"{pairs.PAGE}_{name}": value for name, value in values.items()},
            hiding=None if cut else {f"{pairs.PAGE}_{name}": value for name, value in HIDING.items()},
            mask=None if self.model.tokenizer is None else self.model.tokenizer.mask_token,
        )

    def take(self, key: str) -> None:
        """Do what the browser asked for, before the page runs again."""
        sent: Any = (st.session_state.get(key) or {}).get("rewrite")
        if not isinstance(sent, dict):
            return
        state = {name: value for name, value in sent.items() if isinstance(value, str)}
        if state.get("to") in ("text", "question") and "text" in state:
            st.session_state[f"{self.page}_{state['to']}"] = state["text"]
        elif state.get("to") == pairs.PAGE:
            pairs.begin_with(TEXTS, {"model": self.ref} | {k: state[k] for k in ("text", "second_text") if k in state})
            st.session_state[LEAVE] = True


def leave() -> None:
    """Open Compare, if that is what the visitor asked for."""
    if st.session_state.pop(LEAVE, False):
        st.switch_page(f"pages/{pairs.PAGE}.py", query_params={})
