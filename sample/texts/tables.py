"""Tables and lists of numbers, none of them in arithmetic progression."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from sample.texts.document import Document
from sample.texts.grammar import expand, pick
from sample.texts.words import COLOURS, FOODS, MONTHS, SHARED, THINGS, TOWNS

_LABELS = (TOWNS, FOODS, THINGS, COLOURS, MONTHS)
_HEADS = ("mean", "median", "total", "share", "n", "p", "price", "weight", "height", "rate", "score", "error", "lower")


def _cell(rng: Random, kind: str) -> str:
    match kind:
        case "integer":
            return str(rng.randrange(3, 9000))
        case "decimal":
            return f"{rng.random() * 100:.2f}"
        case "percent":
            return f"{rng.random() * 100:.1f}%"
        case _:
            return pick(rng, ("yes", "no", "-", "n/a", "high", "low"))


def _rows(rng: Random) -> list[list[str]]:
    labels = rng.sample(rng.choice(_LABELS), 10)
    heads = rng.sample(_HEADS, rng.randrange(2, 5))
    kinds = [pick(rng, ("integer", "decimal", "decimal", "percent", "word")) for _ in heads]
    return [["", *heads]] + [[label, *(_cell(rng, kind) for kind in kinds)] for label in labels]


def _csv(rng: Random) -> str:
    return "".join(",".join(row) + "\n" for row in _rows(rng))


def _markdown(rng: Random) -> str:
    head, *body = _rows(rng)
    ruler = "|" + "---|" * len(head)
    lines = [f"| {' | '.join(head)} |", ruler, *(f"| {' | '.join(row)} |" for row in body)]
    return "\n".join(lines) + "\n"


def _aligned(rng: Random) -> str:
    rows = _rows(rng)
    return "".join(row[0].ljust(14) + "".join(cell.rjust(9) for cell in row[1:]) + "\n" for row in rows)


def _tab_separated(rng: Random) -> str:
    return "".join("\t".join(_cell(rng, "decimal") for _ in range(6)) + "\n" for _ in range(12))


def _random_numbers(rng: Random) -> str:
    separator = pick(rng, (", ", " ", "\n", ";"))
    return separator.join(str(rng.randrange(10, 3000)) for _ in range(60))


def _sorted_numbers(rng: Random) -> str:
    return ", ".join(str(number) for number in sorted(rng.sample(range(1, 6000), 60)))


def _squares(rng: Random) -> str:
    start = rng.randrange(2, 60)
    return ", ".join(str(number * number) for number in range(start, start + 50))


def _sums(rng: Random) -> str:
    previous, current = rng.randrange(1, 9), rng.randrange(1, 9)
    terms = []
    for _ in range(45):
        terms.append(str(current))
        previous, current = current, previous + current
    return ", ".join(terms)


def _directory(rng: Random) -> str:
    lines = (
        "«x:town», «town», «weekday» «digit».«tens»\n",
        "«thing» («colour») … «decimal»\n",
        "«family»: «month» «year»\n",
    )
    line = pick(rng, lines)
    return "".join(expand(line, SHARED, rng, {}) for _ in range(14))


_LAYOUTS: dict[str, Callable[[Random], str]] = {
    "csv": _csv,
    "markdown": _markdown,
    "aligned": _aligned,
    "tab_separated": _tab_separated,
    "random_numbers": _random_numbers,
    "sorted_numbers": _sorted_numbers,
    "squares": _squares,
    "sums": _sums,
    "directory": _directory,
}


def table(rng: Random) -> Document:
    """Return a table or a list; tables of numbers count as code, lists of names as neither code nor language."""
    kind = pick(rng, tuple(_LAYOUTS))
    is_code = None if kind == "directory" else True
    return Document(_LAYOUTS[kind](rng), "table", kind, is_code, lead=12)
