"""What was not sent yet when a part of a page runs anew is sent: what Streamlit 1.67 itself takes back in pieces."""

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from pages.parts import unsent

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


def page() -> list[ForwardMsg]:
    """A heading, a part that runs by itself, a footer and another part."""
    return [
        reference(0, 0),
        block(0, 1, part="one"),
        block(0, 1, 0, part="one"),
        element(0, 1, 0, 0, part="one"),
        reference(0, 1, 0, 1),
        block(0, 2),
        reference(0, 2, 0),
        block(0, 10, part="two"),
        reference(0, 10, 0),
    ]


def again(parts: list[str] | None, sent: int = 0) -> list[Seen]:
    """What is sent after the first messages of a page, when something runs anew before the others were."""
    queue = ForwardMsgQueue()
    for number, message in enumerate(page()):
        if number == sent:
            queue.flush()
        queue.enqueue(message)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=parts)
    queue.enqueue(block(0, 1, part="one"))
    queue.enqueue(reference(0, 1, 0))
    return [(message.WhichOneof("type"), list(message.metadata.delta_path)) for message in queue.flush()]


ALL: list[Seen] = [(message.WhichOneof("type"), list(message.metadata.delta_path)) for message in page()]
ANEW: list[Seen] = [("delta", [0, 1]), ("ref_hash", [0, 1, 0])]


@pytest.mark.parametrize("parts", [["one"], ["two"], ["one", "two"], ["nobody"]])
@pytest.mark.parametrize("sent", [0, 3])
def test_all_of_a_page_is_sent_before_its_part_runs_anew(
    monkeypatch: pytest.MonkeyPatch, parts: list[str], sent: int
) -> None:
    monkeypatch.setattr(ForwardMsgQueue, "clear", unsent.clear)
    assert again(parts, sent) == [*ALL[sent:], *ANEW]


def test_a_whole_page_takes_back_what_it_sends_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ForwardMsgQueue, "clear", unsent.clear)
    assert again(None) == ANEW


def test_every_page_is_mended() -> None:
    from pages.parts import frame

    assert frame.unsent is unsent
    assert ForwardMsgQueue.clear is unsent.clear


def test_streamlit_still_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, Streamlit mends it itself: pages/parts/unsent.py can go."""
    monkeypatch.setattr(ForwardMsgQueue, "clear", unsent._clear)
    found = again(["one"])
    assert ("ref_hash", [0, 1, 0, 1]) in found  # into a block that is not there
    assert found.count(("delta", [0, 1])) == 1  # the page's own is gone: place 2 becomes place 1
