"""Counts what crosses the socket: the browser's own tools only know frames after they are unpacked."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Meter:
    """A proxy on loopback in front of a server; `received` are the bytes that went to the browser, headers included."""

    def __init__(self, address: str) -> None:
        self.received = 0
        parts = urlsplit(address)
        self._server = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                browser, _ = self._listener.accept()
                server = socket.create_connection(self._server)
            except OSError:  # the meter is closed, or the server is gone
                return
            for source, target, counted in ((browser, server, False), (server, browser, True)):
                threading.Thread(target=self._carry, args=(source, target, counted), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while data := source.recv(65_536):
                self.received += len(data) if counted else 0
                target.sendall(data)
        except OSError:
            pass  # one side hung up: so does the other, below
        finally:
            for end in (source, target):
                end.close()
