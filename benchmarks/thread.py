"""What a page's main thread works: the thread that must be free for the visitor's pointer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def worked(page: Page) -> Callable[[], float]:
    """What is returned says how many seconds of CPU time the main thread has worked, our own questions left out."""
    clock = page.context.new_cdp_session(page)
    clock.send("Performance.enable", {"timeDomain": "threadTicks"})  # CPU time of the thread, not time on the wall

    def seconds() -> float:
        metrics = {entry["name"]: entry["value"] for entry in clock.send("Performance.getMetrics")["metrics"]}
        return float(metrics["TaskDuration"] - metrics["DevToolsCommandDuration"])

    return seconds


def settle(page: Page) -> None:
    """Let what was asked for be drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
