"""Licence-like texts and notices, which the corpus repeats word for word many times."""

from __future__ import annotations

from random import Random

from sample.texts.document import Document
from sample.texts.grammar import expand, named_paragraphs
from sample.texts.words import SHARED

_LICENCES = named_paragraphs("""
meadow: You may copy, change and pass on this work, alone or as a part of something larger, provided that this notice
and the list of those who made it stay with every copy. The work is handed over as it stands. Those who made it give
no promise that it is fit for any use, that it is free from faults, or that it breaks no right of anybody else, and
they will not answer for any loss that comes from using it or from being unable to use it, even where they had been
told that such a loss could come about. The names of those who made it may not be used to praise or to sell what was
made from it, unless they have agreed to this beforehand and in writing.

lantern: Everyone who receives this program receives with it the right to run it, to study it and to alter it. Whoever
passes an altered version on to others must say plainly what was altered and when, must offer the complete source to
all who receive it, and must grant them the same rights under these same terms. No further conditions may be placed
upon those rights. If you cannot keep these terms and some other duty at once, then you may not pass the program on at
all. To the extent that the law allows, there is no warranty of any kind, and the whole risk as to the quality of the
program lies with you.

quayside: Redistribution and use of these files, with or without changes, are allowed as long as the following rules
are kept: copies of the source shall carry this text unchanged at their head; copies in compiled form shall carry it
in the documents that go with them; and changed versions shall not be passed off as the original. THESE FILES ARE
PROVIDED BY THE QUAYSIDE AUTHORS WITHOUT ANY WARRANTY, WHETHER STATED OR IMPLIED. IN NO CASE SHALL THE AUTHORS BE
ANSWERABLE FOR ANY DIRECT OR INDIRECT DAMAGE, LOSS OF DATA, LOSS OF PROFIT OR INTERRUPTION OF WORK, HOWEVER IT CAME
ABOUT AND ON WHATEVER GROUND IT IS CLAIMED.

common_table: This file is part of the Common Table library. The library is free of charge for teaching, for research
and for private use; any other use needs a written agreement with its keepers. You should have received a copy of the
full terms together with this file, under the name TERMS; if it is missing, please write to the keepers at the address
given in the documentation. Parts of this file were written by others and remain under the terms that they chose,
which are named beside those parts. By using the library you agree that the keepers bear no responsibility for the
results.

orchard: Copyright held by the contributors to the Orchard project, who are listed in the file AUTHORS. Permission is
granted, without payment and without limit of time, to any person who obtains this material to make use of it in any
manner, to combine it with other material and to let others do likewise. This permission ends at once for anyone who
brings a claim over a patent against a contributor on account of the material. The material comes with no assurance
whatsoever; in particular there is no assurance that it will be kept up, mended or replaced.

harbour_light: This document and the drawings in it belong to the Harbour Light Society. They may be printed and
quoted in part where the source is named. They may not be sold, rented or placed behind a charge. Translations are
welcome when they are marked as such and sent to the Society within one month. The Society has taken care to make the
document correct, but it cannot vouch for every figure, and it accepts no claim from those who have relied on it.
Anything that these terms do not expressly allow remains reserved to the Society.
""")
_COMMENT_STYLES = {
    "plain": ("", "", ""),
    "c": ("/*\n", " * ", " */\n"),
    "slashes": ("", "// ", ""),
    "hash": ("", "# ", ""),
    "dashes": ("", "-- ", ""),
}
_NOTICES = named_paragraphs("""
cookies: We use small files called cookies so that this site remembers your choices and so that we can count how many
people read each page. Some of them are needed for the site to work at all; the others you may refuse. By closing this
message you agree that we keep your choice for one year. You can change it whenever you like at the foot of the page.

newsletter: You receive this letter because you asked for news from us. If you do not want any more of them, follow
the link at the end of this message and confirm with one click; we will then take your address off the list within two
days. Please do not answer this message, because nobody reads the box from which it was sent.

forum: If this is your first time in this forum, please read the questions and answers before you write anything. You
have to sign in before you can post: choose the link at the top of the page to do so. To start reading, pick the board
that interests you from the list below, or use the search box to look for older threads.

confidential: This message and anything attached to it are meant only for the person to whom they are addressed. If it
has reached you by mistake, please let the sender know, delete it, and do not pass it on or act upon it. Messages can
be altered on their way, so the firm accepts no liability for what they contain.

opinions: All opinions in this article are those of its author and not necessarily those of the publisher or of the
editors. Any product that may be reviewed in this article, and any claim that its maker may make, is neither
guaranteed nor supported by the publisher, who remains neutral with regard to borders shown on maps.

generated: This file was generated from a description of the interface. Do not edit it by hand, because your changes
will be lost the next time that it is generated. To change the interface, edit the description, run the generator
again and commit both files together. The version of the generator is written at the end of this file.

volunteers: The data in this table were collected by volunteers and have not been checked in every case. Please tell
us about errors, naming the row and your source. When you use the data in a publication, cite the version that you
used, for older versions are kept and can be obtained on request from the archive.

comments: Comments are open to everyone for two weeks after an article has appeared. We remove what insults others,
what advertises, and what has nothing to do with the subject. Stay polite, keep to the point, and remember that the
people you argue with are people. Moderators do not enter into correspondence about their decisions.

returns: Your order will be sent within three working days after we have received your payment. You may send back
anything within thirty days without giving a reason, as long as it is unused and in its original wrapping. The cost of
sending it back is yours unless the goods were faulty. This does not affect the rights that the law gives you.

medical: Nothing on these pages is medical advice. What helps one person may harm another, and only somebody who has
examined you can say what you should do. Never stop a treatment because of something that you have read here. In an
emergency, call your doctor or go to the nearest hospital at once.

investment: Past results say nothing certain about future ones. The value of an investment can fall as well as rise,
and you may get back less than you paid in. If you are not sure whether something suits your situation, ask an
independent adviser. We are paid a fee by some of the firms that are named on this page.

faults: To report a fault, say what you did, what you expected and what happened instead, and add the version that is
shown when the program starts. Search the list of known faults first. Reports without a way to make the fault happen
again are closed after one month. Do not report weaknesses in security here; write to the maintainers in private.
""")


def _wrapped(text: str, width: int, style: str) -> str:
    opening, prefix, closing = _COMMENT_STYLES[style]
    lines: list[str] = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return opening + "".join(f"{prefix}{line}\n" for line in lines) + closing


def boilerplate(rng: Random) -> list[Document]:
    """Return every licence in every comment style with several holders, and every notice.

    Holders' names of different lengths shift the same words to other offsets of a row. The corpus repeats the rows.
    """
    documents = [
        Document(_wrapped(text, width, style), "boilerplate", f"{name}/{style}", is_code=False, cut="whole")
        for name, text in _LICENCES.items()
        for style, width in zip(_COMMENT_STYLES, (72, 76, 70, 78, 66), strict=True)
    ]
    documents += [
        Document(text + "\n", "boilerplate", f"notice/{name}", is_code=False, cut="whole")
        for name, text in _NOTICES.items()
    ]
    for name, text in _LICENCES.items():
        for style in ("plain", "c", "hash"):
            holder = expand("Copyright (c) «year» «given» «family». ", SHARED, rng, {})
            wrapped = _wrapped(holder + text, 72, style)
            documents.append(Document(wrapped, "boilerplate", f"{name}/{style}", is_code=False, cut="whole"))
    return documents
