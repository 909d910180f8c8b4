"""Findings from made-up counts: only what they support is said."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from spark.reporting.findings import findings_of
from spark.reporting.measured_tables import named_size


def entry(dataset: str, scheme: str | None, model: str | None, rows: int = 0, **changes: Any) -> dict[str, Any]:
    """Return an entry of `run.json` of a table without scores. rows: of the table."""
    name = f"{dataset} {'.'.join(filter(None, [scheme, model]))}".strip()
    about = {"dataset": dataset, "scheme": scheme, "model": model, "model_parameters": None, "language_model": None}
    return {
        **{"table": name, "status": "complete", **about, "holds_memories": False},
        **{"rows_measured": rows, "counts": {"rows": rows}},
        **changes,
    }


def scored(
    scheme: str | None, model: str | None, memorized: int, of: int = 4000, parameters: int | None = None, **counts: int
) -> dict[str, Any]:
    found = {"rows": of, "scored": of, "memorized": memorized, **counts}
    return entry("pile", scheme, model, of, counts=found, model_parameters=parameters)


def texts(*entries: dict[str, Any]) -> list[str]:
    return [f"{each.table}: {each.text}" if each.table else each.text for each in findings_of(entries)]


def test_models_and_schemes_are_compared_by_their_shares() -> None:
    duped = scored("duped", "160m", 1424), scored("duped", "70m", 800)
    deduped = scored("deduped", "70m", 304), scored("deduped", "160m", 408)
    assert texts(*duped, *deduped) == [
        "the larger model memorized more than the smaller one: "
        "160m 35.6%, 70m 20.0% (pile duped); 160m 10.2%, 70m 7.6% (pile deduped)",
        "models trained on deduped memorized less than those trained on duped: "
        "deduped 10.2%, duped 35.6% (pile 160m); deduped 7.6%, duped 20.0% (pile 70m)",
    ]


def test_a_finding_has_the_counts_behind_it() -> None:
    (found,) = findings_of([scored(None, "160m", 1424), scored(None, "70m", 800)])
    assert asdict(found) == {
        "kind": "models",
        "text": "the larger model memorized more than the smaller one: 160m 35.6%, 70m 20.0% (pile)",
        "table": None,
        "is_beyond_chance": True,
        "groups": (
            {"name": "pile 160m", "count": 1424, "of": 4000},
            {"name": "pile 70m", "count": 800, "of": 4000},
        ),
    }


@pytest.mark.parametrize(
    ("large", "outcome"),
    [
        (430, "no difference beyond chance between the larger model and the smaller one"),
        (370, "no difference beyond chance between the larger model and the smaller one"),
        (300, "the larger model memorized less than the smaller one"),
        (500, "the larger model memorized more than the smaller one"),
    ],
)
def test_the_outcome_follows_the_counts(large: int, outcome: str) -> None:
    (line,) = texts(scored(None, "b", large, parameters=9000), scored(None, "a", 400, parameters=20))
    assert line == f"{outcome}: b {large / 40:.1f}%, a 10.0% (pile)"


def test_outcomes_that_differ_are_separate_findings() -> None:
    one, other = scored("x", "70m", 10), scored("x", "160m", 500)
    assert texts(one, other, scored("y", "70m", 500), scored("y", "160m", 10))[:2] == [
        "the larger model memorized more than the smaller one: 160m 12.5%, 70m 0.2% (pile x)",
        "the larger model memorized less than the smaller one: 160m 0.2%, 70m 12.5% (pile y)",
    ]


def test_of_many_models_the_largest_and_the_smallest_are_compared() -> None:
    tables = [scored(None, model, rows) for model, rows in (("12b", 400), ("1.4b", 900), ("410m", 4))]
    assert texts(*tables) == [
        "the largest model memorized more than the smallest one: 12b 10.0%, 1.4b 22.5%, 410m 0.1% (pile)"
    ]


def test_the_parameters_go_before_the_name() -> None:
    (line,) = texts(scored(None, "7b", 900, parameters=100_000_000), scored(None, "1b", 10, parameters=200_000_000))[:1]
    assert line.startswith("the larger model memorized less than the smaller one: 1b 0.2%, 7b 22.5%")


@pytest.mark.parametrize("parameters", [None, 50])
def test_models_of_unknown_or_equal_size_are_compared_by_name(parameters: int | None) -> None:
    mine, other = (scored(None, name, rows, parameters=parameters) for name, rows in (("mine", 10), ("other", 900)))
    assert texts(mine, other) == ["model mine memorized less than model other: mine 0.2%, other 22.5% (pile)"]
    alike = scored(None, "alike", 11, parameters=parameters)
    (line,) = texts(mine, alike)
    assert line == "no difference beyond chance between model alike and model mine: alike 0.3%, mine 0.2% (pile)"


def test_one_table_gives_its_share_with_an_interval() -> None:
    assert texts(scored(None, None, 1424)) == [
        "pile: 1,424 of 4,000 sequences are memorized, 35.6% (95% interval 34.1% to 37.1%)"
    ]


def test_shares_by_occurrences_are_of_the_model_that_memorized_most() -> None:
    groups = {"scored_occurring_1": 1000, "memorized_occurring_1": 20, "scored_occurring_100_or_more": 50}
    most = scored("duped", "160m", 60, **groups, memorized_occurring_100_or_more=40)
    other = scored("duped", "70m", 59, **groups, memorized_occurring_100_or_more=39)
    assert texts(other, most)[1:] == [
        "pile duped.160m: memorized, by occurrences in the corpus: once 2.0%, 100 times or more 80.0%"
    ]


def test_occurrences_without_a_difference_and_small_groups() -> None:
    groups = {"scored_occurring_1": 1000, "memorized_occurring_1": 20}
    few = {"scored_occurring_10_to_99": 9, "memorized_occurring_10_to_99": 9}
    assert len(texts(scored(None, None, 29, **groups, **few))) == 1
    alike = {"scored_occurring_2_to_9": 100, "memorized_occurring_2_to_9": 3}
    assert texts(scored(None, None, 32, **groups, **few, **alike))[1] == (
        "pile: memorized, by occurrences in the corpus: once 2.0%, 2 to 9 times 3.0%; no difference beyond chance"
    )


@pytest.mark.parametrize(("with_pattern", "end"), [(300, ""), (110, "; no difference beyond chance")])
def test_patterns_of_memorized_and_other_sequences(with_pattern: int, end: str) -> None:
    counts = {"scored_with_pattern": with_pattern + 300, "memorized_with_pattern": with_pattern}
    counts |= {"scored_without_pattern": 3700 - with_pattern, "memorized_without_pattern": 1000 - with_pattern}
    assert texts(scored(None, None, 1000, **counts))[1] == (
        f"pile: {with_pattern / 1000:.1%} of the memorized sequences repeat a unit or count up, 10.0% of the others"
        + end
    )


def test_patterns_of_few_sequences_are_not_compared() -> None:
    counts = {"scored_with_pattern": 9, "memorized_with_pattern": 9, "scored_without_pattern": 900}
    assert len(texts(scored(None, None, 9, **counts))) == 1
    assert len(texts(scored(None, None, 10, **counts | {"memorized_without_pattern": 1}))) == 2


def test_sequences_that_the_model_was_not_asked_about_are_counted() -> None:
    counts = {"rows": 3, "scored": 1, "memorized": 1}
    asked = entry("mine", None, None, 3, counts=counts, language_model="my_model")
    assert texts(asked)[1:] == ["mine: 2 of 3 sequences are shorter than prompt and continuation: no score"]
    all_short = entry("mine", None, None, 3, language_model="my_model")
    assert texts(all_short) == ["mine: 3 of 3 sequences are shorter than prompt and continuation: no score"]
    assert texts(asked | {"language_model": None})[1:] == []


def test_the_sizes_of_models_whose_names_mislead_are_told() -> None:
    small = scored(None, "70m", 0, parameters=362_240)
    assert texts(small)[-1] == ("the names of the models do not tell their size in parameters: 70m has 362,240")
    assert "parameters" not in texts(scored(None, "70m", 0, parameters=70_426_624))[-1]
    assert "parameters" not in texts(scored(None, "mine", 0, parameters=362_240))[-1]


def test_sequences_chosen_because_they_are_memorized_are_not_compared() -> None:
    chosen = [scored(None, model, 4000) | {"holds_memories": True} for model in ("70m", "160m")]
    assert texts(*chosen) == ["pile holds only sequences chosen because they are memorized"]
    mine = scored(None, "70m", 500) | {"holds_memories": True, "language_model": "mine"}
    other = scored(None, "160m", 3000) | {"holds_memories": True, "language_model": "mine"}
    assert texts(mine, other) == [
        "pile 70m: 500 of 4,000 sequences are memorized, 12.5% (95% interval 11.5% to 13.6%)",
        "pile 160m: 3,000 of 4,000 sequences are memorized, 75.0% (95% interval 73.6% to 76.3%)",
    ]


def test_a_failed_table_says_nothing() -> None:
    assert texts(scored(None, "70m", 5) | {"status": "failed"}) == []


def test_feature_tables_and_tables_without_scores_say_nothing() -> None:
    assert texts({"table": "duplicates", "status": "complete", "counts": {"rows": 1}, "rows_measured": 1}) == []
    assert texts(entry("mine", None, None, 5)) == []


@pytest.mark.parametrize(
    ("name", "size"), [("70m", 70e6), ("12b.23000", 12e9), ("1.4b", 1.4e9), ("mine", None), (None, None), ("3mb", None)]
)
def test_the_size_that_a_name_gives(name: str | None, size: float | None) -> None:
    assert named_size(name) == size
