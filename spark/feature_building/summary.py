"""What a person and a script read of the building of features: the plan, the schema, and how to join the tables."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from spark.events import FeaturePlan, PlannedTable
from spark.feature_building.duplicates import choose_way
from spark.feature_building.planning import PlannedFeature
from spark.feature_building.work import FeatureWork
from spark.storage import AnyPath

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


def make_feature_plan(run_id: str, directory: AnyPath, works: Sequence[FeatureWork]) -> FeaturePlan:
    """What a run would read, count and write."""

    def planned(work: FeatureWork) -> PlannedTable:
        way, sequences = None, None
        if work.planned.feature == "duplicates":
            sequences = "all of the corpus" if work.sequences is work.corpus else work.sequences.source
            if work.sequences.rows is not None:
                way = choose_way(work.sequences.rows)
        memorized = work.memorized.source if work.memorized is not None else None
        corpus = work.corpus
        tables = list(work.planned.tables)
        return PlannedTable(
            work.description, corpus.source, corpus.rows, corpus.bytes, sequences, memorized, way, tables
        )

    return FeaturePlan(run_id, str(directory), [planned(work) for work in works])


def joining_command(planned: Iterable[PlannedFeature], directory: AnyPath) -> str:
    """The options of calculate_metrics.py that join the tables of a run."""
    options: dict[str, str] = {}
    for each in planned:
        dataset = each.dataset if each.scheme is None else each.dataset.replace(f"{each.scheme}-", "{scheme}-")
        options[each.feature] = shlex.quote(str(directory / dataset))
    return " ".join(f"--{feature} {path}" for feature, path in options.items())
