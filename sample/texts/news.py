"""News reports: a headline, a dateline, figures, quotations of officials and residents."""

from __future__ import annotations

from random import Random

from sample.texts.grammar import Grammar, expand, expand_several
from sample.texts.words import SHARED

_GRAMMAR: Grammar = {
    **SHARED,
    "project": (
        "a new bridge over the river",
        "a plan to rebuild the «room»",
        "the closure of the «town» line",
        "cheaper tickets for students",
        "a ban on heavy lorries",
        "the sale of the old «room»",
        "a flood barrier near «town»",
        "longer opening hours for the library",
        "a tax on empty houses",
        "the «year» budget",
    ),
    "official": (
        "the mayor of «town», «given» «family»",
        "a spokeswoman for «body»",
        "«given» «family», who chairs the committee",
        "the head of «company»",
        "an officer who asked not to be named",
        "«given» «family» of «body»",
    ),
    "witness": (
        "a retired «trade»",
        "«given» «family», a «trade» from «town»",
        "a «trade» who has lived there for «count» years",
        "one of the «trade|s»",
    ),
    "effect": (
        "traffic fell by «percent» per cent",
        "prices rose by «percent» per cent in «region»",
        "about «thousands» households were left without power",
        "«count» schools will stay closed until «weekday»",
        "the repairs will cost «decimal» million",
        "«hundreds» people signed a petition against it",
        "unemployment in «town» reached «decimal» per cent",
        "the number of visitors doubled within «count» months",
    ),
    "said": (
        "We have waited for this for «count» years",
        "Nobody asked the people who live here",
        "The figures speak for themselves",
        "It is too early to speak of a success",
        "We will look at every objection before «month»",
        "My family lost everything but the «thing»",
        "This is a good day for «town»",
        "The money would be better spent on the roads",
        "I have never seen so much «mass» in «month»",
    ),
    "sentence": (
        "«body|cap» voted on «weekday» for «project».",
        "«body|cap» rejected «project» by «tens» votes to «digit».",
        "According to «official», «effect».",
        '"«said»," said «official».',
        '"«said»," «witness» told this newspaper. "«said»."',
        "«company» announced that «effect» after the decision.",
        "A report published in «month» found that «effect».",
        "Opponents of «project» fear that «effect» again.",
        "The dispute began in «year», when «company» bought the «room».",
        "Last year «effect», while «effect».",
        "A court in «town» will decide in «month» whether «body» acted lawfully.",
        "Work on «project» is expected to begin on «day» «month».",
        "No one was injured, but «effect».",
        "«official|cap» declined to comment on «project».",
        "In «region», where «effect», the mood is different.",
        "Both sides will meet again on «weekday» in «town».",
    ),
    "headline": (
        "«town» council backs «project»",
        "«company» to leave «town» after «count» years",
        "Storm damages «count» houses in «region»",
        "Court stops «project»",
        "«town» residents protest against «project»",
        "«company» reports loss of «decimal» million",
    ),
}


def news(rng: Random) -> str:
    """Return a news report with headline and dateline."""
    headline = expand("«headline|cap»\n\n«place:town», «day» «month» «year» — ", _GRAMMAR, rng, {})
    paragraphs = [
        " ".join(expand_several("sentence", rng.randrange(2, 5), _GRAMMAR, rng, {})) for _ in range(rng.randrange(3, 7))
    ]
    return headline + "\n\n".join(paragraphs)
