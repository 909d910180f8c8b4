"""From the configuration to the splits that a run measures: what is asked for, checked, and where it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sample import paths as sample_paths
from spark import catalog
from spark.catalog import Kind, TableLocation
from spark.configuration import Configuration
from spark.hub.datasets import local_splits
from spark.local_files import file_format
from utils import UserError, nearest, printable, require_known

NUMBERED_FILE = re.compile(r"-\d{5}-of-\d{5}(-[0-9a-f]+)?\.parquet$")


@dataclass(frozen=True)
class Split:
    """One source table, measured once, and written once for each of its models.

    dataset, scheme, models: the partitions of the output; None where the data has no such thing.
    tokenizer: a local path or Hub id; None where none is known.
    """

    dataset: str
    kind: Kind
    scheme: str | None
    models: tuple[str | None, ...]
    location: TableLocation
    tokenizer: str | None

    @property
    def description(self) -> str:
        """What the split is called in messages and in the Spark UI."""
        return self.described_for(",".join(model for model in self.models if model))

    def described_for(self, model: str | None) -> str:
        """What the table of one of its models is called: `memories deduped.70m`."""
        return f"{self.dataset} {'.'.join(filter(None, [self.scheme, model]))}".strip()


def plan_splits(configuration: Configuration) -> list[Split]:
    """Every split that the configuration asks for, in its order; raises UserError for what is not known."""
    splits: list[Split] = []
    for name in configuration.datasets:
        splits += _splits_of(name, configuration)
    written = [(split.dataset, split.scheme, model) for split in splits for model in split.models]
    twice = next((key for key in written if written.count(key) > 1), None)
    if twice:
        raise UserError(
            f"Two of --datasets would both be written as {'/'.join(str(part) for part in twice)}.\n"
            "Measure them in two runs, or rename one."
        )
    return splits


def _splits_of(name: str, configuration: Configuration) -> list[Split]:
    if name == "sample":
        return _sample_splits(configuration)
    if name in catalog.HUB_DATASETS:
        return _hub_splits(name, configuration)
    path = Path(name).expanduser()
    if not path.exists():
        raise UserError(
            f"Unknown dataset {printable(name)!r}{nearest(name, catalog.DATASETS)}, and no such path.\n"
            f"Known: {', '.join(catalog.DATASETS)}, or the path of a Parquet / JSONL file or directory."
        )
    return _local_splits(path, configuration)


def _sample_splits(configuration: Configuration) -> list[Split]:
    models = configuration.models or sample_paths.MODELS
    schemes = configuration.schemes or sample_paths.SCHEMES
    require_known("model of the sample", models, sample_paths.MODELS)
    require_known("scheme of the sample", schemes, sample_paths.SCHEMES)
    tokenizer = configuration.tokenizer or str(sample_paths.tokenizer_path())
    memories = str(sample_paths.memories_directory())
    return [
        Split(
            "sample_memories",
            "memories",
            scheme,
            (model,),
            TableLocation(memories, f"{scheme}.{model}", is_local=True),
            tokenizer,
        )
        for scheme in schemes
        for model in models
    ] + [Split("sample_pile", "pile", scheme, tuple(models), _sample_pile(scheme), tokenizer) for scheme in schemes]


def _sample_pile(scheme: str) -> TableLocation:
    return TableLocation(str(sample_paths.pile_directory(scheme)), is_local=True)


def _hub_splits(name: str, configuration: Configuration) -> list[Split]:
    models = configuration.models or catalog.SMALLEST_MODEL
    schemes = configuration.schemes or catalog.SMALLEST_SCHEME
    require_known("model", models, (*catalog.MODELS, *catalog.CHECKPOINTS))
    require_known("scheme", schemes, catalog.SCHEMES)
    tokenizer = configuration.tokenizer or catalog.PYTHIA_TOKENIZER
    if name == "memories":
        return [
            Split(
                name,
                "memories",
                scheme,
                (model,),
                TableLocation(catalog.MEMORIES_REPOSITORY, f"{scheme}.{model}"),
                tokenizer,
            )
            for scheme in schemes
            for model in models
        ]
    if name == "pile":
        return [
            Split(
                name,
                "pile",
                scheme,
                tuple(models),
                TableLocation(catalog.PILE_REPOSITORY.format(scheme=scheme)),
                tokenizer,
            )
            for scheme in schemes
        ]
    return [Split(name, "plain", None, (None,), TableLocation(catalog.PILE_TEST_REPOSITORY), tokenizer)]


def _local_splits(path: Path, configuration: Configuration) -> list[Split]:
    dataset = re.sub(r"[^A-Za-z0-9._-]", "_", path.resolve().name.split(".")[0] or "data")
    tokenizer = configuration.tokenizer or _tokenizer_beside(path)
    if not is_hub_layout(path):
        return [
            Split(dataset, "plain", scheme, tuple(configuration.models or (None,)), location, tokenizer)
            for scheme in configuration.schemes or (None,)
            for location in [TableLocation(str(path), is_local=True)]
        ]
    present = sorted(local_splits(path))
    by_model = {split: split.partition(".") for split in present if re.match(r"(deduped|duped)\.", split)}
    if not by_model:
        return [
            Split(
                dataset if len(present) == 1 else f"{dataset}_{split}",
                "plain",
                scheme,
                tuple(configuration.models or (None,)),
                TableLocation(str(path), split, is_local=True),
                tokenizer,
            )
            for split in present
            for scheme in configuration.schemes or (None,)
        ]
    schemes = configuration.schemes or tuple(dict.fromkeys(parts[0] for parts in by_model.values()))
    models = configuration.models or tuple(dict.fromkeys(parts[2] for parts in by_model.values()))
    wanted = [f"{scheme}.{model}" for scheme in schemes for model in models]
    if configuration.schemes or configuration.models:
        require_known(f"split of {printable(str(path))}", wanted, present)
    return [
        Split(
            dataset,
            "memories",
            *(split.split(".", 1)[0], (split.split(".", 1)[1],)),
            TableLocation(str(path), split, is_local=True),
            tokenizer,
        )
        for split in wanted
        if split in by_model
    ]


def is_hub_layout(path: Path) -> bool:
    """Whether a path is a directory laid out as a Hub dataset: a README.md, or files numbered as there."""
    if not path.is_dir():
        return False
    if (path / "README.md").is_file() and any(file_format(each) for each in path.rglob("*") if each.is_file()):
        return True
    return any(NUMBERED_FILE.search(each.name) for each in path.rglob("*.parquet"))


def _tokenizer_beside(path: Path) -> str | None:
    """The tokenizer.json in the data's directory or the one above, where there is one."""
    directory = path if path.is_dir() else path.parent
    candidates = (directory / "tokenizer.json", directory.parent / "tokenizer.json")
    return next((str(each) for each in candidates if each.is_file()), None)
