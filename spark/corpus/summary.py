"""What a person and a script read of the building of features: the plan, the schema, and how to join the tables."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

import pyarrow.parquet as pq

from spark.corpus.job import FeatureJob
from spark.corpus.planning import DEDUPLICATION, OF_SEQUENCES, PlannedFeature
from spark.reporting.events import Deduplicated, FeaturePlan, PlannedTable
from spark.storage.paths import AnyPath, arrow_location

COLUMNS = {
    "duplicates": (
        ("index", "int64", "the sequence's id"),
        ("counts", "int64", "at how many places of the corpus the window of the sequence occurs, its own counted"),
    ),
    "near_duplicates": (
        ("sequence_id", "int64", "the sequence's id"),
        ("near_duplicates", "int64", "how many other sequences are at least so similar: their sets of n-grams"),
        ("near_duplicate_cluster", "int64", "smallest id of the sequences that such similarities connect it with"),
        ("near_duplicate_cluster_size", "int64", "how many sequences these are, itself included"),
    ),
    "semantic_duplicates": (
        ("sequence_id", "int64", "the sequence's id"),
        ("0_8_snowclones", "int64", "how many other sequences of the corpus have a cosine similarity of at least 0.8"),
        ("0_9_snowclones", "int64", "the same at 0.9"),
        ("0_8_templates", "int64", "those of `0_8_snowclones` with prompts at a Levenshtein distance from 1 to 19"),
        ("0_9_templates", "int64", "those of `0_9_snowclones`"),
    ),
    DEDUPLICATION: (
        ("sequence_id", "int64", "the id of a sequence that was removed"),
        ("tokens", "int64", "how many tokens it has"),
        ("method", "string", "what removed it: exact, fuzzy or semantic"),
        ("duplicate_of", "int64", "the sequence whose duplicate it is"),
        ("threshold", "double", "largest of the thresholds of the summary at which it is removed; null of exact ones"),
    ),
    "token_frequencies": (
        ("TokenID", "int64", "token id"),
        ("Frequency", "int64", "how often the sequences of the table hold it"),
    ),
}


def schema_of_features(planned: Iterable[PlannedFeature]) -> list[dict[str, str]]:
    """The columns of the tables, as `run.json` lists them."""
    return [
        {"name": name, "type": type_, "feature": feature, "meaning": meaning}
        for feature in dict.fromkeys(each.feature for each in planned)
        for name, type_, meaning in COLUMNS[feature]
    ]


def make_feature_plan(run_id: str, directory: AnyPath, jobs: Sequence[FeatureJob]) -> FeaturePlan:
    """What a run would read, count and write."""

    def planned(job: FeatureJob) -> PlannedTable:
        sequences = None
        if job.planned.feature in OF_SEQUENCES:
            sequences = "all of the corpus" if job.sequences is job.corpus else job.sequences.source
        memorized = job.memorized.source if job.memorized is not None else None
        corpus = job.corpus
        tables = list(job.planned.tables)
        return PlannedTable(
            job.description, corpus.source, corpus.rows, corpus.bytes, sequences, memorized, job.strategy(), tables
        )

    return FeaturePlan(run_id, str(directory), [planned(job) for job in jobs])


def deduplications(planned: Iterable[PlannedFeature], directory: AnyPath) -> Iterator[Deduplicated]:
    """What the deduplications of a run removed."""
    for each in planned:
        if each.feature == DEDUPLICATION:
            filesystem, summary = arrow_location(directory / each.dataset / "summary")
            yield Deduplicated(each.description, pq.read_table(summary, filesystem=filesystem).to_pylist())


def joining_command(planned: Iterable[PlannedFeature], directory: AnyPath) -> str:
    """The options of calculate_metrics.py that join the tables of a run."""
    options: dict[str, str] = {}
    for each in planned:
        if each.feature == DEDUPLICATION:
            continue
        dataset = each.dataset if each.scheme is None else each.dataset.replace(f"{each.scheme}-", "{scheme}-")
        if each.feature == "semantic_duplicates" and each.scheme is not None:
            dataset += "/{scheme}"  # the published splits of that name have other columns
        options[each.feature] = shlex.quote(str(directory / dataset))
    return " ".join(f"--{feature} {path}" for feature, path in options.items())
