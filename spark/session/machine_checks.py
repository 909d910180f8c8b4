"""Check, before Spark starts, what this machine and its user must have.

Each function checks one thing, and raises UserError with the cause and the remedy.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import tempfile
from pathlib import Path

from utils import UserError, printable

OPEN_FILES = 512  # Spark 4.3 opens 279 .jar files; with a hard limit of 384 a small run still works
TEMPORARY_BYTES = 16 * 2**20  # for the native libraries that Spark's Java unpacks; zstd is 1 MB


def require_user_name(user: int) -> None:
    """Require a name for a user id; Java's login module fails without one."""
    try:
        pwd.getpwuid(user)
    except KeyError:
        raise UserError(
            f"Spark needs the name of its user; user id {user} has none in /etc/passwd.\n"
            "Add a line for it, or run as a user with a name (Docker: leave out --user, or mount /etc/passwd)."
        ) from None


def require_open_files(hard_limit: int) -> None:
    """Require a hard limit on open files that suffices for Spark; -1 is no limit. Java raises the soft limit itself."""
    if 0 <= hard_limit < OPEN_FILES:
        raise UserError(
            f"Spark opens more than 300 files; the hard limit is {hard_limit} here.\n"
            "Raise it (`ulimit -Hn 4096` as root, Docker: --ulimit nofile=4096), then start again."
        )


def require_temporary_directory(directory: Path) -> None:
    """Require a temporary directory that Java can unpack native libraries in, and load them from."""
    remedy = "Set TMPDIR to a directory where you may write and run programs, or free some space."
    try:
        tempfile.TemporaryFile(dir=directory).close()
        state, free = os.statvfs(directory), shutil.disk_usage(directory).free
    except OSError as error:
        raise UserError(
            f"Temporary directory: cannot write to {printable(str(directory))}: {error.strerror}.\n{remedy}"
        ) from None
    if state.f_flag & os.ST_NOEXEC:
        raise UserError(
            f"Temporary directory: Spark's Java cannot load libraries from {printable(str(directory))}, which is "
            f"mounted noexec.\n{remedy}"
        )
    if free < TEMPORARY_BYTES:
        raise UserError(
            f"Temporary directory: expected {TEMPORARY_BYTES / 1e6:.0f} MB of free space, found {free / 1e6:.1f} MB in "
            f"{printable(str(directory))}.\n{remedy}"
        )


def require_working_directory() -> None:
    """Require that the working directory exists; Java does not run in one that was removed."""
    try:
        Path.cwd()
    except FileNotFoundError:
        raise UserError("The working directory was removed.\nChange to one that exists, then start again.") from None


def require_loopback(address: str = "127.0.0.1") -> None:
    """Require that a program can connect to itself through the loopback address; Python and Java talk through it."""
    try:
        with socket.create_server((address, 0)) as server:
            socket.create_connection(server.getsockname()[:2], timeout=10).close()
    except OSError as error:
        raise UserError(
            f"Spark needs a connection to this machine itself, {address}: {error.strerror or error}.\n"
            "Bring the loopback interface up (`ip link set lo up` as root)."
        ) from None
