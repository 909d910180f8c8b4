"""What counts as a duplicate when a corpus is deduplicated, which of several is kept, and at what thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from features.near_duplicates.bands import JACCARD_THRESHOLD, NGRAM_TOKENS

Method = Literal["exact", "fuzzy", "semantic"]
METHODS: tuple[Method, ...] = get_args(Method)  # in the order in which they are applied: what is cheap comes first
Keep = Literal["first", "longest"]
KEEP: tuple[Keep, ...] = get_args(Keep)
COSINE_THRESHOLD = 0.9  # very similar, as the published counts of semantic duplicates call it
# Those above a method's own are measured beside it, so that another can be chosen by what it would remove.
JACCARD_LEVELS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
COSINE_LEVELS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class Criteria:
    """What counts as a duplicate, and which of several is kept.

    methods: each is given what those before it left. jaccard_threshold, ngram_tokens: of fuzzy duplicates.
    cosine_threshold: of semantic ones, within each of so many semantic clusters; None for as many as suit the corpus.
    """

    methods: tuple[Method, ...]
    keep: Keep = "first"
    jaccard_threshold: float = JACCARD_THRESHOLD
    ngram_tokens: int = NGRAM_TOKENS
    cosine_threshold: float = COSINE_THRESHOLD
    semantic_clusters: int | None = None

    def thresholds(self, method: Method) -> tuple[float, ...]:
        """At which the removal of a method is measured, in ascending order; the first is applied. None of `exact`."""
        if method == "exact":
            return ()
        levels = JACCARD_LEVELS if method == "fuzzy" else COSINE_LEVELS
        chosen = self.jaccard_threshold if method == "fuzzy" else self.cosine_threshold
        return (chosen, *(level for level in levels if level > chosen))

    def __str__(self) -> str:
        """The methods in the order in which they are applied, as a plan shows them."""
        names = {
            "exact": "exact",
            "fuzzy": f"fuzzy at a Jaccard similarity of {self.jaccard_threshold:g}",
            "semantic": f"semantic at a cosine similarity of {self.cosine_threshold:g}",
        }
        return f"{', then '.join(names[method] for method in self.methods)}; the {self.keep} of each is kept"
