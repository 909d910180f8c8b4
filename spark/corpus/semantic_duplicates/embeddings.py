"""Sentence embeddings of sequences in Spark: each distinct text is embedded once, with one model per worker."""

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
# Identifies a content: no two contents with the same SHA-256 are known.
SHA_BITS = 256


def embed_sequences(sequences: DataFrame, model: EmbeddingModel, rows: int | None = None) -> DataFrame:
    """Return `sequence_id: long`, `embedding: array<float>`, one row per sequence; each embedding has length 1.

    sequences: `sequence_id` and `text`, not null. Equal texts are embedded once. rows: number of rows; None if unknown.
    """
    keyed = sequences.select("sequence_id", "text", F.sha2("text", SHA_BITS).alias("content"))
    texts = share_out(keyed.select("content", "text").distinct(), rows, "content")
    return keyed.join(embed_texts(texts, model), "content").select("sequence_id", "embedding")


def embed_texts(frame: DataFrame, model: EmbeddingModel) -> DataFrame:
    """Return the rows with `embedding: array<float>` instead of `text`, in the same tasks and order."""
    kept = [field for field in frame.schema.fields if field.name != "text"]
    schema = ", ".join([*(f"`{field.name}` {field.dataType.simpleString()}" for field in kept), EMBEDDING])

    def embed_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        keep_memory_of_models()
        model_on_device = on_the_tasks_device(model)
        for batch in batches:
            found = embed(batch["text"].to_pylist(), model_on_device)
            offsets = np.arange(len(found) + 1, dtype=np.int64) * found.shape[1]
            lists = lists_from_ragged(RaggedArray(found.reshape(-1), offsets))
            names = [field.name for field in kept]
            yield pa.RecordBatch.from_arrays([*(batch[name] for name in names), lists], [*names, "embedding"])

    return frame.mapInArrow(embed_batches, schema)


def sequence_contents(sequences: DataFrame, vocabulary: Broadcast[Vocabulary]) -> DataFrame:
    """Return `sequence_id`, `text`, `prompt`, `length`, `content`, one row per sequence.

    prompt: the first 32 tokens, decoded. length: number of tokens. content: a hash of text and prompt.
    sequences: `sequence_id`, `tokens`, and optionally `text`; if the text is null, the tokens are decoded.
    The Spark job that reads a damaged sequence fails with a UserError that names it.
    """
    names = [name for name in ("sequence_id", "tokens", "text") if name in sequences.columns]
    decoded = sequences.select(*names).mapInArrow(
        Decoding(vocabulary).decode, "sequence_id long, text string, prompt string, length long"
    )
    content = F.concat_ws("\n", F.length("text").cast("string"), "text", "prompt")
    return decoded.withColumn("content", F.sha2(content, SHA_BITS))


@dataclass(frozen=True)
class Decoding:
    """The decoding of sequences; it is pickled and sent to the workers."""

    vocabulary: Broadcast[Vocabulary]

    def decode(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield `sequence_id`, `text`, `prompt`, `length` of the sequences of one task."""
        for batch in batches:
            text, prompt = decode_contents(batch, self.vocabulary.value)
            length = pc.list_value_length(batch["tokens"]).cast(pa.int64())
            columns = [batch["sequence_id"], text, prompt, length]
            yield pa.RecordBatch.from_arrays(columns, ["sequence_id", "text", "prompt", "length"])


def decode_contents(batch: pa.RecordBatch, vocabulary: Vocabulary) -> tuple[pa.StringArray, pa.StringArray]:
    """Return the text and the prompt of each sequence; raise UserError for a damaged sequence."""
    tokens = batch["tokens"]
    reasons = token_rejections(tokens, vocabulary.in_vocabulary)
    if "text" in batch.schema.names:
        reasons = first_reasons(reasons, text_rejections(batch["text"], None))
    for row in np.flatnonzero(is_damaged(reasons))[:1]:
        raise UserError(
            f"sequence_id {batch['sequence_id'][int(row)]}: {reasons[row]}.\nRemove this sequence from the input."
        )
    text, prompt = (
        strings_from_ragged(decode_tokens(ragged_from_lists(column), vocabulary))
        for column in (tokens, pc.list_slice(tokens, 0, PROMPT_TOKENS))
    )
    return (pc.coalesce(batch["text"], text) if "text" in batch.schema.names else text), prompt
