"""The registry of jobs of `build_features.py`: one class per feature, and the deduplication."""

from __future__ import annotations

from spark.corpus.deduplication.job import METHOD_OPTIONS, CorpusDeduplication
from spark.corpus.exact_duplicates.job import ExactDuplicates
from spark.corpus.job import FeatureJob
from spark.corpus.longest_match.job import LongestMatch
from spark.corpus.near_duplicates.job import NearDuplicates
from spark.corpus.semantic_duplicates.job import SemanticDuplicates
from spark.corpus.token_frequencies import TokenFrequencies

# In the order of building.
FEATURE_JOBS: tuple[type[FeatureJob], ...] = (
    ExactDuplicates,
    TokenFrequencies,
    NearDuplicates,
    SemanticDuplicates,
    LongestMatch,
)


def job_class(feature: str) -> type[FeatureJob]:
    """Return the job class of a feature or of the deduplication; raise KeyError for an unknown name."""
    jobs: tuple[type[FeatureJob], ...] = (*FEATURE_JOBS, CorpusDeduplication)
    return {job.feature: job for job in jobs}[feature]


def users_by_option() -> dict[str, tuple[str, ...]]:
    """Map each option to the features and deduplication methods that use it, except options that all of them use."""
    used = {each.feature: each.options for each in FEATURE_JOBS} | METHOD_OPTIONS
    names = dict.fromkeys(name for options in used.values() for name in options)
    return {name: tuple(user for user, options in used.items() if name in options) for name in names}
