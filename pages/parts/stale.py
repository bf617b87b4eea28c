"""A fault of Streamlit 1.67 that leaves a page empty, mended where it arises.

A part of a page that runs by itself (`st.fragment(run_every=...)`) has a clock in the browser. Between a visitor's
leave for another page and the moment the browser hears of it, the clock goes on: it asks for the part once more, and
names the page that was left. Streamlit takes that as the page to be run. Where the new page waits to be run, it is
never run; where it runs, the browser is told afterwards that the old page is there, and takes everything off. Either
way the visitor sees an empty page. A playground that trains asks twice a second, so it happens to whoever leaves it.
"""

from __future__ import annotations

from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests

_request = ScriptRequests._request_rerun_locked


def mend() -> None:
    """From now on nobody asks for a part of a page that was left."""
    ScriptRequests._request_rerun_locked = request  # type: ignore[method-assign, assignment]


def request(requests: ScriptRequests, data: RerunData) -> bool:
    """Streamlit's own; a part of another page than the one that was asked for last is not asked for: True, all done."""
    if not (data.fragment_id or data.fragment_id_queue):
        requests.__dict__["headlight_page"] = data.page_script_hash
    elif data.page_script_hash != (requests.__dict__.get("headlight_page") or data.page_script_hash):
        return True
    return _request(requests, data)
