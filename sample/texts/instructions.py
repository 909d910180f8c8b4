"""Recipes and instructions: imperatives, quantities, steps that are not numbered."""

from __future__ import annotations

from random import Random

from sample.texts.grammar import Grammar, expand, expand_several, pick
from sample.texts.words import SHARED

_GRAMMAR: Grammar = {
    **SHARED,
    "cut": ("slice", "chop", "grate", "peel", "halve", "dice"),
    "pan": ("a heavy pan", "a wide pot", "an oven dish", "a small saucepan", "a large bowl"),
    "until": (
        "until soft",
        "until golden at the edges",
        "for about «count» minutes",
        "until the liquid has gone",
        "until they begin to colour",
        "for half an hour",
    ),
    "tool": ("a file", "a damp cloth", "a small brush", "fine sandpaper", "a flat screwdriver", "a wooden mallet"),
    "recipe": (
        "«cut|cap» the «food|s» and put them in «pan» with a little oil.",
        "Add the «food|s» and cook «until», stirring from time to time.",
        "Meanwhile, «cut» «count» «food|s» as finely as you can.",
        "Season with salt, pepper and a pinch of sugar.",
        "Cover and leave in a cool place overnight.",
        "Bake at «hundreds» degrees «until».",
        "Stir in the «food|s», the butter and «count» spoonfuls of cream.",
        "Serve at once, with bread and a salad of «food|s».",
        "If you cannot find «food|s», «food|s» will do.",
        "Drain the «food|s», keep the water, and let both cool.",
        "My grandmother used «food|s» instead, which makes it sweeter.",
        "This keeps for «count» days in the cellar.",
        "Taste it: it should be sharper than you think right.",
    ),
    "repair": (
        "Before you begin, empty the «thing» and lay it on a flat surface.",
        "Loosen the «count» screws on the back with «tool», but do not remove them yet.",
        "Clean both surfaces with «tool» and let them dry.",
        "Apply glue sparingly; too much is worse than too little.",
        "Press the parts together and hold them «until_dry».",
        "If the joint is still loose, repeat the last two steps.",
        "Sand the edges with «tool», always along the grain.",
        "Do not use «mass», which would leave marks on the «colour» paint.",
        "Ask somebody to hold the «thing» while you «act» the other side.",
        "Put everything back in reverse order.",
        "Check after «count» hours that nothing has moved.",
        "The result should look a little uneven, as if made by hand.",
    ),
    "until_dry": ("for «count» minutes", "until the glue has set", "while you count to «tens»"),
    "title_recipe": ("«food|cap» and «food» soup", "Baked «food|s» with «food»", "«adj|cap» «food» cake"),
    "title_repair": ("How to repair a «thing»", "Restoring a «adj» «thing»", "Caring for your «thing»"),
    "need": ("«digit» «food|s»", "«hundreds» g of flour", "a bunch of parsley", "«count» spoons of oil", "some salt"),
}


def instructions(rng: Random) -> str:
    """Return a recipe with its ingredients, or instructions for a repair."""
    kind = pick(rng, ("recipe", "repair"))
    title = expand(f"«title_{kind}»", _GRAMMAR, rng, {})
    steps = expand_several(kind, rng.randrange(6, 13), _GRAMMAR, rng, {})
    middle = len(steps) // 2
    body = f"{' '.join(steps[:middle])}\n\n{' '.join(steps[middle:])}"
    if kind == "repair":
        return f"{title}\n\n{body}"
    needs = ", ".join(expand_several("need", 4, _GRAMMAR, rng, {}))
    return f"{title}\n\nYou need {needs}.\n\n{body}"
