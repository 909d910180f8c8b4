"""The shell of the programs: exit statuses and one-line messages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from spark.runs.driver import Program, run_program
from utils import UserError


def unused(*arguments: Any) -> Any:
    raise AssertionError("called before the command line was parsed")


def failing(error: Exception) -> Callable[[], Any]:
    def command_line() -> Any:
        raise error

    return command_line


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        pytest.param(
            UserError("expected \x1b one.\nGive one."), 2, "toy.py: expected \\x1b one.\nGive one.\n", id="user"
        ),
        pytest.param(OSError(28, "No space left"), 1, "toy.py: [Errno 28] No space left\n", id="disk"),
        pytest.param(
            ModuleNotFoundError(name="numpy"),
            2,
            f"toy.py: numpy is not installed for {sys.executable}.\n"
            "Run `make setup`, then .venv/bin/python toy.py; or `pip install .`, then toy.\n",
            id="package",
        ),
    ],
)
def test_errors_are_reported_without_a_traceback(
    capsys: pytest.CaptureFixture[str], error: Exception, status: int, message: str
) -> None:
    assert run_program(Program("toy.py", failing(error), unused), []) == status
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", message)
