"""A slow second implementation of the incrementing filter, in plain Python."""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from filters.incrementing.edges import TERMS_BESIDE
from filters.incrementing.filter import INCREMENTING_COVERAGE, TERMS_BESIDE_PROSE
from filters.incrementing.progressions import FEWEST_MATCHES, LONGEST_RECORD
from filters.incrementing.prose import LETTERS_OF_PROSE

PREFIXED = r"0[xX](?P<prefixed>[0-9a-fA-F]+)"
SIGN = r"(?<![0-9A-Za-z).])[-+\u2212]"
FRACTION = r"(?<![.0-9])[0-9]{1,9}\.[0-9]{1,9}(?![0-9]|\.[0-9])"
SIGNED = rf"{SIGN}(?!(?:{FRACTION}|[0-9]+)-)"
DECIMAL = rf"(?P<decimal>(?:{SIGNED})?{FRACTION}|(?:{SIGNED})?[0-9]+)"
TIME = re.compile(r"([-+\u2212]?)([0-9]{1,2}):([0-5][0-9])(?::([0-5][0-9](?:\.[0-9]{1,9})?))?(?![0-9]|:)")
HALF_DAY = 12 * 60
HEXADECIMAL = (
    r"(?<![0-9A-Za-z])(?P<word>[0-9a-fA-F]+)(?![0-9A-Za-z])"
    r"|(?<=\\)[xuU](?P<escape>[0-9a-fA-F]+)(?![0-9A-Za-z])"
)
SPELLED = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen",
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth",
    "twenty thirty forty fifty sixty seventy eighty ninety",
)
CARDINALS, ORDINALS, _ = (words.split() for words in SPELLED)
TENS = {ten: value for value, ten in zip(range(20, 100, 10), SPELLED[2].split(), strict=True)}
MONTHS = [name.lower() for name in calendar.month_name]
WEEKDAYS = [name.lower() for name in calendar.day_name]
KINDS = {"month": MONTHS, "weekday": WEEKDAYS, "cardinal": CARDINALS, "ordinal": ORDINALS}
NAMES = {name: (kind, i) for kind, names in KINDS.items() for i, name in enumerate(names) if name not in ("", "zeroth")}
NAMES |= {name[:3]: NAMES[name] for name in (*MONTHS, *WEEKDAYS) if name}
NAMES |= {ten: ("cardinal", value) for ten, value in TENS.items()}
NAMES |= {f"{ten[:-1]}ieth": ("ordinal", value) for ten, value in TENS.items()}
CYCLES = {"month": 12, "weekday": 7}
COMPOUND = (
    rf"(?P<compound>(?:{'|'.join(ten[:n].upper() + ten[n:] for ten in TENS for n in range(len(ten) + 1))})"
    rf"[ -](?i:{'|'.join(CARDINALS[1:10] + ORDINALS[1:10])})(?![A-Za-z]))"
)
OTHER = (
    rf"(?P<digits>[0-9]+)|{COMPOUND}|(?P<letters>[A-Z]+[a-z]*|[a-z]+)|"
    r"(?P<space>[ \t\n\r\f\v]+)"
    r"|(?P<beyond>[^\x00-\x7f]+)|(?P<mark>[\x00-\x7f])(?P=mark)*"
)
TOKENS = {
    "plain": re.compile(f"{PREFIXED}|{OTHER}", re.DOTALL),
    "decimal": re.compile(f"{PREFIXED}|{DECIMAL}|{OTHER}", re.DOTALL),
    "hexadecimal": re.compile(f"{PREFIXED}|{HEXADECIMAL}|{OTHER}", re.DOTALL),
}
ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
Values = tuple[int | None, int | None]


@dataclass
class Token:
    text: str
    alphabet: str | None = None
    values: Values = (None, None)
    is_word: bool = False
    record: int = 0  # length of the shortest record that covers the token


