from __future__ import annotations

import calendar
import datetime
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest

from filters.contract import Sequences
from filters.incrementing.filter import COVERAGE_BESIDE_PROSE, FILTER, INCREMENTING_COVERAGE, progressions
from tests.conftest import PYTHIA, requires_pythia
from tests.filters.incrementing_oracle import CARDINALS, ORDINALS, TENS, progression
from tests.filters.pattern_cases import counted_beside_prose, two_blocks
from tests.filters.ragged_rows import assert_independent_of_batching, measured, text_rows

ROMANS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FIRST_DAY = datetime.date(2019, 12, 20)
MONTHS = calendar.month_name[1:]


def day(number: int) -> datetime.date:
    return FIRST_DAY + datetime.timedelta(number)


def clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def in_words(number: int) -> str:
    """Return a number below 100 in words, such as "forty-two"."""
    if number < 20:
        return CARDINALS[number]
    ten = [*TENS][number // 10 - 2]
    return f"{ten}-{CARDINALS[number % 10]}" if number % 10 else ten


# Counting texts: name -> (function that returns term i, step).
COUNTING: dict[str, tuple[Callable[[int], str], float]] = {
    "by one": (lambda i: f"{i + 17}, ", 1),
    "by seven": (lambda i: f"{7 * i} ", 7),
    "down": (lambda i: f"{900 - 3 * i}\n", -3),
    "down below zero": (lambda i: f"{20 - i}, ", -1),
    "list numbers": (lambda i: f" {i + 95}.\n", 1),
    "list numbers, glued": (lambda i: f"{i + 95}.", 1),
    "padded": (lambda i: f"{i + 95:06d};", 1),
    "ten digits": (lambda i: f"73{50000194 + i}\n\n", 1),
    "hexadecimal": (lambda i: f"0x{i + 0xF5:02x}, ", 1),
    "hexadecimal, by four": (lambda i: f'offset="0x{4 * i:X}" visible="true" />\n', 4),
    "hexadecimal without a prefix": (lambda i: f"{i + 0x95:02X} ", 1),
    "hexadecimal, small": (lambda i: f"{i + 0x00F5:08x}:\n", 1),
    "byte escapes": (lambda i: f"\\x{i + 0x8B:02x}", 1),
    "unicode escapes": (lambda i: f'"\\u{i + 0x4F5:04x}", ', 1),
    "eight a line": (lambda i: f"0x{i + 0x55:02X}," + ("\n    " if i % 8 == 7 else " "), 1),
    "roman": (lambda i: f"({ROMANS[i % 16].lower()}), ", 1),
    "roman and arabic": (lambda i: f" {i + 7}. Chapter {ROMANS[i % 16]}\n", 1),
    "letters": (lambda i: f"{LETTERS[i % 26].lower()}) ", 1),
    "letters and numbers": (lambda i: f"{LETTERS[i % 26].lower()}{i + 1} ", 1),
    "decimals": (lambda i: f"{0.1 * i:.1f}, ", 0.1),
    "decimals, quarters": (lambda i: f"{0.25 * i:.2f}\n", 0.25),
    "decimals, through zero": (lambda i: f"{0.5 * i - 8:.1f} ", 0.5),
    "decimals with a constant fraction": (lambda i: f"{15695 + i}.135 0 0\n", 1),
    "decimals of changing length": (lambda i: f"{i / 2:g} ", 0.5),
    "section numbers past a hundred": (lambda i: f"7.{i + 85} ", 1),
    "decimals, down": (lambda i: f"{15 - 0.1 * i:.1f} ", -0.1),
    "decimals, down below zero": (lambda i: f"{0.2 - 0.05 * i:.2f}, ", -0.05),
    "decimals with a constant whole part": (lambda i: f"0.{i + 100} ", 0.001),
    "negative numbers, up": (lambda i: f"{i - 500} ", 1),
    "negative numbers, down": (lambda i: f"x = {-i - 10};\n", -1),
    "minus signs beyond ASCII, up": (lambda i: f"\u2212{900 - 2 * i}, ", 2),
    "plus signs": (lambda i: f"{i - 40:+d} ", 1),
    "page numbers between dashes": (lambda i: f"-{i + 8}-\n\n", 1),
    "negative decimals in brackets": (lambda i: f"[{-0.5 * i - 1:.1f}, 0] ", -0.5),
    "versions": (lambda i: f"v1.{i + 7}.0\n", 1),
    "addresses": (lambda i: f"192.168.0.{i + 95}\n", 1),
    "dates": (lambda i: f"{day(i)}\n", 1),
    "american dates": (lambda i: f"*{day(i):%m/%d/%y}<br />\n", 1),
    "every week": (lambda i: f"{day(7 * i)}, ", 7),
    "years": (lambda i: f"{1990 + i}\n", 1),
    "months": (lambda i: f"{2011 + i // 12}-{i % 12 + 1:02d} ", 1),
    "times": (lambda i: f"{9 + (i + 50) // 60:02d}:{(i + 50) % 60:02d}\n", 1),
    "times by the quarter": (lambda i: f"{clock(15 * i + 525)}, ", 15),
    "times by twenty minutes, down": (lambda i: f"{clock(20 * (200 - i))}\n", -20),
    "times by the hour": (lambda i: f"{clock(60 * i + 30)}\n", 60),
    "times by the half hour": (lambda i: f"{clock(30 * i)}.\n", 30),
    "times on a 12-hour clock": (lambda i: f"{(i // 4 + 6) % 12 + 1}:{i * 15 % 60:02d}, ", 15),
    "times with seconds": (lambda i: f"{clock(20 + i // 6)}:{i * 10 % 60:02d} ", 1 / 6),
    "times with seconds, by the minute": (lambda i: f"{clock(20 + i)}:30; ", 1),
    "times with fractions of seconds": (lambda i: f"{clock(20 + i // 240)}:{i % 240 / 4:05.2f}\n", 0.25 / 60),
    "times of dates": (lambda i: f"{day(3)}T{clock(5 * i)}:00 ", 5),
    "times over midnight": (lambda i: f"at {clock(1425 + 5 * i)}; ", 5),
    "days and months": (lambda i: f"{day(i).day}.{day(i).month}, ", 1),
    "days and months, every week": (lambda i: f"{day(7 * i):%d/%m/%Y}\n", 7),
    "days and months, down": (lambda i: f"{day(-7 * i)} ", -7),
    "compact dates": (lambda i: f"{day(i):%Y%m%d}\n", 1),
    "compact dates, every week": (lambda i: f"{day(7 * i):%Y%m%d}; ", 7),
    "months by name": (lambda i: f"{MONTHS[i % 12]} {1929 + i // 12}, ", 1),
    "months by name, down": (lambda i: f"{MONTHS[-i % 12]} {1929 - (i + 11) // 12}\n", -1),
    "months by short name": (lambda i: f"'{1929 + i // 12}-{MONTHS[i % 12][:3].upper()}' ", 1),
    "months by name, glued": (lambda i: f"fig{MONTHS[i % 12]}{1929 + i // 12}.png ", 1),
    "dates with names": (lambda i: f"{MONTHS[day(i).month - 1]} {day(i).day}, {day(i).year}\n", 1),
    "dates with names, every week": (lambda i: f"{day(7 * i).day} {MONTHS[day(7 * i).month - 1][:3]}. ", 7),
    "days of the week and the month": (lambda i: f"{calendar.day_abbr[i % 7]} {day(i).day}/{day(i).month}\n", 1),
    "numbers in words": (lambda i: f"{in_words(i % 100)}, ", 1),
    "numbers in words, two words each": (lambda i: f"Chapter {in_words(i % 60 + 40).replace('-', ' ').title()}\n", 1),
    "ordinals in words": (lambda i: f"The {ORDINALS[i % 19 + 1]} day. ", 1),
    "letters, glued": (lambda i: f"group{LETTERS[i % 26]}, ", 1),
    "in a frame": (lambda i: f"#define X_{i:02d}\n", 1),
    "in a frame, twice": (lambda i: f'<span id="{i + 7}"> {i + 7}</span>\n', 1),
    "in a frame, down": (lambda i: f"<li>N-{90 - i}</li>\n", -1),
    "in a long frame": (lambda i: f'[{i + 7}](#x042-bib-{i + 7:04d}){{ref-type="ref"}}, ', 1),
    "beside a constant": (lambda i: f"a {4360 + i} 512\n", 1),
    "beside another": (lambda i: f"X_{i + 4} = {131141 + i}\n", 1),
    "against another": (lambda i: f"{1000 + i}:{9000 - i} ", 1),
    "ranges": (lambda i: f"{15 + 5 * i}-{19 + 5 * i}, ", 5),
    "beside zeros": (lambda i: f"{i} 0 0 0 0 0 0\n", 1),
    "two levels": (lambda i: f"{40 + i // 12}-{i % 12 + 1}, ", 1),
    "beside characters beyond ASCII": (lambda i: f"№{i + 7} ü é; ", 1),
    "in JSON": (lambda i: f'{{"id": {i + 3}, "type": "node"}},\n', 1),
}

NOT_COUNTING = {
    "prose": "It was the best of times, it was the worst of times, it was the age of wisdom, " * 3,
    "prose with years": "Born in 1809, he sailed in 1831, came home in 1836, married in 1839 and wrote until 1882. "
    * 3,
    "a constant": "7, " * 80,
    "a constant in a frame": "item[5] = 5;\n" * 20,
    "a cycle": "1 2 3 " * 40,
    "a cycle in a frame": "{x: 0, y: 0, z: 0}\n" * 12,
    "squares": ", ".join(str(i * i) for i in range(60)),
    "powers": ", ".join(str(2**i) for i in range(40)),
    "primes": ", ".join(str(p) for p in range(2, 300) if all(p % q for q in range(2, p))),
    "code with few numbers": "for (int i = 0; i < n; i++) {\n    total += row[i] * 2;\n}\nreturn total / n;\n" * 3,
    "requirements": "numpy==1.26.4\npandas==2.2.0\npyarrow==15.0.1\nrequests==2.31.0\nscipy==1.12.0\ntorch==2.2.1\n"
    * 2,
    "prose with months": "In March the river rose. In April it fell again, and by May the fields were dry. The harvest "
    "of August 1846 was poor, that of September worse; in October the first carts left, and in November, with the "
    "second frost, the others. December and January were mild, and in February they came back.",
    "prose with number words": "First, take two eggs and beat them. Second, add one cup of milk. Third, let three "
    "spoons of flour fall in. The first guest took one piece, the second two, and the third, who came at four, had "
    "five of the seven that were left, so that one of us had none, as on the day before the last.",
    "prose with days": "On Monday we met twice. By Tuesday noon it was done, though on Wednesday someone found fault, "
    "which took all of Thursday to mend. Friday was free. I saw her on Saturday, and on Sunday we left for the coast.",
    "months over and over": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec " * 6,
    "days of the week over and over": "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday, " * 6,
    "opening hours": "Mon 09:00-17:30, Tue 08:30-12:15, Thu 10:00-19:00, Sat 09:45-13:00; closed on holidays. " * 3,
    "departures": "06:12 06:37 06:58 07:04 07:21 07:49 08:06 08:11 08:40 09:15 09:27 10:02 10:33 11:19 11:24 " * 3,
    "one list in prose": "The cases (1), (2), (3) and (4) differ: in the first two the sum is finite, while in the "
    "others it grows without bound, which the second part of this proof will show for every order of terms.",
}
RANDOM: dict[str, Callable[[np.random.Generator], str]] = {
    "digits": lambda r: ", ".join(map(str, r.integers(0, 10, 80))),
    "bits": lambda r: " ".join(map(str, r.integers(0, 2, 120))),
    "signs": lambda r: "\n".join(map(str, r.choice([-1, 1], 100))),
    "numbers": lambda r: " ".join(map(str, r.integers(0, 1000, 60))),
    "bytes": lambda r: ", ".join(f"0x{byte:02x}" for byte in r.integers(0, 256, 40)),
    "prices": lambda r: " ".join(f"${euros}.{cents}" for euros, cents in r.choice([5, 19, 49, 95, 99], (40, 2))),
    "phone numbers": lambda r: "\n".join(f"({a}) {b}-{c}" for a, b, c in r.integers(200, 999, (20, 3))),
    "a table": lambda r: "\n".join(f"{a:.2f} {b:.1f}" for a, b in 10 * r.random((40, 2))),
    "sorted": lambda r: ", ".join(map(str, np.cumsum(r.integers(1, 9, 60)))),
    "letters": lambda r: " ".join(r.choice(list("abcdefgh"), 120)),
    "times": lambda r: "\n".join(map(clock, r.integers(0, 1440, 60))),
    "sorted times": lambda r: "\n".join(map(clock, np.sort(r.integers(0, 1440, 60)))),
    "sorted days": lambda r: ", ".join(f"{day(int(n)):%d.%m.%Y}" for n in np.sort(r.integers(0, 400, 40))),
    "sorted months": lambda r: "\n".join(f"{MONTHS[n % 12]} {1950 + n // 12}" for n in np.sort(r.integers(0, 300, 30))),
    "month names": lambda r: " ".join(r.choice(MONTHS, 60)),
    "days of the week": lambda r: ", ".join(r.choice(calendar.day_abbr, 60)),
    "number words": lambda r: " ".join(map(in_words, r.integers(0, 100, 40))),
    "dates": lambda r: "\n".join(f"20{y:02d}-{m:02d}" for y, m in zip(*r.integers(1, 13, (2, 30)), strict=True)),
}


def columns_of(texts: list[Any]) -> dict[str, list[Any]]:
    return measured(FILTER, Sequences(text=text_rows(texts)))


@pytest.mark.parametrize("name", COUNTING)
def test_windows_of_counting_text_are_incrementing(name: str) -> None:
    term, step = COUNTING[name]
    text = "".join(map(term, range(120)))
    rows = [text[start : start + length] for start in range(30) for length in (150, 197, 240)]
    columns = columns_of(rows)
    assert all(columns["is_incrementing"])
    assert columns["increment_step"].count(step) >= len(rows) / 2  # if one progression is cut, another may be longer
    assert min(columns["num_incrementing"]) >= 3


@pytest.mark.parametrize("name", NOT_COUNTING)
def test_other_text_is_not_incrementing(name: str) -> None:
    text = NOT_COUNTING[name]
    assert not any(columns_of([text[start : start + 240] for start in range(20)])["is_incrementing"])


@pytest.mark.parametrize("name", RANDOM)
def test_random_numbers_are_not_incrementing(name: str) -> None:
    generator = np.random.default_rng(3)
    rows = [RANDOM[name](generator)[:240] for _ in range(200)]
    assert sum(columns_of(rows)["is_incrementing"]) <= 2


@pytest.mark.parametrize(
    ("text", "coverage", "terms", "step"),
    [
        ("1 2 3", 1.0, 3, 1.0),
        ("3 2", 0.0, 0, None),
        ("1 2 4 8", 0.0, 0, None),
        ("10, 8, 6, 4", 1.0, 4, -2.0),
        ("7, 18, 19, 20, 21, 2", 1.0, 4, 1.0),  # 17 and 22, cut
        ("see 1, 2, 3, 4, 5, 6", 17 / 20, 6, 1.0),
        ("0.5 1.0 1.5 2.0 2.5", 1.0, 5, 0.5),
        ("-2 -1 0 1 2", 1.0, 5, 1.0),
        ("-5 -4 -3 -2 -1", 1.0, 5, 1.0),
        ("-1, -2, -3", 1.0, 3, -1.0),
        ("\u22125 \u22124 \u22123", 1.0, 3, 1.0),
        ("-2 -1 +0 +1 +2", 1.0, 5, 1.0),
        ("(-3, 1) (-2, 1) (-1, 1)", 1.0, 3, 1.0),
        ("a-5 a-4 a-3", 1.0, 3, -1.0),  # a hyphen
        ("-5-\n-6-\n-7-", 1.0, 3, 1.0),  # dashes
        ("0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9", 1.0, 9, 0.1),
        ("0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0", 1.0, 10, 0.1),
        ("2.5 2.4 2.3 2.2 2.1 2.0", 1.0, 6, -0.1),
        ("-0.3 -0.2 -0.1 0.0 0.1", 1.0, 5, 0.1),
        ("7.7 7.8 7.9 7.10", 1.0, 4, 1.0),  # parts that count on past the point
        ("5 2.6 2.7 2.8", 1.0, 4, 0.1),  # 2.5, cut
        (".5 2.6 2.7 2.8", 1.0, 4, 0.1),
        ("9:00 10:00 11:00", 1.0, 3, 60.0),
        ("9:50 9:49 9:48", 1.0, 3, -1.0),
        ("1:10 2:20 3:30 4:40", 1.0, 4, 70.0),
        ("00:00:10 00:00:20 00:00:30", 1.0, 3, 1 / 6),
        ("00:00:00.5 00:00:01.0 00:00:01.5", 1.0, 3, 0.5 / 60),
        ("12:56 12:57 12:58 12:59 1:00", 1.0, 5, 1.0),  # a 12-hour clock
        ("1:30:00, 2:30:00, 3:30:00", 1.0, 3, 60.0),
        ("-0:10 -0:09 -0:08", 1.0, 3, 1.0),
        ("9:30 9:60 9:90", 1.0, 3, 30.0),  # not times
        ("10:00:00:01 11:00:00:01 12:00:00:01", 1.0, 3, 1.0),  # not times
        ("08 09 0A 0B 0C", 1.0, 5, 1.0),
        ("i. ii. iii. iv. v. vi.", 1.0, 6, 1.0),
        ("é1 é2 é3 é4", 1.0, 4, 1.0),
        ("Oct, NOV, december, January, Feb", 1.0, 5, 1.0),
        ("Tuesday Monday Sunday Saturday", 1.0, 4, -1.0),
        ("Jan Apr Jul Oct Jan", 1.0, 5, 3.0),
        ("Monday Wednesday Friday Sunday", 0.0, 0, None),  # the step is too large for a cycle of seven names
        ("nineteen, twenty, Twenty-one, twenty two, twenty-third", 42 / 54, 4, 1.0),
        ("first second third Fourth", 1.0, 4, 1.0),
        ("one first two second three", 0.0, 0, None),  # numbers of different kinds are not compared
        ("00:57 00:58 00:59 01:00 01:01", 1.0, 5, 1.0),
        ("1:02 1:01 1:00 0:59 0:58", 1.0, 5, -1.0),
        ("22:30 22:45 23:00 23:15 23:30 23:45 00:00", 1.0, 7, 15.0),
        ("00:55 00:56 00:57 00:58 00:59 05:00 05:01", 30 / 41, 5, 1.0),  # the hour is not a carry
        ("28.11, 29.11, 30.11, 1.12, 2.12", 1.0, 5, 1.0),
        ("29.12.1999, 30.12.1999, 31.12.1999, 01.01.2000", 1.0, 4, 1.0),
        ("Oct 1999, Nov 1999, Dec 1999, Jan 2000, Feb 2000", 1.0, 5, 1.0),
        ("19991217 19991224 19991231 20000107", 1.0, 4, 7.0),
        ("19991317 19991324 19991331 19991407 19991414", 27 / 44, 3, 7.0),  # not dates
    ],
)
def test_coverage_terms_and_step_of_named_texts(text: str, coverage: float, terms: int, step: float | None) -> None:
    columns = columns_of([text])
    assert columns["incrementing_coverage"] == [pytest.approx(coverage)]
    assert (columns["num_incrementing"], columns["increment_step"]) == ([terms], [step])
    assert columns["is_incrementing"] == [coverage >= INCREMENTING_COVERAGE]


@pytest.mark.parametrize(
    ("text", "coverage"),
    [
        ("KEY1, KEY2, KEY3, KEY4, DAY0, DAY1, ", 1.0),
        ("KEY1, KEY2, KEY3, KEY4, DAY0, DAY1, DA", 1.0),
        ("DAY0, DAY1, KEY1, KEY2, KEY3, KEY4, ", 1.0),
        (
            "KEY_1 = 1;\nKEY_2 = 2;\nKEY_3 = 3;\nDAY_0 = 0;\nDAY_1 = 1;\n",
            33 / 55,
        ),  # three terms prove too little for two more
        ("KEY1, KEY2, KEY3, KEY4, DAY0, DAY2, ", 24 / 36),  # by two
        ("KEY1, KEY2, KEY3, KEY4, DAY0, ", 24 / 30),
        ("KEY1, KEY2, KEY3, KEY4, DAY0, DAY1, the end", 24 / 43),  # not at the edge
        ("KEY1, KEY2, KEY3, KEY4, 7, 8, ", 24 / 30),  # no word
    ],
)
def test_two_numbered_constants_count_at_the_edge_of_a_counting_text(text: str, coverage: float) -> None:
    assert columns_of([text])["incrementing_coverage"] == [pytest.approx(coverage)]


ITEMS, PROSE = "".join(f"({i}) " for i in range(1, 8)), "We thank all of our readers for the letters"


@pytest.mark.parametrize(
    ("text", "coverage"),
    [
        (ITEMS + PROSE, 28 / 71),
        (f"{PROSE} {ITEMS}", 29 / 72),
        (f"{PROSE}\n{ITEMS}{PROSE}", 29 / 115),
        (ITEMS.strip(), 1.0),  # nothing beside it
        (ITEMS[:20] + PROSE, 0.0),  # five terms
        (ITEMS + "return self.readers[0].letters.get(key, {})", 0.0),
        (ITEMS + "We\nthank\nall\nof\nour\nreaders\nfor\nletters", 0.0),  # another list
        (ITEMS + PROSE.replace(" ", "  "), 0.0),  # a table
        (f"{ITEMS}a=1; b=2; {ITEMS}{PROSE}", 57 / 109),
        (f"{ITEMS}return rows[0] or {{}}; x = y.z(1); # {ITEMS}{PROSE}", 0.0),  # code between, more than a third
    ],
)
def test_coverage_beside_prose_of_named_texts(text: str, coverage: float) -> None:
    columns = columns_of([text])
    assert columns["incrementing_coverage_beside_prose"] == [pytest.approx(coverage)]
    whole = columns["incrementing_coverage"][0]
    assert columns["is_incrementing"] == [whole >= INCREMENTING_COVERAGE or coverage >= COVERAGE_BESIDE_PROSE]


NAMED: dict[str, Callable[[int], str]] = {
    "month": lambda i: MONTHS[i % 12],
    "month of a year": lambda i: f"{MONTHS[i % 12]} {1999 + i // 12}",
    "weekday": lambda i: calendar.day_abbr[i % 7],
    "words": in_words,
    "ordinal": lambda i: ORDINALS[i % 19 + 1].upper(),
    "clock": lambda i: clock(5 * i - 30),
    "hour": lambda i: clock(60 * i),
    "seconds": lambda i: f"{clock(i // 12)}:{i % 12 * 5:02d}.5",
    "minus": lambda i: f"\u2212{i}",
    "signed": lambda i: f"{i - 9:+d}",
    "day": lambda i: f"{day(i).day}.{day(i).month}",
    "compact": lambda i: f"{day(i):%Y%m%d}",
    "letter": lambda i: f"fig{LETTERS[i % 26]}",
}


def written(form: str, number: int) -> str:
    return NAMED[form](int(number)) if form in NAMED else form.format(number)


def random_texts(rows: int) -> list[str]:
    """Return counters in frames, with errors and cuts, so that every rule of the definition is exercised."""
    generator = np.random.default_rng(11)
    pieces = ["a", "x", "é", "\ufffd", "foo", "b1", "0", "7", "-", ".", ",", " ", "\n", "\\x", "--", "9f", "IV"]
    pieces += ["X", "twenty ", "May"]
    forms = ["{:d}", "{:03d}", "0x{:x}", "{:x}", "-{:d}", "{:d}.5", "0.{:d}", *NAMED]
    texts = []
    for _ in range(rows):
        text = ""
        while len(text) < 150:
            frames = ["".join(generator.choice(pieces, generator.integers(1, 4))) for _ in range(3)]
            used = generator.choice(forms, 2)
            first, second = generator.integers(0, 30, 2), generator.integers(-2, 4, 2)
            for k in range(generator.integers(2, 9)):
                values = np.abs(first + k * second)
                text += frames[0] + written(used[0], values[0]) + frames[1]
                text += written(used[1], values[1]) if len(frames[2]) > 2 else ""
                text += str(generator.choice(pieces)) if generator.random() < 0.05 else ""
        start = generator.integers(0, 20)
        texts.append(text[start : start + generator.integers(1, 130)])
    return texts


def test_random_texts_equal_the_oracle() -> None:
    texts = [*random_texts(700), *NOT_COUNTING.values()]
    generator = np.random.default_rng(5)
    texts += ["".join(generator.choice(list("01 ,a.i-xfv\n"), length)) for length in generator.integers(1, 90, 300)]
    texts += [make(Random(f"{make.__name__} {k}")) for make in (counted_beside_prose, two_blocks) for k in range(40)]
    found = progressions(text_rows(texts))
    steps = [None if step != step else step for step in found.steps]
    assert list(zip(found.coverage, found.beside_prose, found.terms, steps, strict=True)) == [
        (pytest.approx(share), pytest.approx(beside_prose), number, step)
        for share, beside_prose, number, step in map(progression, texts)
    ]
    assert 0.2 < np.mean(found.coverage > 0) < 0.9  # both kinds of text occur


def test_values_do_not_depend_on_batches() -> None:
    rows = ["", "x", *random_texts(60), "\n".join(map(str, range(3000))), "日本語 🙂", "1, 2, 3, 4, 5, 6"]
    rows += ["".join(map(term, range(20))) for term, _ in COUNTING.values()]
    assert_independent_of_batching(FILTER, lambda texts: Sequences(text=text_rows(texts)), rows)


def test_no_rows_and_rows_without_numbers_are_measured() -> None:
    assert columns_of([]) == {column.name: [] for column in FILTER.columns}
    assert columns_of(["", "7", "\ufffd\ufffd", "日本語のテキスト 🙂🙂", " " * 9]) == {
        "is_incrementing": [False] * 5,
        "incrementing_coverage": [0.0] * 5,
        "incrementing_coverage_beside_prose": [0.0] * 5,
        "num_incrementing": [0] * 5,
        "increment_step": [None] * 5,
    }


def test_rows_of_100_000_tokens_are_measured() -> None:
    generator = np.random.default_rng(9)
    columns = columns_of(["\n".join(map(str, range(100_000))), " ".join(generator.choice(list("012ab"), 100_000))])
    assert columns["num_incrementing"][0] == 100_000
    assert columns["incrementing_coverage"][0] == 1.0
    assert columns["incrementing_coverage"][1] < 0.3


def test_numbers_beyond_64_bits_are_incrementing() -> None:
    rows = ["\n".join(f"{10**30 + i}" for i in range(8)), " ".join(f"0x{16**20 + i:x}" for i in range(8))]
    columns = columns_of([*rows, "9" * 5000])
    assert columns["increment_step"] == [1.0, 1.0, None]


@requires_pythia
def test_labelled_sequences_are_classified() -> None:
    """A person set the labels: some counting sequences are labelled as code or as repeating."""
    import pyarrow.parquet as pq

    table = pq.read_table(PYTHIA / "labelled_sequences.parquet").to_pydict()
    is_labelled = np.array([category == "pattern-incrementing" for category in table["category"]])
    found = np.array(columns_of(table["text"])["is_incrementing"])
    assert 2 * (found & is_labelled).sum() / (found.sum() + is_labelled.sum()) > 0.91
