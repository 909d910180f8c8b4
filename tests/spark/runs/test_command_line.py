"""The parser, the YAML keys and the checks come from the fields of the configuration."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from filters.feature_tables import FEATURE_TABLES
from filters.registry import ALL_FILTERS
from spark.metrics import configuration as metrics
from spark.runs.command_line import CommandLine, make_parser, read_command_line
from spark.runs.option_checks import as_names, integer_from
from spark.runs.options import RunConfiguration, declared_options, option
from tools.programs import command_lines
from utils import VERSION, UserError


@dataclass(frozen=True)
class Toy(RunConfiguration):
    colors: tuple[str, ...] = option(("red",), "A,B", "of the toy: 100% red by default", as_names)
    wheels: int = option(4, "N", "of the toy", integer_from(1))
    maker: str = option("nobody", None, "set in a YAML file only")


TOY = CommandLine("toy.py", "Make a toy.", "That is all.", Toy, lambda options: Toy(**options))
PROGRAMS = pytest.mark.parametrize("command_line", command_lines().values(), ids=command_lines())


def test_a_new_field_is_an_option_a_key_and_a_line_of_help(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "toy.yaml"
    path.write_text("wheels: 3\nmaker: me\n")
    given = read_command_line(TOY, ["--config", str(path), "--colors", "blue", "--plan", "--json"])
    assert given == (Toy(colors="blue", wheels=3, maker="me"), True, "json")  # type: ignore[arg-type]
    with pytest.raises(SystemExit):
        make_parser(TOY).parse_args(["--help"])
    printed = capsys.readouterr().out
    assert "--colors A,B" in printed and "100% red" in printed
    assert "--maker" not in printed


def test_the_programs_own_options_come_first() -> None:
    assert list(declared_options(Toy)) == [
        *("colors", "wheels", "maker"),
        *("run_id", "output_dir", "cache_dir", "text_column", "id_column", "document_per"),
        *("sequence_tokens", "stride", "keep_short", "prompt_tokens", "continuation_tokens", "revisions"),
    ]


@PROGRAMS
def test_every_field_of_a_configuration_declares_an_option(command_line: CommandLine) -> None:
    names = {field.name for field in fields(command_line.configuration)}
    assert set(declared_options(command_line.configuration)) == names
    assert command_line.build({}).as_json().keys() == names


def test_every_feature_table_has_an_option() -> None:
    options = declared_options(metrics.Configuration)
    for table in FEATURE_TABLES:
        assert ("published" in options[table.name].help) == (table.hub_id is not None), table.name


@PROGRAMS
def test_the_version_is_printed(command_line: CommandLine, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_command_line(command_line, ["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"{command_line.program} {VERSION}\n"


@PROGRAMS
def test_the_examples_of_the_help_parse(command_line: CommandLine) -> None:
    assert command_line.examples
    for arguments, _ in command_line.examples:
        read_command_line(command_line, arguments.split())


@PROGRAMS
def test_help_groups_the_options(command_line: CommandLine) -> None:
    text = make_parser(command_line).format_help()
    for group in ("data:", "feature tables:", "run:", "examples:"):
        assert f"\n{group}\n" in text
    assert text.index("data:") < text.index("--output_dir") < text.index("examples:")


def test_the_filters_are_listed_by_group(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read_command_line(metrics.COMMAND_LINE, ["--list_filters"])
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[0] for line in lines if line.startswith("  ")]
    assert sorted(names) == sorted(each.name for each in ALL_FILTERS)
    assert [line for line in lines if not line.startswith(" ")] == ["--filters all", "--filters model", "only by name"]
    assert lines.index("--filters model") < next(i for i, line in enumerate(lines) if line.startswith("  likelihood "))


@PROGRAMS
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["--output_dri", "x"], r"unrecognized arguments: --output_dri x \(did you mean --output_dir\?\)", id="typo"
        ),
        pytest.param(["--quiet", "--json"], "not allowed with argument", id="two reports"),
        pytest.param(["--config", "/no/such.yaml"], "cannot be read", id="no file"),
    ],
)
def test_invalid_command_lines_are_rejected(command_line: CommandLine, arguments: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_command_line(command_line, arguments)


def test_a_yaml_file_with_an_unknown_key_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "toy.yaml"
    path.write_text("wheel: 3\n")
    with pytest.raises(UserError, match=r"unknown key 'wheel' \(did you mean wheels\?\)\.\nKnown: colors,"):
        read_command_line(TOY, ["--config", str(path)])
