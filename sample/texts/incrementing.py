"""Counting sequences: numbers in arithmetic progression in many notations, alone or in a repeated frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count, islice
from random import Random
from string import ascii_lowercase

from sample.texts.document import Document, Increment, mark, read_marks
from sample.texts.grammar import pick
from sample.texts.words import MONTHS

_TERMS = 70
_ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_SEPARATORS = (", ", " ", "\n", ",\n ", ". ", "; ", " - ", " | ", "\t", ".\n", "), (", " & ", "\n\n")
_FRAMES = (
    "node({}) circle(2pt) ",
    "    case {}: break;\n",
    "<li>{}</li>\n",
    "<option value={}>{}</option>\n",
    '<a href="?page={}">{}</a> ',
    "img_{}.png\n",
    "RESERVED_{},\n    ",
    "  x[{}] = y[{}];\n",
    "Figure {}. ",
    "Chapter {}\n\n",
    "![](plate-{}){{#fig{}}}\n",
    "#define FIELD_{} {}\n",
    '  <Reference Include="..\\Test{}.proj" />\n',
    "verse {}, ",
    "* item {} *\n",
    "${} ",
    "[{}] ",
    "line {} of the log\n",
    "({}, 0) ",
    "No. {} / ",
    "t={} s, ",
    "data/part-{}.gz ",
    "Page {} of 900\n",
    '"{}": "value{}",\n',
)
_PREFIXES = ("Contents: ", "var codes = [", "The following were seen: ", "Sizes available: ", "see also ", "in order (")
_FRAME_PREFIXES = (
    "</p>\n",
    "as listed below.\n\n",
    "// generated, do not edit\n",
    "The full list follows.\n\n",
    "};\n\n",
)

Terms = tuple[Iterator[str], float]


def roman(number: int) -> str:
    """Return an integer from 1 to 399 in lower-case Roman numerals."""
    numerals = ""
    for value, sign in _ROMAN:
        numerals += sign * (number // value)
        number %= value
    return numerals


def _integers(rng: Random) -> Terms:
    start, step = rng.randrange(0, 10 ** rng.randrange(1, 5)), pick(rng, ("1", "1", "1", "2", "3", "5", "10", "25"))
    return (str(number) for number in count(start, int(step))), int(step)


def _downward(rng: Random) -> Terms:
    step = rng.choice((1, 1, 2, 5, 10))
    return (str(number) for number in count(rng.randrange(step * _TERMS, 6000), -step)), -step


def _padded(rng: Random) -> Terms:
    width = rng.randrange(3, 7)
    return (f"{number:0{width}d}" for number in count(rng.randrange(0, 10 ** (width - 1)))), 1


def _hexadecimal(rng: Random) -> Terms:
    step, form = rng.choice((1, 1, 4, 8, 16)), rng.choice(("0x{:02x}", "0x{:04X}", "{:04x}", "U+{:04X}"))
    return (form.format(number) for number in count(rng.randrange(16, 4000), step)), step


def _romans(rng: Random) -> Terms:
    form = rng.choice((str.upper, str.lower))
    return (form(roman(number)) for number in count(rng.randrange(1, 60))), 1


def _decimals(rng: Random) -> Terms:
    places = rng.choice((1, 2))
    step = rng.choice((1, 2, 5, 25)) / 10**places
    start = rng.randrange(0, 900)
    return (f"{start / 10**places + index * step:.{places}f}" for index in count()), step


def _dates(rng: Random) -> Terms:
    start, step = date(rng.randrange(1900, 2024), 1, 1) + timedelta(rng.randrange(360)), rng.choice((1, 1, 7))
    form = rng.choice(("{0:%Y-%m-%d}", "{0:%d/%m/%Y}", "{0:%Y%m%d}", "{1} {0.day}, {0.year}", "{0.day} {1} {0.year}"))
    days = (start + timedelta(index * step) for index in count())
    return (form.format(day, MONTHS[day.month - 1]) for day in days), step


def _months(rng: Random) -> Terms:
    start = rng.randrange(1900 * 12, 2020 * 12)
    return (f"{MONTHS[index % 12]} {index // 12}" for index in count(start)), 1


def _times(rng: Random) -> Terms:
    step = rng.choice((1, 5, 10, 15, 30))
    return (f"{n // 60 % 24:02d}:{n % 60:02d}" for n in count(rng.randrange(0, 600, step), step)), step


def _between_letters(rng: Random) -> Terms:
    start, form = rng.randrange(1, 300), rng.choice(("{1}{0}", "{0}{1}", "{1}-{0}", "{1}{0}{1}"))
    if rng.random() < 0.5:
        letter = rng.choice(ascii_lowercase)
        return (form.format(number, letter) for number in count(start)), 1
    return (form.format(number, ascii_lowercase[number % 26]) for number in count(start)), 1


def _versions(rng: Random) -> Terms:
    major, minor = rng.randrange(1, 12), rng.randrange(0, 30)
    return (f"{major}.{minor}.{patch}" for patch in count(rng.randrange(0, 20))), 1


_NOTATIONS: dict[str, Callable[[Random], Terms]] = {
    "integer": _integers,
    "downward": _downward,
    "padded": _padded,
    "hexadecimal": _hexadecimal,
    "roman": _romans,
    "decimal": _decimals,
    "date": _dates,
    "month": _months,
    "time": _times,
    "between_letters": _between_letters,
    "version": _versions,
}


def incrementing(rng: Random) -> Document:
    """Return a counting sequence: half are alone, half in a frame, and some have a few words before them."""
    notation = pick(rng, ("integer", "integer", *_NOTATIONS))
    terms, step = _NOTATIONS[notation](rng)
    framed = rng.random() < 0.5
    frame, separator = (pick(rng, _FRAMES), "") if framed else ("{}", pick(rng, _SEPARATORS))
    body = separator.join(frame.format(mark("term", notation, term), term) for term in islice(terms, _TERMS))
    prefix = pick(rng, _FRAME_PREFIXES if framed else _PREFIXES) if rng.random() < 0.25 else ""
    text, marks = read_marks(prefix + body)
    kind = f"{notation}/frame" if framed else notation
    increment = Increment(notation, step)
    return Document(text, "incrementing", kind, None, marks, lead=0 if prefix else 14, increment=increment)
