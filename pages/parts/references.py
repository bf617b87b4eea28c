"""A fault of Streamlit 1.67 that stops a page for good, mended where it arises.

Streamlit sends an element that the browser has already as a reference, a hash. When a part of the page runs anew before
the messages of its last run were sent, its blocks and new elements are taken back, its references are not: nothing in
them says which part they belong to. They then arrive at places that are not there, and the browser gives up the
connection ("'setIn' cannot be called on an ElementNode", "Bad delta path index"): nothing on the page answers any more.
It happens where the server is busy, and to us above all: .streamlit/config.toml has every element sent as a hash that
can be.
"""

from __future__ import annotations

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

Place = tuple[int, ...]

_enqueue, _clear = ForwardMsgQueue.enqueue, ForwardMsgQueue.clear


def mend() -> None:
    """From now on references are taken back together with the part of the page they stand in."""
    ForwardMsgQueue.enqueue = enqueue  # type: ignore[method-assign, assignment]
    ForwardMsgQueue.clear = clear  # type: ignore[method-assign, assignment]


def enqueue(queue: ForwardMsgQueue, message: ForwardMsg) -> None:
    """Streamlit's `enqueue`; what comes first of a part is the container that holds all of it, which never moves."""
    if message.HasField("delta") and message.delta.fragment_id:
        _roots(queue).setdefault(message.delta.fragment_id, _place(message))
    _enqueue(queue, message)


def clear(
    queue: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, fragment_ids_this_run: list[str] | None = None
) -> None:
    """Streamlit's `clear`, and then the references within the parts that run anew."""
    _clear(queue, retain_lifecycle_msgs, fragment_ids_this_run)
    roots = [root for part in fragment_ids_this_run or () if (root := _roots(queue).get(part))]
    queue._queue = [m for m in queue._queue if not (m.HasField("ref_hash") and _within(_place(m), roots))]


def _roots(queue: ForwardMsgQueue) -> dict[str, Place]:
    """Where the parts of this visitor's page stand."""
    found: dict[str, Place] = queue.__dict__.setdefault("headlight_roots", {})
    return found


def _place(message: ForwardMsg) -> Place:
    return tuple(message.metadata.delta_path)


def _within(place: Place, roots: list[Place]) -> bool:
    return any(place[: len(root)] == root for root in roots)
