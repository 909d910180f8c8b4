"""Embeddings and edit distances by their definitions, one at a time, in float64; and random embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer


def embed_plainly(directory: Path, texts: Sequence[str], longest: int) -> NDArray[np.float64]:
    """Return the mean last hidden state of each text, scaled to length 1; shape (texts, dimensions), float64."""
    tokenizer = AutoTokenizer.from_pretrained(directory)
    network = AutoModel.from_pretrained(directory, dtype=torch.float64)
    rows = []
    for text in texts:
        ids = tokenizer(text)["input_ids"]
        if len(ids) > longest:
            ids = [*ids[: longest - 1], ids[-1]]  # the special token at the end is kept
        with torch.no_grad():
            hidden = network(torch.tensor([ids])).last_hidden_state[0].numpy()
        mean = sum(hidden) / len(hidden)
        rows.append(mean / np.sqrt(sum(value * value for value in mean)))
    return np.array(rows)


def edit_distance_plainly(one: str, other: str) -> int:
    """Return the Levenshtein distance, computed with the full table."""
    previous = list(range(len(other) + 1))
    for i, character in enumerate(one, start=1):
        current = [i]
        for j, against in enumerate(other, start=1):
            current.append(min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (character != against)))
        previous = current
    return previous[-1]


def random_directions(rows: int, dimensions: int, seed: int) -> NDArray[np.float32]:
    """Return embeddings of length 1 in random directions; shape (rows, dimensions)."""
    drawn = np.random.default_rng(seed).normal(size=(rows, dimensions))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def scattered_groups(groups: int, most: int, dimensions: int, seed: int) -> NDArray[np.float32]:
    """Return groups of 1 to `most` embeddings around random directions, at distances like those of real texts."""
    generator = np.random.default_rng(seed)
    sizes = generator.integers(1, most + 1, groups)
    centres = np.repeat(random_directions(groups, dimensions, seed), sizes, axis=0)
    # Two embeddings at distance r from their centre have a similarity of about 1 / (1 + r^2): 0.99 to 0.6.
    radius = np.repeat(generator.uniform(0.1, 0.8, groups), sizes)[:, None]
    drawn = centres + radius * random_directions(len(centres), dimensions, seed + 1)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return generator.permutation(drawn).astype(np.float32)
