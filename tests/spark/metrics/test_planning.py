"""Planning: from the command line to the tables of sequences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from filters.contract import FeatureTable
from filters.feature_tables import FEATURE_TABLES, feature_table
from filters.registry import choose_filters
from spark.metrics.configuration import COMMAND_LINE, Configuration, build_configuration
from spark.metrics.feature_tables import check_feature_settings, feature_locations
from spark.metrics.planning import plan_sequence_tables
from spark.runs.command_line import read_command_line
from spark.sources.input_columns import recognise_columns
from utils import UserError

Write = Callable[..., Path]


def planned(**options: Any) -> list[tuple[str, str | None, tuple[str | None, ...], str | None]]:
    tables = plan_sequence_tables(build_configuration(options))
    return [(table.dataset, table.scheme, table.models, table.location.split) for table in tables]


def test_the_sample_has_both_kinds_of_data_for_all_schemes_and_models() -> None:
    assert planned(schemes="duped", filters="all") == [
        ("sample_memories", "duped", ("70m",), "duped.70m"),
        ("sample_memories", "duped", ("160m",), "duped.160m"),
        ("sample_pile", "duped", ("70m", "160m"), None),
    ]
    assert len(planned(filters="all")) == 2 * (2 + 1)


def test_with_a_language_model_every_table_has_one_model() -> None:
    assert planned(schemes="duped")[2:] == [
        ("sample_pile", "duped", ("70m",), None),
        ("sample_pile", "duped", ("160m",), None),
    ]
    assert len(planned()) == 2 * (2 + 2)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({}, ("all", "model"), id="the sample"),
        pytest.param({"datasets": "memories"}, ("all",), id="Hub data"),
        pytest.param({"datasets": "memories", "model": "published"}, ("all", "model"), id="a model"),
        pytest.param({"datasets": "sample,memories"}, ("all",), id="the sample and other data"),
        pytest.param({"filters": "repetition"}, ("repetition",), id="named filters"),
    ],
)
def test_model_filters_are_the_default_only_if_a_model_is_known(options: dict[str, str], expected: tuple[str]) -> None:
    assert build_configuration(options).filters == expected


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("prompt_tokens", "0", "a whole number of at least 1"),
        ("continuation_tokens", "x", "a whole number of at least 1"),
        ("min_k_percent", "0", "a number above 0, at most 100"),
        ("min_k_percent", "nan", "a number above 0, at most 100"),
        ("min_k_percent", "101", "a number above 0, at most 100"),
        ("precision", "float23", r"did you mean float\d\d\?"),
    ],
)
def test_model_options_are_checked(option: str, value: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        build_configuration({option: value})


def test_a_local_file_with_the_name_of_the_sample_is_not_the_sample(write_parquet: Write) -> None:
    path = write_parquet("sample_pile.parquet", {"sequence_id": [1], "tokens": [[1]]})
    configuration = build_configuration({"datasets": str(path), "schemes": "duped"})
    (sequences,) = plan_sequence_tables(configuration)
    assert sequences.dataset == "sample_pile"
    assert feature_locations(feature_table("duplicates"), configuration, sequences, None) == ()


def test_lists_of_datasets_schemes_and_models_are_planned_in_one_run() -> None:
    assert planned(datasets="memories,pile,pile_test", models="70m,12b.23000", schemes="deduped,duped") == [
        *(
            ("memories", scheme, (model,), f"{scheme}.{model}")
            for scheme in ("deduped", "duped")
            for model in ("70m", "12b.23000")
        ),
        ("pile", "deduped", ("70m", "12b.23000"), None),
        ("pile", "duped", ("70m", "12b.23000"), None),
        ("pile_test", None, (None,), None),
    ]


def test_hub_data_defaults_to_the_smallest_model_and_scheme() -> None:
    assert planned(datasets="memories") == [("memories", "deduped", ("70m",), "deduped.70m")]


def test_a_local_copy_of_memories_gives_the_splits_that_it_has(write_parquet: Write) -> None:
    for name in ("deduped.70m", "duped.1.4b"):
        path = write_parquet(f"evals/data/{name}-00000-of-00001.parquet", {"index": [1], "tokens": [[1]]})
    directory = path.parent.parent
    assert sorted(planned(datasets=str(directory)), key=str) == [
        ("evals", "deduped", ("70m",), "deduped.70m"),
        ("evals", "duped", ("1.4b",), "duped.1.4b"),
    ]
    with pytest.raises(UserError, match=r"Unknown split .* 'deduped\.71m' \(did you mean deduped\.70m\?\)"):
        planned(datasets=str(directory), models="71m", schemes="deduped")


@pytest.mark.parametrize("models", ["../x", "a/b", "..", "a b", "x\ny"])
def test_a_model_name_cannot_point_outside_the_output_directory(write_parquet: Write, models: str) -> None:
    path = write_parquet("a.parquet", {"tokens": [[1]]})
    with pytest.raises(UserError, match="is not a valid name of a model or scheme"):
        plan_sequence_tables(build_configuration({"datasets": str(path), "models": [models]}))


def test_a_tokenizer_beside_the_data_is_used(write_parquet: Write) -> None:
    path = write_parquet("data/a.parquet", {"tokens": [[1]]})
    (sequences,) = plan_sequence_tables(build_configuration({"datasets": str(path)}))
    assert sequences.tokenizer is None
    (path.parent / "tokenizer.json").write_text("{}")
    for dataset in (path, path.parent):
        (sequences,) = plan_sequence_tables(build_configuration({"datasets": str(dataset)}))
        assert sequences.tokenizer == str(path.parent / "tokenizer.json")


def test_the_command_line_overrides_the_file_and_the_file_overrides_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("models: [70m, 160m]\nsample_size: 5\nrevisions: {a/b: main}\n")
    configuration, plan_only, _ = read_command_line(COMMAND_LINE, ["--config", str(path), "--models", "12b", "--plan"])
    filters = ("all", "model")  # the default for the sample
    expected = Configuration(models=("12b",), filters=filters, sample_size=5, revisions=(("a/b", "main"),))
    assert (configuration, plan_only) == (expected, True)


@pytest.mark.parametrize(
    ("table", "dataset", "expected"),
    [
        ("duplicates", "memories", ["usvsnsp/generation-num-duplicates [deduped]"]),
        (
            "token_frequencies",
            "pile",
            ["usvsnsp/deduped-num-frequencies [memorized]", "usvsnsp/deduped-num-frequencies [non_memorized]"],
        ),
        (
            "semantic_duplicates",
            "pile",
            ["usvsnsp/semantic-duplicates [deduped_snowclones]", "usvsnsp/semantic-duplicates [deduped_templates]"],
        ),
        (
            "semantic_duplicates",
            "memories",
            [
                "usvsnsp/semantic-duplicates [deduped_70m_snowclones]",
                "usvsnsp/semantic-duplicates [deduped_70m_templates]",
            ],
        ),
        ("nl_scores", "pile", ["usvsnsp/pile-pythia-code-vs-nl-scores [deduped]"]),
    ],
)
def test_locations_of_published_feature_tables(table: str, dataset: str, expected: list[str]) -> None:
    configuration = build_configuration({"datasets": dataset, table: "published"})
    (sequences,) = plan_sequence_tables(configuration)
    assert [str(each) for each in feature_locations(feature_table(table), configuration, sequences, "70m")] == expected


@pytest.mark.parametrize("table", FEATURE_TABLES, ids=lambda table: table.name)
def test_the_error_for_a_missing_feature_table_offers_only_what_its_option_accepts(table: FeatureTable) -> None:
    configuration = build_configuration({table.name: "nowhere.parquet"})
    expected = "Expected published, none," if table.hub_id else "Expected none,"
    with pytest.raises(UserError, match=expected):
        check_feature_settings(configuration, choose_filters(("repetition",)))


def test_the_nl_scores_of_duped_are_in_the_split_standard() -> None:
    configuration = build_configuration({"datasets": "pile", "schemes": "duped", "nl_scores": "published"})
    (sequences,) = plan_sequence_tables(configuration)
    (location,) = feature_locations(feature_table("nl_scores"), configuration, sequences, "70m")
    assert location.split == "standard"


def test_only_scheme_and_model_are_filled_into_a_feature_path(write_parquet: Write) -> None:
    path = write_parquet("t-duped-70m.parquet", {"sequence_id": [1], "counts": [1]})
    template = str(path).replace("duped-70m", "{scheme}-{model}")
    configuration = build_configuration({"datasets": "memories", "schemes": "duped", "duplicates": template})
    (sequences,) = plan_sequence_tables(configuration)
    (location,) = feature_locations(feature_table("duplicates"), configuration, sequences, "70m")
    assert location.source == str(path)
    hostile = build_configuration({"datasets": "memories", "duplicates": "{0.__class__}/x"})
    (location, *_) = feature_locations(feature_table("duplicates"), hostile, sequences, "70m")
    assert location.source == "{0.__class__}/x"


def test_columns_are_recognised_by_their_published_names(tmp_path: Path) -> None:
    table = pa.table({"Index": [1], "Tokens": [[1]], "12B": [0.5], "70M": [1.0], "note": ["x"]})
    pq.write_table(table, tmp_path / "a.parquet")
    columns = recognise_columns(table.schema, "a")
    assert (columns.sequence_id, columns.tokens, columns.text) == ("Index", "Tokens", None)
    assert columns.scores == (("70m", "70M"), ("12b", "12B"))
    assert columns.others == ("note",)
