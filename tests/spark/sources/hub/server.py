"""A stand-in for the Hugging Face Hub on a loopback port, for the real `huggingface_hub` and `datasets` clients.

    with HubServer() as hub:
        commit = hub.publish("EleutherAI/pythia-memorized-evals", Path("some/directory"))
        hub.misbehave("resolve", Status(429, retry_after=1), times=2)
        ...  # with HF_ENDPOINT set to hub.endpoint
        assert hub.bytes_sent["data/train.parquet"] == 0

Large files are redirected to a second port, as the Hub redirects them to its storage.
"""

from __future__ import annotations

import hashlib
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

from tests.spark.sources.hub.handler import (
    Drop,
    Fault,
    HubHandler,
    Planned,
    Published,
    Scramble,
    Stall,
    State,
    Status,
    Truncate,
)

__all__ = ["Drop", "HubServer", "Scramble", "Stall", "Status", "Truncate"]


class HubServer:
    """The stand-in Hub; a context manager that serves inside the `with` block.

    requests: `METHOD path` of every request, in order. bytes_sent: bytes of file bodies sent, by path in the
    repository. lists_files: whether the repository information lists the files, as on the Hub; some mirrors do not.
    """

    def __init__(self, *, lists_files: bool = True) -> None:
        self.state = State(lists_files=lists_files)
        self.requests, self.bytes_sent = self.state.requests, self.state.bytes_sent
        self.servers = [self.serve(), self.serve()]
        self.endpoint, self.state.storage = (f"http://127.0.0.1:{s.server_address[1]}" for s in self.servers)

    def serve(self) -> ThreadingHTTPServer:
        """Return a server on a free port; it does not answer yet."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (HubHandler,), {"hub": self.state}))
        server.daemon_threads = True
        return server

    def __enter__(self) -> HubServer:
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def publish(
        self, name: str, directory: Path, *, kind: str = "datasets", revision: str = "main", gated: bool = False
    ) -> str:
        """Serve a snapshot of the directory as the repository `name`; return its commit."""
        paths = sorted(path for path in directory.rglob("*") if path.is_file())
        return self.publish_files(
            name,
            {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths},
            kind=kind,
            revision=revision,
            gated=gated,
        )

    def publish_files(
        self,
        name: str,
        files: dict[str, bytes],
        *,
        kind: str = "datasets",
        revision: str = "main",
        gated: bool = False,
    ) -> str:
        """Serve files by their paths, which are not checked; return the commit."""
        commit = hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()
        published = self.state.repositories.setdefault(f"{kind}/{name}", Published())
        published.commits[commit] = files
        published.references[revision] = commit
        published.gated = gated
        return commit

    def misbehave(self, where: str, fault: Fault, times: int = 1) -> None:
        """Plan a fault for the next `times` requests with `where` in their `METHOD path`."""
        self.state.planned.append(Planned(where, fault, times))

    def count(self, part: str) -> int:
        """Return the number of requests so far with `part` in their `METHOD path`."""
        return sum(part in request for request in self.requests)
