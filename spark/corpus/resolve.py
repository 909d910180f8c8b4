"""Everything that a run reads, found and checked before Spark starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from spark.corpus.configuration import FeatureConfiguration
from spark.corpus.job import FeatureJob
from spark.corpus.jobs import KINDS
from spark.corpus.planning import DEDUPLICATION, PlannedFeature
from spark.sources.corpora import SPLIT_MARK, resolve_corpus, tokenizer_of
from spark.sources.corpus_parts import Corpus
from spark.sources.resolver import Resolver
from spark.storage.paths import AnyPath, storage_path
from utils import UserError, printable


def resolve_features(
    planned: Iterable[PlannedFeature], configuration: FeatureConfiguration, run_directory: AnyPath, resolver: Resolver
) -> Iterator[FeatureJob]:
    """Each feature with its corpus and sequences found; raises UserError for what is missing, damaged or impossible."""

    @cache  # several features are of one corpus, which may have thousands of files
    def find(source: str, tokenizer: str | None) -> Corpus:
        corpus = resolve_corpus(source, configuration.row_tokens, tokenizer, resolver)
        require_outside(run_directory, source)
        return corpus

    for each in planned:
        yield _resolved(each, configuration, run_directory, resolver, find)


def require_outside(run_directory: AnyPath, source: str) -> None:
    """Raises UserError where a run would write among what it reads, and be read with it the next time."""
    path = storage_path(source.partition(SPLIT_MARK)[0])
    if path.is_dir() and f"{run_directory.resolve()}/".startswith(f"{path.resolve()}/"):
        raise UserError(
            f"The run would be written to {printable(str(run_directory))}, which lies in what it reads: "
            f"{printable(source)}.\nGive an --output_dir outside of it."
        )


def _resolved(
    planned: PlannedFeature,
    configuration: FeatureConfiguration,
    run_directory: AnyPath,
    resolver: Resolver,
    find: Callable[[str, str | None], Corpus],
) -> FeatureJob:
    corpus = find(planned.corpus, planned.tokenizer)
    sequences = corpus if planned.sequences is None else find(planned.sequences, planned.tokenizer)
    memorized = None if planned.memorized is None else find(planned.memorized, planned.tokenizer)
    if corpus.rows == 0:
        raise UserError(f"{printable(corpus.source)}: expected a corpus, found no rows.")
    for name, found in (("sequences", sequences), ("memorized", memorized)):
        if found is not None and found is not corpus and not found.has_ids:
            raise UserError(
                f"--{name} {printable(found.source)}: expected a column of ids, the sequences' rows in the corpus.\n"
                "Add a column `sequence_id`."
            )
    tokenizer = planned.tokenizer or tokenizer_of(planned.corpus)
    vocabulary = resolver.vocabulary(tokenizer) if tokenizer else None
    embedding_model = None
    deduplicates_meaning = planned.feature == DEDUPLICATION and "semantic" in configuration.deduplicate
    if planned.feature == "semantic_duplicates" or deduplicates_meaning:
        if vocabulary is None:
            raise UserError(
                f"{corpus.source}: semantic duplicates are those of the text, and no tokenizer is known to decode it.\n"
                "Give --tokenizer."
            )
        clusters = configuration.semantic_clusters or 0
        if deduplicates_meaning and corpus.rows is not None and clusters > corpus.rows:
            raise UserError(f"--semantic_clusters: expected at most the {corpus.rows:,} rows, found {clusters:,}.")
        embedding_model = resolver.embedding_model(configuration.embedding_model)
    kind = KINDS[planned.feature]
    return kind(planned, corpus, sequences, memorized, vocabulary, embedding_model, configuration, run_directory)
