"""The feature tables: what a corpus or a model says of each sequence or token, as tables that a run can join.

Each is one record of `FEATURE_TABLES`. The joined filters, the help of the options, the checks of columns and values,
the sample's layout and the tables of `build_features.py` follow from it. To add a feature table, add a record, and the
field of its option in `spark/metrics/configuration.py`. If `build_features.py` shall build it, also add a `FeatureJob`
in `spark/corpus/` and list it in `spark/corpus/jobs.py`.
"""

from __future__ import annotations

import math

import pyarrow as pa

from filters.contract import TOKEN_KEYS, FeatureTable, Filter, TableColumn

JACCARD_THRESHOLD, NGRAM_TOKENS = 0.8, 5  # as in Lee et al. 2022, "Deduplicating Training Data ..."
LARGEST_FREQUENCY = 2.0**53  # above, sums of frequencies would not be exact


def feature_table(name: str) -> FeatureTable:
    """Return the feature table of this name; raise KeyError if there is none."""
    return {table.name: table for table in FEATURE_TABLES}[name]


def joined_filters() -> tuple[Filter, ...]:
    """Return the filters whose columns are joined by sequence id, one per feature table."""
    return tuple(
        Filter(table.filter_name or table.name, table.meaning, table.written_columns, feature_table=table.name)
        for table in FEATURE_TABLES
        if not table.has_token_key
    )


def _by_scheme_and_model(kind: str, scheme: str | None, model: str | None) -> tuple[str, ...]:
    return (f"{scheme}.{model}",)


def _by_memorization(kind: str, scheme: str | None, model: str | None) -> tuple[str, ...]:
    """The memorized sequences and the rest, which together are the whole corpus."""
    return ("memorized", "non_memorized")


def _of_semantic_duplicates(kind: str, scheme: str | None, model: str | None) -> tuple[str, ...]:
    sequences = f"{scheme}_{model}" if kind == "memories" else f"{scheme}"
    return (f"{sequences}_snowclones", f"{sequences}_templates")


def _of_nl_scores(kind: str, scheme: str | None, model: str | None) -> tuple[str, ...]:
    return ("standard" if scheme == "duped" else "deduped",)


DUPLICATES = FeatureTable(
    name="duplicates",
    meaning="How often the training corpus repeats the sequence.",
    columns=(
        TableColumn(
            "sequence_duplicates",
            pa.int64(),
            "occurrences in the training corpus of the sequence's continuation, its last 32 tokens by default",
            aliases=("counts", "Counts", "frequency"),
        ),
    ),
    hub_id="usvsnsp/generation-num-duplicates",
    dataset="generation-num-duplicates",
    in_sample=True,
    is_built=True,
    counts_continuation=True,
    numbered=TableColumn(
        "sequence_duplicates_{number}",
        pa.int64(),
        "occurrences in the training corpus of the sequence's last {number} tokens",
        aliases=("counts_{number}",),
    ),
)

TOKEN_FREQUENCIES = FeatureTable(
    name="token_frequencies",
    meaning="How often the training corpus holds each token.",
    columns=(
        TableColumn(
            "frequency",
            pa.int64(),
            "how often the training corpus holds the token",
            largest=LARGEST_FREQUENCY,
            aliases=("Frequency",),
        ),
    ),
    split_names=_by_memorization,
    key_names=TOKEN_KEYS,
    needs_all_columns=True,
    hub_id="usvsnsp/{scheme}-num-frequencies",
    dataset="num-frequencies",
    has_dataset_per_scheme=True,
    in_sample=True,
    is_built=True,
)

