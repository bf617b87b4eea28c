"""A fault of Streamlit 1.67 that stops a page for good, mended where it arises.

A browser keeps the messages of the last runs, says with every request which ones it has, and is sent their hash where
one comes again. But it forgets what was not used for `maxCachedMessageAge` runs, and runs may end between its request
and the answer: the answer then names what was just forgotten ("Cached ForwardMsg MISS"), and the browser gives up the
connection. It happens on a busy computer to whoever presses Pause after a while of training: the buttons of a run that
stands were forgotten by the run of the page that the press caused, and named by the next one.
So the server counts as well, and takes the browser's word only for what will be kept for some runs to come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamlit import config
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

if TYPE_CHECKING:
    from streamlit.proto.ClientState_pb2 import ClientState

Ages = dict[str, int]  # hash of a message -> runs that ended since it was last sent
EARLY = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN  # after which a browser forgets nothing
_flush, _request = ForwardMsgQueue.flush, AppSession.request_rerun


def mend() -> None:
    """From now on a browser is sent the hash only of what it still has when it reads it."""
    ForwardMsgQueue.flush = flush  # type: ignore[method-assign, assignment]
    AppSession.request_rerun = request  # type: ignore[method-assign, assignment]


def flush(queue: ForwardMsgQueue) -> list[ForwardMsg]:
    """Streamlit's own; what is sent is young again, and a run that ends makes all else older."""
    sent, ages = _flush(queue), _ages(queue)
    for message in sent:
        if message.WhichOneof("type") == "script_finished" and message.script_finished != EARLY:
            older = {name: age + 1 for name, age in ages.items() if age < _half()}
            ages.clear()
            ages.update(older)
        elif named := message.ref_hash or (message.hash if message.metadata.cacheable else ""):
            ages[named] = 0
    return sent


def request(session: AppSession, client_state: ClientState | None) -> None:
    """Streamlit's own, told only of what the browser will keep for half of the runs that it keeps anything."""
    if client_state is not None:
        ages = _ages(session._browser_queue)
        young = [name for name in client_state.cached_message_hashes if name in ages]
        del client_state.cached_message_hashes[:]
        client_state.cached_message_hashes.extend(young)
    _request(session, client_state)


def _ages(queue: ForwardMsgQueue) -> Ages:
    """Of what is young enough to be named."""
    ages: Ages = queue.__dict__.setdefault("headlight_ages", {})
    return ages


def _half() -> int:
    return int(config.get_option("global.maxCachedMessageAge")) // 2
