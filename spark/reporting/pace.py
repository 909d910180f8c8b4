"""Speed and time left, from when and by how much the rows grew."""

from __future__ import annotations

from dataclasses import dataclass, field

from spark.reporting.events import Advance


@dataclass
class Pace:
    """How fast something is done that grows in steps, at the end of each task; times in seconds of one clock.

    Speed is taken at the newest step, and the time left counts down from there: between two steps nothing is known.
    """

    began: float
    rows_done: int = 0
    stepped: float = field(init=False)

    def __post_init__(self) -> None:
        self.stepped = self.began

    def at(self, now: float, rows_done: int, rows_total: int | None, share: float | None) -> Advance:
        """How far it is. share: of the work, 0 to 1, for where the number of rows is not known."""
        if rows_done > self.rows_done:
            self.rows_done, self.stepped = rows_done, now
        seconds = self.stepped - self.began
        if not rows_done or seconds <= 0:
            return Advance(rows_done, rows_total)
        if rows_total:
            share = min(1.0, rows_done / rows_total)
        left = max(0.0, seconds * (1 - share) / share - (now - self.stepped)) if share else None
        return Advance(rows_done, rows_total, rows_done / seconds, left, share)
