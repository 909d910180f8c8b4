"""Place a model on the GPU that Spark assigned to the task."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from features.semantic_duplicates.model import EmbeddingModel
from filters.language_model.model import LanguageModel

Model = TypeVar("Model", LanguageModel, EmbeddingModel)


def on_the_tasks_device(model: Model) -> Model:
    """Return the model on the GPU that Spark assigned to this task; unchanged if there is none."""
    from pyspark import TaskContext

    context = TaskContext.get()
    gpu = context.resources().get("gpu") if context is not None else None
    return model if gpu is None else replace(model, device=f"cuda:{gpu.addresses[0]}")
