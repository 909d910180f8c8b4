"""The whole configuration of a run of `build_features.py`: the options over the defaults, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from features.deduplication import COSINE_THRESHOLD, KEEP, METHODS, Criteria, Keep, Method
from features.near_duplicates.bands import JACCARD_THRESHOLD, NGRAM_TOKENS
from features.semantic_duplicates.model import DEFAULT_MODEL
from spark.corpus.exact_duplicates.windows import Window
from spark.corpus.jobs import FEATURE_JOBS, users_by_option
from spark.runs.option_checks import as_integer, as_names, as_revisions, as_share, as_text
from spark.sources.token_file import PYTHIA_ROW_TOKENS
from utils import UserError, printable, require_known

FEATURES = tuple(job.feature for job in FEATURE_JOBS)
WITHOUT_A_MODEL = tuple(job.feature for job in FEATURE_JOBS if "embedding_model" not in job.options)
SAMPLE = "sample"
CONTINUATION = Window(32, 64)  # of the sequences that the Pythia models memorized
USED_BY = users_by_option()
WINDOW = re.compile(r"(\d{1,9}):(\d{1,9})")


@dataclass(frozen=True)
class FeatureConfiguration:
    """What is to be built of which corpus; the README says what each option means.

    corpus: `sample`, or where the corpus is, with {scheme} in it where there are several.
    sequences: those whose duplicates, exact or semantic, are counted; None for every row of the corpus.
    memorized: those whose tokens are counted apart; None for the sample's own, and for no such count of other corpora.
    window: which tokens of a sequence are looked for.
    jaccard_threshold, ngram_tokens: how similar near duplicates are at least, above 0 to 1, and in n-grams of how
        many tokens.
    embedding_model: the directory or Hub id of the model whose embeddings say what semantic duplicates are.
    deduplicate: what is removed from the corpus that is written without it, in the order of METHODS.
    features: none but those that are named where a corpus is to be deduplicated.
    keep, cosine_threshold, semantic_clusters: as in `Criteria`.
    """

    corpus: str = SAMPLE
    schemes: tuple[str, ...] | None = None
    sequences: str | None = None
    memorized: str | None = None
    features: tuple[str, ...] = WITHOUT_A_MODEL
    window: Window = CONTINUATION
    jaccard_threshold: float = JACCARD_THRESHOLD
    ngram_tokens: int = NGRAM_TOKENS
    embedding_model: str = DEFAULT_MODEL
    deduplicate: tuple[Method, ...] = ()
    keep: Keep = "first"
    cosine_threshold: float = COSINE_THRESHOLD
    semantic_clusters: int | None = None
    row_tokens: int = PYTHIA_ROW_TOKENS
    tokenizer: str | None = None
    run_id: str | None = None
    output_dir: str = "output"
    cache_dir: str = "~/.cache/memorization-metrics"
    revisions: tuple[tuple[str, str], ...] = ()

    @property
    def criteria(self) -> Criteria:
        """What is removed where the corpus is deduplicated."""
        return Criteria(
            self.deduplicate,
            self.keep,
            self.jaccard_threshold,
            self.ngram_tokens,
            self.cosine_threshold,
            self.semantic_clusters,
        )

    def as_json(self) -> dict[str, Any]:
        """The options by name, in types that JSON knows."""
        window = f"{self.window.start}:{self.window.stop}"
        return {**asdict(self), "revisions": dict(self.revisions), "window": window}


def build_feature_configuration(options: dict[str, Any]) -> FeatureConfiguration:
    """The configuration with these options in place of the defaults; raises UserError for what is wrong."""
    values = {name: _checked(name, value) for name, value in options.items() if value is not None}
    if "deduplicate" in values:
        values.setdefault("features", ())
    configuration = FeatureConfiguration(**values)
    require_known("feature", configuration.features, FEATURES)
    _require_used(values, {*configuration.features, *configuration.deduplicate})
    places = {"corpus": configuration.corpus, "sequences": configuration.sequences}
    places["memorized"] = configuration.memorized
    for name, place in places.items():
        if place is None or place == SAMPLE:
            continue
        if "{scheme}" in place and configuration.schemes is None:
            raise UserError(f"--{name} {printable(place)}: nothing says which schemes there are.\nGive --schemes.")
        if "{scheme}" not in place and len(configuration.schemes or ()) > 1:
            raise UserError(
                f"--{name} {printable(place)}: the same for {', '.join(configuration.schemes or ())}.\n"
                "Put {scheme} in its place in the path, or build each scheme in a run of its own."
            )
    return configuration


def _require_used(given: Iterable[str], asked: set[str]) -> None:
    """Raises UserError for an option that nothing of what is asked for uses: it would be thought to have an effect."""
    for name in given:
        users = USED_BY.get(name)
        if users is not None and asked.isdisjoint(users):
            options = [f"--{'deduplicate' if user in METHODS else 'features'} {user}" for user in users]
            raise UserError(f"--{name}: nothing that is asked for uses it.\nIt belongs to {' or '.join(options)}.")


def _checked(name: str, value: Any) -> Any:
    if name in ("schemes", "features"):
        return as_names(name, value)
    if name == "deduplicate":
        require_known("method", as_names(name, value), METHODS)
        return tuple(method for method in METHODS if method in as_names(name, value))
    if name == "keep":
        require_known("choice", [str(value)], KEEP)
    if name in ("jaccard_threshold", "cosine_threshold"):
        return as_share(name, value)
    if name in ("row_tokens", "ngram_tokens", "semantic_clusters"):
        return as_integer(name, value, smallest=1)
    if name == "revisions":
        return as_revisions(value)
    if name == "window":
        return _as_window(value)
    return as_text(name, value)


def _as_window(value: Any) -> Window:
    found = WINDOW.fullmatch(str(value))
    window = Window(int(found[1]), int(found[2])) if found else Window(0, 0)
    if window.start >= window.stop:
        raise UserError(f"--window: expected START:STOP, such as 32:64, found {printable(str(value)[:200])!r}.")
    return window
