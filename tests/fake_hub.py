"""A hub on loopback that answers as huggingface_hub expects, and misbehaves on request."""

import hashlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Handler(BaseHTTPRequestHandler):
    """Answers for one hub, which `FakeHub` sets in a subclass."""

    hub: "FakeHub"
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None: ...

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        path = self.path.split("?")[0].strip("/")
        self.hub.requests.append(f"{self.command} /{path}")
        parts = path.removeprefix("api/models/").split("/")
        repo, rest = "/".join(parts[:2]), parts[2:]
        folder = self.hub.repos.get(repo)
        if folder is None:
            return self.refuse("RepoNotFound")
        files = sorted(f for f in folder.iterdir() if f.is_file())
        if path.startswith("api/"):
            return self.send(json.dumps(self.listing(repo, rest, files)).encode(), body, "application/json")
        found = next((f for f in files if rest[:1] == ["resolve"] and f.name == rest[-1]), None)
        if found is None:
            return self.refuse("EntryNotFound")
        return self.send(found.read_bytes(), body, name=found.name)

    def listing(self, repo: str, rest: list[str], files: list[Path]) -> Any:
        if rest[:1] == ["tree"]:
            return [{"type": "file", "path": f.name, "size": f.stat().st_size, "oid": "0" * 40} for f in files]
        return {
            "id": repo,
            "sha": COMMIT,
            "siblings": [{"rfilename": f.name, "size": f.stat().st_size} for f in files],
            "tags": [],
        }

    def refuse(self, code: str) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send(self, data: bytes, body: bool, kind: str = "application/octet-stream", name: str = "") -> None:
        start = int((self.headers.get("Range") or "bytes=0-").split("=")[1].split("-")[0])
        self.send_response(206 if start else 200)
        self.send_header("Content-Type", kind)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if not body:
            return
        rest = data[start:]
        if self.hub.cut == name:
            self.wfile.write(rest[: len(rest) // 2])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        for place in range(0, len(rest), 65_536):
            self.wfile.write(rest[place : place + 65_536])
            if self.hub.pause and name.endswith(".safetensors"):
                time.sleep(self.hub.pause)


class FakeHub:
    """Serves folders as repositories. `cut`: a file whose body breaks off half-way; `pause`: seconds a slice takes."""

    def __init__(self, port: int) -> None:
        self.repos: dict[str, Path] = {}
        self.cut: str | None = None
        self.pause = 0.0
        self.requests: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", port), type("Bound", (Handler,), {"hub": self}))

    def add(self, repo: str, folder: Path) -> None:
        self.repos[repo] = folder

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
