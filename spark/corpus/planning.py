"""Plan which feature tables a run builds: of which corpus, for which sequences, and where."""

from __future__ import annotations

from dataclasses import dataclass

from sample import paths as sample_paths
from spark.corpus.configuration import SAMPLE, FeatureConfiguration
from spark.corpus.deduplication.job import DEDUPLICATION
from spark.corpus.jobs import job_class
from spark.storage.publishing import require_partition_names
from utils import require_known

LARGEST_SAMPLE_MODEL = sample_paths.MODELS[-1]


@dataclass(frozen=True)
class PlannedFeature:
    """One feature of one corpus, or its deduplication.

    corpus, sequences, memorized: where each is. sequences: None for all of the corpus. memorized: None for none.
    dataset: the directory of its tables in that of the run.
    splits: of the dataset, one per table, in the published order; none if the dataset is one table.
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
        """The name of the feature in messages and in the Spark UI."""
        return f"{self.feature} {self.scheme or ''}".strip()

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables, each a path in the directory of the run."""
        return tuple(f"{self.dataset}/{split}" for split in self.splits) or (self.dataset,)


def plan_features(configuration: FeatureConfiguration) -> list[PlannedFeature]:
    """Return every feature of every corpus that is asked for, in the order in which they are built."""
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
    job = job_class(feature)

    def place(given: str | None) -> str | None:
        return given if given is None or scheme is None else given.replace("{scheme}", scheme)

    return PlannedFeature(
        feature,
        scheme,
        str(place(corpus)),
        place(configuration.sequences) if "sequences" in job.options else None,
        place(memorized) if "memorized" in job.options else None,
        tokenizer,
        job.dataset(scheme),
        job.splits(scheme, has_memorized=memorized is not None),
    )
