"""The device that Spark gives a task for the model that it asks."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from features.semantic_duplicates.model import EmbeddingModel
from filters.language_model.model import LanguageModel

Model = TypeVar("Model", LanguageModel, EmbeddingModel)


def on_the_tasks_device(model: Model) -> Model:
    """The model on the GPU that Spark gave this task, where it gives any."""
    from pyspark import TaskContext

    context = TaskContext.get()
    gpu = context.resources().get("gpu") if context is not None else None
    return model if gpu is None else replace(model, device=f"cuda:{gpu.addresses[0]}")
