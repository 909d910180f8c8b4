"""Locate the feature tables of a table of sequences, and check their columns before Spark starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from filters.continuation import CONTINUATION_TOKENS
from filters.contract import FeatureTable, Filter
from filters.feature_tables import FEATURE_TABLES
from filters.input_types import is_integer, is_number
from sample.paths import feature_directory
from spark.metrics.configuration import Configuration
from spark.metrics.sequence_table import SequenceTable
from spark.sources.catalog import CHECKPOINTS, TableLocation
from spark.sources.hub_layout import is_hub_layout
from spark.sources.patterns import exists
from spark.sources.resolver import Resolver
from spark.sources.source import Source
from spark.storage.paths import storage_path
from utils import UserError, printable

# Values of the options that are not a location.
AUTO, NONE, PUBLISHED = "auto", "none", "published"


@dataclass(frozen=True)
class FeatureFiles:
    """The files of a feature table, and the names of its key and metric columns.

    values: pairs of metric and column name.
    model: the values belong to this model; None if the table is the same for all models.
    """

    table: FeatureTable
    location: TableLocation
    files: Source
    key: str
    values: tuple[tuple[str, str], ...]
    model: str | None = None

    @property
    def written(self) -> tuple[str, ...]:
        """The names of the metrics that the table gives, twins included."""
        given = {metric for metric, _ in self.values}
        return tuple(
            column.name for column in self.table.written_columns if not given.isdisjoint((column.name, column.twin))
        )


def feature_locations(
    table: FeatureTable, configuration: Configuration, sequences: SequenceTable, model: str | None
) -> tuple[TableLocation, ...]:
    """Return the locations of a feature table; empty if none is configured."""
    setting = getattr(configuration, table.name)
    scheme = sequences.scheme or "none"
    source, is_local = setting.replace("{scheme}", scheme).replace("{model}", str(model)), True
    is_of_sample = sequences.is_sample and table.in_sample
    if table.counts_continuation:  # the sample's tables count the default continuation
        is_of_sample &= configuration.continuation_tokens == CONTINUATION_TOKENS
    if setting == NONE or (setting == AUTO and not is_of_sample):
        return ()
    if setting == AUTO:
        source = str(feature_directory(table.name, scheme))
    elif setting == PUBLISHED:
        assert table.hub_id is not None, f"--{table.name} published was not checked"
        source, is_local = table.hub_id.format(scheme=scheme), False
    elif not exists(storage_path(source)):
        is_local = False
    if is_local and not is_hub_layout(storage_path(source)):
        return (TableLocation(source, is_local=True),)
    names = table.split_names(sequences.kind, sequences.scheme, model)
    return tuple(TableLocation(source, name, is_local) for name in names)


def check_feature_settings(configuration: Configuration, filters: Iterable[Filter]) -> None:
    """Raise UserError for a feature table that cannot be located, or that gives columns that a filter computes."""
    computed = {column.name: each.name for each in filters if each.measure is not None for column in each.columns}
    for table in FEATURE_TABLES:
        setting = getattr(configuration, table.name)
        _require_location(table, setting)
        filter_name = next((computed[column.name] for column in table.columns if column.name in computed), None)
        if setting not in (AUTO, NONE) and filter_name is not None:
            raise UserError(
                f"--{table.name}: the filter {filter_name} computes the same columns.\n"
                f"Leave out the table, or name the filters (--filters) without {filter_name} and its group."
            )


def _require_location(table: FeatureTable, setting: str) -> None:
    if setting == PUBLISHED and table.hub_id is None:
        raise UserError(f"--{table.name}: no published table exists.\nGive a local path or a Hub id, or none.")
    is_known = setting in (AUTO, NONE, PUBLISHED) or "{" in setting
    if not is_known and not exists(storage_path(setting)) and setting.count("/") != 1:
        raise UserError(
            f"--{table.name}: no such path: {printable(setting)!r}.\n"
            f"Expected {table.published_choice}none, the path of a file or directory, or a Hub id (owner/name)."
        )


def resolve_feature_table(
    table: FeatureTable, location: TableLocation, model: str | None, resolver: Resolver
) -> FeatureFiles | None:
    """Return the files of a feature table; None for a checkpoint that the published table does not include.

    Raises UserError if columns are missing, or have the wrong type.
    """
    if location.split and model in CHECKPOINTS and location.split not in resolver.resolve(location).splits:
        return None
    files = resolver.files(location)
    key = _first_present(table.key_names, files)
    columns = (*table.columns, *table.numbered_columns(files.schema.names))
    found = [(column.name, _first_present(column.names, files)) for column in columns]
    values = tuple((metric, name) for metric, name in found if name)
    if key is None or not values or (table.needs_all_columns and len(values) < len(found)):
        wanted = ", ".join("/".join(column.names) for column in table.columns)
        names = ", ".join(printable(name) for name in files.schema.names)
        raise UserError(
            f"--{table.name} {location}: expected columns {'/'.join(table.key_names)} and {wanted}; found {names}."
        )
    is_value = is_integer if table.holds_integers else is_number
    for name, fits in ((key, is_integer), *((name, is_value) for _, name in values)):
        type_ = files.schema.field(name).type
        if not fits(type_):
            expected = "whole numbers" if fits is is_integer else "numbers"
            raise UserError(f"--{table.name} {location}: expected {expected} in column `{name}`, found {type_}.")
    return FeatureFiles(table, location, files, key, values, model if table.differs_by_model else None)


def _first_present(names: tuple[str, ...], files: Source) -> str | None:
    return next((name for name in names if name in files.schema.names), None)
