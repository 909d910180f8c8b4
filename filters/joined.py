"""The metrics that are not computed from the sequence but joined from a feature table, by sequence_id."""

from __future__ import annotations

import pyarrow as pa

from filters.contract import Column, Filter

DUPLICATES = Filter(
    name="duplicates",
    meaning="How often the training corpus repeats the sequence.",
    columns=(
        Column(
            "sequence_duplicates",
            pa.int64(),
            "occurrences in the training corpus of the sequence's 32-token continuation",
        ),
    ),
    feature_table="duplicates",
)

NEAR_DUPLICATES = Filter(
    name="near_duplicates",
    meaning="How many sequences of the corpus are nearly the same, token by token, and the cluster that they form.",
    columns=(
        Column(
            "near_duplicates",
            pa.int64(),
            "other sequences of the corpus whose token 5-grams have a Jaccard similarity of at least 0.8 with its own",
        ),
        Column(
            "near_duplicate_cluster",
            pa.int64(),
            "smallest sequence_id of those that such similarities connect it with, its own included",
        ),
        Column("near_duplicate_cluster_size", pa.int64(), "how many sequences these are, itself included"),
    ),
    feature_table="near_duplicates",
)

SEMANTIC_DUPLICATES = Filter(
    name="semantic_duplicates",
    meaning="How many sequences of the corpus say nearly the same (snowclones), and how many of those "
    "fill the same template.",
    columns=(
        Column(
            "0_8_snowclones",
            pa.int64(),
            "corpus sequences whose sentence embedding has a cosine similarity of at least 0.8",
        ),
        Column("0_9_snowclones", pa.int64(), "the same at a cosine similarity of at least 0.9"),
        Column(
            "0_8_templates",
            pa.int64(),
            "those of `0_8_snowclones` whose prompts also differ by an edit distance above 0 and under 20",
        ),
        Column("0_9_templates", pa.int64(), "the same among `0_9_snowclones`"),
    ),
    feature_table="semantic_duplicates",
)

PUBLISHED_NL_SCORES = Filter(
    name="published_nl_scores",
    meaning="What the published table says of code or natural language, beside our own `nl_scores`.",
    columns=(
        Column(
            "published_nl_scores",
            pa.float64(),
            "probability that the text is natural language, as the published classifier gave it",
        ),
    ),
    feature_table="nl_scores",
)

PERPLEXITIES = Filter(
    name="perplexities",
    meaning="How surprising the sequence is to the model: exp of the mean negative log-likelihood.",
    columns=(
        Column("loss", pa.float64(), "mean negative log-likelihood of the scored tokens, in nats a token"),
        Column("prompt_perplexity", pa.float64(), "perplexity of the prompt (31 scored tokens of 32)"),
        Column("generation_perplexity", pa.float64(), "perplexity of the continuation (32 tokens)"),
        Column("sequence_perplexity", pa.float64(), "perplexity of the sequence (63 scored tokens of 64)"),
    ),
    feature_table="perplexities",
)

MEMORIZATION_SCORE = Filter(
    name="memorization_score",
    meaning="How much of the continuation the model gives back when it is prompted with the beginning.",
    columns=(
        Column(
            "memorization_score",
            pa.float64(),
            "share of the 32 continuation tokens that greedy decoding from the 32-token prompt gives back; "
            "1.0 = memorized",
        ),
    ),
    feature_table="memorization_score",
)
