"""Paths of the parts of the embedded sample."""

from __future__ import annotations

from pathlib import Path

from filters.feature_tables import feature_table

SAMPLE_DIR = Path(__file__).resolve().parent / "data"
SCHEMES = ("duped", "deduped")
MODELS = ("70m", "160m")


def truth_path(sample_directory: Path = SAMPLE_DIR) -> Path:
    """Return the Parquet file with the truth about every sequence, keyed by `sequence_id`."""
    return sample_directory / "truth.parquet"


def tokenizer_path(sample_directory: Path = SAMPLE_DIR) -> Path:
    """Return the `tokenizer.json` of the sample's byte-level BPE tokenizer."""
    return sample_directory / "tokenizer" / "tokenizer.json"


def corpus_path(scheme: str, sample_directory: Path = SAMPLE_DIR) -> Path:
    """Return the Parquet file of the training corpus of one scheme: `sequence_id`, `tokens` (64 per row)."""
    return sample_directory / "corpus" / f"{scheme}.parquet"


def memories_directory(sample_directory: Path = SAMPLE_DIR) -> Path:
    """Return the dataset in the format of `EleutherAI/pythia-memorized-evals`, with splits `{scheme}.{model}`."""
    return sample_directory / "memories"


def model_directory(scheme: str, model: str, sample_directory: Path = SAMPLE_DIR) -> Path:
    """Return the directory, as `transformers` saves it, of a model trained on the corpus of one scheme."""
    return sample_directory / "models" / f"{scheme}.{model}"


def pile_directory(scheme: str, sample_directory: Path = SAMPLE_DIR) -> Path:
    """Return the dataset in the format of `EleutherAI/pile-{scheme}-pythia-random-sampled`, with the split `train`."""
    return sample_directory / f"pile-{scheme}"


def feature_directory(name: str, scheme: str, sample_directory: Path = SAMPLE_DIR) -> Path:
    """Return the dataset of a feature table in its published format; only `token_frequencies` has one per scheme."""
    return sample_directory / "features" / feature_table(name).dataset_of(scheme)
