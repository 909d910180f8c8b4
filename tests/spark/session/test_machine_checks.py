"""What a machine lacks for Spark is reported before Spark starts, with its remedy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from spark.session import machine_checks as machine
from utils import UserError


def test_the_user_has_a_name() -> None:
    machine.require_user_name(0)
    with pytest.raises(UserError, match=r"user id 54321 has none in /etc/passwd\.\nAdd a line"):
        machine.require_user_name(54321)


@pytest.mark.parametrize(("limit", "is_enough"), [(-1, True), (2**20, True), (512, True), (511, False), (256, False)])
def test_enough_files_can_be_opened(limit: int, is_enough: bool) -> None:
    if is_enough:
        return machine.require_open_files(limit)
    with pytest.raises(UserError, match=rf"the hard limit is {limit} here\.\nRaise it"):
        return machine.require_open_files(limit)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, None),
        ({"f_flag": os.ST_NOEXEC}, r"which is mounted noexec\.\nSet TMPDIR"),
        ({"free": 10**6}, r"expected 17 MB of free space, found 1\.0 MB in .*\nSet TMPDIR"),
    ],
)
def test_java_can_load_libraries_from_the_temporary_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, int], message: str | None
) -> None:
    class State:
        f_flag = change.get("f_flag", 0)
        free = change.get("free", 10**9)

    monkeypatch.setattr(os, "statvfs", lambda path: State)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: State)
    if message is None:
        machine.require_temporary_directory(tmp_path)
    else:
        with pytest.raises(UserError, match=message):
            machine.require_temporary_directory(tmp_path)


def test_a_temporary_directory_that_is_missing_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot write to .*gone: No such file.*\nSet TMPDIR"):
        machine.require_temporary_directory(tmp_path / "gone")


def test_a_working_directory_that_was_removed_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.require_working_directory()
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(UserError, match=r"was removed\.\nChange to one that exists"):
        machine.require_working_directory()


def test_a_machine_that_cannot_connect_to_itself_is_reported() -> None:
    machine.require_loopback()
    with pytest.raises(UserError, match=r"to this machine itself, 203\.0\.113\.9: .*\nBring the loopback interface up"):
        machine.require_loopback("203.0.113.9")
