"""Models of Pythia's shapes with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from transformers import PreTrainedModel

VOCABULARY_SIZE = 50_304


class Shape(NamedTuple):
    """The size of a Pythia model (Biderman et al. 2023, arXiv:2304.01373, table 1)."""

    hidden: int
    layers: int
    heads: int


SHAPES = {
    "70m": Shape(512, 6, 8),
    "160m": Shape(768, 12, 12),
    "410m": Shape(1024, 24, 16),
    "1b": Shape(2048, 16, 8),
    "1.4b": Shape(2048, 24, 16),
    "2.8b": Shape(2560, 32, 32),
    "6.9b": Shape(4096, 32, 32),
    "12b": Shape(5120, 36, 40),
}


def make_model(directory: Path, shape: Shape) -> Path:
    """Return the directory of a model of that shape in 16 bits, like Pythia; create it if needed."""
    if not (directory / "config.json").exists():
        new_model(shape).half().save_pretrained(directory)
    return directory


def new_model(shape: Shape) -> PreTrainedModel:
    """Return a GPT-NeoX of that shape with random weights."""
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    config = GPTNeoXConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=4 * shape.hidden,
        rotary_pct=0.25,
    )
    return GPTNeoXForCausalLM(config)
