"""Finding what a split needs, with the published tables as a stand-in Hub serves them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from filters.registry import choose_filters
from sample import paths as sample_paths
from spark.metrics.configuration import Configuration, build_configuration
from spark.metrics.null_columns import null_columns
from spark.metrics.planning import plan_splits
from spark.metrics.resolve import ResolvedSplit, resolve_split
from spark.sources.resolver import Resolver
from tests.spark.sources.hub.server import HubServer
from utils import UserError

PUBLISHED = dict.fromkeys(("duplicates", "token_frequencies", "semantic_duplicates", "nl_scores"), "published")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A Hub with the sample's datasets and feature tables under the published names."""
    memories = tmp_path / "memories"
    shutil.copytree(sample_paths.memories_directory(), memories)
    card = (memories / "README.md").read_text()
    (memories / "README.md").write_text(card.replace("duped.160m", "duped.12b.23000"))
    for path in list((memories / "data").glob("*duped.160m-*")):
        path.rename(path.with_name(path.name.replace("160m", "12b.23000")))
    scores = tmp_path / "scores" / "data"
    scores.mkdir(parents=True)
    for split in ("standard", "deduped"):
        table = pa.table({"sequence_id": [1], "nl_scores": [0.5]})
        pq.write_table(table, scores / f"{split}-00000-of-00001.parquet")
    with HubServer() as server:
        server.publish("EleutherAI/pythia-memorized-evals", memories)
        server.publish("usvsnsp/pile-pythia-code-vs-nl-scores", scores.parent)
        for name, published in (
            ("duplicates", "generation-num-duplicates"),
            ("semantic_duplicates", "semantic-duplicates"),
            ("token_frequencies", "deduped-num-frequencies"),
        ):
            server.publish(f"usvsnsp/{published}", sample_paths.feature_directory(name, "deduped"))
        for scheme in sample_paths.SCHEMES:
            directory = sample_paths.pile_directory(scheme)
            server.publish(f"EleutherAI/pile-{scheme}-pythia-random-sampled", directory)
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        yield server


def resolved(configuration: Configuration, cache: Path) -> list[ResolvedSplit]:
    resolver = Resolver(cache, {}, lambda _: None)
    return [
        resolve_split(split, choose_filters(configuration.filters), configuration, resolver)
        for split in plan_splits(configuration)
    ]


def test_only_what_is_asked_for_travels(hub: HubServer, tmp_path: Path) -> None:
    options = {"datasets": "memories", "tokenizer": str(sample_paths.tokenizer_path()), **PUBLISHED}
    (split,) = resolved(build_configuration(options), tmp_path / "cache")
    assert {feature.table.name for feature in split.features} == {"duplicates", "semantic_duplicates", "nl_scores"}
    assert split.resources.token_frequencies is not None
    sent = {path for path, count in hub.bytes_sent.items() if count and path.endswith(".parquet")}
    assert sent == {
        "data/deduped.70m-00000-of-00001.parquet",
        "data/deduped-00000-of-00001.parquet",
        "data/deduped_70m_snowclones-00000-of-00001.parquet",
        "data/deduped_70m_templates-00000-of-00001.parquet",
        "data/memorized-00000-of-00001.parquet",
        "data/non_memorized-00000-of-00001.parquet",
    }


def test_what_no_table_says_of_a_checkpoint_is_null_and_the_run_says_why(hub: HubServer, tmp_path: Path) -> None:
    options = {"datasets": "memories", "models": "12b.23000", "tokenizer": str(sample_paths.tokenizer_path())}
    configuration = build_configuration({**options, **PUBLISHED})
    (split,) = resolved(configuration, tmp_path / "cache")
    reasons = null_columns(split, choose_filters(("all",)), configuration, "12b.23000")
    assert reasons["0_8_snowclones"] == "the table that was given says nothing of this model"
    assert "--perplexities" in reasons["loss"]
    assert "sequence_duplicates" not in reasons
    assert "memorization_score" not in reasons


def test_the_pile_has_scores_of_its_models_and_none_of_checkpoints(hub: HubServer, tmp_path: Path) -> None:
    options = {"datasets": "pile", "models": "70m,12b.23000", "tokenizer": str(sample_paths.tokenizer_path())}
    configuration = build_configuration(options)
    (split,) = resolved(configuration, tmp_path / "cache")
    assert "memorization_score" not in null_columns(split, choose_filters(("all",)), configuration, "70m")
    reasons = null_columns(split, choose_filters(("all",)), configuration, "12b.23000")
    assert reasons["memorization_score"] == "the source holds no memorization scores of this model"


def test_the_model_of_a_split_comes_from_the_hub_at_its_step_and_stays(hub: HubServer, tmp_path: Path) -> None:
    directory = sample_paths.model_directory("duped", "70m")
    files = {path.name: path.read_bytes() for path in directory.iterdir()}
    commits = {}
    for model, step in (("70m", 143000), ("12b", 23000)):
        name = f"EleutherAI/pythia-{model}"
        for revision in ("main", f"step{step}"):
            given = files | {"generation_config.json": json.dumps({"name": name, "revision": revision}).encode()}
            commits[f"{name}@{revision}"] = hub.publish_files(name, given, kind="models", revision=revision)
    options = {"datasets": "memories", "schemes": "duped", "models": "70m,12b.23000", "filters": "likelihood"}
    configuration = build_configuration(options | {"tokenizer": str(sample_paths.tokenizer_path())})

    def directories(revisions: dict[str, str]) -> tuple[list[Path], dict[str, str]]:
        resolver = Resolver(tmp_path / "cache", revisions, lambda _: None)
        filters = choose_filters(configuration.filters)
        splits = [resolve_split(split, filters, configuration, resolver) for split in plan_splits(configuration)]
        models = [split.resources.language_model for split in splits]
        return [model.directory for model in models if model is not None], resolver.commits()

    found, record = directories({})
    expected = [commits["EleutherAI/pythia-70m@step143000"], commits["EleutherAI/pythia-12b@step23000"]]
    assert [path.name for path in found] == expected
    assert [record[f"EleutherAI/pythia-{name}"] for name in ("70m@step143000", "12b@step23000")] == expected
    # The tag is moved; a run that goes on reads what it read before.
    hub.publish_files("EleutherAI/pythia-70m", files, kind="models", revision="step143000")
    assert directories(record)[0] == found
    assert directories({})[0] != found


def test_a_model_that_the_hub_has_not_is_one_clear_error(hub: HubServer, tmp_path: Path) -> None:
    options = {"datasets": "memories", "filters": "model", "tokenizer": str(sample_paths.tokenizer_path())}
    with pytest.raises(UserError, match="EleutherAI/pythia-70m-deduped"):
        resolved(build_configuration(options), tmp_path / "cache")
