"""Texts that repeat, count, or only seem to: made from a seed, in several wordings, with the right values."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

BEGINNINGS = (
    "Terms apply, see the notes at the end of this page. ",
    "We took the morning train to the coast and were back before it got dark. ",
    "The committee met on Tuesday and heard the report of the treasurer.\n\n",
    "def load(path):\n    with open(path) as file:\n        return file.read()\n\n",
    "<p>Thank you for your order. It leaves our house tomorrow.</p>\n",
    "Copyright by the authors. All rights reserved, no warranty is given.\n",
    "/* Reads the table and returns a pointer to its first row. */\n",
    "Dear Sir, please find below the list that you asked for last week.\n",
)
LINES = (
    "nothing to see here\n",
    "add your own caption\n\n",
    "<br />\n",
    '  <li><a href="#">Home</a></li>\n',
    "    pass\n",
    "all work and no play ",
    "Click here to reply.\n",
    "0x00, ",
    "{ 0, 0, NULL },\n",
    "Loading, please wait ... ",
    "- [ ] to do\n",
    "<td>&nbsp;</td> ",
)
PARAGRAPHS = (
    "The others were lost when the roof came down, and nobody has asked for them since that winter.",
    "\n\nWe thank our readers for the letters they sent us, most of which we could not answer this year.",
    "\n\nreturn the first row that holds the key; raise an error where the table has none of them.",
    "\n\nSee the manual for the other settings. They are rarely needed, and some of them are not safe.",
    "Please write to the office if a part is missing, so that we can send you another one for free.",
)
LIST_ITEMS = ("{}. ", "({}) ", "Step {}\n", "<li>{}</li>\n", "item {}, ", "* {}\n", "#{} ", "No. {}; ")
CONSTANTS = (
    "#define {0}_{1} {1}\n",
    "{0}_{1} = {1};\n",
    "    {0}{1} = {1},\n",
    "const int {0}_{1} = {2};\n",
    "{0}{1}, ",
    '"{0}-{1}": {1},\n',
    "{0} = {1}\n",
    "#define {0}_{1} 0x{2:02x}\n",
    "  {0}{1}: {2}\n",
    "export const {0}{1} = '{1}';\n",
)
NAMES = ("COLOR", "SHAPE", "STATE", "ERROR", "KEY", "LEVEL", "MODE", "PORT", "REG")
FRAMES_THAT_COUNT = (
    "<li>{0}</li> ",
    "<li>{0}</li>\n",
    "<td>{0}</td><td></td><td></td>\n",
    "<option>{0}</option>\n",
    "</div>\n</div>\n<div id={0}>\n",
    "<tr><td>{0}</td></tr>\n",
    "{0}, 0, 0, 0, 0, 0,\n",
    "- - - {0} - - -\n",
    "| {0} | | | | |\n",
    "x[{0}] = x[{0}];\n",
    '<a href="#{0}">{0}</a> ',
    "la la la {0} ",
    "ha ha ha ha {0}\n",
    "{{{0}, 0, 0}}, ",
    "[{0}][ ][ ][ ]\n",
    "**{0}** ** **\n",
)
SEPARATORS = (", ", " ", "\n", ",", "; ", "\t", ",\n", " | ", " & ")
SYMBOLS = (
    ("1", "-1"),
    ("0", "1"),
    ("True", "False"),
    ("0.0", "1.0"),
    ("-1.0", "1.0"),
    ("a", "b"),
    ("yes", "no"),
    ("0", "1", "2"),
    ("x", "o"),
    ("A", "C", "G"),
    ("+", "-"),
    ("up", "down"),
)
SPARSE = (("0", "1"), ("0", "1237"), ("0.0", ("1.0", "0.5")), (".", "1x"), ("0", ("-1", "1")))
ORDINARY = (*BEGINNINGS, *PARAGRAPHS)


def repeated_to_the_end(random: Random) -> str:
    beginning = "".join(random.sample(BEGINNINGS, random.choice((1, 2))))
    line = random.choice(LINES)
    return beginning + line * max(4, int(len(beginning) * random.uniform(0.9, 1.5) / len(line)))


def _list(random: Random, paragraph: str) -> str:
    item, first = random.choice(LIST_ITEMS), random.randrange(1, 200)
    number = max(7, int(len(paragraph) * random.uniform(0.8, 1.3) / (len(item) + 1)))
    return "".join(item.format(first + i) for i in range(number))


def counted_beside_prose(random: Random) -> str:
    paragraph = random.choice(PARAGRAPHS)
    counted = _list(random, paragraph)
    return counted + paragraph if random.random() < 0.7 else f"{paragraph.strip()}\n\n{counted}"


def _block(random: Random, form: str, name: str, length: int) -> str:
    first, value, step = random.choice((0, 1, 1, 10)), random.choice((0, 1, 16, 100)), random.choice((1, 1, 2, 8))
    return "".join(form.format(name, first + i, value + i * step) for i in range(length))


def two_blocks(random: Random) -> str:
    """Return a block of numbered constants, and the beginning of another: two of them, and a part of a third."""
    one, other = random.sample(NAMES, 2)
    form = random.choice(CONSTANTS)
    second = _block(random, form if random.random() < 0.5 else random.choice(CONSTANTS), other, 3)
    between = random.choice(("", "\n", "\n/* others */\n"))
    return _block(random, form, one, random.randrange(5, 8)) + between + second[: -random.randrange(3, 6)]


def frame_that_counts(random: Random) -> str:
    frame, first = random.choice(FRAMES_THAT_COUNT), random.randrange(1, 300)
    return "".join(frame.format(first + i) for i in range(14))


def irregular_column(random: Random) -> str:
    symbols, separator = random.choice(SYMBOLS), random.choice(SEPARATORS)
    return "".join(random.choice(symbols) + separator for _ in range(64))


def sparse_rows(random: Random) -> str:
    density, width = random.uniform(0.2, 0.4), random.randrange(6, 20)
    zero, others = random.choice(SPARSE)
    separator = random.choice((", ", " ", ",", "\t", " & "))
    values = [random.choice(others) if random.random() < density else zero for _ in range(width * 10)]
    return "\n".join(separator.join(values[i : i + width]) for i in range(0, len(values), width))


def ordinary(random: Random) -> str:
    return "".join(random.sample(ORDINARY, 4))


def table_of_numbers(random: Random) -> str:
    separator = random.choice((" ", "\t", ", ", " | "))
    return "\n".join(separator.join(f"{random.uniform(0, 500):.1f}" for _ in range(4)) for _ in range(8))


def ends_in_a_few_rules(random: Random) -> str:
    return "".join(random.sample(ORDINARY, 3)) + "\n" + random.choice(LINES) * 2


class Kind(NamedTuple):
    """A kind of texts, and the right values; `most_wrong` of 300 may differ where chance makes a pattern."""

    make: Callable[[Random], str]
    is_repeating: bool
    is_incrementing: bool
    is_cut: bool
    most_wrong: int = 0


# Texts that are not cut to the 64 tokens of a sequence are those whose end matters.
KINDS = (
    Kind(repeated_to_the_end, True, False, is_cut=False, most_wrong=3),
    Kind(counted_beside_prose, False, True, is_cut=False, most_wrong=3),
    Kind(two_blocks, False, True, is_cut=False, most_wrong=12),
    Kind(frame_that_counts, False, True, is_cut=True, most_wrong=6),
    Kind(irregular_column, False, False, is_cut=True, most_wrong=20),
    Kind(sparse_rows, False, False, is_cut=True, most_wrong=30),
    Kind(ordinary, False, False, is_cut=True),
    Kind(table_of_numbers, False, False, is_cut=True),
    Kind(ends_in_a_few_rules, False, False, is_cut=False),
)
