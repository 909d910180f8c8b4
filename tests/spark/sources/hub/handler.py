"""Request handler of the stand-in Hub. Tests use `HubServer` in `server.py`."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

API = re.compile(r"/api/(datasets|models)/([^/]+/[^/]+)(?:/(revision|tree|paths-info)/([^/]+)(?:/(.+))?)?")
RESOLVE = re.compile(r"/(?:(datasets)/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
STORED_SUFFIXES = (".parquet", ".arrow", ".bin")


@dataclass(frozen=True)
class Status:
    """Fault: answer with an HTTP error status."""

    code: int
    retry_after: int | None = None
    error_code: str | None = None


@dataclass(frozen=True)
class Drop:
    """Fault: close the connection after `after` bytes of the body of a file."""

    after: int


@dataclass(frozen=True)
class Truncate:
    """Fault: send only the first `to` bytes of a file, and declare this length as complete."""

    to: int


@dataclass(frozen=True)
class Scramble:
    """Fault: change the byte in the middle of a file and keep its length."""


@dataclass(frozen=True)
class Stall:
    """Fault: wait for `seconds` before answering."""

    seconds: float


Fault = Status | Drop | Truncate | Scramble | Stall


@dataclass
class Planned:
    """A fault for the next `times` requests with `where` in their `METHOD path`."""

    where: str
    fault: Fault
    times: int


@dataclass
class Published:
    """A repository: the content of its files by commit, and the commit of each branch or tag."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    gated: bool = False


@dataclass
class State:
    """State of the stand-in: the repositories, the planned faults, and the requests so far."""

    repositories: dict[str, Published] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)
    storage: str = ""
    lists_files: bool = True
    planned: list[Planned] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    authorized: list[str] = field(default_factory=list)
    bytes_sent: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, request: str) -> Fault | None:
        """Record a request; return the fault planned for it, None if there is none."""
        with self.lock:
            self.requests.append(request)
            for planned in self.planned:
                if planned.times > 0 and planned.where in request:
                    planned.times -= 1
                    return planned.fault
        return None


