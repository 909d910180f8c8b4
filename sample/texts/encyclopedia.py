"""Encyclopedia articles on invented towns, people, companies and works."""

from __future__ import annotations

from random import Random

from sample.texts.grammar import Grammar, expand, expand_several, pick
from sample.texts.words import SHARED

_GRAMMAR: Grammar = {
    **SHARED,
    "craft": ("novelist", "botanist", "composer", "architect", "chess player", "cartographer", "painter", "physician"),
    "work": ("The «adj|cap» «thing|cap»", "A «thing|cap» in «month»", "The «trade|cap»'s «thing|cap»", "«town» Nights"),
    "town_opening": (
        "«x:town» is a market town in «region», on the «adj» bank of the river «y:family».",
        "«x:town» is a village of about «thousands» inhabitants in «region».",
    ),
    "town_fact": (
        "It was first mentioned in a charter of «year_of_old».",
        "The railway reached «x» in «year_early» and was closed in «year_late».",
        "Its church, built of «colour» sandstone, holds «count» bells.",
        "The main employers are «company» and «body».",
        "At the census of «year» the population was «thousands».",
        "Every «month» a fair for «food|s» and «food|s» is held in the market square.",
        (
            "A fire destroyed much of the old quarter in «year», among other buildings the «room» of the "
            "«trade|s»' guild."
        ),
        "The climate is mild, with a mean temperature of «decimal» degrees in «month».",
        "The town hall houses a museum of «thing|s».",
        "«x» has been twinned with «town» since «year».",
        "The local dialect is spoken by about «percent» per cent of the inhabitants.",
    ),
    "life_opening": (
        "«x:given» «y:family» («day» «month» «year_early» — «day» «month» «year_late») was a «craft» from «town».",
        "«x:given» «y:family», born in «town» in «year», is a «craft» and former «trade».",
    ),
    "life_fact": (
        "«y» grew up in «town» as the «ordinal» of «count» children of a «trade».",
        'The best known work of «y» is "«work»", published in «year».',
        "After an apprenticeship with a «trade», «y» moved to «town» in «year».",
        "In «year» «y» received the medal of the academy of «town».",
        "Critics have compared the early works with those of «given» «family».",
        "A street in «town» is named after «y».",
        "From «year» on «y» taught at the college of «town», where «given» «family» was among the students.",
        "The letters to «given» «family» were edited by «given» «family» in «year».",
        "During these years «y» also collected «thing|s» and kept «count» «creature|s».",
        "Much of the estate was lost in a fire in «year».",
    ),
    "firm_opening": (
        "«x:company» is a manufacturer of «thing|s» based in «town».",
        "«x:company» was a shipping firm in «town», founded by «given» «family» in «year».",
    ),
    "firm_fact": (
        "By «year» «x» employed «thousands» people in «count» works.",
        "The company was bought by «company» in «year».",
        "Its first product, a «adj» «thing», sold «thousands» pieces within a year.",
        "A strike of the «trade|s» in «year» lasted «count» weeks.",
        "The former office in «town» is a listed building.",
        "In «year» «x» reported sales of «decimal» million, an increase of «percent» per cent.",
        "«given» «family» has led the company since «year».",
        "A new works for «thing|s» was opened near «town» in «month» «year».",
    ),
    "heading": ("History", "Reception", "Legacy", "Early years", "Later years", "Overview", "See also"),
}


def encyclopedia(rng: Random) -> str:
    """Return an article: an opening that introduces its subject, and facts about it."""
    subject = pick(rng, ("town", "life", "firm"))
    bindings: dict[str, str] = {}
    opening = expand(f"«{subject}_opening»", _GRAMMAR, rng, bindings)
    facts = expand_several(f"{subject}_fact", rng.randrange(5, 9), _GRAMMAR, rng, bindings)
    middle = rng.randrange(2, 5)
    heading = expand("\n\n== «heading» ==\n\n", _GRAMMAR, rng, {})
    return f"{opening} {' '.join(facts[:middle])}{heading}{' '.join(facts[middle:])}"
