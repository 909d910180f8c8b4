"""Evaluating a language model on a GPU: predictions, decoding and the whole group, against what transformers takes.

`python -m benchmarks.gpu --sizes 70m,1.4b --precisions bfloat16,float32` prints Markdown. The models have Pythia's
shapes and random weights, which take as much time as trained ones.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from benchmarks.pythia_models import SHAPES, VOCABULARY_SIZE, new_model
from filters.contract import RaggedArray
from filters.language_model.batching import cut_batches
from filters.language_model.forward import predict
from filters.language_model.greedy import count_reproduced
from filters.language_model.model import read_language_model
from filters.language_model.questions import batch_tokens
from filters.measuring import Resources, measure_batch
from filters.registry import choose_filters

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PROMPT, WIDTH = 32, 64
SECONDS = 0.4  # about how long each measurement takes
LARGEST_TABLE = 10_000  # sequences, as in a task of Spark


def main() -> None:
    """Print one table: for each size and precision, sequences per second and peak memory beside the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="70m,160m,410m,1.4b")
    parser.add_argument("--precisions", default="bfloat16,float32")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batch_gib", default="4", help="memory limits of a batch, separated by commas")
    arguments = parser.parse_args()
    name = torch.cuda.get_device_name() if arguments.device == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}\n\n| size | precision | what | GiB a batch | sequences/s | peak, GiB |")
    print("|---|---|---|---|---|---|", flush=True)
    for size in arguments.sizes.split(","):
        for precision in arguments.precisions.split(","):
            with torch.device(arguments.device), torch.random.fork_rng():
                torch.manual_seed(0)
                model = new_model(SHAPES[size]).to(getattr(torch, precision)).requires_grad_(False).eval()
            for batch in arguments.batch_gib.split(","):
                for what, work in works(model, int(float(batch) * 2**30)).items():
                    speed, peak = measure(work, arguments.device)
                    cells = (size, precision, what, batch, f"{speed:,.0f}", f"{peak / 2**30:.1f}")
                    print(f"| {' | '.join(cells)} |", flush=True)


Work = Callable[[NDArray[np.int64]], None]


def works(model: PreTrainedModel, batch_bytes: int) -> dict[str, Work]:
    """Return what is measured: functions of token ids, shape (sequences, 64)."""
    tokens_a_batch = batch_tokens(model, VOCABULARY_SIZE, batch_bytes)
    config = model.config
    kept = 2 * config.num_hidden_layers * config.hidden_size + VOCABULARY_SIZE // WIDTH  # as in `share_reproduced`
    decoded_a_batch = batch_tokens(model, kept, batch_bytes)

    @torch.inference_mode()
    def bare(rows: NDArray[np.int64]) -> None:
        for batch in cut_batches(np.full(len(rows), WIDTH), tokens_a_batch):
            model(torch.from_numpy(rows[batch]).to(model.device), use_cache=False)

    @torch.inference_mode()
    def loop(rows: NDArray[np.int64]) -> None:
        """Compute the loss of each sequence as a short script with transformers does."""
        for batch in cut_batches(np.full(len(rows), WIDTH), tokens_a_batch):
            ids = torch.from_numpy(rows[batch]).to(model.device)
            logits = model(ids, use_cache=False).logits[:, :-1].float()
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none").cpu()

    @torch.inference_mode()
    def generate(rows: NDArray[np.int64]) -> None:
        for batch in cut_batches(np.full(len(rows), WIDTH), decoded_a_batch):
            ids = torch.from_numpy(rows[batch, :PROMPT]).to(model.device)
            options = {"do_sample": False, "min_new_tokens": 32, "max_new_tokens": 32, "pad_token_id": 0}
            model.generate(ids, attention_mask=torch.ones_like(ids), **options).cpu()

    def predictions(rows: NDArray[np.int64]) -> None:
        predict(model, ragged(rows), tokens_a_batch)

    def decoding(rows: NDArray[np.int64]) -> None:
        """Decode rows whose first token that differs is at any position, with equal probability."""
        places = np.arange(len(rows)) * 7 % PROMPT
        choices = np.where(np.arange(PROMPT) == places[:, None], (rows[:, PROMPT:] + 1) % 1000, rows[:, PROMPT:])
        count_reproduced(model, rows[:, :PROMPT], rows[:, PROMPT:], choices, decoded_a_batch)

    return {
        "forward pass of transformers": bare,
        "the same with its loss": loop,
        "predictions": predictions,
        "generate of transformers": generate,
        "decoding": decoding,
    } | (
        {"group model, without Spark": whole_group(model, batch_bytes)}
        if batch_bytes == 1 << 32 and model.num_parameters() < 1e9
        else {}
    )


def whole_group(model: PreTrainedModel, batch_bytes: int) -> Work:
    """Return the measurement of all filters of the group `model`, with texts of 200 bytes."""
    directory = Path(tempfile.mkdtemp())
    model.save_pretrained(directory)
    precision = str(model.dtype).removeprefix("torch.")
    device = str(model.device)
    described = read_language_model(directory, precision=precision, device=device, batch_bytes=batch_bytes)

    def measured(rows: NDArray[np.int64]) -> None:
        for start in range(0, len(rows), LARGEST_TABLE):
            part = rows[start : start + LARGEST_TABLE]
            text = pa.array([" ".join(map(str, row[:40])) for row in part.tolist()])
            tokens = pa.array(list(part), pa.list_(pa.int32()))
            measure_batch(tokens, text, choose_filters("model"), Resources(language_model=described))

    return measured


def ragged(rows: NDArray[np.int64]) -> RaggedArray:
    return RaggedArray(rows.ravel(), np.arange(len(rows) + 1) * rows.shape[1])


def measure(work: Work, device: str) -> tuple[float, int]:
    """Return sequences per second, and the peak memory beside what is in use before; warm up first."""
    generator = np.random.default_rng(0)
    rows = generator.integers(0, VOCABULARY_SIZE, (1 << 16, WIDTH))
    sizes = (64, 512, 2_048, LARGEST_TABLE) if device == "cuda" else (4, 8)
    work(rows[: sizes[0]])
    number = sizes[0]
    for number in sizes:
        if _seconds(work, rows[:number], device) > SECONDS:
            break
    before = torch.cuda.memory_allocated() if device == "cuda" else 0
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    seconds = _seconds(work, rows[:number], device)
    return number / seconds, (torch.cuda.max_memory_allocated() - before) if device == "cuda" else 0


def _seconds(work: Work, rows: NDArray[np.int64], device: str) -> float:
    started = time.perf_counter()
    work(rows)
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