def as_token(match: re.Match[str], reading: str) -> Token:
    text, kind = match.group(), match.lastgroup
    if kind in ("prefixed", "escape") or (kind == "word" and not text.isdigit()):
        return Token(text, "number", (None, int(match[kind], 16) % 16**15), True)
    if kind == "word":
        return Token(text, "number", (int(text) % 10**18, int(text, 16) % 16**15), True)
    if kind == "decimal":
        whole, _, fraction = text.lstrip("-+\u2212").partition(".")
        value = int(whole) % 10**9 * 10**9 + int(fraction.ljust(9, "0"))
        return Token(text, "number", (-value if text[0] in "-\u2212" else value, None), True)
    if kind == "digits":
        other = int(text, 16) % 16**15 if reading == "hexadecimal" else day(text) if reading == "plain" else None
        return Token(text, "number", (int(text) % 10**18, other), True)
    if kind == "compound":
        ten, unit = re.split("[ -]", text.lower())
        alphabet, value = NAMES[unit]
        return Token(text, alphabet, (TENS[ten] + value, None), True)
    if kind == "letters" and text.lower() in NAMES:
        alphabet, value = NAMES[text.lower()]
        return Token(text, alphabet, (value, None), True)
    if kind == "letters":
        values = ord(text) if len(text) == 1 else None, roman(text)
        case = "lower" if text.islower() else "upper"
        return Token(text, case if values != (None, None) else None, values, True)
    return Token(" " if kind == "space" else text)


def roman(text: str) -> int | None:
    if len(text) > 15 or not set(text.lower()) <= set(ROMAN) or not (text.islower() or text.isupper()):
        return None
    digits = [ROMAN[letter] for letter in text.lower()]
    return sum(-a if a < b else a for a, b in zip(digits, [*digits[1:], 0], strict=True))


def day(text: str) -> int | None:
    month, day_of_month = text[4:6], text[6:]
    if len(text) != 8 or not ("01" <= month <= "12" and "01" <= day_of_month <= "31"):
        return None
    # The calendar repeats every 400 years, and datetime has no year 0.
    first = datetime.date(int(text[:4]) % 400 + 400, int(month), 1)
    return first.toordinal() + int(text[:4]) // 400 * 146_097 + int(day_of_month)


def steps(one: Token, other: Token) -> Values:
    if one.text == other.text:
        return 0, 0
    if one.alphabet is None or one.alphabet != other.alphabet:
        return None, None
    first, second = (None if a is None or b is None else b - a for a, b in zip(one.values, other.values, strict=True))
    if one.alphabet in CYCLES:
        cycle = CYCLES[one.alphabet]
        first = min((first, first - cycle, first + cycle), key=abs)
        first = first if abs(first) <= cycle // 4 else None
    return first, second


def common(some: Values, others: Values) -> Values:
    first, second = (a if a == b else None for a, b in zip(some, others, strict=True))
    return first, second


def has_new_triple(tokens: list[Token], record: int) -> bool:
    for i in range(len(tokens) - 2 * record):
        triple = tokens[i], tokens[i + record], tokens[i + 2 * record]
        is_new = any(token.record == 0 for token in triple)
        in_frame = all(
            steps(tokens[k], tokens[k + record]) != (None, None)
            or (tokens[k].alphabet is not None and tokens[k].alphabet == tokens[k + record].alphabet)
            for k in range(i + 1, i + record)
        )
        if is_new and in_frame and any(common(steps(*triple[:2]), steps(*triple[1:]))):
            return True
    return False


def may_be_cut(tokens: list[Token], i: int, record: int) -> bool:
    one, other = tokens[i], tokens[i + record]
    if not (one.is_word and other.is_word):
        return False
    lengths = len(one.text.encode()), len(other.text.encode())
    first_is_cut = i == 0 and lengths[0] <= lengths[1] + 1
    last_is_cut = i + record == len(tokens) - 1 and lengths[1] <= lengths[0] + 1
    return first_is_cut or last_is_cut


def change(before: Values, one: Token, other: Token, direction: int) -> str:
    step, length = steps(one, other), CYCLES.get(one.alphabet)
    if step[1] is not None and step[1] == before[1]:
        return "as before"
    if step[0] is None or before[0] is None:
        return "as before" if step[1] == before[1] else "neither"
    values, expected, further = (
        (one.values[0], other.values[0]),
        direction * before[0],
        direction * (step[0] - before[0]),
    )
    lowest, highest = sorted(values)
    cycles = [length for length in (12, 24, 28, 29, 30, 31, 60) if 0 <= lowest <= highest <= length]
    if further == 0:
        falls = direction * (values[1] - values[0]) < 0
        return "around" if length and expected > 0 and falls else "as before"
    if -further in cycles and 0 < expected <= -further / 2:
        return "around"
    return "carried" if further == 1 or 1 - further in cycles else "neither"


