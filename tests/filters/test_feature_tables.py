"""The records of the feature tables: rules for every record, and facts that users and published tables rely on."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from filters.contract import SEQUENCE_KEYS, TOKEN_KEYS, FeatureTable, TableColumn
from filters.feature_tables import FEATURE_TABLES, feature_table, joined_filters
from filters.registry import ALL_FILTERS
from sample.paths import feature_directory
from spark.corpus.jobs import FEATURE_JOBS, job_class, users_by_option
from spark.metrics.configuration import Configuration

EVERY_TABLE = pytest.mark.parametrize("table", FEATURE_TABLES, ids=lambda table: table.name)


def test_names_are_unique() -> None:
    names = [table.name for table in FEATURE_TABLES]
    metrics = [column.name for table in FEATURE_TABLES for column in table.written_columns]
    datasets = [table.dataset for table in FEATURE_TABLES if table.dataset]
    for each in (names, metrics, datasets):
        assert len(set(each)) == len(each)


@EVERY_TABLE
def test_every_table_has_an_option_for_its_location(table: FeatureTable) -> None:
    assert getattr(Configuration(), table.name) == "auto"


@EVERY_TABLE
def test_every_column_has_a_name_a_range_and_a_description(table: FeatureTable) -> None:
    assert table.columns
    for column in table.columns:
        assert column.names[0] == column.name
        assert len(set(column.names)) == len(column.names)
        assert column.smallest < column.largest
        assert column.meaning
        assert column.type in (pa.int64(), pa.float64())


@EVERY_TABLE
def test_column_names_are_distinct_from_each_other_and_the_key(table: FeatureTable) -> None:
    accepted = [*table.key_names, *(name for column in table.columns for name in column.names)]
    assert len(set(accepted)) == len(accepted)
    assert table.key_names in (SEQUENCE_KEYS, TOKEN_KEYS)


def test_joined_filters_have_the_columns_of_their_tables() -> None:
    joined = {each.feature_table: each for each in ALL_FILTERS if each.feature_table is not None}
    tables = [table for table in FEATURE_TABLES if not table.has_token_key]
    assert list(joined) == [table.name for table in tables]
    for table in tables:
        assert joined[table.name].columns == table.written_columns
        assert joined[table.name].measure is None
    assert tuple(joined.values()) == joined_filters()


@EVERY_TABLE
def test_sample_tables_and_built_tables_have_a_dataset(table: FeatureTable) -> None:
    if table.in_sample or table.is_built:
        assert table.dataset is not None
    for scheme in ("duped", "deduped") if table.in_sample else ():
        assert (feature_directory(table.name, scheme) / "README.md").is_file()


@pytest.mark.parametrize(
    ("name", "hub_id", "dataset", "filter_name"),
    [
        ("duplicates", "usvsnsp/generation-num-duplicates", "generation-num-duplicates", "duplicates"),
        ("token_frequencies", "usvsnsp/{scheme}-num-frequencies", "duped-num-frequencies", None),
        ("near_duplicates", None, "near-duplicates", "near_duplicates"),
        ("semantic_duplicates", "usvsnsp/semantic-duplicates", "semantic-duplicates", "semantic_duplicates"),
        ("longest_match", None, "longest-match", "longest_match"),
        ("nl_scores", "usvsnsp/pile-pythia-code-vs-nl-scores", None, "published_nl_scores"),
        ("perplexities", None, "perplexities", "perplexities"),
    ],
)
def test_table_has_its_hub_id_dataset_and_filter(
    name: str, hub_id: str | None, dataset: str | None, filter_name: str | None
) -> None:
    table = feature_table(name)
    assert table.hub_id == hub_id
    if dataset is None:
        with pytest.raises(ValueError, match=f"{name} has no dataset"):
            table.dataset_of("duped")
    else:
        assert table.dataset_of("duped") == dataset
    joined = [each.name for each in joined_filters() if each.feature_table == name]
    assert joined == ([] if filter_name is None else [filter_name])


@pytest.mark.parametrize(
    ("name", "kind", "scheme", "model", "splits"),
    [
        ("duplicates", "memories", "deduped", "70m", ("deduped",)),
        ("near_duplicates", "pile", "duped", "70m", ("duped",)),
        ("token_frequencies", "pile", "deduped", "70m", ("memorized", "non_memorized")),
        (
            "semantic_duplicates",
            "memories",
            "duped",
            "1.4b",
            ("duped_1.4b_snowclones", "duped_1.4b_templates"),
        ),
        ("semantic_duplicates", "pile", "duped", "1.4b", ("duped_snowclones", "duped_templates")),
        ("nl_scores", "pile", "duped", "70m", ("standard",)),
        ("nl_scores", "memories", "deduped", "70m", ("deduped",)),
        ("nl_scores", "plain", None, None, ("deduped",)),
        ("perplexities", "memories", "deduped", "12b.23000", ("deduped.12b.23000",)),
    ],
)
def test_published_datasets_have_their_splits(
    name: str, kind: str, scheme: str | None, model: str | None, splits: tuple[str, ...]
) -> None:
    assert feature_table(name).split_names(kind, scheme, model) == splits


@pytest.mark.parametrize(
    ("name", "metric", "names", "values"),
    [
        (
            "duplicates",
            "sequence_duplicates",
            ("sequence_duplicates", "counts", "Counts", "frequency"),
            (0, math.inf),
        ),
        ("token_frequencies", "frequency", ("frequency", "Frequency"), (0, 2**53)),
        ("near_duplicates", "near_duplicate_cluster", ("near_duplicate_cluster",), (-math.inf, math.inf)),
        ("near_duplicates", "near_duplicate_cluster_size", ("near_duplicate_cluster_size",), (1, math.inf)),
        ("semantic_duplicates", "0_9_templates", ("0_9_templates", "templates_0_9"), (0, math.inf)),
        ("nl_scores", "published_nl_scores", ("published_nl_scores", "nl_scores", "nl_score"), (0, 1)),
        ("perplexities", "loss", ("loss",), (0, math.inf)),
        ("perplexities", "prompt_perplexity", ("prompt_perplexity",), (1, math.inf)),
    ],
)
def test_columns_have_their_names_and_ranges(
    name: str, metric: str, names: tuple[str, ...], values: tuple[float, float]
) -> None:
    column = feature_table(name).column(metric)
    assert column.names == names
    assert (column.smallest, column.largest) == values


@pytest.mark.parametrize(
    ("name", "differs_by_model", "holds_integers", "in_sample", "is_built"),
    [
        ("duplicates", False, True, True, True),
        ("token_frequencies", False, True, True, True),
        ("near_duplicates", False, True, True, True),
        ("semantic_duplicates", False, True, True, True),
        ("longest_match", False, True, False, True),
        ("nl_scores", False, False, False, False),
        ("perplexities", True, False, True, False),
    ],
)
def test_flags_of_a_table(
    name: str, differs_by_model: bool, holds_integers: bool, in_sample: bool, is_built: bool
) -> None:
    table = feature_table(name)
    found = (table.differs_by_model, table.holds_integers, table.in_sample, table.is_built)
    assert found == (differs_by_model, holds_integers, in_sample, is_built)


def test_duplicates_of_further_windows_are_columns_with_their_number() -> None:
    names = ["counts_16", "index", "counts", "sequence_duplicates_8", "counts_x", "counts_0", "counts_8", "counts_1_6"]
    found = feature_table("duplicates").numbered_columns(names)
    assert [column.name for column in found] == ["sequence_duplicates_8", "sequence_duplicates_16"]
    assert found[1].names == ("sequence_duplicates_16", "counts_16")
    assert found[1].meaning == "occurrences in the training corpus of the sequence's last 16 tokens"
    assert feature_table("duplicates").column("sequence_duplicates_16") == found[1]
    assert feature_table("near_duplicates").numbered_columns(names) == ()


def test_a_table_without_split_names_has_one_split_per_scheme() -> None:
    table = FeatureTable("mine", "Of mine.", (TableColumn("mine", pa.int64(), "of mine"),))
    assert table.split_names("plain", "duped", "70m") == ("duped",)


def test_job_of_every_built_table_writes_its_columns() -> None:
    jobs = {job.feature: job for job in FEATURE_JOBS}
    tables = [table for table in FEATURE_TABLES if table.is_built]
    assert list(jobs) == [table.name for table in tables]
    for table in tables:
        key, *values = jobs[table.name].output_columns
        assert key.name in table.key_names
        accepted = [each.names if isinstance(each, TableColumn) else (each.name,) for each in table.written_columns]
        assert [value.name in names for value, names in zip(values, accepted, strict=True)] == [True] * len(values)
        assert [value.type for value in values] == [column.type for column in table.written_columns]


def test_every_column_has_a_name_that_readers_do_not_take_for_a_number() -> None:
    """DuckDB reads `0_8_snowclones` as the number 8 named `_snowclones`; `DataFrame.query` raises SyntaxError."""
    written = [each.columns for each in ALL_FILTERS] + [each.output_columns for each in FEATURE_JOBS]
    for columns in written:
        published = [column for column in columns if not column.name.isidentifier()]
        plain = {column.name: column for column in columns if column.name.isidentifier()}
        for column in published:
            assert column.twin is not None
            assert plain[column.twin].twin == column.name
            assert plain[column.twin].type == column.type


@pytest.mark.parametrize(
    ("feature", "scheme", "has_memorized", "tables"),
    [
        ("duplicates", "a", False, ("generation-num-duplicates/a",)),
        ("duplicates", None, False, ("generation-num-duplicates",)),
        ("token_frequencies", "a", True, ("a-num-frequencies/memorized", "a-num-frequencies/non_memorized")),
        ("token_frequencies", "a", False, ("a-num-frequencies",)),
        ("token_frequencies", None, True, ("num-frequencies/memorized", "num-frequencies/non_memorized")),
        ("near_duplicates", "a", False, ("near-duplicates/a",)),
        ("semantic_duplicates", None, False, ("semantic-duplicates",)),
        ("deduplication", "a", False, ("deduplication/a/corpus", "deduplication/a/removed", "deduplication/a/summary")),
    ],
)
def test_job_writes_its_tables_to_dataset_and_split(
    feature: str, scheme: str | None, has_memorized: bool, tables: tuple[str, ...]
) -> None:
    job = job_class(feature)
    splits = job.splits(scheme, has_memorized)
    dataset = job.dataset(scheme)
    assert (tuple(f"{dataset}/{split}" for split in splits) or (dataset,)) == tables


def test_options_are_mapped_to_the_features_that_use_them() -> None:
    assert users_by_option() == {
        "sequences": ("duplicates", "semantic_duplicates", "longest_match"),
        "memorized": ("token_frequencies",),
        "prompt_tokens": ("duplicates",),
        "continuation_tokens": ("duplicates",),
        "window_tokens": ("duplicates",),
        **dict.fromkeys(
            ("sequence_tokens", "stride", "keep_short"),
            ("duplicates", "near_duplicates", "semantic_duplicates", "longest_match"),
        ),
        "jaccard_threshold": ("near_duplicates", "fuzzy"),
        "ngram_tokens": ("near_duplicates", "fuzzy"),
        "embedding_model": ("semantic_duplicates", "semantic"),
        "keep": ("exact", "fuzzy", "semantic"),
        "cosine_threshold": ("semantic",),
        "semantic_clusters": ("semantic",),
    }
