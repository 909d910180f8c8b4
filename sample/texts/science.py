"""Scientific abstracts and papers: methods, measurements, references in brackets."""

from __future__ import annotations

from random import Random

from sample.texts.grammar import Grammar, expand, expand_several
from sample.texts.words import SHARED

_GRAMMAR: Grammar = {
    **SHARED,
    "system": (
        "shallow coastal sediments",
        "young orchard soils",
        "freshwater snails",
        "thin copper films",
        "granular flows in rotating drums",
        "sparse random graphs",
        "migrating waders",
        "aqueous salt solutions",
        "rural bus networks",
        "short-term memory tasks",
        "beech and spruce stands",
        "loosely coupled oscillators",
    ),
    "quantity": (
        "mean temperature",
        "nitrate concentration",
        "growth rate",
        "response time",
        "surface roughness",
        "clustering coefficient",
        "body mass",
        "shear stress",
        "survival probability",
        "electrical resistance",
        "reading speed",
        "leaf area",
    ),
    "method": (
        "a mixed-effects regression",
        "repeated sampling at «count» sites",
        "X-ray diffraction",
        "a blinded comparison",
        "Monte Carlo simulation",
        "gas chromatography",
        "a survey of «hundreds» participants",
        "time-lapse imaging",
        "a linear stability analysis",
    ),
    "unit": ("mg/l", "°C", "mm", "kPa", "µm", "kg", "s", "mV", "m²"),
    "claim": (
        "«quantity» increases with «quantity»",
        "«quantity» does not depend on «quantity»",
        "the effect of «quantity» vanishes below «decimal» «unit»",
        "«quantity» is a better predictor than «quantity»",
        "«system» recover within «count» weeks",
        "differences between sites explain «percent»% of the variance",
        "the transition is continuous rather than abrupt",
    ),
    "cite": (
        " [«tens»]",
        " [«digit», «tens»]",
        " («family» and «family», «year»)",
        " («family» et al., «year»)",
        "",
        "",
    ),
    "sentence": (
        "We studied the «quantity» of «system» with «method»«cite».",
        "The «quantity» of «system» has rarely been measured directly«cite».",
        "Here we show that «claim».",
        "Our results suggest that «claim»«cite», although «claim».",
        "The mean «quantity» was «decimal» ± «fraction» «unit» (n = «hundreds», p = «fraction»).",
        "In contrast to earlier work«cite», we found that «claim».",
        "Samples were stored at «digit» °C and analysed within «count» days.",
        "«method|cap» was used to estimate the «quantity»«cite».",
        "A decrease of «percent»% in «quantity» was observed after «count» hours.",
        "It is well established that «claim»«cite».",
        "These findings may help to explain why «claim».",
        "The «quantity» ranged from «decimal» to «tens» «unit», as listed in Table «digit».",
        "We therefore tested whether «claim».",
        "Neither the «quantity» nor the «quantity» differed significantly between groups.",
        "Further work is needed to decide whether «claim» in «system».",
        "All measurements were repeated «count» times by two observers, who did not know the treatment.",
        "As shown in Figure «digit», «claim».",
    ),
    "heading": (
        "Introduction",
        "Methods",
        "Results",
        "Discussion",
        "Study area",
        "Statistical analysis",
        "Conclusions",
    ),
}


def science(rng: Random) -> str:
    """Return an abstract, or some sections of a paper under their headings."""
    sections = []
    with_headings = rng.random() < 0.6
    for _ in range(rng.randrange(1, 5)):
        body = " ".join(expand_several("sentence", rng.randrange(4, 9), _GRAMMAR, rng, {}))
        sections.append(expand("## «heading»\n\n", _GRAMMAR, rng, {}) + body if with_headings else body)
    return "\n\n".join(sections)