def carries(tokens: list[Token], run: dict[int, Values], i: int, record: int) -> bool:
    nearby = [k for k in range(i - record + 1, i + record) if k - record in run and k + record < len(tokens)]
    for direction in (1, -1):
        found = {k: change(run[k - record], tokens[k], tokens[k + record], direction) for k in nearby}
        if found.get(len(tokens) - 1 - record) == "neither":
            del found[len(tokens) - 1 - record]
        if set(found.values()) - {"as before"} == {"around", "carried"}:
            return True
    return False


def runs(tokens: list[Token], record: int) -> list[tuple[bool, dict[int, Values]]]:
    """Return the runs: whether a number has three terms in the run, and each token's step to the next record."""
    found, begin, run, carry_stop, has_three_terms = [], 0, {}, 0, False
    for i in range(len(tokens) - record):
        step, before = steps(tokens[i], tokens[i + record]), run.get(i - record, (None, None))
        kept = step if before == (None, None) else common(step, before)
        if kept != (None, None):
            run[i] = kept
            has_three_terms |= before != (None, None) and any(kept)
        elif step != (None, None) and before != (None, None) and (i < carry_stop or carries(tokens, run, i, record)):
            run[i] = before
            carry_stop = carry_stop if i < carry_stop else i + record
        elif i == record and step != (None, None) and may_be_cut(tokens, 0, record):
            run[0], run[i] = (None, None), step
        elif may_be_cut(tokens, i, record):
            run[i] = (None, None)
        else:
            found.append((has_three_terms, run))
            has_three_terms = False
            begin = i + 1 if step == (None, None) else i - record + 1
            run = {k: run[k] for k in range(begin, i)} | ({} if step == (None, None) else {i: step})
    return [*found, (has_three_terms, run)]


def time_at(tokens: list[Token], k: int) -> Fraction | None:
    """Return the time at a token, in minutes."""
    found = TIME.match("".join(token.text for token in tokens[k : k + 8]))
    if not found or tokens[k].alphabet != "number" or "".join(token.text for token in tokens[:k]).endswith(":"):
        return None
    minutes = 60 * int(found[2]) + int(found[3]) + Fraction(found[4] or 0) / 60
    return -minutes if found[1] in ("-", "\u2212") else minutes


def around(one: Fraction, other: Fraction) -> Fraction:
    step = (other - one + HALF_DAY) % (2 * HALF_DAY) - HALF_DAY
    is_of_12_hours = min(one, other) >= 0 and max(one, other) < 13 * 60
    return min(step, step - HALF_DAY, step + HALF_DAY, key=abs) if is_of_12_hours and abs(step) > 360 else step


def minutes_to_next(tokens: list[Token], i: int, record: int) -> Fraction | None:
    begin = i
    while begin >= 2 and tokens[begin - 1].text.startswith(":") and tokens[begin - 2].alphabet == "number":
        begin -= 2
    times = [time_at(tokens, k) for k in range(begin, min(begin + record + 1, len(tokens)))]
    if len(times) <= record or None in (times[0], times[-1]) or i >= begin + record:
        return None
    steps_of_times = {around(a, b) for a, b in pairwise(time for time in times if time is not None)}
    return min(steps_of_times) if len(steps_of_times - {0}) == 1 else around(times[0], times[-1])


