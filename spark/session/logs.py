"""Where a run logs on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Logs(NamedTuple):
    """Where a run logs on this machine. file: its `run.log`. events: the directory of Spark's event log."""

    file: Path
    events: Path
