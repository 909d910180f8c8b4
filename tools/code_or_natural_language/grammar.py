"""Texts written from rules: a rule is a list of alternatives, and `<<name>>` in an alternative refers to a rule.

A rule file has a line `=== name` before each rule; lines `%%` separate its alternatives. After `=== name words`, every
word is an alternative. Built in are `<<3-99>>` (an integer), `<<0.00-9.99>>` (a number with as many decimals),
`<<hex8>>`, `<<alnum12>>`, `<<name2>>` (an invented name of two syllables) and `<<ident>>` (an identifier).
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

Rules = dict[str, list[str]]

RULES_FOLDER = Path(__file__).with_name("rules")
_REFERENCE = re.compile(r"<<([^<>\s]+)>>")
_RANGE = re.compile(r"(\d+(?:\.(\d+))?)-(\d+(?:\.\d+)?)$")
_ONSETS = [
    "b",
    "br",
    "c",
    "ch",
    "d",
    "dr",
    "f",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "r",
    "s",
    "sh",
    "st",
    "t",
    "th",
    "tr",
    "v",
    "w",
    "z",
]
_NUCLEI = ["a", "e", "i", "o", "u", "ai", "ea", "ia", "io", "ou"]
_CODAS = ["", "", "", "l", "n", "r", "s", "t", "m", "ck", "nd", "rd"]
_HEX = "0123456789abcdef"
_ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def read_rules(path: Path) -> Rules:
    """Return the rules of one file; raise ValueError for a rule without alternatives."""
    rules: Rules = {}
    for block in re.split(r"(?m)^=== ", path.read_text("utf-8"))[1:]:
        head, _, body = block.partition("\n")
        name, *options = head.split()
        rules[name] = body.split() if "words" in options else [a.strip("\n") for a in re.split(r"(?m)^%%\n", body)]
        if not any(rules[name]):
            raise ValueError(f"{path.name}: expected alternatives for rule {name!r}, found none; write them under it")
    return rules


def _pick(rng: np.random.Generator, items: list[str] | str) -> str:
    return items[int(rng.integers(len(items)))]


def _built_in(name: str, rng: np.random.Generator, rules: Rules) -> str | None:
    if match := _RANGE.match(name):
        low, high = float(match[1]), float(match[3])
        return f"{rng.uniform(low, high):.{len(match[2])}f}" if match[2] else str(rng.integers(int(low), int(high) + 1))
    kind, digits = name.rstrip("0123456789"), name[len(name.rstrip("0123456789")) :]
    if digits and kind in ("hex", "alnum"):
        return "".join(_pick(rng, _HEX if kind == "hex" else _ALNUM) for _ in range(int(digits)))
    if digits and kind == "name":
        syllables = (_pick(rng, _ONSETS) + _pick(rng, _NUCLEI) + _pick(rng, _CODAS) for _ in range(int(digits)))
        return "".join(syllables).capitalize()
    if name == "ident":
        words = [_pick(rng, rules.get("identifier_word", ["item"])) for _ in range(int(rng.integers(1, 4)))]
        style = int(rng.integers(4))
        joined = [
            "_".join(words),
            words[0] + "".join(w.capitalize() for w in words[1:]),
            "".join(w.capitalize() for w in words),
            "_".join(words).upper(),
        ]
        return joined[style if style < 3 or rng.random() < 0.3 else 1]
    return None


def expand(rules: Rules, name: str, rng: np.random.Generator, depth: int = 0) -> str:
    """Return a random text of a rule; `^` at the end of the name capitalizes it. Raise ValueError for no such rule."""
    bare = name.rstrip("^")
    text = _built_in(bare, rng, rules)
    if text is None:
        if bare not in rules:
            raise ValueError(f"expected a rule named {bare!r}, found none; define it or correct the reference to it")
        text = _pick(rng, rules[bare])
        if depth < 24:
            text = _REFERENCE.sub(lambda match: expand(rules, match[1], rng, depth + 1), text)
    return text[:1].upper() + text[1:] if name.endswith("^") else text
