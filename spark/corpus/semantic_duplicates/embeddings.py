"""Sentence embeddings of sequences in Spark: each different text is embedded once, with one model a worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F  # noqa: N812

from features.semantic_duplicates.counting import PROMPT_TOKENS
from features.semantic_duplicates.embedding import embed
from features.semantic_duplicates.model import EmbeddingModel
from filters.contract import RaggedArray
from filters.detokenization import decode_tokens
from filters.ragged import lists_from_ragged, ragged_from_lists, strings_from_ragged
from filters.validity import first_reasons, is_damaged, text_rejections, token_rejections
from filters.vocabulary import Vocabulary
from spark.session.model_memory import keep_memory_of_models
from spark.session.task_device import on_the_tasks_device
from spark.session.task_sizes import share_out
from utils import UserError

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame

EMBEDDING = "embedding array<float>"
# What tells one content from another: no two are known to share a SHA-256.
SHA_BITS = 256


def embed_sequences(sequences: DataFrame, model: EmbeddingModel, rows: int | None = None) -> DataFrame:
    """`sequence_id: long, embedding: array<float>`, one row a sequence, each embedding of length 1.

    sequences: with `sequence_id` and `text`, not null. Equal texts are embedded once. rows: how many, where
        that is known.
    """
    keyed = sequences.select("sequence_id", "text", F.sha2("text", SHA_BITS).alias("content"))
    texts = share_out(keyed.select("content", "text").distinct(), rows, "content")
    return keyed.join(embed_texts(texts, model), "content").select("sequence_id", "embedding")


def embed_texts(frame: DataFrame, model: EmbeddingModel) -> DataFrame:
    """The rows with `embedding: array<float>` in place of `text`, in the tasks and the order in which they are."""
    kept = [field for field in frame.schema.fields if field.name != "text"]
    schema = ", ".join([*(f"`{field.name}` {field.dataType.simpleString()}" for field in kept), EMBEDDING])

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        keep_memory_of_models()
        placed = on_the_tasks_device(model)
        for batch in batches:
            found = embed(batch["text"].to_pylist(), placed)
            offsets = np.arange(len(found) + 1, dtype=np.int64) * found.shape[1]
            lists = lists_from_ragged(RaggedArray(found.reshape(-1), offsets))
            names = [field.name for field in kept]
            yield pa.RecordBatch.from_arrays([*(batch[name] for name in names), lists], [*names, "embedding"])

    return frame.mapInArrow(work, schema)


def sequence_contents(sequences: DataFrame, vocabulary: Broadcast[Vocabulary]) -> DataFrame:
    """`sequence_id, text, prompt, length, content`: the text, its first 32 tokens decoded, how many tokens it has, and
    what stands for text and prompt.

    sequences: with `sequence_id`, `tokens`, and perhaps `text`; where it is null the tokens are decoded.
    The job that reads a sequence that cannot be measured fails with UserError, which names it.
    """
    names = [name for name in ("sequence_id", "tokens", "text") if name in sequences.columns]
    decoded = sequences.select(*names).mapInArrow(
        Decoding(vocabulary).work, "sequence_id long, text string, prompt string, length long"
    )
    content = F.concat_ws("\n", F.length("text").cast("string"), "text", "prompt")
    return decoded.withColumn("content", F.sha2(content, SHA_BITS))


@dataclass(frozen=True)
class Decoding:
    """The decoding of sequences, in the form that travels to the workers."""

    vocabulary: Broadcast[Vocabulary]

    def work(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What one task does."""
        for batch in batches:
            text, prompt = decode_contents(batch, self.vocabulary.value)
            length = pc.list_value_length(batch["tokens"]).cast(pa.int64())
            columns = [batch["sequence_id"], text, prompt, length]
            yield pa.RecordBatch.from_arrays(columns, ["sequence_id", "text", "prompt", "length"])


def decode_contents(batch: pa.RecordBatch, vocabulary: Vocabulary) -> tuple[pa.StringArray, pa.StringArray]:
    """The text and the prompt of each sequence; raises UserError for one that is damaged."""
    tokens = batch["tokens"]
    reasons = token_rejections(tokens, vocabulary.in_vocabulary)
    if "text" in batch.schema.names:
        reasons = first_reasons(reasons, text_rejections(batch["text"], None))
    for row in np.flatnonzero(is_damaged(reasons))[:1]:
        raise UserError(f"sequence_id {batch['sequence_id'][int(row)]}: {reasons[row]}.\nLeave out such sequences.")
    text, prompt = (
        strings_from_ragged(decode_tokens(ragged_from_lists(column), vocabulary))
        for column in (tokens, pc.list_slice(tokens, 0, PROMPT_TOKENS))
    )
    return (pc.coalesce(batch["text"], text) if "text" in batch.schema.names else text), prompt
