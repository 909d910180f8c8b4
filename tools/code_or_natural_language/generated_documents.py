"""Generated training documents: texts from rules, and data such as tables, dumps and encodings."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import numpy as np

from tools.code_or_natural_language.documents import Document, Part
from tools.code_or_natural_language.grammar import RULES_FOLDER, Rules, expand, read_rules

KINDS = ("prose", "licence text", "code", "data", "mixture")


def _numbers(rng: np.random.Generator, count: int) -> list[str]:
    """Return numbers of one style, like a column or an array of a data file."""
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


def number_table(_: Rules, rng: np.random.Generator) -> str:
    """Return rows of numbers, some with a label before them."""
    columns = int(rng.integers(1, 12))
    separator = str(rng.choice([" ", "\t", ", ", ",", " | ", "  ", ";", " & "]))
    labels = ["", "x", "run", "Total", "B2", "2019", "mean", "Control", "n"]
    label = str(rng.choice(labels)) if rng.random() < 0.4 else ""
    cells = _numbers(rng, 40 * columns)
    rows = (cells[row * columns : (row + 1) * columns] for row in range(40))
    return "\n".join(separator.join([label, *row] if label else row) for row in rows)


def name_table(rules: Rules, rng: np.random.Generator) -> str:
    """Return comma- or tab-separated records of short names and numbers: data, not sentences."""
    separator = str(rng.choice([",", "\t", ";", " | "]))
    fields = [str(rng.choice(["last", "place", "noun", "0-999", "0.00-9.99", "alnum6"])) for _ in range(5)]
    lines = (separator.join(expand(rules, field, rng) for field in fields) for _ in range(16))
    return "\n".join(lines)


def encoded_bytes(_: Rules, rng: np.random.Generator) -> str:
    """Return random bytes in base64, in hexadecimal, as a hex dump or in base85."""
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


def drawing(_: Rules, rng: np.random.Generator) -> str:
    """Return a drawing in box, block, braille or ASCII characters."""
    sets = ["│─┌┐└┘ ", "█▓▒░ ", "⠀⠁⠂⠃⡇⢸⣀⣿", "+-| ", "*#. ", "/\\_| ", "═║╔╗╚╝ ", ".-=~^ "]
    characters = list(str(rng.choice(sets)))
    return "\n".join("".join(rng.choice(characters, 60)) for _ in range(12))


def short_list(_: Rules, rng: np.random.Generator) -> str:
    """Return one short item per line: numerals, numbers or letters, without a sentence."""
    style = int(rng.integers(4))
    numerals = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "xi", "xii", "xiii", "iv", "ix"]
    lines = []
    for number in range(60):
        item = (str(rng.choice(numerals)) + ".", f"{number}.", str(rng.integers(-1, 2)), chr(97 + number % 26) + ")")[
            style
        ]
        lines.append(item)
    return "\n".join(lines)


DATA_WRITERS: tuple[Callable[[Rules, np.random.Generator], str], ...] = (
    number_table,
    number_table,
    encoded_bytes,
    encoded_bytes,
    name_table,
    drawing,
    short_list,
)


PROSE_BESIDE_CODE = ("sentence", "paragraph", "mathematics", "medical_result", "forum", "web_notice", "small_print")
CODE_BESIDE_PROSE = ("latex", "latex", "html", "xml", "template", "document", "document")


def mixture(prose: Rules, code: Rules, rng: np.random.Generator) -> tuple[Part, ...]:
    """Return natural language with code in between, as in papers, answers and pages: one kind of each, one gap."""
    said, shown = str(rng.choice(PROSE_BESIDE_CODE)), str(rng.choice(CODE_BESIDE_PROSE))
    gap = str(rng.choice(["\n", "\n\n", " ", ""]))
    parts: list[Part] = []
    for _ in range(8):
        parts.extend((expand(prose, said, rng) + " ", False) for _ in range(int(rng.integers(0, 3))))
        parts.append((gap, False))
        parts.extend((expand(code, shown, rng) + gap, True) for _ in range(int(rng.integers(1, 3))))
    return tuple(parts)


def generated_documents(kind: str, count: int, rng: np.random.Generator) -> Iterator[Document]:
    """Yield `count` texts of one of `KINDS`: "data" from `DATA_WRITERS`, all others from rules."""
    prose, code = read_rules(RULES_FOLDER / "prose.txt"), read_rules(RULES_FOLDER / "code.txt")
    for number in range(count):
        match kind:
            case "data":
                parts: tuple[Part, ...] = ((DATA_WRITERS[number % len(DATA_WRITERS)](prose, rng), True),)
            case "mixture":
                parts = mixture(prose, code, rng)
            case "code":
                parts = (("\n".join(expand(code, "document", rng) for _ in range(4)), True),)
            case _:
                start = "licence" if kind == "licence text" else "document"
                parts = (("\n".join(expand(prose, start, rng) for _ in range(2)), False),)
        yield Document(f"generated {kind}", f"{kind} {number}", parts, is_exact=True)
