"""A corpus with planted semantic duplicates, and its counts by a plain loop."""

from __future__ import annotations

import numpy as np
from tokenizers import Tokenizer

from sample.paths import tokenizer_path
from tests.features.minilm import MINILM
from tests.features.plain_reference import edit_distance_plainly, embed_plainly

SCHEMA = "sequence_id long, tokens array<int>"
WORDINGS = (
    "The next bus to {} leaves from platform {} in a few minutes. Please have your ticket ready and let others off.",
    "Dear {}, your parcel could not be delivered. It is waiting for you at the shop on the corner until {}.",
    "def read_{}(path):\n    with open(path) as file:\n        return [line.strip() for line in file][:{}]\n",
)
FILLINGS = ("Brook", "Ash", "the old harbour", "Lindenau am See", "two", "Monday", "7", "XII")


class SemanticCorpus:
    """A corpus of filled templates and copies, queries, and the expected counts by a plain loop."""

    def __init__(self) -> None:
        self.tokenizer = Tokenizer.from_file(str(tokenizer_path()))
        texts = [wording.format(a, b) for wording in WORDINGS for a in FILLINGS for b in FILLINGS[::3]]
        texts += texts[:20:2] + texts[:5]
        self.tokens = [self.tokenizer.encode(text).ids[:48] for text in texts]
        order = np.random.default_rng(13).permutation(len(texts)).tolist()
        self.rows = [(7 * place, self.tokens[row]) for place, row in enumerate(order)]
        # Queries that are in the corpus, queries that are there under another id, and one that has other tokens there.
        self.queries = self.rows[::2] + [(7 * place + 1, tokens) for place, (_, tokens) in enumerate(self.rows[::9])]
        self.queries += [(7, self.rows[2][1])]

    def text(self, tokens: list[int]) -> str:
        """Return the decoded tokens."""
        return str(self.tokenizer.decode(tokens, skip_special_tokens=False))

    def embeddings(self, rows: list[tuple[int, list[int]]]) -> np.ndarray:
        """Return the embedding of each row, in float64; each distinct text is embedded once."""
        texts = [self.text(tokens) for _, tokens in rows]
        distinct = sorted(set(texts))
        embedded = dict(zip(distinct, embed_plainly(MINILM, distinct, longest=256), strict=True))
        return np.array([embedded[text] for text in texts])

    def count(self) -> dict[int, list[int]]:
        """Return the counts of every query, by a loop over all pairs."""
        similarities = self.embeddings(self.queries) @ self.embeddings(self.rows).T
        near = min(np.abs(similarities - threshold).min() for threshold in (0.8, 0.9))
        assert near > 5e-6, "expected no pair within 5e-6 of a threshold, where rounding would decide"
        counts = {}
        for query, (query_id, tokens) in enumerate(self.queries):
            found = np.zeros(4, int)
            for row, (row_id, others) in enumerate(self.rows):
                if row_id == query_id or similarities[query, row] < 0.8:
                    continue
                is_template = 0 < edit_distance_plainly(self.text(tokens[:32]), self.text(others[:32])) < 20
                is_very_similar = similarities[query, row] >= 0.9
                found += [1, is_very_similar, is_template, is_very_similar and is_template]
            counts[query_id] = found.tolist()
        return counts
