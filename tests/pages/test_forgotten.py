"""A browser is never sent the hash of what it has forgotten, however late it asked."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from pages.parts import forgotten

KEPT = 8  # runs, as .streamlit/config.toml has it
LATE = 3  # runs, at most, that end between a browser's request and the answer
Run = tuple[str, set[str]]  # the part that runs, "" for the whole page; what it shows


class Browser:
    """What Streamlit 1.67's browser keeps, and when it forgets (its ForwardMessageCache, in Python)."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[int, str]] = {}
        self.runs = self.hits = 0
        self.missed: list[str] = []  # hashes of what is not there: at the first one Streamlit's page ends

    def take(self, message: ForwardMsg, part: str) -> None:
        if message.WhichOneof("type") == "script_finished":
            self.runs += 1
            for name, (used, owner) in list(self.kept.items()):
                if part in ("", owner) and self.runs - used > KEPT:
                    del self.kept[name]
        elif message.ref_hash in self.kept:
            self.kept[message.ref_hash] = self.runs, self.kept[message.ref_hash][1]
            self.hits += 1
        elif message.ref_hash:
            self.missed.append(message.ref_hash)
        else:
            _, owner = self.kept.get(message.hash, (0, message.delta.fragment_id))
            self.kept[message.hash] = self.runs, owner


def visit(runs: list[Run], lates: list[int]) -> Browser:
    """Runs one after the other; each was asked for when the browser had not read the last few."""
    queue, browser, unread = ForwardMsgQueue(), Browser(), []
    for (part, shown), late in zip(runs, lates, strict=True):
        while len(unread) > late:
            of, messages = unread.pop(0)
            for message in messages:
                browser.take(message, of)
        asked = ClientState(cached_message_hashes=list(browser.kept))
        AppSession.request_rerun(_session(queue), asked)
        for name in sorted(shown):
            message = ForwardMsg()
            if name in asked.cached_message_hashes:
                message.ref_hash = name
            else:
                message.hash, message.metadata.cacheable = name, True
                message.delta.fragment_id = part
                message.delta.new_element.markdown.body = name
            message.metadata.delta_path.extend([0, sorted(shown).index(name)])
            queue.enqueue(message)
        queue.enqueue(ForwardMsg(script_finished=ForwardMsg.ScriptFinishedStatus.FINISHED_SUCCESSFULLY))
        unread.append((part, queue.flush()))
    for of, messages in unread:
        for message in messages:
            browser.take(message, of)
    return browser


def _session(queue: ForwardMsgQueue) -> Any:
    return SimpleNamespace(_browser_queue=queue)


@pytest.fixture(scope="module", autouse=True)
def mended() -> Any:
    """Streamlit with the mend, and without a script to run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ForwardMsgQueue, "flush", forgotten.flush)
        patch.setattr(AppSession, "request_rerun", forgotten.request)
        patch.setattr(forgotten, "_request", lambda *_: None)
        patch.setattr(forgotten, "_half", lambda: KEPT // 2)
        yield


# a page is shown, its clock runs for a while, Pause is pressed: the page twice, asked for before the first was read
PAUSE: list[Run] = [("", {"title", "Play"}), ("", {"title", "Pause"}), *[("curves", {"curves"})] * 10]
PAUSE += [("", {"title", "Pause", "told"}), ("", {"title", "Play"})]
LATES = [0] * (len(PAUSE) - 1) + [1]


def test_pause_after_a_while_of_training() -> None:
    browser = visit(PAUSE, LATES)
    assert (browser.hits > 10, browser.missed) == (True, [])


def test_streamlit_still_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the model of its browser is right, and this fails: pages/parts/forgotten.py can go."""
    monkeypatch.setattr(AppSession, "request_rerun", lambda *_: None)
    assert visit(PAUSE, LATES).missed == ["Play"]


@given(st.data())
def test_whatever_runs_and_however_late(data: Any) -> None:
    runs: list[Run] = []
    for part in data.draw(st.lists(st.sampled_from(["", "bar", "curves", "curves", "curves"]), max_size=60)):
        names = [f"{part} {i}" for i in range(4)] + (["bar 0", "bar 1", "curves 0"] if not part else [])
        runs.append((part, data.draw(st.sets(st.sampled_from(names)))))
    lates = data.draw(st.lists(st.integers(0, LATE), min_size=len(runs), max_size=len(runs)))
    assert visit(runs, lates).missed == []


def test_what_every_run_shows_is_sent_once() -> None:
    assert visit([("", {"a", "b", "c"})] * 20, [LATE] * 20).hits == 3 * (20 - LATE - 1)


def test_every_page_is_mended() -> None:
    from pages.parts import frame

    assert frame.forgotten is forgotten
