"""Turn the errors of a damaged or missing file into one message for the user."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from spark.storage.paths import AnyPath
from utils import UserError, printable

READING_ERRORS = (OSError, EOFError, ValueError, zlib.error, pa.ArrowException)


@contextmanager
def readable(path: AnyPath) -> Iterator[None]:
    """Raise UserError, with the file's name and the reason, if the block fails to read a file."""
    try:
        yield
    except UserError:
        raise
    except READING_ERRORS as error:
        reason = printable(" ".join(str(error).split()))[:300].rstrip(".")
        raise UserError(
            f"{printable(str(path))} is damaged, or cannot be read: {reason}.\nWrite the file again, or remove it."
        ) from None
