"""What the joined feature tables were counted for: check it against the run, and describe it for `run.json`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spark.metrics.feature_tables import FeatureFiles
from spark.runs.options import CUT_OPTIONS
from spark.sources.cutting import Cut, cut_of, described
from utils import UserError, printable

CONTINUATION = "continuation_tokens"


def require_same_continuation(feature: FeatureFiles, continuation_tokens: int) -> None:
    """Raise UserError if the table says that it was counted for other tokens than this run's continuation."""
    if not feature.table.counts_continuation:
        return
    for record in feature.files.counted_for:
        found = record.settings.get(CONTINUATION, continuation_tokens)
        if found != continuation_tokens:
            shown = printable(str(found))
            raise UserError(
                f"--{feature.table.name} {feature.location}: expected counts of each sequence's last "
                f"{continuation_tokens} tokens, found counts of its last {shown}.\n"
                f"Build it with --{CONTINUATION} {continuation_tokens}, or measure with --{CONTINUATION} {shown}."
            )


def require_same_sequences(feature: FeatureFiles, cut: Cut | None) -> None:
    """Raise UserError if the table says that it was counted for documents that were cut otherwise than this run's."""
    for record in feature.files.counted_for:
        if "sequence_tokens" in record.settings:
            counted = cut_of(*(record.settings.get(name) for name in CUT_OPTIONS))
            if counted != cut:
                raise UserError(
                    f"--{feature.table.name} {feature.location}: expected counts of {described(cut)}, "
                    f"found counts of {described(counted)}.\n"
                    f"Give both programs the same {', '.join(f'--{name}' for name in CUT_OPTIONS)}."
                )


def describe_tables(features: Iterable[FeatureFiles]) -> list[dict[str, Any]]:
    """Return an entry for `run.json` for each table.

    counted_for: what its files say of their values; empty if they say nothing. differs: the settings whose values
    differ from the ones that the meanings of the columns state, with both.
    """
    return [
        {
            "feature": each.table.name,
            "location": str(each.location),
            "counted_for": [record.as_json() for record in each.files.counted_for],
            "differs": [
                {"setting": name, "counted_with": record.settings[name], "described": value}
                for record in each.files.counted_for
                for name, value in each.table.described
                if record.settings.get(name, value) != value
            ],
        }
        for each in features
    ]
