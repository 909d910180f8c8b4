"""Words that several registers share: invented people and places, and common nouns, verbs and adjectives."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from sample.texts.grammar import Grammar


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, separated by spaces."""
    return tuple(text.split())


def phrases(text: str) -> tuple[str, ...]:
    """Return the phrases of a text, separated by commas."""
    return tuple(phrase.strip() for phrase in text.split(","))


WOMEN = words(
    "Marta Ines Odile Ruth Hanna Lena Priya Amara Noor Zofia Greta Yuki Chiara Leila Tove Sabine "
    "Renata Dara Ottilie Mina "
    "Beatriz Esra Folake Johanna Kaja Liv Nadia Petra Rosalind Saoirse Tamsin Ursula Vesna Wanda "
    "Xenia Yara Zélie Élodie"
)
MEN = words(
    "Anton Bram Cyrus Dimas Emil Farid Goran Henrik Ivo Jonas Kofi Luca Milan Nils Oskar Pavel "
    "Quentin Rafael Stellan Tomas "
    "Ulrich Viktor Wendell Yusuf Zoltan Arvid Benedikt Casimir Dario Elias Florian Gideon Hakan "
    "Ismael Joachim Søren René"
)
FAMILY_NAMES = words(
    "Quill Harrowgate Lindqvist Okonjo Marlowe Tervo Brandsma Castellan Duvall Eskola Fenwick "
    "Garrido Holloway Ibarra Jurado "
    "Kestrel Lachance Moravec Nakagawa Ostrander Pellegrin Rasmuson Sandoval Thackeray Umarov "
    "Valdane Wexford Yarrow Zeller "
    "Ashdown Birkeland Corvane Dunmore Ellery Fairbairn Grunwald Hesketh Ivarsson Kallas Müllner "
    "Peñarol Ødegard"
)
TOWNS = words(
    "Arlenbury Castermoor Dunwick Eastmere Ferrand Glenholt Harbourne Inverleigh Kestleton Lowmarsh "
    "Millbrae Northgate "
    "Oakhaven Pennwater Quarrytown Redfell Saltmarsh Thornbury Underhill Vellmont Westerley Yarmouth "
    "Ashcombe Brightwater"
)
REGIONS = phrases(
    "the northern hills, the river valley, the western coast, the upper lakes, the eastern plain, "
    "the old harbour district, "
    "the Vell peninsula, the salt flats, the southern islands, the Tarn highlands, the border "
    "counties, the lower delta"
)
MONTHS = words("January February March April May June July August September October November December")
WEEKDAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
THINGS = words(
    "lamp window ladder letter kettle basket lantern drawer curtain bridge boat wagon clock mirror "
    "bottle hammer blanket "
    "table notebook suitcase bicycle bench map key rope candle saucer stool barrel shovel coat ring "
    "drum violin cabinet "
    "envelope orchard gate chimney cellar attic staircase telescope compass whistle parcel ribbon "
    "teapot cushion"
)
CREATURES = words(
    "dog horse heron otter badger crow goat owl fox hare beetle pigeon tortoise moth donkey falcon squirrel swan"
)
ROOMS = words("kitchen hallway workshop stable library courtyard garden studio pantry barn chapel office cottage")
MASS_NOUNS = words("rain smoke silence light dust music bread wine paper snow laughter water sand fog timber iron")
ADJECTIVES = words(
    "small old quiet narrow bright wooden heavy pale broken distant careful gentle sudden plain "
    "strange warm cold dark "
    "empty tall curious worn hidden clean soft rough steady faded familiar hollow patient crooked "
    "thin broad early late"
)
ADVERBS = words(
    "slowly quietly carefully suddenly gently patiently quickly firmly briefly calmly gladly silently softly twice"
)
MOTIONS = phrases(
    "walk, hurry, climb, wander, return, march, sail, cycle, stroll, crawl, limp, journey, gallop, retreat"
)
ACTIONS = words(
    "carry lift open close repair polish follow watch paint examine wash gather borrow deliver "
    "collect cover measure "
    "remember describe inspect admire move turn clean sketch guard label sharpen fasten unlock arrange"
)
FEELINGS = words("relief anger sorrow pride delight unease longing gratitude doubt shame wonder fear")
FOODS = words(
    "onion carrot potato tomato leek pepper turnip mushroom apple pear plum lemon apricot walnut almond bean lentil"
)
COLOURS = words("red blue green grey yellow white black brown amber silver violet crimson ochre turquoise")
TRADES = words(
    "teacher baker carpenter nurse sailor farmer tailor printer clerk gardener miller weaver pilot "
    "doctor engineer "
    "plumber potter mason librarian fisherman surveyor journalist cook judge locksmith"
)
COMPANIES = phrases(
    "Brightwater Mills, Oakhaven Rail, Tern & Daughters, Vellmont Glass, Lowmarsh Energy, Kestrel "
    "Freight, Halden Tools, "
    "Pennwater Foods, Corvane Systems, Redfell Paper, Arlen Telecom, Saltmarsh Marine, Northgate "
    "Optics, Ferrand Motors"
)
BODIES = phrases(
    "the town council, the harbour board, the county court, the health office, the school committee, "
    "the water authority, "
    "the planning department, the fire service, the transport union, the housing agency, the river trust"
)
COUNTS = words("two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty sixty")
ORDINALS = words("first second third fourth fifth sixth seventh eighth")


def whole_number(low: int, high: int) -> Callable[[Random], str]:
    """Return a rule that gives integers from `low` to `high`, both included."""
    return lambda rng: str(low + int(rng.random() * (high - low + 1)))


SHARED: Grammar = {
    "woman": WOMEN,
    "man": MEN,
    "given": WOMEN + MEN,
    "family": FAMILY_NAMES,
    "town": TOWNS,
    "region": REGIONS,
    "month": MONTHS,
    "weekday": WEEKDAYS,
    "thing": THINGS,
    "creature": CREATURES,
    "room": ROOMS,
    "mass": MASS_NOUNS,
    "adj": ADJECTIVES,
    "adverb": ADVERBS,
    "go": MOTIONS,
    "act": ACTIONS,
    "feeling": FEELINGS,
    "food": FOODS,
    "colour": COLOURS,
    "trade": TRADES,
    "company": COMPANIES,
    "body": BODIES,
    "count": COUNTS,
    "ordinal": ORDINALS,
    "day": whole_number(1, 28),
    "year": whole_number(1851, 2024),
    "year_of_old": whole_number(1105, 1640),
    "year_early": whole_number(1851, 1909),
    "year_late": whole_number(1921, 2009),
    "digit": whole_number(2, 9),
    "tens": whole_number(11, 99),
    "hundreds": whole_number(101, 999),
    "thousands": whole_number(1100, 9900),
    "percent": whole_number(2, 88),
    "decimal": lambda rng: f"{rng.random() * 20 + 0.1:.1f}",
    "fraction": lambda rng: f"{rng.random():.3f}",
}
