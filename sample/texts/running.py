"""Running text: prose of all registers, programs of all languages and machine-written files, as documents."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from sample.texts.code_applications import application_program
from sample.texts.code_python import python
from sample.texts.code_systems import systems_program
from sample.texts.correspondence import correspondence
from sample.texts.document import Document
from sample.texts.encyclopedia import encyclopedia
from sample.texts.foreign import foreign
from sample.texts.grammar import pick, with_articles
from sample.texts.instructions import instructions
from sample.texts.legal import legal
from sample.texts.narrative import narrative
from sample.texts.news import news
from sample.texts.science import science
from sample.texts.structured import structured

_REGISTERS: dict[str, Callable[[Random], str]] = {
    "narrative": narrative,
    "news": news,
    "science": science,
    "encyclopedia": encyclopedia,
    "correspondence": correspondence,
    "instructions": instructions,
    "legal": legal,
}


def prose(rng: Random) -> Document:
    """Return a text of one of seven registers in English; one in twenty is in another language."""
    if rng.random() < 0.05:
        return Document(foreign(rng), "prose", "foreign", False, cut="packed")
    register = pick(rng, tuple(_REGISTERS))
    return Document(with_articles(_REGISTERS[register](rng)), "prose", register, False, cut="packed")


def code(rng: Random) -> Document:
    """Return a file in one of eight programming languages."""
    chance = rng.random()
    language, text = (
        ("python", python(rng)) if chance < 0.3 else systems_program(rng) if chance < 0.6 else application_program(rng)
    )
    return Document(text, "code", language, True, cut="packed")


def machine_written(rng: Random) -> Document:
    """Return markup without sentences, data, logs or encoded bytes; all count as code."""
    kind, text = structured(rng)
    return Document(text, "structured", kind, True, cut="packed")
