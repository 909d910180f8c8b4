"""`--plan` names the tokenizer and the model that the run would use."""

from __future__ import annotations

from pathlib import Path

import pytest

from filters.registry import choose_filters
from sample.paths import model_directory, tokenizer_path
from spark.metrics.configuration import build_configuration
from spark.metrics.plan import make_plan
from spark.metrics.planning import plan_sequence_tables


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (None, None)),
        ({"tokenizer": "t.json"}, ("t.json", None)),
        ({"model": "{with}"}, ("{with}/tokenizer.json", "{with}")),
        ({"model": "{with}", "tokenizer": "t.json"}, ("t.json", "{with}")),
        ({"model": "{without}"}, (None, "{without}")),
        ({"model": "{with}", "filters": "repetition"}, (None, None)),
        ({"model": "owner/name@main"}, ("owner/name@main", "owner/name@main")),
        ({"datasets": "sample", "schemes": "duped"}, (str(tokenizer_path()), str(model_directory("duped", "70m")))),
        ({"datasets": "memories", "filters": "all"}, ("EleutherAI/pythia-70m", None)),
    ],
)
def test_the_tokenizer_and_the_model_of_the_run_are_named(
    options: dict[str, str], expected: tuple[str | None, str | None], tmp_path: Path
) -> None:
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
    (tmp_path / "with" / "tokenizer.json").touch()
    (tmp_path / "mine.jsonl").write_text('{"text": "one"}\n')
    paths = {name: str(tmp_path / name) for name in ("with", "without")}
    given = {name: value.format(**paths) for name, value in options.items()}
    configuration = build_configuration({"datasets": str(tmp_path / "mine.jsonl"), **given})
    filters = choose_filters(configuration.filters)
    plan = make_plan("r", tmp_path, plan_sequence_tables(configuration), filters, configuration)
    found = plan.jobs[0].tokenizer, plan.jobs[0].language_model
    assert found == tuple(each and each.format(**paths) for each in expected)
