"""Judgments and contracts: long sentences, defined terms, references to sections."""

from __future__ import annotations

from random import Random

from sample.texts.grammar import Grammar, expand, expand_several, pick
from sample.texts.words import SHARED

_GRAMMAR: Grammar = {
    **SHARED,
    "section": ("section «digit»(«digit»)", "clause «tens».«digit»", "article «tens»", "paragraph «digit»"),
    "act_of": ("the Harbours Act «year»", "the Tenancies Act «year»", "the Carriage of Goods Act «year»"),
    "duty": (
        "keep the premises in good repair",
        "give «count» days' notice in writing",
        "disclose every earlier loss",
        "pay the sum within «count» weeks",
        "return the goods in the state in which they were received",
        "hold the deposit in a separate account",
        "insure the vessel against fire",
    ),
    "judgment": (
        "The appellant, a «trade» from «town», submits that the respondent was bound to «duty».",
        "That submission cannot be accepted, for the reasons given in «section» of the judgment below.",
        "Under «section» of «act_of», a landlord must «duty» unless the parties agree otherwise.",
        "The court below found as a fact that the «thing» was delivered on «day» «month» «year».",
        "In «family» v «family», decided in «year», this court left the question open.",
        "Counsel conceded that there was no evidence of any agreement to «duty».",
        "It follows that the claim for «thousands» in damages must fail.",
        "We see no error of law in that conclusion, and the appeal is dismissed with costs.",
        "The witness «given» «family» described the «room» as «adj» and «adj», which was not challenged.",
        "Whether the delay was reasonable is a question of fact, on which the finding of the judge stands.",
        "The respondent relies on «section», which provides that a carrier shall «duty».",
        "Nor does it help the appellant that «body» had approved the plans in «year».",
    ),
    "contract": (
        "The Tenant shall «duty» throughout the term of this agreement.",
        "Where the Supplier fails to «duty», the Buyer may terminate under «section».",
        "Nothing in «section» limits the liability of either party for fraud.",
        "Any notice under this agreement must be delivered by hand or by registered post.",
        "The Buyer undertakes to «duty» and to «duty».",
        'In this agreement "Goods" means the «thing|s» listed in the schedule.',
        "Either party may end this agreement by giving «count» months' notice in writing.",
        "This agreement is governed by the law of the place where the «room» stands.",
        "Disputes shall be referred to an arbitrator chosen by «body».",
        "No variation is effective unless it is made in writing and signed by both parties.",
        "If a provision is held to be void, the remaining provisions continue in force.",
    ),
    "frame_judgment": (
        "«family» v «company»\n\nJudgment of «day» «month» «year»\n\n",
        "In the matter of «company»\n\n",
    ),
    "frame_contract": ("Agreement between «company» and «company»\n\n", "Terms of hire for a «thing»\n\n"),
}


def legal(rng: Random) -> str:
    """Return a judgment or a contract."""
    kind = pick(rng, ("judgment", "contract"))
    sentences = expand_several(kind, rng.randrange(5, 11), _GRAMMAR, rng, {})
    middle = len(sentences) // 2
    heading = expand(f"«frame_{kind}»", _GRAMMAR, rng, {})
    return f"{heading}{' '.join(sentences[:middle])}\n\n{' '.join(sentences[middle:])}"
