"""A fault of Streamlit 1.67 that stops a page for good, mended where it arises.

Streamlit sends an element that the browser has already as a reference, a hash. When part of a page runs anew before the
messages of its last run were sent, its blocks are taken back, its references are not: they say of no fragment that they
belong to it. One that stood in such a block then arrives at a place that is not there; the browser gives up the
connection ("'setIn' cannot be called on an ElementNode"), and nothing on the page answers any more. It happens where
the server is busy, and to us above all: .streamlit/config.toml has every element sent as a hash that can be.
"""

from __future__ import annotations

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

_clear = ForwardMsgQueue.clear


def mend() -> None:
    """From now on references are taken back together with the blocks they stand in."""
    ForwardMsgQueue.clear = clear  # type: ignore[method-assign, assignment]


def clear(
    queue: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, fragment_ids_this_run: list[str] | None = None
) -> None:
    """Streamlit's `clear`, and then the references into blocks that are gone."""
    before = queue._queue
    _clear(queue, retain_lifecycle_msgs, fragment_ids_this_run)
    if not fragment_ids_this_run:
        return  # nothing is left that has a place
    kept = {id(message) for message in queue._queue}
    gone = {_place(message) for message in before if id(message) not in kept and _is_block(message)}
    queue._queue = [m for m in queue._queue if not (m.HasField("ref_hash") and _within(_place(m), gone))]


def _is_block(message: ForwardMsg) -> bool:
    return message.HasField("delta") and message.delta.WhichOneof("type") == "add_block"


def _place(message: ForwardMsg) -> tuple[int, ...]:
    return tuple(message.metadata.delta_path)


def _within(place: tuple[int, ...], blocks: set[tuple[int, ...]]) -> bool:
    return any(place[:n] in blocks for n in range(len(place)))
