"""Names, literals and short comments for programs in every language."""

from __future__ import annotations

from random import Random

from sample.texts.grammar import Grammar, camel, plural
from sample.texts.words import whole_number, words

_VERBS = words(
    "read write load save parse merge split count find update remove append fetch render resolve "
    "encode decode flush "
    "build check select sort filter scan reset attach release rotate collect compare copy"
)
_NOUNS = words(
    "ledger packet buffer cursor batch record index queue token segment header payload cache session "
    "invoice schedule "
    "sensor route vertex edge matrix window offset frame channel bucket node entry field column "
    "order account label "
    "widget layout socket stream chunk block key digest"
)
_TYPE_ENDINGS = ("reader", "store", "pool", "view", "table", "codec", "graph")
_ADJECTIVES = words("last next pending active local remote cached raw total max min current default stale")


def _function(rng: Random) -> str:
    return f"{rng.choice(_VERBS)}_{rng.choice(_NOUNS)}"


def _variable(rng: Random) -> str:
    return f"{rng.choice(_ADJECTIVES)}_{rng.choice(_NOUNS)}" if rng.random() < 0.4 else rng.choice(_NOUNS)


def _mixed_case_variable(rng: Random) -> str:
    first, *others = _variable(rng).split("_")
    return first + camel("_".join(others))


def _type_name(rng: Random) -> str:
    return camel(f"{rng.choice(_NOUNS)}_{rng.choice(_TYPE_ENDINGS)}")


IDENTIFIERS: Grammar = {
    "fn": _function,
    "var": _variable,
    "name": _mixed_case_variable,
    "noun": _NOUNS,
    "verb": _VERBS,
    "type": _type_name,
    "module": lambda rng: plural(rng.choice(_NOUNS)),
    "int": whole_number(2, 64),
    "size": lambda rng: str(2 ** rng.randrange(4, 15)),
    "float": lambda rng: f"{rng.random():.2f}",
    "hex": lambda rng: f"0x{rng.randrange(16, 65536):04x}",
    "op": ("+", "-", "*", "%"),
    "cmp": ("<", ">", "<=", ">=", "=="),
    "message": (
        "cannot «verb» «noun»",
        "«noun» not found",
        "invalid «noun»",
        "«noun» is empty",
        "expected one «noun»",
        "too many «noun|s»",
        "«noun» already closed",
    ),
    "comment": (
        "the «noun» may be empty here",
        "«verb» the «noun» before the «noun»",
        "keep the «noun» sorted by «noun»",
        "see the note on «noun|s» above",
        "both ends are included",
        "«verb» only what has changed",
        "the caller owns the «noun»",
        "not thread safe",
    ),
}
