"""Resolve and check all input of a run before Spark starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from spark.corpus.configuration import FeatureConfiguration
from spark.corpus.job import FeatureJob
from spark.corpus.jobs import job_class
from spark.corpus.planning import PlannedFeature
from spark.runs.read_options import read_options, require_used_read_options
from spark.sources.corpora import SPLIT_MARK, cut_corpus, resolve_corpus, tokenizer_of
from spark.sources.corpus_parts import Corpus
from spark.sources.input_columns import numbering_note
from spark.sources.patterns import base_of
from spark.sources.resolver import Resolver
from spark.storage.paths import AnyPath, storage_path
from utils import UserError, printable


def resolve_features(
    planned: Iterable[PlannedFeature], configuration: FeatureConfiguration, run_directory: AnyPath, resolver: Resolver
) -> Iterator[FeatureJob]:
    """Yield one job per planned feature, with resolved input; raise UserError if input is missing or does not fit."""

    @cache  # several features read the same corpus, which may have thousands of files
    def find(source: str, tokenizer: str | None) -> Corpus:
        corpus = resolve_corpus(
            source, configuration.row_tokens, tokenizer, resolver, options=read_options(configuration)
        )
        require_outside(run_directory, source)
        if corpus.document_id is not None and configuration.cut is None:
            resolver.on_note(numbering_note(corpus.source, corpus.document_id))
        return corpus

    for each in planned:
        yield _resolve_job(each, configuration, run_directory, resolver, find)
    require_used_read_options(configuration, resolver)


def require_outside(run_directory: AnyPath, source: str) -> None:
    """Raise UserError if the run would write into a directory that it reads: the next run would read its output."""
    path = base_of(storage_path(source.partition(SPLIT_MARK)[0]))
    if path.is_dir() and f"{run_directory.resolve()}/".startswith(f"{path.resolve()}/"):
        raise UserError(
            f"Expected an output directory outside the input {printable(source)}, "
            f"found {printable(str(run_directory))}.\nGive an --output_dir outside of it."
        )


def _resolve_job(
    planned: PlannedFeature,
    configuration: FeatureConfiguration,
    run_directory: AnyPath,
    resolver: Resolver,
    find: Callable[[str, str | None], Corpus],
) -> FeatureJob:
    job = job_class(planned.feature)
    corpus = find(planned.corpus, planned.tokenizer)
    sequences = corpus if planned.sequences is None else find(planned.sequences, planned.tokenizer)
    cut = configuration.cut if "sequence_tokens" in job.options else None
    memorized = None if planned.memorized is None else find(planned.memorized, planned.tokenizer)
    if corpus.rows == 0:
        raise UserError(f"{printable(corpus.source)}: expected a corpus, found no rows.")
    for name, found in (("sequences", sequences), ("memorized", memorized)):
        if found is not None and found is not corpus and not found.has_ids and cut is None:
            raise UserError(
                f"--{name} {printable(found.source)}: expected a column of whole numbers as ids, found none.\n"
                "Add a column `sequence_id` with the row of each sequence in the corpus."
            )
    job.check(configuration, corpus)
    if cut is not None:
        sequences = cut_corpus(sequences, cut)
        if job.of_rows:
            corpus = sequences if planned.sequences is None else cut_corpus(corpus, cut)
    tokenizer = planned.tokenizer or tokenizer_of(planned.corpus)
    vocabulary = resolver.vocabulary(tokenizer) if tokenizer else None
    embedding_model = None
    if job.embeds(configuration):
        if vocabulary is None:
            raise UserError(
                f"{corpus.source}: expected a tokenizer to decode the text for semantic duplicates, found none.\n"
                "Give --tokenizer."
            )
        embedding_model = resolver.embedding_model(configuration.embedding_model)
    return job(planned, corpus, sequences, memorized, vocabulary, embedding_model, configuration, run_directory)
