"""A part of a page that was left is not asked for again: what Streamlit 1.67 takes for a way back to that page."""

import pytest
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType

from pages.parts import frame, stale

LEFT = RerunData(fragment_id="curves", page_script_hash="left", is_auto_rerun=True)
NEW = RerunData(page_script_hash="new")


def test_the_page_that_waits_is_not_replaced_by_the_one_that_was_left() -> None:
    requests = ScriptRequests()
    assert requests.request_rerun(NEW)
    assert requests.request_rerun(LEFT)
    asked = requests.on_scriptrunner_ready()
    assert (asked.rerun_data.page_script_hash, asked.rerun_data.fragment_id_queue) == ("new", [])
    assert requests.on_scriptrunner_ready().type is ScriptRequestType.STOP  # nothing more


def test_a_part_of_the_page_that_was_left_does_not_run_after_the_new_page() -> None:
    requests = ScriptRequests()
    requests.request_rerun(NEW)
    requests.on_scriptrunner_ready()
    assert requests.request_rerun(LEFT)
    assert requests.on_scriptrunner_yield() is None
    assert requests.on_scriptrunner_ready().type is ScriptRequestType.STOP
    assert requests.request_rerun(LEFT)  # and no further runner is made for it


@pytest.mark.parametrize("whole", [NEW, RerunData(page_name="new"), None])
def test_parts_of_the_page_that_is_there_run(whole: RerunData | None) -> None:
    """Also where the page was asked for by its name, at the first visit, and where a runner begins with a part."""
    requests = ScriptRequests()
    if whole is not None:
        requests.request_rerun(whole)
        requests.on_scriptrunner_ready()
    requests.request_rerun(RerunData(fragment_id="maps", page_script_hash="new"))
    asked = requests.on_scriptrunner_ready()
    assert asked.type is ScriptRequestType.RERUN
    assert asked.rerun_data.fragment_id_queue == ["maps"]


def test_every_page_is_mended() -> None:
    assert frame.stale is stale
    assert ScriptRequests._request_rerun_locked is stale.request


def test_streamlit_still_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, Streamlit mends it itself: pages/parts/stale.py can go."""
    monkeypatch.setattr(ScriptRequests, "_request_rerun_locked", stale._request)
    requests = ScriptRequests()
    requests.request_rerun(NEW)
    requests.request_rerun(LEFT)
    assert requests.on_scriptrunner_ready().rerun_data.page_script_hash == "left"
