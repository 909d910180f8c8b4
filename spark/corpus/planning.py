"""From the configuration to the feature tables that a run builds: of which corpus, for which sequences, and where."""

from __future__ import annotations

from dataclasses import dataclass

from sample import paths as sample_paths
from spark.corpus.configuration import SAMPLE, USED_BY, FeatureConfiguration
from spark.storage.publishing import require_partition_names
from utils import require_known

DATASETS = {  # as the published ones are called, where there is one
    "duplicates": "generation-num-duplicates",
    "token_frequencies": "num-frequencies",
    "near_duplicates": "near-duplicates",
    "semantic_duplicates": "semantic-duplicates",
}
DEDUPLICATION = "deduplication"
PARTS_OF_DEDUPLICATION = ("corpus", "removed", "summary")
OF_SEQUENCES = USED_BY["sequences"]  # counted for some sequences, or for every row
LARGEST_SAMPLE_MODEL = sample_paths.MODELS[-1]


@dataclass(frozen=True)
class PlannedFeature:
    """One feature of one corpus, or its deduplication.

    corpus, sequences, memorized: where each is; None where there is none, and of `sequences` for those of the corpus.
    dataset: the directory of its tables, in the run's. splits: of the dataset, one for each table, in the published
        order; none where the dataset is one table, of a corpus without a scheme.
    """

    feature: str
    scheme: str | None
    corpus: str
    sequences: str | None
    memorized: str | None
    tokenizer: str | None
    dataset: str
    splits: tuple[str, ...]

    @property
    def description(self) -> str:
        """What it is called in messages and in the Spark UI."""
        return f"{self.feature} {self.scheme or ''}".strip()

    @property
    def tables(self) -> tuple[str, ...]:
        """Its tables, each a path in the run's directory."""
        return tuple(f"{self.dataset}/{split}" for split in self.splits) or (self.dataset,)

    @property
    def has_card(self) -> bool:
        """Whether its tables are splits of one dataset, of the same columns, which is to name them."""
        return bool(self.splits) and self.feature != DEDUPLICATION


def plan_features(configuration: FeatureConfiguration) -> list[PlannedFeature]:
    """Every feature of every corpus that is asked for, in the order in which they are built."""
    is_sample = configuration.corpus == SAMPLE
    schemes: tuple[str | None, ...] = configuration.schemes or (sample_paths.SCHEMES if is_sample else (None,))
    if is_sample:
        require_known("scheme of the sample", configuration.schemes or (), sample_paths.SCHEMES)
    require_partition_names(configuration.schemes or ())
    features = (*configuration.features, *([DEDUPLICATION] if configuration.deduplicate else []))
    return [_planned(feature, scheme, configuration) for scheme in schemes for feature in features]


def _planned(feature: str, scheme: str | None, configuration: FeatureConfiguration) -> PlannedFeature:
    corpus, memorized, tokenizer = configuration.corpus, configuration.memorized, configuration.tokenizer
    if corpus == SAMPLE:
        corpus = str(sample_paths.corpus_path(str(scheme)))
        memorized = memorized or f"{sample_paths.memories_directory()}#{{scheme}}.{LARGEST_SAMPLE_MODEL}"
        tokenizer = tokenizer or str(sample_paths.tokenizer_path())
    dataset = DATASETS.get(feature, feature)
    splits: tuple[str, ...] = () if scheme is None else (scheme,)
    if feature == DEDUPLICATION:
        dataset, splits = "/".join([dataset, *splits]), PARTS_OF_DEDUPLICATION
    if feature == "token_frequencies":
        dataset = dataset if scheme is None else f"{scheme}-{dataset}"
        splits = () if memorized is None else ("memorized", "non_memorized")

    def place(given: str | None) -> str | None:
        return given if given is None or scheme is None else given.replace("{scheme}", scheme)

    return PlannedFeature(
        feature,
        scheme,
        str(place(corpus)),
        place(configuration.sequences) if feature in OF_SEQUENCES else None,
        place(memorized) if feature == "token_frequencies" else None,
        tokenizer,
        dataset,
        splits,
    )
