"""Whether a text repeats or counts, on many texts of each kind, with the sample's tokenizer."""

from __future__ import annotations

from random import Random

import pytest
from tokenizers import Tokenizer

from filters import apply_filters
from sample.paths import tokenizer_path
from tests.filters.pattern_cases import KINDS, Kind

TEXTS_OF_A_KIND, TOKENS = 300, 64


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.make.__name__)
def test_texts_of_a_kind_repeat_or_count_as_they_should(kind: Kind) -> None:
    tokenizer = Tokenizer.from_file(str(tokenizer_path()))
    random = Random(kind.make.__name__)
    texts = [kind.make(random) for _ in range(TEXTS_OF_A_KIND)]
    if kind.is_cut:
        ends = [encoding.offsets[:TOKENS][-1][1] for encoding in tokenizer.encode_batch(texts)]
        texts = [text[:end] for text, end in zip(texts, ends, strict=True)]
    found = apply_filters({"text": texts}, tokenizer, ("repetition", "incrementing"))
    expected = kind.is_repeating, kind.is_incrementing
    values = zip(found["is_repeating"], found["is_incrementing"], strict=True)
    wrong = [(value, text) for value, text in zip(values, texts, strict=True) if value != expected]
    assert len(wrong) <= kind.most_wrong, wrong[:5]