class HubHandler(BaseHTTPRequestHandler):
    """Answers like the Hub, for all parts of an answer that the clients read."""

    protocol_version = "HTTP/1.1"
    hub: State
    fault: Fault | None

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        path = unquote(url.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        self.fault = self.hub.note(f"{self.command} {path}")
        if "Authorization" in self.headers:
            self.hub.authorized.append(f"{self.command} {path}")
        if isinstance(self.fault, Stall):
            threading.Event().wait(self.fault.seconds)
        if isinstance(self.fault, Status):
            self.refuse(self.fault.code, self.fault.error_code, self.fault.retry_after)
        elif path.startswith("/storage/"):
            _, _, digest, file = path.split("/", 3)
            self.send_file(file, self.hub.stored[digest], {})
        elif found := API.fullmatch(url.path):
            self.answer_api(*(unquote(part) if part else "" for part in found.groups()), url.query, body)
        elif found := RESOLVE.fullmatch(url.path):
            self.answer_file(*(unquote(part) if part else "" for part in found.groups()))
        else:
            self.refuse(404, "EntryNotFound")

    do_HEAD = do_POST = do_GET  # noqa: N815 (http.server calls these names)

    def find(self, key: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """Return the commit and the files of a repository; None after sending an error."""
        published = self.hub.repositories.get(key)
        if published is None:
            self.refuse(404 if "Authorization" in self.headers else 401, "RepoNotFound")
            return None
        if published.gated:
            self.refuse(403 if "Authorization" in self.headers else 401, "GatedRepo")
            return None
        commit = published.references.get(revision or "main", revision)
        if commit not in published.commits:
            self.refuse(404, "RevisionNotFound")
            return None
        return commit, published.commits[commit]

    def answer_api(self, kind: str, name: str, view: str, revision: str, below: str, query: str, body: bytes) -> None:
        found = self.find(f"{kind}/{name}", revision)
        if found is None:
            return
        commit, files = found
        if view == "tree":
            recursive = parse_qs(query).get("recursive", ["false"])[0].lower() == "true"
            self.send_json(tree_of(files, below, recursive))
        elif view == "paths-info":
            form = json.loads(body) if body[:1] == b"{" else parse_qs(body.decode())
            entries = [entry for entry in tree_of(files, "", True) if entry["path"] in form["paths"]]
            self.send_json(entries)
        else:
            detailed = "blobs" in parse_qs(query)
            information: dict[str, Any] = {"_id": "0", "id": name, "sha": commit, "tags": []}
            siblings = [{"rfilename": path, **(details(files[path], path) if detailed else {})} for path in files]
            self.send_json(information | ({"siblings": siblings} if self.hub.lists_files else {}))

    def answer_file(self, kind: str, name: str, revision: str, path: str) -> None:
        found = self.find(f"{kind or 'models'}/{name}", revision)
        if found is None:
            return
        commit, files = found
        headers = {"X-Repo-Commit": commit}
        if path not in files:
            self.refuse(404, "EntryNotFound", headers=headers)
        elif path.endswith(STORED_SUFFIXES):
            digest = hashlib.sha256(files[path]).hexdigest()
            self.hub.stored[digest] = files[path]
            headers["X-Linked-Size"] = str(len(files[path]))
            headers["X-Linked-Etag"] = f'"{digest}"'
            headers["Location"] = f"{self.hub.storage}/storage/{digest}/{quote(path)}"
            self.send(302, b"", headers)
        else:
            self.send_file(path, files[path], headers)

    def send_file(self, path: str, content: bytes, headers: dict[str, str]) -> None:
        headers["ETag"] = f'"{git_blob(content)}"'
        headers["Accept-Ranges"] = "bytes"
        whole = len(content)
        if isinstance(self.fault, Truncate) and self.command == "GET":
            content = content[: self.fault.to]
        if isinstance(self.fault, Scramble):
            middle = whole // 2
            content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if start:
            content = content[int(start[1]) :]
            headers["Content-Range"] = f"bytes {start[1]}-{whole - 1}/{whole}"
        self.send(206 if start else 200, content, headers, path)

    def send_json(self, content: Any) -> None:
        self.send(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def refuse(
        self,
        status: int,
        code: str | None = None,
        retry_after: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        headers = {**(headers or {}), **({"X-Error-Code": code} if code else {})}
        if retry_after is not None:
            headers["Retry-After"] = str(retry_after)
        self.send(status, b'{"error": "refused by the stand-in"}', headers)

    def send(self, status: int, content: bytes, headers: dict[str, str], file: str | None = None) -> None:
        """Send a response. file: the path to count the bytes under; only files can be dropped."""
        self.send_response(status)
        # One request per connection, so that no open connection outlives the stand-in.
        for name, value in {**headers, "Content-Length": str(len(content)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        dropped = isinstance(self.fault, Drop) and file is not None
        sent = content[: self.fault.after] if isinstance(self.fault, Drop) and dropped else content
        if file is not None:
            with self.hub.lock:  # before the client has the bytes, and its test goes on to read the count
                self.hub.bytes_sent[file] += len(sent)
        with suppress(ConnectionError):  # the client timed out and left
            self.wfile.write(sent)
        if dropped:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)


def git_blob(content: bytes) -> str:
    """Return the git blob id of the content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def details(content: bytes, path: str) -> dict[str, Any]:
    """Return the file details that the Hub gives: size, git id, and the SHA-256 of a file in LFS storage."""
    found: dict[str, Any] = {"size": len(content), "blobId": git_blob(content)}
    if path.endswith(STORED_SUFFIXES):
        digest = hashlib.sha256(content).hexdigest()
        found["lfs"] = {"oid": digest, "sha256": digest, "size": len(content), "pointerSize": 130}
    return found


def tree_of(files: dict[str, bytes], below: str, recursive: bool) -> list[dict[str, Any]]:
    """Return the entries below a directory, in the form of the Hub's tree API."""
    prefix = f"{below}/" if below else ""
    entries: dict[str, dict[str, Any]] = {}
    for path, content in files.items():
        if not path.startswith(prefix):
            continue
        parents = path[len(prefix) :].split("/")[:-1]
        for depth in range(len(parents) if recursive else min(1, len(parents))):
            folder = prefix + "/".join(parents[: depth + 1])
            entries[folder] = {"type": "directory", "oid": "0" * 40, "size": 0, "path": folder}
        if recursive or not parents:
            entry = {"type": "file", "path": path, **details(content, path)}
            entries[path] = {**entry, "oid": entry.pop("blobId")}
    return list(entries.values())
