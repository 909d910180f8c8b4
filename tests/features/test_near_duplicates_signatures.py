from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.near_duplicates.bands import EXPECTED_RECALL, MOST_HASHES, Bands, choose_bands
from features.near_duplicates.signatures import _band_hashes, band_hashes, shingle_hashes, signatures
from tests.features.near_duplicates_oracle import jaccard, planted, shingles
from tests.filters.ragged_rows import as_lists, token_rows

ROWS = st.lists(st.lists(st.integers(0, 3) | st.integers(-(2**31), 2**31 - 1), max_size=12), min_size=1, max_size=5)


@settings(deadline=None)  # the first call compiles
@given(ROWS, st.integers(1, 6))
def test_shingle_hashes_are_equal_for_equal_shingles(rows: list[list[int]], n: int) -> None:
    by_shingle: dict[tuple[int, ...], int] = {}
    for row, hashes in zip(rows, as_lists(shingle_hashes(token_rows(rows), n)), strict=True):
        grams = [tuple(row[i : i + n]) for i in range(max(1, len(row) - n + 1))]
        assert len(hashes) == len(grams)
        for gram, value in zip(grams, hashes, strict=True):
            assert by_shingle.setdefault(gram, value) == value
    assert len(set(by_shingle.values())) == len(by_shingle)


def test_signature_depends_only_on_the_set_of_shingles() -> None:
    row = planted(1, 64, 0)[0]
    repeated = row + row  # its n-grams, and four n-grams across the seam
    whole = signatures(token_rows([row, repeated, row]), 5, 64)
    np.testing.assert_array_equal(whole[0], whole[2])
    np.testing.assert_array_equal(whole[:1], signatures(token_rows([row]), 5, 64))
    assert (whole[1] <= whole[0]).all()
    assert whole.max() < 2**32
    assert shingles(row, 5) < shingles(repeated, 5)


def test_share_of_equal_signature_values_estimates_the_similarity() -> None:
    rows = planted(400, 64, 1)
    pairs = [(i, j) for j in range(400) for i in range(max(0, j - 50), j)]
    signature = signatures(token_rows(rows), 5, 128)
    true = np.array([jaccard(rows[i], rows[j], 5) for i, j in pairs])
    estimated = np.array([(signature[i] == signature[j]).mean() for i, j in pairs])
    similar = true > 0.1
    assert similar.sum() > 100
    assert (estimated[true == 0] == 0).all()
    # The standard deviation of an estimate is at most sqrt(0.25 / 128) = 0.044, and of the mean far smaller.
    assert abs(estimated[similar] - true[similar]).max() < 5 * 0.0442
    assert abs((estimated[similar] - true[similar]).mean()) < 0.01


def test_band_hashes_are_equal_for_equal_bands() -> None:
    rows, bands = token_rows(planted(300, 64, 2)), Bands(8, 4)
    cut = signatures(rows, 5, 32).reshape(300, 8, 4)
    hashes = band_hashes(rows, 5, bands)
    equal = (cut[:, None] == cut[None]).all(axis=3)
    np.testing.assert_array_equal(equal, hashes[:, None] == hashes[None])
    assert 300 * 8 < equal.sum() < 300 * 300 * 8


def test_equal_values_in_different_bands_are_different_buckets() -> None:
    assert len(np.unique(_band_hashes(np.zeros((1, 32), np.uint64), 8, 4))) == 8


@pytest.mark.parametrize("threshold", [0.04, 0.1, 0.3, 0.5, 0.8, 0.9, 0.99, 1.0])
def test_bands_find_a_pair_at_the_threshold(threshold: float) -> None:
    bands = choose_bands(threshold)
    assert bands.recall(threshold) >= EXPECTED_RECALL
    assert bands.bands * bands.rows <= MOST_HASHES
    assert bands.bands == 1 or Bands(bands.bands - 1, bands.rows).recall(threshold) < EXPECTED_RECALL
    one_row_more = Bands(MOST_HASHES // (bands.rows + 1), bands.rows + 1)
    assert one_row_more.recall(threshold) < EXPECTED_RECALL or threshold == 1.0


def test_default_threshold_has_known_bands() -> None:
    assert choose_bands(0.8) == (16, 6)
    assert choose_bands(0.8).recall(0.8) == pytest.approx(1 - (1 - 0.8**6) ** 16)


@pytest.mark.parametrize("threshold", [-0.1, 0.0, 0.03, 1.1, float("nan")])
def test_invalid_thresholds_are_rejected(threshold: float) -> None:
    with pytest.raises(ValueError, match="expected a threshold"):
        choose_bands(threshold)


def test_ngrams_of_zero_tokens_are_rejected() -> None:
    with pytest.raises(ValueError, match="found 0"):
        shingle_hashes(token_rows([[1]]), 0)
