"""Stories: third person, past tense, a hero and a companion, with dialogue."""

from __future__ import annotations

from random import Random

from sample.texts.grammar import Grammar, expand, expand_several, pick
from sample.texts.words import SHARED

NARRATIVE: Grammar = {
    **SHARED,
    "time": (
        "in the morning",
        "before dawn",
        "that evening",
        "after the storm",
        "at the end of «month»",
        "one «weekday»",
        "when the bells stopped",
        "towards midnight",
        "«count» days later",
        "in the last week of the harvest",
    ),
    "place": (
        "by the «adj» «thing»",
        "in the «room»",
        "behind the «room»",
        "on the road to «town»",
        "near the harbour",
        "under the stairs",
        "at the edge of the field",
        "beside the «adj» river",
        "in «region»",
        "outside the «trade»'s shop",
    ),
    "object": (
        "the «adj» «thing»",
        "a «thing»",
        "an old «thing» full of «mass»",
        "the «trade»'s «thing»",
        "«his» «thing»",
        "«count» «adj» «thing|s»",
        "a «colour» «thing» and a «thing»",
        "the «creature»",
    ),
    "thought": (
        "that the «thing» had never belonged to them",
        "that nobody in «town» would believe it",
        "how «adj» the «room» had become",
        "that the «trade» had been right all along",
        "what «friend» had said about the «thing»",
        "why the «creature» refused to leave",
        "that «mass» and «mass» were all they had left",
    ),
    "clause": (
        "«he» «act|ed» «object» «place»",
        "«he» «go|ed» «adverb» towards the «room»",
        "«hero» «act|ed» «object» and «go|ed» home",
        "«he» looked at «object» with «feeling»",
        "«he» could hear the «mass» «place»",
        "«friend» «act|ed» «object», and «hero» said nothing",
        "the «creature» «go|ed» past «object»",
        "«he» wondered whether «friend» would «act» «object»",
        "a «adj» «trade» «go|ed» through the «room»",
        "nothing moved except the «creature» «place»",
        "«friend» had hidden «object» «place»",
        "the «room» smelled of «mass» and «food|s»",
    ),
    "speech": (
        "We should «act» the «thing» before «weekday»",
        "You never told me about the «adj» «thing»",
        "There are «count» «creature|s» in the «room»",
        "I have been to «town» only once",
        "Nobody can «act» a «thing» with so much «feeling»",
        "It was the «trade» who «act|ed» it, not me",
        "If the «mass» comes early, we will have to «go»",
        "Keep the «thing» and give me the «thing»",
    ),
    "sentence": (
        "«clause|cap».",
        "«time|cap», «clause».",
        "«time|cap», «clause», and «clause».",
        "«clause|cap», but «clause».",
        "«clause|cap» while «clause».",
        "«he|cap» knew «thought».",
        "«hero» had always suspected «thought».",
        '"«speech»," said «friend».',
        '"«speech»," «hero» answered «adverb». "«speech»."',
        '"«speech»!" «friend» cried, and «clause».',
        "It was «adj», almost «adj», and «clause».",
        "Although «clause», «he» felt no «feeling».",
        "«clause|cap»; «clause».",
        "For a moment there was only «feeling» — then «clause».",
    ),
}


def narrative(rng: Random) -> str:
    """Return a story of several paragraphs with the same characters throughout."""
    gender = pick(rng, ("woman", "man"))
    pronouns = {"woman": ("she", "her"), "man": ("he", "his")}[gender]
    bindings = {"he": pronouns[0], "his": pronouns[1]}
    bindings["hero"] = expand(f"«{gender}»", NARRATIVE, rng, {})
    bindings["friend"] = expand("«given» «family»" if rng.random() < 0.3 else "«given»", NARRATIVE, rng, {})
    paragraphs = []
    for _ in range(rng.randrange(2, 6)):
        count = rng.randrange(3, 8)
        paragraphs.append(" ".join(expand_several("sentence", count, NARRATIVE, rng, bindings)))
    return "\n\n".join(paragraphs)
