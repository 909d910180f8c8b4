"""The sample's language models: GPT-NeoX like Pythia, in two sizes that train in minutes on two cores."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from sample.recipe import SEED
from sample.rows import ROW_TOKENS
from sample.tokenizer import END_OF_TEXT_ID, VOCABULARY_SIZE

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ROWS_A_STEP = 32
TRAINED_TOKENS = 4_500_000  # the same for both schemes, like Pythia: 3 epochs of the duped corpus, 5 of the deduped
STEPS = TRAINED_TOKENS // (ROWS_A_STEP * ROW_TOKENS)
WARM_UP_STEPS = STEPS // 20
LEARNING_RATE, LAST_SHARE = 3e-3, 0.01
WEIGHT_DECAY = 0.01
LARGEST_GRADIENT = 1.0
STEPS_BETWEEN_REPORTS = 200


class Size(NamedTuple):
    """The size of a model. Models are named after the Pythia models that they stand for."""

    hidden: int
    layers: int
    heads: int


SIZES = {"70m": Size(hidden=64, layers=2, heads=4), "160m": Size(hidden=128, layers=3, heads=4)}


def new_model(size: Size) -> PreTrainedModel:
    """Return a model with seeded random weights; input and output embeddings are tied, to keep the model small."""
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    torch.manual_seed(SEED)
    config = GPTNeoXConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=size.hidden,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.hidden,
        max_position_embeddings=ROW_TOKENS,
        tie_word_embeddings=True,
        bos_token_id=END_OF_TEXT_ID,
        eos_token_id=END_OF_TEXT_ID,
    )
    return GPTNeoXForCausalLM(config)


def learning_rate(step: int, steps: int = STEPS, warm_up_steps: int = WARM_UP_STEPS) -> float:
    """Return the share of `LEARNING_RATE` at a step: linear warm-up, then cosine decay."""
    if step < warm_up_steps:
        return (step + 1) / warm_up_steps
    done = (step - warm_up_steps) / max(1, steps - warm_up_steps)
    return LAST_SHARE + (1 - LAST_SHARE) * (1 + math.cos(math.pi * done)) / 2


def batches(tokens: Tensor) -> Iterator[Tensor]:
    """Yield batches of rows forever, in a seeded random order; each epoch has every row once."""
    generator = torch.Generator().manual_seed(SEED)
    while True:
        yield from torch.split(tokens[torch.randperm(len(tokens), generator=generator)], ROWS_A_STEP)


def train(model: PreTrainedModel, tokens: Tensor, *, steps: int = STEPS, warm_up_steps: int = WARM_UP_STEPS) -> None:
    """Train the model on sequences of token ids: int64, shape (sequences, 64)."""
    matrices = [weights for weights in model.parameters() if weights.dim() > 1]
    vectors = [weights for weights in model.parameters() if weights.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate(step, steps, warm_up_steps))
    started, losses = time.monotonic(), []
    model.train()
    for step, rows in zip(range(1, steps + 1), batches(tokens), strict=False):
        loss = model(rows, labels=rows).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % STEPS_BETWEEN_REPORTS == 0 or step == steps:
            mean, seconds = sum(losses) / len(losses), time.monotonic() - started
            print(f"  step {step:,} of {steps:,}: loss {mean:.3f}, {seconds:.0f} s", flush=True)
            losses.clear()
    model.train(False)
