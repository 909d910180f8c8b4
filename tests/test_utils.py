"""Run ids, suggestions for misspelled names, and safe printing."""

from __future__ import annotations

from datetime import datetime

import pytest

from utils import UserError, check_run_id, nearest, new_run_id, printable, require_known


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain é 中", "plain é 中", id="printable stays"),
        pytest.param("\x1b[31mred", "\\x1b[31mred", id="terminal escape"),
        pytest.param("a\nb\tc\0", "a\\nb\\tc\\x00", id="control characters"),
        pytest.param("\u202eevil", "\\u202eevil", id="right-to-left override"),
    ],
)
def test_printable_escapes_control_characters(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_nearest_suggests_the_closest_name_if_any() -> None:
    assert nearest("depuped", ["deduped", "duped"]) == " (did you mean deduped?)"
    assert nearest("xyz", ["deduped"]) == ""


def test_require_known_names_the_unknown_the_known_and_the_nearest() -> None:
    with pytest.raises(UserError, match=r"(?s)Unknown model '70n' \(did you mean 70m\?\).*Known: 70m, 160m"):
        require_known("model", ["70m", "70n"], ["70m", "160m"])


@pytest.mark.parametrize("run_id", ["a", "2026-11-21_23-35-58", "x" * 100, "a.b"])
def test_check_run_id_accepts_plain_names(run_id: str) -> None:
    assert check_run_id(run_id) == run_id


@pytest.mark.parametrize("run_id", ["", "../x", "a/b", ".hidden", "a b", "x" * 101, "a\n", "\x1b[0m", "-x"])
def test_check_run_id_rejects_paths_and_control_characters(run_id: str) -> None:
    with pytest.raises(UserError, match="--run_id"):
        check_run_id(run_id)


def test_new_run_ids_are_valid_and_sort_by_time() -> None:
    early, late = new_run_id(datetime(2026, 1, 2)), new_run_id(datetime(2026, 11, 1))
    assert check_run_id(early) < check_run_id(late)
