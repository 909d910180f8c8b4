"""Short prose in other languages and scripts, many of them with several bytes per character."""

# ruff: noqa: RUF001  # Greek and Cyrillic letters look like Latin ones

from __future__ import annotations

from random import Random

from sample.texts.grammar import Grammar, expand, expand_several, pick
from sample.texts.words import SHARED

_GRAMMAR: Grammar = {
    **SHARED,
    "thing_german": ("Schlüssel", "Brief", "Löffel", "Schrank", "Teppich", "Koffer", "Hut", "Stuhl"),
    "german": (
        "Der «thing_german» lag die ganze Nacht auf der Straße.",
        "«given» fand den «thing_german» erst am nächsten Morgen wieder.",
        "Niemand wusste, wem der «thing_german» gehörte, und niemand fragte danach.",
        "Vor «digit» Jahren stand hier noch eine Mühle.",
        "Sie fährt jeden Tag über «town», weil der Zug dort hält.",
        "Können Sie mir sagen, wo ich einen «thing_german» kaufen kann?",
    ),
    "thing_french": ("le panier", "le tiroir", "le vélo", "le château", "le théâtre", "le grenier", "le pâté"),
    "french": (
        "Le soir, «given» retrouvait «thing_french» à la même place.",
        "On disait au village que «thing_french» n'avait jamais été réparé.",
        "Il a plu pendant «digit» jours, puis «thing_french» a séché au soleil.",
        "« C'est dommage », répondit «given», et personne n'insista.",
        "L'été dernier, «thing_french» était fermé à cause des travaux.",
    ),
    "thing_spanish": ("el niño", "el señor", "el pequeño pueblo", "el camión", "el jardín", "el búho"),
    "spanish": (
        "¿Quién sabe dónde está «thing_spanish» ahora?",
        "Mañana veremos si «thing_spanish» sigue allí.",
        "Hace «digit» años que «thing_spanish» no sale de «town».",
        "«given» pensó en «thing_spanish» y sonrió sin decir nada.",
    ),
    "thing_russian": ("старый дом", "длинный мост", "тихий сад", "новый поезд", "чёрный кот"),
    "russian": (
        "Утром мы увидели «thing_russian» за рекой.",
        "Никто не помнит, когда здесь появился «thing_russian».",
        "Через «digit» дня «thing_russian» снова исчез.",
        "Она долго смотрела на «thing_russian» и молчала.",
    ),
    "thing_greek": ("το παλιό σπίτι", "το μικρό λιμάνι", "το ήσυχο νησί", "το κόκκινο βιβλίο"),
    "greek": (
        "Το πρωί είδαμε «thing_greek» από μακριά.",
        "Κανείς δεν ήξερε ποιος έφτιαξε «thing_greek».",
        "Μετά από «digit» χρόνια βρήκαμε ξανά «thing_greek».",
    ),
    "thing_japanese": ("古い橋", "小さな庭", "静かな駅", "赤い傘", "長い手紙"),
    "japanese": (
        "朝、川の向こうに「«thing_japanese»」が見えました。",
        "だれも「«thing_japanese»」のことを覚えていません。",
        "「«thing_japanese»」は«digit»年前からここにあります。",
        "雨の日には「«thing_japanese»」をよく思い出します。",
    ),
}


def foreign(rng: Random) -> str:
    """Return some sentences in one of six languages."""
    language = pick(rng, ("german", "french", "spanish", "russian", "greek", "japanese"))
    sentences = expand_several(language, rng.randrange(4, 10), _GRAMMAR, rng, {})
    return expand(("" if language == "japanese" else " ").join(sentences), _GRAMMAR, rng, {})
