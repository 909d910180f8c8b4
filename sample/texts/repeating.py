"""Repeated units of many kinds: signs, words, phrases, lines; some after a prefix, some in lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from sample.texts.document import Document, Repetition
from sample.texts.grammar import expand, pick, with_articles
from sample.texts.identifiers import IDENTIFIERS
from sample.texts.narrative import NARRATIVE
from sample.texts.words import SHARED

_CHARACTERS = 1500
_SIGNS = ("-", "=", "*", "#", "~", "_", ".", "+", "/", "<", ">", "|", "\\", ":", "^", "&", "%", "!", "·", "—", "█", "★")
_NUMBERS = (
    "0, ",
    "0x00, ",
    "0.0 ",
    "1 ",
    "00 ",
    "0;",
    "255,",
    "-1,",
    "NaN, ",
    "0\n",
    "0,0,",
    "0.000000\t",
    "127.0.0.1 ",
)
_LINES = (
    "<td>&nbsp;</td>\n",
    "    nop\n",
    "|   |   |\n",
    "\\hline\n",
    "<br />\n",
    "    return None\n",
    "{ 0, 0, NULL },\n",
    "- [ ] \n",
    "* * *\n\n",
    '<div class="row"></div>\n',
    "0x0,\n  ",
    ");\n  }\n",
    "null,\n\t\t",
    "#  0  #\n",
)
_GRAMMAR = {**SHARED, **IDENTIFIERS}
_PHRASES = (
    "«adj» «adj» «thing», ",
    "«food» and «food» and ",
    "the «thing» of the «trade», ",
    "no «mass» no «mass» ",
    "very ",
    "«weekday» «weekday» ",
    "all work and no «food» ",
    "«creature»! ",
    "«thing» ",
    "«fn»(«int»); ",
    "<«noun»>«int»</«noun»> ",
    "«noun»=«hex»&",
    "«colour», «colour», ",
    "ha",
    "la la «food» ",
    "«given» «family» | ",
    "«int», «int», -«int», ",
    '{"«noun»": «int»}, ',
    "«hex» «hex» ",
    "«verb»-«noun»/",
)


def _signs(rng: Random) -> str:
    return "".join(rng.choice(_SIGNS) for _ in range(rng.randrange(1, 5))) + rng.choice(("", "", " ", "\n"))


def _characters(rng: Random) -> str:
    return "".join(rng.choice("abcdefghxyzABKQ0123456789") for _ in range(rng.randrange(2, 9))) + rng.choice(
        ("", " ", "-")
    )


def _sentence(rng: Random) -> str:
    gender = {"he": "she", "his": "her", "hero": "Ruth", "friend": "Emil"}
    return with_articles(expand("«clause»", NARRATIVE, rng, gender)) + pick(rng, (". ", ".\n", "; "))


_UNITS: dict[str, Callable[[Random], str]] = {
    "signs": _signs,
    "characters": _characters,
    "numbers": lambda rng: pick(rng, _NUMBERS),
    "line": lambda rng: pick(rng, _LINES),
    "phrase": lambda rng: expand(pick(rng, _PHRASES), _GRAMMAR, rng, {}),
    "phrases": lambda rng: "".join(expand(pick(rng, _PHRASES), _GRAMMAR, rng, {}) for _ in range(2)),
    "sentence": _sentence,
}
_PREFIXES = (
    "He wrote on the wall: ",
    "static const int table[] = { ",
    "# Results\n\n",
    "The printer then produced only ",
    "«fn»(«int»)\n",
    "«given» «family» said: ",
    "On «weekday» «body» received this:\n",
    "<p>«adj» «thing»</p>\n",
)


def shortest_period(text: str) -> str:
    """Return the shortest string that gives the text when repeated a whole number of times."""
    return text[: (text + text).index(text, 1)]


def _lines(text: str, width: int) -> Iterator[str]:
    """Return the text in lines of at most `width` characters, broken after a space if there is one; none is lost."""
    while text:
        end = width if len(text) > width else len(text)
        end = text.rfind(" ", 0, end) + 1 or end
        yield text[:end]
        text = text[end:]


def repeating(rng: Random) -> Document:
    """Return a repeated unit; a third have a prefix, and a quarter of those without newlines are broken by some."""
    kind = pick(rng, ("signs", "characters", "numbers", "line", "phrase", "phrase", "phrases", "sentence"))
    unit = shortest_period(_UNITS[kind](rng))
    body = unit * (_CHARACTERS // len(unit))
    line_width = rng.randrange(24, 90) if "\n" not in unit and rng.random() < 0.25 else None
    if line_width:
        body = "\n".join(_lines(body, line_width))
    prefix = expand(pick(rng, _PREFIXES), _GRAMMAR, rng, {}) if rng.random() < 0.33 else ""
    repetition = Repetition(unit, len(prefix), line_width)
    return Document(prefix + body, "repeating", kind, None, lead=24, repetition=repetition)
