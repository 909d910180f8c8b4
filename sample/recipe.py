"""The documents of the sample, and the number of each kind."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice
from random import Random

from sample.texts.boilerplate import boilerplate
from sample.texts.document import Document
from sample.texts.incrementing import incrementing
from sample.texts.personal import personal
from sample.texts.repeating import repeating
from sample.texts.running import code, machine_written, prose
from sample.texts.secrets import secret
from sample.texts.tables import table
from sample.texts.templates import filled_template, template_ids

SEED = 20_240_607

# The number of documents at scale 1. A document of running text gives several rows of 64 tokens, any other gives one.
_DOCUMENTS: dict[str, tuple[Callable[[Random], Document], int]] = {
    "prose": (prose, 1550),
    "code": (code, 680),
    "structured": (machine_written, 200),
    "table": (table, 650),
    "incrementing": (incrementing, 1200),
    "repeating": (repeating, 1100),
    "secret": (secret, 420),
    "personal": (personal, 500),
}
_FILLINGS_OF_A_TEMPLATE = 36


def write_documents(scale: float = 1.0) -> list[Document]:
    """Return all documents of the corpus, each once; the same scale gives the same ones. At scale 0.1, a tenth."""
    documents: list[Document] = []
    for category, (write, number) in _DOCUMENTS.items():
        rng = Random(f"{SEED}/{category}")
        documents += [write(rng) for _ in range(round(number * scale))]
    rng = Random(f"{SEED}/template")
    number = round(_FILLINGS_OF_A_TEMPLATE * scale * len(template_ids()))
    documents += [filled_template(template_id, rng) for template_id in islice(cycle(template_ids()), number)]
    return documents + boilerplate(Random(f"{SEED}/boilerplate"))
