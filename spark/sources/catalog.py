"""The datasets and models known by name, and their ids on the Hub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from utils import printable

MODELS = ("70m", "160m", "410m", "1b", "1.4b", "2.8b", "6.9b", "12b")
CHECKPOINTS = tuple(f"12b.{step}" for step in (23000, 43000, 63000, 83000, 103000, 123000))
SCHEMES = ("deduped", "duped")
HUB_DATASETS = ("memories", "pile", "pile_test")
DATASETS = ("sample", *HUB_DATASETS)

PYTHIA_TOKENIZER = "EleutherAI/pythia-70m"
SMALLEST_MODEL = ("70m",)
SMALLEST_SCHEME = ("deduped",)

MEMORIES_REPOSITORY = "EleutherAI/pythia-memorized-evals"
PILE_REPOSITORY = "EleutherAI/pile-{scheme}-pythia-random-sampled"
PILE_TEST_REPOSITORY = "usvsnsp/pile-test-sampled"

Kind = Literal["memories", "pile", "plain"]


@dataclass(frozen=True)
class TableLocation:
    """The location of a table: a Hub id, a local directory structured like a Hub dataset, or plain files.

    source: Hub id or path. split: name of the split; None for the only split, and for plain files.
    """

    source: str
    split: str | None = None
    is_local: bool = False

    def __str__(self) -> str:
        return printable(self.source + (f" [{self.split}]" if self.split else ""))


@dataclass(frozen=True)
class ModelLocation:
    """The location of a model: Hub id or local path. revision: commit, tag or branch; None for the newest commit."""

    id_or_path: str
    revision: str | None

    def __str__(self) -> str:
        return printable(self.id_or_path + (f"@{self.revision}" if self.revision else ""))
