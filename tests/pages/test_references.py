"""References are taken back with the blocks they stand in: what Streamlit 1.67 itself forgets."""

from collections.abc import Iterator

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from pages.parts import references

Seen = tuple[str | None, list[int]]


def block(*place: int, fragment: str = "") -> ForwardMsg:
    message = ForwardMsg()
    message.delta.add_block.SetInParent()
    message.delta.fragment_id = fragment
    message.metadata.delta_path.extend(place)
    return message


def reference(*place: int) -> ForwardMsg:
    message = ForwardMsg(ref_hash="what the browser has")
    message.metadata.delta_path.extend(place)
    return message


def after(clear_for: list[str] | None) -> list[Seen]:
    """A page of a heading, a part that runs by itself and a footer: what is still sent when something runs anew."""
    queue = ForwardMsgQueue()
    for message in (
        reference(0, 0),
        block(0, 1, fragment="part"),
        reference(0, 1, 0),
        block(0, 1, 1, fragment="part"),
        reference(0, 1, 1, 0),
        block(0, 2),
        reference(0, 2, 0),
        block(0, 10, fragment="other"),
        reference(0, 10, 0),
    ):
        queue.enqueue(message)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=clear_for)
    return [(message.WhichOneof("type"), list(message.metadata.delta_path)) for message in queue.flush()]


@pytest.fixture
def plain() -> Iterator[None]:
    """Streamlit as it comes."""
    mended = ForwardMsgQueue.clear
    ForwardMsgQueue.clear = references._clear  # type: ignore[method-assign]
    yield
    ForwardMsgQueue.clear = mended  # type: ignore[method-assign]


OTHERS: list[Seen] = [
    ("ref_hash", [0, 0]),
    ("delta", [0, 2]),
    ("ref_hash", [0, 2, 0]),
    ("delta", [0, 10]),
    ("ref_hash", [0, 10, 0]),
]


def test_references_go_with_their_blocks() -> None:
    references.mend()
    assert after(["part"]) == OTHERS
    assert after(["part", "other"]) == OTHERS[:3]
    assert after(["nobody"])[:3] == [("ref_hash", [0, 0]), ("delta", [0, 1]), ("ref_hash", [0, 1, 0])]
    assert after(None) == []


def test_streamlit_still_needs_it(plain: None) -> None:
    """If this fails, Streamlit mends it itself: pages/parts/references.py can go."""
    assert set(map(str, after(["part"]))) - set(map(str, OTHERS)) == {
        str(("ref_hash", [0, 1, 0])),
        str(("ref_hash", [0, 1, 1, 0])),
    }
