"""The truth table agrees with the sequences."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from sample.paths import SCHEMES
from sample.recipe import SEED
from tests.sample.committed import corpus, decoded, different_rows, truth


@pytest.mark.parametrize("scheme", SCHEMES)
def test_duplicates_count_the_places_of_the_continuation(scheme: str) -> None:
    ids, tokens = corpus(scheme)
    known = dict(zip(truth()["sequence_id"].to_pylist(), truth()[f"duplicates_{scheme}"].to_pylist(), strict=True))
    assert {i for i, count in known.items() if count is not None} == set(ids.tolist())
    windows = np.lib.stride_tricks.sliding_window_view(tokens, 32, axis=1)
    chosen = np.random.default_rng(SEED).choice(len(ids), 20, replace=False)
    most_repeated = np.argsort([known[int(i)] for i in ids])[-2:]
    for position in [*chosen, *most_repeated]:
        places = (windows[:, :, 0] == tokens[position, 32]) & (windows[:, :, 31] == tokens[position, 63])
        assert (windows[places] == tokens[position, 32:]).all(axis=1).sum() == known[int(ids[position])]


def test_the_deduped_corpus_is_the_duped_one_without_its_repeats() -> None:
    duped_ids, duped = corpus("duped")
    deduped_ids, deduped = corpus("deduped")
    first: dict[bytes, int] = {}
    for i, row in zip(duped_ids.tolist(), duped, strict=True):
        first.setdefault(row.tobytes(), i)
    assert sorted(first.values()) == deduped_ids.tolist()
    assert (duped[deduped_ids] == deduped).all()
    assert truth()["in_deduped"].to_pylist() == np.isin(duped_ids, deduped_ids).tolist()


def test_copies_and_row_ids_follow_from_the_tokens() -> None:
    _, inverse, counts = np.unique(corpus("duped")[1], axis=0, return_inverse=True, return_counts=True)
    assert truth()["sequence_id"].to_pylist() == corpus("duped")[0].tolist()
    assert truth()["copies"].to_pylist() == counts[inverse].tolist()
    row_ids = truth()["row_id"].to_numpy()
    assert len(np.unique(np.stack([row_ids, inverse]), axis=1).T) == len(counts)


def test_repeating_rows_repeat_their_unit() -> None:
    rows = different_rows(is_repeating=True)
    assert len(rows) > 800
    for row in rows:
        unit, offset = row["repeating_unit"], row["repeating_offset"]
        repeated = decoded(row["token_ids"][offset:]).strip("\ufffd")
        if row["line_width"]:
            repeated = repeated.replace("\n", "")
        if offset:
            # The token in which the repetition begins may contain the last characters of the prefix.
            repeated = repeated[repeated.index(unit) :]
        assert len(repeated) >= 3 * len(unit), row
        assert all(a == b for a, b in zip(repeated, repeated[len(unit) :], strict=False)), row
        assert row["whole_units"] * len(unit) <= len(repeated) < (row["whole_units"] + 2) * len(unit)
        assert row["repeating_offset"] <= 24


def test_units_are_not_repetitions_themselves() -> None:
    units = {row["repeating_unit"] for row in different_rows(is_repeating=True)}
    assert all((unit + unit).find(unit, 1) == len(unit) for unit in units)


def test_no_other_row_is_periodic() -> None:
    _, tokens = corpus("duped")
    other = ~np.array(truth()["is_repeating"].to_pylist())
    for period in range(1, 22):
        agreeing = (tokens[:, period:] == tokens[:, :-period]).sum(axis=1) / 64
        assert (agreeing[other & ~np.array(truth()["is_incrementing"].to_pylist())] < 0.6).all()


def _values(notation: str, terms: list[str]) -> list[float]:
    if notation == "hexadecimal":
        return [int(re.sub(r"^(0x|U\+)", "", term), 16) for term in terms]
    if notation == "between_letters":
        return [int(re.sub("[^0-9]", "", term)) for term in terms]
    if notation == "version":
        return [int(term.split(".")[-1]) for term in terms]
    if notation == "time":
        return [int(term[:2]) * 60 + int(term[3:]) for term in terms]
    return [float(term) for term in terms]


@pytest.mark.parametrize(
    "notation", ["integer", "downward", "padded", "hexadecimal", "decimal", "between_letters", "version", "time"]
)
def test_terms_of_a_counting_sequence_differ_by_its_step(notation: str) -> None:
    rows = different_rows(increment_notation=notation)
    assert len(rows) > 40
    for row in rows:
        terms = row["increment_terms"]
        assert len(terms) >= 4
        assert np.allclose(np.diff(_values(notation, terms)), row["increment_step"]), row
        assert all(term in row["text"] for term in terms)
        assert (row["increment_step"] < 0) == (notation == "downward")


def test_dates_follow_each_other() -> None:
    rows = [row for row in different_rows(increment_notation="date") if re.match(r"\d{4}-", row["increment_terms"][0])]
    assert len(rows) > 5
    for row in rows:
        days = [date.fromisoformat(term) for term in row["increment_terms"]]
        step = timedelta(row["increment_step"])
        assert all(later - earlier == step for earlier, later in pairwise(days))


def test_secrets_and_personal_data_are_in_the_text() -> None:
    for flag, column in (("has_secret", "secrets"), ("has_personal_data", "personal_data")):
        rows = different_rows(**{flag: True})
        assert len(rows) > 300
        assert all(mark["value"] in row["text"] for row in rows for mark in row[column])
        assert not any(record[column] for record in truth().to_pylist() if not record[flag])


def test_nobody_can_be_reached() -> None:
    marks = [mark for row in different_rows(has_personal_data=True) for mark in row["personal_data"]]
    for mark in marks:
        if mark["kind"] == "telephone":
            assert re.search(r"555[-. ]01\d\d$", mark["value"])
        if mark["kind"] == "email":
            assert re.search(r"^[a-z0-9._]+@example\.(com|org)$", mark["value"])
    assert {mark["kind"] for mark in marks} == {"name", "telephone", "email", "address", "birth_date"}


def test_fillings_of_a_template_are_in_the_text() -> None:
    rows = different_rows(category="template")
    assert len({row["template_id"] for row in rows}) == 30
    beginnings = [row["text"] for row in rows if row["template_fills"][0].lower() in row["text"].lower()]
    assert len(beginnings) == len(rows)


def test_is_code_follows_from_the_category() -> None:
    codes = {"prose": {False}, "boilerplate": {False}, "template": {False}, "code": {True}, "structured": {True}}
    codes |= {"table": {True, None}, "repeating": {None}, "incrementing": {None}, "secret": {True, False}}
    codes["personal"] = {True, False}
    records = truth().select(["category", "is_code"]).to_pylist()
    for category, expected in codes.items():
        assert {record["is_code"] for record in records if record["category"] == category} == expected
