"""Letters, reviews and forum posts: first person, present tense, addressed to somebody."""

from __future__ import annotations

from random import Random

from sample.texts.grammar import Grammar, expand, expand_several, pick
from sample.texts.words import SHARED

_GRAMMAR: Grammar = {
    **SHARED,
    "device": ("router", "coffee grinder", "bicycle lamp", "sewing machine", "tent", "printer", "heat pump", "radio"),
    "trouble": (
        "it stops after «count» minutes",
        "the «colour» light keeps blinking",
        "the lid does not close any more",
        "it makes a noise like a «creature»",
        "nothing happens when I press the button",
        "the manual is missing «count» pages",
        "it smells of «mass»",
    ),
    "letter": (
        "I hope this finds you well, and that «town» has been spared the worst of the «mass».",
        "Thank you for the «food|s»; we made soup of them on «weekday».",
        "My sister has started work as a «trade» and seems happier than she has been for years.",
        "Do you remember the «adj» «thing» that stood in the «room»? We have sold it at last.",
        "The doctor says I should walk more, so I go as far as the «room» every morning.",
        "I will come by train on «weekday» if that still suits you.",
        "The «creature» has found a way into the «room» again, and nobody knows how.",
        "Please tell «given» that the «thing» arrived and that nothing was broken.",
        "It has been raining since «weekday», and I have read everything there is in the house.",
        "We are thinking of moving to «town», but I cannot imagine living without the garden.",
        "You asked about the school: they have «count» teachers now and hope for another.",
        "Forgive me for not writing sooner.",
    ),
    "review": (
        "I bought this «device» in «month» and have used it almost every day since.",
        "After «count» weeks «trouble», and the shop will not take it back.",
        "The colour is closer to «colour» than to the «colour» in the picture.",
        "For the price you cannot expect more.",
        "My neighbour, who is a «trade», recommended it.",
        "It arrived «count» days early and was packed well.",
        "Setting it up took me less than «count» minutes.",
        "I would give it «digit» out of 10.",
        "The only thing I do not like is that «trouble».",
        "I have owned «count» of these over the years and this one is the best by far.",
        "Compared with the one from «company», it is quieter but heavier.",
        "Would I buy it again? Probably, if it came in «colour».",
    ),
    "post": (
        "Has anyone here managed to repair a «device»?",
        "Mine is from «year» and «trouble».",
        "I already tried to clean it with «mass», no luck.",
        "Same problem here, exactly as you describe it: «trouble».",
        "Check the fuse first, then the cable; it was the cable in my case.",
        "I asked «company» and they never answered.",
        "Sorry for reviving an old thread, but this is the only page I found.",
        "Thanks, that worked! I had been looking at the wrong side the whole time.",
        "You could ask a «trade», they usually have the right tools.",
        "No idea, but I would love to know as well...",
        "Don't do that, I ruined a perfectly good «device» that way.",
        "Edit: solved, «trouble» only when the «thing» is too close.",
    ),
    "frame_letter": (
        "Dear «given»,\n\n«body_text»\n\nWith love,\n«given»",
        "Dear «given» and «given»,\n\n«body_text»\n\nYours,\n«given»",
    ),
    "frame_review": ("«digit» stars — «adj|cap» but «adj»\n\n«body_text»", "Review of a «device»\n\n«body_text»"),
    "frame_post": ("Re: «device» — help?\n\n«body_text»", "«adj»«creature»«tens» wrote:\n\n«body_text»"),
}


def correspondence(rng: Random) -> str:
    """Return a letter, a product review or a forum thread."""
    kind = pick(rng, ("letter", "review", "post"))
    blocks = [
        " ".join(expand_several(kind, rng.randrange(3, 6), _GRAMMAR, rng, {})) for _ in range(rng.randrange(1, 3))
    ]
    return expand(f"«frame_{kind}»", _GRAMMAR, rng, {"body_text": "\n\n".join(blocks)})
