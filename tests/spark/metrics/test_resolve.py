"""Resolving the inputs of a job, with published tables served by a local stand-in for the Hub."""

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
from spark.metrics.planning import plan_sequence_tables
from spark.metrics.resolve import ResolvedTable, resolve_sequence_table
from spark.sources.resolver import Resolver
from tests.spark.sources.hub.server import HubServer
from utils import UserError

PUBLISHED = dict.fromkeys(("duplicates", "token_frequencies", "semantic_duplicates", "nl_scores"), "published")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """Serve the datasets and feature tables of the sample under the published names."""
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


def resolve_all(configuration: Configuration, cache: Path) -> list[ResolvedTable]:
    resolver = Resolver(cache, {}, lambda _: None)
    return [
        resolve_sequence_table(sequences, choose_filters(configuration.filters), configuration, resolver)
        for sequences in plan_sequence_tables(configuration)
    ]


def test_only_the_requested_files_are_downloaded(hub: HubServer, tmp_path: Path) -> None:
    options = {"datasets": "memories", "tokenizer": str(sample_paths.tokenizer_path()), **PUBLISHED}
    (resolved,) = resolve_all(build_configuration(options), tmp_path / "cache")
    assert {feature.table.name for feature in resolved.features} == {"duplicates", "semantic_duplicates", "nl_scores"}
    assert resolved.resources.token_frequencies is not None
    sent = {path for path, count in hub.bytes_sent.items() if count and path.endswith(".parquet")}
    assert sent == {
        "data/deduped.70m-00000-of-00001.parquet",
        "data/deduped-00000-of-00001.parquet",
        "data/deduped_70m_snowclones-00000-of-00001.parquet",
        "data/deduped_70m_templates-00000-of-00001.parquet",
        "data/memorized-00000-of-00001.parquet",
        "data/non_memorized-00000-of-00001.parquet",
    }


def test_metrics_without_values_for_a_checkpoint_are_null_and_the_run_says_why(hub: HubServer, tmp_path: Path) -> None:
    options = {"datasets": "memories", "models": "12b.23000", "tokenizer": str(sample_paths.tokenizer_path())}
    configuration = build_configuration({**options, **PUBLISHED})
    (resolved,) = resolve_all(configuration, tmp_path / "cache")
    reasons = null_columns(resolved, choose_filters(("all",)), configuration, "12b.23000")
    assert reasons["0_8_snowclones"] == "the given table has no values for this model"
    assert reasons["loss"] == "no table given: --perplexities a local path or a Hub id"
    assert "sequence_duplicates" not in reasons
    assert "memorization_score" not in reasons


def test_the_pile_has_scores_of_models_but_not_of_checkpoints(hub: HubServer, tmp_path: Path) -> None:
    options = {"datasets": "pile", "models": "70m,12b.23000", "tokenizer": str(sample_paths.tokenizer_path())}
    configuration = build_configuration(options)
    (resolved,) = resolve_all(configuration, tmp_path / "cache")
    assert "memorization_score" not in null_columns(resolved, choose_filters(("all",)), configuration, "70m")
    reasons = null_columns(resolved, choose_filters(("all",)), configuration, "12b.23000")
    assert reasons["memorization_score"] == "the source holds no memorization scores of this model"


def test_the_language_model_comes_from_the_hub_at_its_step_and_stays_pinned(hub: HubServer, tmp_path: Path) -> None:
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
        planned = plan_sequence_tables(configuration)
        resolved = [resolve_sequence_table(table, filters, configuration, resolver) for table in planned]
        models = [each.resources.language_model for each in resolved]
        return [model.directory for model in models if model is not None], resolver.commits()

    found, record = directories({})
    expected = [commits["EleutherAI/pythia-70m@step143000"], commits["EleutherAI/pythia-12b@step23000"]]
    assert [path.name for path in found] == expected
    assert [record[f"EleutherAI/pythia-{name}"] for name in ("70m@step143000", "12b@step23000")] == expected
    # After the tag is moved, a continued run reads the recorded commit.
    hub.publish_files("EleutherAI/pythia-70m", files, kind="models", revision="step143000")
    assert directories(record)[0] == found
    assert directories({})[0] != found


def test_a_model_that_the_hub_lacks_is_a_clear_error(hub: HubServer, tmp_path: Path) -> None:
    options = {"datasets": "memories", "filters": "model", "tokenizer": str(sample_paths.tokenizer_path())}
    with pytest.raises(UserError, match="EleutherAI/pythia-70m-deduped"):
        resolve_all(build_configuration(options), tmp_path / "cache")