def cover(
    tokens: list[Token], record: int, has_three_terms: bool, run: dict[int, Values], unit: int
) -> tuple[int, float, int]:
    """Return terms, step and first token of the longest progression of a run; zeros if it does not count.

    Mark its tokens.
    """
    changing = {i for i, step in run.items() if any(step)}
    three_terms = {i for i in changing if i - record in run or i + record in run}
    change = {i: (tokens[i].text, tokens[i + record].text) for i in changing}
    if not has_three_terms or {change[i] for i in changing} > {change[i] for i in three_terms}:
        return 0, 0, 0
    if len(run) < min(FEWEST_MATCHES, len(tokens) // 2):
        return 0, 0, 0
    terms, step, first_term = 0, 0.0, 0
    for i in sorted(changing):
        last = max(k for k in run if (k - i) % record == 0 and run[k] != (None, None))
        if (last - i) // record + 2 > terms:
            first, second = run[last]
            terms, first_term = (last - i) // record + 2, i
            minutes = minutes_to_next(tokens, last, record)
            minutes = minutes_to_next(tokens, last - record, record) if minutes is None else minutes
            step = float(minutes) if minutes is not None else (second if first is None else first) / unit
    for i in {*run, *(i + record for i in run)}:
        tokens[i].record = tokens[i].record or record
    return terms, step, first_term


def uncover_repetitions(tokens: list[Token]) -> None:
    for unit in range(1, min(LONGEST_RECORD, len(tokens) // 3) + 1):
        for i in range(len(tokens) - 3 * unit + 1):
            texts = [token.text for token in tokens[i : i + 3 * unit]]
            if texts == texts[:unit] * 3:
                for token in tokens[i : i + 3 * unit]:
                    token.record = 0 if token.record < unit else token.record


def cover_cut_blocks(tokens: list[Token]) -> None:
    """Mark two terms that the text's edges cut off, before the first and after the last progression."""
    covered = [i for i, token in enumerate(tokens) if token.record]
    if not covered:
        return
    for part, edge in ((range(covered[0]), 0), (range(covered[-1] + 1, len(tokens)), len(tokens) - 1)):
        for record in range(1, min(LONGEST_RECORD, len(part)) + 1):
            matched: list[int] = []
            for i in part if edge == 0 else (k - record for k in reversed(part)):
                is_cut = (i == 0 or i + record == len(tokens) - 1) and tokens[i].is_word and tokens[i + record].is_word
                if steps(tokens[i], tokens[i + record]) == (None, None) and not is_cut:
                    break
                matched.append(i)
            has_count = any({1, -1} & {*steps(tokens[i], tokens[i + record])} for i in matched)
            words = [i for i in matched if tokens[i].is_word and not tokens[i].alphabet]
            has_word = any(tokens[i].text == tokens[i + record].text for i in words)
            if has_count and has_word and len(matched) >= record:
                for i in {*matched, *(i + record for i in matched)}:
                    tokens[i].record = record
                break


def is_prose(text: str) -> bool:
    single = re.sub("(?<= ) |^ ", "", text)
    letters = [c for c in single if not c.isascii() or c.isalpha() or c == " "]
    return len("".join(letters).encode()) >= LETTERS_OF_PROSE * len(text.encode())


def share_beside_prose(texts: list[str], tokens: list[Token]) -> float:
    covered = [i for i, token in enumerate(tokens) if token.record]
    parts = "".join(texts[: covered[0]]), "".join(texts[covered[-1] + 1 :])
    prose = sum(len(part.encode()) for part in parts if is_prose(part))
    size, length = sum(len(texts[i].encode()) for i in covered), len("".join(texts).encode())
    return size / length if size >= INCREMENTING_COVERAGE * (length - prose) else 0.0


def progression(text: str) -> tuple[float, float, int, float | None]:
    """Return the covered share, the same beside prose, the number of terms of the longest progression, and its step."""
    most_covered, beside_prose, terms, step, certain = 0, 0.0, 0, None, 0
    plain = [as_token(match, "plain") for match in TOKENS["plain"].finditer(text)]
    if sum(token.alphabet is not None for token in plain) < 3:
        return 0.0, 0.0, 0, None
    for reading, pattern in TOKENS.items():
        texts = [match.group() for match in pattern.finditer(text)]
        tokens = [as_token(match, reading) for match in pattern.finditer(text)]
        if reading != "plain" and len(tokens) == len(plain):
            continue
        longest = (0, 0.0, 0)
        for record in range(1, min(LONGEST_RECORD, (len(tokens) - 1) // 2) + 1):
            if has_new_triple(tokens, record):
                for has_three_terms, run in runs(tokens, record):
                    found = cover(tokens, record, has_three_terms, run, 10**9 if reading == "decimal" else 1)
                    longest = max(longest, found, key=lambda progression: progression[0])
        uncover_repetitions(tokens)
        if longest[0] >= TERMS_BESIDE:
            cover_cut_blocks(tokens)
        covered = sum(len(text.encode()) for text, token in zip(texts, tokens, strict=True) if token.record)
        most_covered = max(most_covered, covered)
        if covered > 0:
            if longest[0] >= TERMS_BESIDE_PROSE:
                beside_prose = max(beside_prose, share_beside_prose(texts, tokens))
            if longest[0] > terms or (reading == "decimal" and longest[0] >= certain):
                step = longest[1]
            terms = max(terms, longest[0])
            certain = longest[0] - (longest[2] <= 1)
    return most_covered / len(text.encode()), beside_prose, terms, step
