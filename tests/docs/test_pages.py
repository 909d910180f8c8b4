"""The pages are correct: their examples, `make` targets, links and length."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest

from filters import apply_filters
from filters.registry import ALL_FILTERS
from sample.paths import tokenizer_path
from tests.conftest import PROJECT

CATCH_TABLE = (PROJECT / "docs" / "what-the-filters-catch.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| `(is_\w+)` \| (true|false) \| `(.*)` \|$", CATCH_TABLE, re.MULTILINE)
PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").glob("*.md"))]


@pytest.mark.parametrize(("column", "value", "text"), EXAMPLES)
def test_filters_measure_each_example_as_the_table_says(column: str, value: str, text: str) -> None:
    measured = apply_filters(pa.table({"text": [text]}), tokenizer_path())
    assert measured[column].to_pylist() == [value == "true"]


def test_every_boolean_column_has_an_example() -> None:
    of_text = [each for each in ALL_FILTERS if each.measure is not None and not each.asks_model]
    boolean = {column.name for each in of_text for column in each.columns if column.type == pa.bool_()}
    assert {column for column, _, _ in EXAMPLES} == boolean


def test_every_named_make_target_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    named = {name for page in PAGES for name in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))}
    assert "docs" in named
    assert named - {"help"} <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_readme_has_at_most_120_lines() -> None:
    assert len((PROJECT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("page", [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_every_link_to_a_project_file_exists(page: object) -> None:
    text = (PROJECT / str(page)).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [link for link in links if not (PROJECT / link).exists()] == []
