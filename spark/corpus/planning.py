"""The plan of a run: which feature tables it builds, from which corpus and sequences, and where."""

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
    """One feature of one corpus, or the deduplication of a corpus.

    corpus: path or Hub id. sequences: path or Hub id; None for all of the corpus.
    memorized: path or Hub id; None to count all sequences together.
    dataset: the directory of the tables, relative to the directory of the run.
    splits: the splits of the dataset, one per table, in the published order; empty if the dataset is one table.
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
        """The name of the job in messages and in the Spark UI."""
        return f"{self.feature} {self.scheme or ''}".strip()

    @property
    def tables(self) -> tuple[str, ...]:
        """The paths of the tables, relative to the directory of the run."""
        return tuple(f"{self.dataset}/{split}" for split in self.splits) or (self.dataset,)


def plan_features(configuration: FeatureConfiguration) -> list[PlannedFeature]:
    """Return every requested feature of every corpus, in the order of building; raise UserError for a wrong scheme."""
    is_sample = configuration.corpus == SAMPLE
    schemes: tuple[str | None, ...] = configuration.schemes or (sample_paths.SCHEMES if is_sample else (None,))
    if is_sample:
        require_known("scheme of the sample", configuration.schemes or (), sample_paths.SCHEMES)
    require_partition_names(configuration.schemes or ())
    features = (*configuration.features, *([DEDUPLICATION] if configuration.deduplicate else []))
    return [_plan_feature(feature, scheme, configuration) for scheme in schemes for feature in features]


def _plan_feature(feature: str, scheme: str | None, configuration: FeatureConfiguration) -> PlannedFeature:
    corpus, memorized, tokenizer = configuration.corpus, configuration.memorized, configuration.tokenizer
    if corpus == SAMPLE:
        corpus = str(sample_paths.corpus_path(str(scheme)))
        memorized = memorized or f"{sample_paths.memories_directory()}#{{scheme}}.{LARGEST_SAMPLE_MODEL}"
        tokenizer = tokenizer or str(sample_paths.tokenizer_path())
    job = job_class(feature)

    def with_scheme(path: str | None) -> str | None:
        return path if path is None or scheme is None else path.replace("{scheme}", scheme)

    return PlannedFeature(
        feature,
        scheme,
        str(with_scheme(corpus)),
        with_scheme(configuration.sequences) if "sequences" in job.options else None,
        with_scheme(memorized) if "memorized" in job.options else None,
        tokenizer,
        job.dataset(scheme),
        job.splits(scheme, has_memorized=memorized is not None),
    )
