"""A small template language: alternatives with slots, expanded with a seeded generator.

A slot is written `«symbol»`, and stands for one of the alternatives that the grammar lists for it. `«name:symbol»`
keeps what was chosen under a name, which `«name»` then repeats; `«symbol|ed|cap»` inflects what was chosen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from random import Random

Rule = Sequence[str] | Callable[[Random], str]
Grammar = Mapping[str, Rule]

_SLOT = re.compile(r"«(?:(\w+):)?(\w+)((?:\|\w+)*)»")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiouAEIOU])(?!uni|use|usu|one\b|eu)")
_HISSING = ("s", "x", "z", "ch", "sh", "to")


def pick(rng: Random, alternatives: Sequence[str]) -> str:
    """Return one of the alternatives, all equally likely."""
    return alternatives[int(rng.random() * len(alternatives))]


def _ends_in_consonant_y(word: str) -> bool:
    return word.endswith("y") and word[-2:-1] not in "aeiou"


def plural(word: str) -> str:
    """Return the regular plural of a noun, which is also the third person singular of a regular verb."""
    if _ends_in_consonant_y(word):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(_HISSING) else "s")


def past(word: str) -> str:
    """Return the past tense of a regular verb that doubles no consonant."""
    if _ends_in_consonant_y(word):
        return word[:-1] + "ied"
    return word + ("d" if word.endswith("e") else "ed")


def participle(word: str) -> str:
    """Return the present participle of a regular verb that doubles no consonant."""
    return (word[:-1] if word.endswith("e") and not word.endswith("ee") else word) + "ing"


def capitalized(text: str) -> str:
    """Return the text with its first character in upper case and the rest unchanged."""
    return text[:1].upper() + text[1:]


def camel(text: str) -> str:
    """Return words joined by underscores in camel case, with a capital first letter."""
    return "".join(part.capitalize() for part in text.split("_"))


_INFLECTIONS: dict[str, Callable[[str], str]] = {
    "s": plural,
    "ed": past,
    "ing": participle,
    "cap": capitalized,
    "upper": str.upper,
    "lower": str.lower,
    "camel": camel,
    "mixed": lambda text: text.split("_")[0] + camel("_".join(text.split("_")[1:])),
    "dashed": lambda text: text.replace("_", "-").replace(" ", "-"),
}


def expand(text: str, grammar: Grammar, rng: Random, bindings: MutableMapping[str, str]) -> str:
    """Return the text with every slot filled; named choices are read from `bindings` and added to it.

    Raises KeyError where a slot names neither a binding nor a symbol of the grammar.
    """

    def fill(slot: re.Match[str]) -> str:
        name, symbol, inflections = slot.groups()
        chosen = bindings.get(name or symbol)
        if chosen is None:
            rule = grammar[symbol]
            chosen = rule(rng) if callable(rule) else _SLOT.sub(fill, pick(rng, rule))
            if name:
                bindings[name] = chosen
        for inflection in inflections.split("|")[1:]:
            chosen = _INFLECTIONS[inflection](chosen)
        return chosen

    return _SLOT.sub(fill, text)


def named_paragraphs(text: str) -> dict[str, str]:
    """Return the paragraphs of a text, each `name: wording` on several lines, as one-line wordings by name."""
    paragraphs = (" ".join(paragraph.split()).partition(": ") for paragraph in text.strip().split("\n\n"))
    return {name: wording for name, _, wording in paragraphs}


def with_articles(text: str) -> str:
    """Return the text with `a` changed to `an` before a vowel."""
    return _ARTICLE.sub(r"\1n ", text)


def expand_several(symbol: str, count: int, grammar: Grammar, rng: Random, bindings: Mapping[str, str]) -> list[str]:
    """Return `count` expansions of the symbol; every alternative is used once before any is used again.

    Each starts from a copy of `bindings`, so that a name bound in one is free again in the next.
    """
    alternatives = grammar[symbol]
    if callable(alternatives):
        return [alternatives(rng) for _ in range(count)]
    order: list[str] = []
    while len(order) < count:
        order += rng.sample(list(dict.fromkeys(alternatives)), len(set(alternatives)))
    return [expand(text, grammar, rng, dict(bindings)) for text in order[:count]]
