"""Code blocks in README.md and docs/: Python runs, YAML loads, commands parse, and `--plan` of the sample plans."""

from __future__ import annotations

import os
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

import calculate_metrics
from spark.metrics.configuration import build_configuration
from spark.runs.command_line import read_command_line
from tests.conftest import PROJECT
from tools.programs import command_lines

COMMAND_LINES = command_lines()
# A block with this mark reads the output of an earlier command, so the test only compiles it.
NEEDS_A_RUN = re.compile(r"<!-- needs a run in .* -->\s*$")


def commands(script: str) -> list[tuple[str, list[str]]]:
    """Return the program and the arguments of each command that starts a program of this project."""
    found = []
    for line in script.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        program = next((word for word in words if word in COMMAND_LINES), None)
        if program:
            found.append((program, words[words.index(program) + 1 :]))
    return found


def evaluate_shell(example: Example) -> None:
    """Parse each command; also run commands on the sample that have `--plan`."""
    for program, arguments in commands(example.parsed):
        read_command_line(COMMAND_LINES[program], arguments)
        if program == "calculate_metrics.py" and "--plan" in arguments and "--datasets" not in arguments:
            assert calculate_metrics.main(arguments) == 0


def evaluate_yaml(example: Example) -> None:
    """Build the configuration from the file."""
    build_configuration(yaml.safe_load(example.parsed))


BLOCKS = Sybil(
    [
        PythonCodeBlockParser(),
        CodeBlockParser("bash", evaluate_shell),
        CodeBlockParser("yaml", evaluate_yaml),
    ]
)
# Packages of requirements-dev.txt alone; without one, a block that imports it is only compiled, except in CI.
OPTIONAL = ("polars",)


def lacks_package(code: str) -> bool:
    """Return whether a block imports an optional package that is not installed."""
    missing = [name for name in OPTIONAL if find_spec(name) is None]
    return os.environ.get("CI") != "true" and any(f"import {name}" in code for name in missing)


PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_blocks_run_or_parse(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    document = BLOCKS.parse(page)
    for example in document.examples():
        if NEEDS_A_RUN.search(document.text[: example.start]) or lacks_package(str(example.parsed)):
            compile(str(example.parsed), page.name, "exec")
        else:
            example.evaluate()
