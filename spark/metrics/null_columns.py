"""Which metrics are null in every row of a table, and why: what is not known is said, and never made up."""

from __future__ import annotations

from filters.contract import Filter
from spark.metrics.configuration import Configuration
from spark.metrics.feature_tables import feature_locations
from spark.metrics.resolve import ResolvedSplit


def null_columns(
    resolved: ResolvedSplit, filters: tuple[Filter, ...], configuration: Configuration, model: str | None
) -> dict[str, str]:
    """Metric to reason, for those of the filters that nothing gives for this model of the split."""
    features = (*resolved.features, *resolved.features_by_model[model])
    given = {metric for feature in features for metric, _ in feature.values} | set(resolved.columns.others)
    reasons: dict[str, str] = {}
    for each in filters:
        reason = _reason(each, resolved, configuration, model)
        if reason is not None:
            reasons |= {column.name: reason for column in each.columns if column.name not in given}
    return reasons


def _reason(each: Filter, resolved: ResolvedSplit, configuration: Configuration, model: str | None) -> str | None:
    """Why the columns of a filter are null where no feature table or column of the source gives them."""
    if each.name == "memorization_score":
        is_known = resolved.split.kind == "memories" or model in dict(resolved.columns.scores)
        return None if is_known else "the source holds no memorization scores of this model"
    if each.feature_table is not None:
        if feature_locations(each.feature_table, configuration, resolved.split, model):
            return "the table that was given says nothing of this model"
        return f"no table given: --{each.feature_table} published, a local path or a Hub id"
    has_vocabulary = resolved.resources.vocabulary is not None
    if "text" in each.reads and resolved.columns.text is None and not has_vocabulary:
        return "no tokenizer known to decode the tokens: give --tokenizer"
    if ("tokens" in each.reads or each.asks_model) and resolved.columns.tokens is None and not has_vocabulary:
        return "no tokenizer known to encode the text: give --tokenizer"
    if "token_frequencies" in each.reads and resolved.resources.token_frequencies is None:
        return "no table given: --token_frequencies published, a local path or a Hub id"
    return None
