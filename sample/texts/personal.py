"""Invented people with telephone numbers, addresses and dates of birth; none of them can be reached.

Telephone numbers are in the range 555-0100 to 555-0199, reserved for fiction. Mail addresses are in the domains
example.com and example.org, reserved for examples.
"""

from __future__ import annotations

from random import Random

from sample.texts.document import Document, mark, read_marks
from sample.texts.grammar import Grammar, expand, expand_several, pick, with_articles
from sample.texts.words import MONTHS, SHARED

_STREETS = ("Heron Lane", "Mill Street", "Lantern Row", "Orchard Road", "Quay Street", "Kiln Hill", "Weaver Close")
_PREFIXES = ("201", "312", "415", "503", "617", "702")


def _telephone(rng: Random) -> str:
    form = pick(rng, ("({}) 555-01{:02d}", "{}-555-01{:02d}", "+1 {} 555 01{:02d}", "{}.555.01{:02d}"))
    return form.format(pick(rng, _PREFIXES), rng.randrange(100))


def _birth_date(rng: Random) -> str:
    return f"{rng.randrange(1, 29)} {pick(rng, MONTHS)} {rng.randrange(1930, 2006)}"


def _identifying(kind: str, text: str) -> str:
    return mark("personal", kind, text)


_GRAMMAR: Grammar = {
    **SHARED,
    "telephone": lambda rng: _identifying("telephone", _telephone(rng)),
    "birth": lambda rng: _identifying("birth_date", _birth_date(rng)),
    "street": lambda rng: f"{rng.randrange(1, 240)} {pick(rng, _STREETS)}",
    "letter": (
        "Dear «given», you can reach me at «telephone» after six, or write to «mail». Yours, «who»",
        "Please send the «thing» to «who», «address». If nobody is at home, ring «telephone».",
        "«who», born «birth», asked for a copy of the file. It was sent to «mail» on «weekday».",
        "I spoke to «who» («telephone»), who lives at «address» and would like to buy the «thing».",
        "For questions about the «room» contact «who» at «mail» or by telephone at «telephone».",
        "The patient, «who», date of birth «birth», of «address», complained of pain in the left knee.",
        "Our new «trade» is «who». The office number is «telephone», the private one is «telephone».",
    ),
    "filler": (
        "She has been a member since «year» and pays on time.",
        "The «thing» was repaired by a «trade» in «town» and works again.",
        "Nothing else was left in the «room», apart from «count» «thing|s».",
        "We will write again as soon as «body» has decided.",
        "Everybody else has already answered, so there is no hurry.",
        "He would prefer a visit on «weekday» in the morning.",
    ),
}


_FORMS = (
    "Name: «who»\nPhone: «telephone»\nE-mail: «mail»\nAddress: «address»\n",
    "BEGIN:VCARD\nFN:«who»\nTEL:«telephone»\nEMAIL:«mail»\nEND:VCARD\n",
    '{"name": "«who»", "born": "«birth»", "phone": "«telephone»", "email": "«mail»"},\n',
    "«who»,«telephone»,«mail»,«birth»\n",
    "<td>«who»</td><td>«telephone»</td><td>«mail»</td>\n",
)


def _person(rng: Random) -> dict[str, str]:
    """Return the name, address and mail address of one invented person, as bindings."""
    given, family = (expand(slot, SHARED, rng, {}) for slot in ("«given»", "«family»"))
    given_ascii, family_ascii = (name.lower().encode("ascii", "ignore").decode() for name in (given, family))
    mailbox = pick(rng, ("{0}.{1}", "{0}{2}", "{1}", "{0}_{1}")).format(
        given_ascii, family_ascii, rng.randrange(10, 99)
    )
    return {
        "who": _identifying("name", f"{given} {family}"),
        "mail": _identifying("email", f"{mailbox}@example.{pick(rng, ('com', 'org'))}"),
        "address": _identifying("address", expand("«street», «town»", _GRAMMAR, rng, {})),
    }


def personal(rng: Random) -> Document:
    """Return a few sentences, or some entries of a form, that identify one or several people."""
    is_form = rng.random() < 0.35
    if is_form:
        form = pick(rng, _FORMS)
        parts = [expand(form, _GRAMMAR, rng, _person(rng)) for _ in range(6)]
    else:
        parts = [expand("«letter»", _GRAMMAR, rng, _person(rng)), *expand_several("filler", 6, _GRAMMAR, rng, {})]
        if rng.random() < 0.5:
            parts.insert(0, parts.pop())
    text, marks = read_marks("".join(parts) if is_form else with_articles(" ".join(parts)))
    return Document(text, "personal", "form" if is_form else "letter", is_form, marks)
