"""Say which metrics are null in every row of a table, and why."""

from __future__ import annotations

from collections.abc import Iterable

from filters.contract import FeatureTable, Filter
from filters.feature_tables import TOKEN_FREQUENCIES, feature_table
from spark.metrics.configuration import Configuration
from spark.metrics.feature_tables import feature_locations
from spark.metrics.resolve import ResolvedTable

NOT_DECODED = "no tokenizer known to decode the tokens: give --tokenizer"
NOT_ENCODED = "no tokenizer known to encode the text: give --tokenizer"


def null_columns(
    resolved: ResolvedTable,
    filters: tuple[Filter, ...],
    configuration: Configuration,
    model: str | None,
    own: Iterable[str] = (),
) -> dict[str, str]:
    """Return the reason by column, for the columns that are null in every row of the table of this model.

    own: the users' own columns that the tables of the run have.
    """
    features = (*resolved.features, *resolved.features_by_model[model])
    given = {name for feature in features for name in feature.written} | set(resolved.columns.others)
    reasons: dict[str, str] = {}
    if resolved.resources.vocabulary is None:
        reasons |= {"tokens": NOT_ENCODED} if resolved.columns.tokens is None else {}
        reasons |= {"text": NOT_DECODED} if resolved.columns.text is None else {}
    for each in filters:
        reason = _reason(each, resolved, configuration, model)
        if reason is not None:
            reasons |= {column.name: reason for column in each.columns if given.isdisjoint((column.name, column.twin))}
    absent = f"{resolved.sequences.dataset} has no such column"
    metrics = {column.name for each in filters for column in each.columns}
    return reasons | {name: absent for name in own if name not in metrics.union(resolved.columns.others)}


def _reason(each: Filter, resolved: ResolvedTable, configuration: Configuration, model: str | None) -> str | None:
    """Return why the columns of a filter are null; None if they are not.

    The reason does not apply to columns that a feature table or the source gives.
    """
    if each.name == "memorization_score":
        is_known = resolved.sequences.kind == "memories" or model in dict(resolved.columns.scores)
        return None if is_known else "the source holds no memorization scores of this model"
    if each.feature_table is not None:
        if feature_locations(feature_table(each.feature_table), configuration, resolved.sequences, model):
            return "the given table has no values for this model"
        return _no_table(feature_table(each.feature_table))
    has_vocabulary = resolved.resources.vocabulary is not None
    if "text" in each.reads and resolved.columns.text is None and not has_vocabulary:
        return NOT_DECODED
    if ("tokens" in each.reads or each.asks_model) and resolved.columns.tokens is None and not has_vocabulary:
        return NOT_ENCODED
    if "token_frequencies" in each.reads and resolved.resources.token_frequencies is None:
        return _no_table(TOKEN_FREQUENCIES)
    return None


def _no_table(table: FeatureTable) -> str:
    return f"no table given: --{table.name} {table.published_choice}a local path or a Hub id"
