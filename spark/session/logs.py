"""The paths of a run's logs."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Logs(NamedTuple):
    """Log paths of a run on this machine. file: its `run.log`. events: the directory of Spark's event log."""

    file: Path
    events: Path
