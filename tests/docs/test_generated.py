"""The committed generated pages are up to date."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from spark.reporting import events
from tools.docs_events import EXAMPLES, fields_of, type_name
from tools.generate_docs import DOCS, PAGES, generated_page, main


@pytest.mark.parametrize("name", PAGES)
def test_committed_page_equals_its_source(name: str) -> None:
    committed = (DOCS / name).read_text(encoding="utf-8")
    assert committed == generated_page(name), "run: python -m tools.generate_docs"


def test_check_passes_on_the_committed_pages() -> None:
    assert main(["--check"]) == 0


def test_check_names_an_outdated_page(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(PAGES, "events.md", lambda: "other\n")
    assert main(["--check"]) == 1
    assert capsys.readouterr().err.startswith("docs/events.md differs from its source.")


@pytest.mark.parametrize("line", EXAMPLES)
def test_a_shown_line_has_the_fields_of_its_event(line: str) -> None:
    shown = json.loads(line)
    kind = next(kind for kind in events.Event.__subclasses__() if kind.event_name() == shown["event"])
    assert list(shown) == ["time", "event", *fields_of(kind)]
    for value in shown.values():
        assert not isinstance(value, dict) or list(value) == list(fields_of(events.Advance))


def test_event_field_without_a_description_is_an_error() -> None:
    @dataclass
    class Bare:
        rows: int

    with pytest.raises(TypeError, match=r"Bare\.rows: expected Annotated"):
        fields_of(Bare)


@pytest.mark.parametrize(("given", "shown"), [(str, "string"), (int | None, "int or null")])
def test_types_are_shown_by_their_json_names(given: object, shown: str) -> None:
    assert type_name(given) == shown
