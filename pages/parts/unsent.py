"""A fault of Streamlit 1.67 that loses what a page shows, or stops the page for good, mended where it arises.

When a part of the page runs anew before the messages of earlier runs were sent, Streamlit takes back what that part
had sent. Two things break. Elements that the browser has already travel as references, a hash, in which nothing says
which part they belong to: they stay, arrive at places that are not there, and the browser gives up the connection
("'setIn' cannot be called on an ElementNode", "Bad delta path index"). And a run of the whole page is left without the
part: the browser sweeps it away at the run's end, all below moves up by one place, and the part, when it comes, is
drawn over the element that stands there now.
It happens where the server is busy, and to us above all: .streamlit/config.toml has every element sent as a hash that
can be. Nothing needs to be taken back: what was superseded is sent, and then what supersedes it.
"""

from __future__ import annotations

from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

_clear = ForwardMsgQueue.clear


def mend() -> None:
    """From now on nothing of a page is taken back unless the whole page runs anew."""
    ForwardMsgQueue.clear = clear  # type: ignore[method-assign, assignment]


def clear(
    queue: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, fragment_ids_this_run: list[str] | None = None
) -> None:
    """Streamlit's `clear`, which for parts only sees to it that nothing new is composed with what is there."""
    if fragment_ids_this_run is None:
        _clear(queue, retain_lifecycle_msgs)
    else:
        queue._delta_index_map = {}
