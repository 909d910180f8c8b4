"""The documents that the training writes itself: from rules, and data such as tables, dumps and encodings."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import numpy as np

from filters.training.documents import Document
from filters.training.grammar import RULES_FOLDER, expand, read_rules


def _numbers(rng: np.random.Generator, count: int) -> list[str]:
    """Numbers of one style, as a column or an array of a data file has them."""
    style = int(rng.integers(6))
    scale = 10.0 ** int(rng.integers(0, 6))
    values = rng.normal(0, scale, count)
    match style:
        case 0:
            return [str(int(value)) for value in values]
        case 1:
            return [f"{value:.{int(rng.integers(1, 8))}f}" for value in values]
        case 2:
            return [f"{value:.3e}" for value in values]
        case 3:
            return [str(int(rng.integers(0, 10))) for _ in range(count)]
        case 4:
            return [f"0x{int(rng.integers(0, 256)):02x}" for _ in range(count)]
        case _:
            return [str(int(abs(value)) * int(rng.integers(2))) for value in values]


def number_table(rng: np.random.Generator) -> str:
    """Rows of numbers, some with a label before them."""
    columns = int(rng.integers(1, 12))
    separator = str(rng.choice([" ", "\t", ", ", ",", " | ", "  ", ";", " & "]))
    labels = ["", "x", "run", "Total", "B2", "2019", "mean", "Control", "n"]
    label = str(rng.choice(labels)) if rng.random() < 0.4 else ""
    cells = _numbers(rng, 40 * columns)
    rows = (cells[row * columns : (row + 1) * columns] for row in range(40))
    return "\n".join(separator.join([label, *row] if label else row) for row in rows)


def name_table(rng: np.random.Generator) -> str:
    """Comma- or tab-separated records of short names and numbers: data, not sentences."""
    separator = str(rng.choice([",", "\t", ";", " | "]))
    rules = read_rules(RULES_FOLDER / "prose.txt")
    fields = [str(rng.choice(["last", "place", "noun", "0-999", "0.00-9.99", "alnum6"])) for _ in range(5)]
    lines = (separator.join(expand(rules, field, rng) for field in fields) for _ in range(16))
    return "\n".join(lines)


def encoded_bytes(rng: np.random.Generator) -> str:
    """Random bytes in base64, hexadecimal, as a dump or as a key."""
    data = rng.integers(0, 256, 600).astype(np.uint8).tobytes()
    width = int(rng.choice([60, 64, 76, 1000]))
    match int(rng.integers(4)):
        case 0:
            text = base64.b64encode(data).decode()
        case 1:
            text = data.hex()
        case 2:
            chunks = [data[i : i + 16] for i in range(0, len(data), 16)]
            printable = ("".join(chr(b) if 32 <= b < 127 else "." for b in chunk) for chunk in chunks)
            rows = zip(chunks, printable, strict=True)
            return "\n".join(f"{16 * i:08x}  {c.hex(' ')}  |{shown}|" for i, (c, shown) in enumerate(rows))
        case _:
            text = base64.b85encode(data).decode()
    return "\n".join(text[i : i + width] for i in range(0, len(text), width))


def drawing(rng: np.random.Generator) -> str:
    """A drawing in box, block, braille or ASCII characters."""
    sets = ["│─┌┐└┘ ", "█▓▒░ ", "⠀⠁⠂⠃⡇⢸⣀⣿", "+-| ", "*#. ", "/\\_| ", "═║╔╗╚╝ ", ".-=~^ "]
    characters = list(str(rng.choice(sets)))
    return "\n".join("".join(rng.choice(characters, 60)) for _ in range(12))


def short_list(rng: np.random.Generator) -> str:
    """One short item a line: numerals, letters or codes, without a sentence."""
    style = int(rng.integers(4))
    numerals = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "xi", "xii", "xiii", "iv", "ix"]
    lines = []
    for number in range(60):
        item = (str(rng.choice(numerals)) + ".", f"{number}.", str(rng.integers(-1, 2)), chr(97 + number % 26) + ")")[
            style
        ]
        lines.append(item)
    return "\n".join(lines)


DATA_WRITERS: tuple[Callable[[np.random.Generator], str], ...] = (
    number_table,
    number_table,
    encoded_bytes,
    encoded_bytes,
    name_table,
    drawing,
    short_list,
)


def generated_documents(kind: str, count: int, rng: np.random.Generator) -> Iterator[Document]:
    """`count` texts of a kind: "prose" and "code" and "licence text" follow the rules, "data" the writers above."""
    if kind == "data":
        for number in range(count):
            text = DATA_WRITERS[number % len(DATA_WRITERS)](rng)
            yield Document("generated data", f"data {number}", ((text, True),))
        return
    code = kind == "code"
    rules = read_rules(RULES_FOLDER / ("code.txt" if code else "prose.txt"))
    start = "licence" if kind == "licence text" else "document"
    for number in range(count):
        text = "\n".join(expand(rules, start, rng) for _ in range(4 if code else 2))
        yield Document(f"generated {kind}", f"{kind} {number}", ((text, code),))
