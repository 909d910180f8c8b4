"""Speed and time left, from the growth of the number of finished rows."""

from __future__ import annotations

from dataclasses import dataclass, field

from spark.reporting.events import Advance


@dataclass
class Pace:
    """The speed of a job or a run whose rows grow in steps, at the end of each task.

    The speed is taken at the newest step. The time left counts down from there, because nothing is known between two
    steps. All times are in seconds of one clock. began: time of the start. stepped: time of the newest step.
    """

    began: float
    rows_done: int = 0
    stepped: float = field(init=False)

    def __post_init__(self) -> None:
        self.stepped = self.began

    def at(self, now: float, rows_done: int, rows_total: int | None, share: float | None) -> Advance:
        """Return the progress at a time. share: share done, 0 to 1; used only if `rows_total` is not known."""
        if rows_done > self.rows_done:
            self.rows_done, self.stepped = rows_done, now
        seconds = self.stepped - self.began
        if not rows_done or seconds <= 0:
            return Advance(rows_done, rows_total)
        if rows_total:
            share = min(1.0, rows_done / rows_total)
        left = max(0.0, seconds * (1 - share) / share - (now - self.stepped)) if share else None
        return Advance(rows_done, rows_total, rows_done / seconds, left, share)
