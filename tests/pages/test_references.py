"""References are taken back with the part of the page they stand in: what Streamlit 1.67 itself forgets."""

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from pages.parts import references

Seen = tuple[str | None, list[int]]


def block(*place: int, part: str = "") -> ForwardMsg:
    message = ForwardMsg()
    message.delta.add_block.SetInParent()
    message.delta.fragment_id = part
    message.metadata.delta_path.extend(place)
    return message


def element(*place: int, part: str = "") -> ForwardMsg:
    message = ForwardMsg()
    message.delta.new_element.markdown.body = "new"
    message.delta.fragment_id = part
    message.metadata.delta_path.extend(place)
    return message


def reference(*place: int) -> ForwardMsg:
    message = ForwardMsg(ref_hash="what the browser has")
    message.metadata.delta_path.extend(place)
    return message


def cleared(sent: int, parts: list[str] | None) -> list[Seen]:
    """A page of a heading, a part that runs by itself, a footer and another part, of which the first messages were
    sent when something runs anew: what is sent after them."""
    queue = ForwardMsgQueue()
    messages = (
        reference(0, 0),
        block(0, 1, part="one"),
        block(0, 1, 0, part="one"),
        element(0, 1, 0, 0, part="one"),
        reference(0, 1, 0, 1),
        reference(0, 1, 1),
        block(0, 2),
        reference(0, 2, 0),
        block(0, 10, part="two"),
        reference(0, 10, 0),
    )
    for number, message in enumerate(messages):
        if number == sent:
            queue.flush()
        queue.enqueue(message)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=parts)
    return [(message.WhichOneof("type"), list(message.metadata.delta_path)) for message in queue.flush()]


FOOTER: list[Seen] = [("delta", [0, 2]), ("ref_hash", [0, 2, 0])]
TWO: list[Seen] = [("delta", [0, 10]), ("ref_hash", [0, 10, 0])]


def test_references_go_with_their_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ForwardMsgQueue, "enqueue", references.enqueue)
    monkeypatch.setattr(ForwardMsgQueue, "clear", references.clear)
    heading: list[Seen] = [("ref_hash", [0, 0])]
    assert cleared(0, ["one"]) == heading + FOOTER + TWO
    assert cleared(3, ["one"]) == FOOTER + TWO  # its blocks were sent, its elements not: place 1 would be left out
    assert cleared(0, ["one", "two"]) == heading + FOOTER
    assert len(cleared(0, ["nobody"])) == 10
    assert cleared(0, None) == []


def test_every_page_is_mended() -> None:
    from pages.parts import frame

    assert frame.references is references
    assert ForwardMsgQueue.enqueue is references.enqueue
    assert ForwardMsgQueue.clear is references.clear


def test_streamlit_still_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, Streamlit mends it itself: pages/parts/references.py can go."""
    monkeypatch.setattr(ForwardMsgQueue, "enqueue", references._enqueue)
    monkeypatch.setattr(ForwardMsgQueue, "clear", references._clear)
    assert ("ref_hash", [0, 1, 0, 1]) in cleared(0, ["one"])
    assert ("ref_hash", [0, 1, 0, 1]) in cleared(3, ["one"])