NEAR_DUPLICATES = FeatureTable(
    name="near_duplicates",
    meaning="How many sequences of the corpus are nearly the same, token by token, and the cluster that they form.",
    columns=(
        TableColumn(
            "near_duplicates",
            pa.int64(),
            f"other sequences of the corpus whose token {NGRAM_TOKENS}-grams have a Jaccard similarity of at least "
            f"{JACCARD_THRESHOLD} with its own",
        ),
        TableColumn(
            "near_duplicate_cluster",
            pa.int64(),
            "smallest sequence_id of those that such similarities connect it with, its own included",
            smallest=-math.inf,
        ),
        TableColumn(
            "near_duplicate_cluster_size", pa.int64(), "how many sequences these are, itself included", smallest=1.0
        ),
    ),
    dataset="near-duplicates",
    in_sample=True,
    is_built=True,
    described=(("jaccard_threshold", JACCARD_THRESHOLD), ("ngram_tokens", NGRAM_TOKENS)),
)

SEMANTIC_DUPLICATES = FeatureTable(
    name="semantic_duplicates",
    meaning="How many sequences of the corpus say nearly the same (snowclones), and how many of those "
    "fill the same template.",
    columns=(
        TableColumn(
            "0_8_snowclones",
            pa.int64(),
            "corpus sequences whose sentence embedding has a cosine similarity of at least 0.8",
            twin="snowclones_0_8",
        ),
        TableColumn(
            "0_9_snowclones",
            pa.int64(),
            "the same at a cosine similarity of at least 0.9",
            twin="snowclones_0_9",
        ),
        TableColumn(
            "0_8_templates",
            pa.int64(),
            "those of `0_8_snowclones` whose prompts also differ by an edit distance above 0 and under 20",
            twin="templates_0_8",
        ),
        TableColumn("0_9_templates", pa.int64(), "the same among `0_9_snowclones`", twin="templates_0_9"),
    ),
    split_names=_of_semantic_duplicates,
    hub_id="usvsnsp/semantic-duplicates",
    dataset="semantic-duplicates",
    in_sample=True,
    is_built=True,
)

LONGEST_MATCH = FeatureTable(
    name="longest_match",
    meaning="How much of the sequence, in one piece, the training corpus holds at another place.",
    columns=(
        TableColumn(
            "longest_corpus_match",
            pa.int64(),
            "tokens of the sequence's longest run that the training corpus also holds at another place than its own",
        ),
    ),
    dataset="longest-match",
    is_built=True,
)

NL_SCORES = FeatureTable(
    name="nl_scores",
    filter_name="published_nl_scores",
    meaning="What the published table says of code or natural language, beside our own `nl_scores`.",
    columns=(
        TableColumn(
            "published_nl_scores",
            pa.float64(),
            "probability that the text is natural language, as the published classifier gave it",
            largest=1.0,
            aliases=("nl_scores", "nl_score"),
        ),
    ),
    split_names=_of_nl_scores,
    hub_id="usvsnsp/pile-pythia-code-vs-nl-scores",
)

PERPLEXITIES = FeatureTable(
    name="perplexities",
    meaning="How surprising the sequence is to the model: exp of the mean negative log-likelihood.",
    columns=(
        TableColumn("loss", pa.float64(), "mean negative log-likelihood of the scored tokens, in nats a token"),
        TableColumn(
            "prompt_perplexity", pa.float64(), "perplexity of the prompt (31 scored tokens of 32)", smallest=1.0
        ),
        TableColumn("generation_perplexity", pa.float64(), "perplexity of the continuation (32 tokens)", smallest=1.0),
        TableColumn(
            "sequence_perplexity", pa.float64(), "perplexity of the sequence (63 scored tokens of 64)", smallest=1.0
        ),
    ),
    split_names=_by_scheme_and_model,
    differs_by_model=True,
    needs_all_columns=True,
    dataset="perplexities",
    in_sample=True,
)

FEATURE_TABLES = (
    DUPLICATES,
    TOKEN_FREQUENCIES,
    NEAR_DUPLICATES,
    SEMANTIC_DUPLICATES,
    LONGEST_MATCH,
    NL_SCORES,
    PERPLEXITIES,
)
