"""Invented keys, tokens and passwords, in the places where real ones are left behind."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random
from string import ascii_letters, ascii_uppercase, digits

from sample.texts.document import Document, mark, read_marks
from sample.texts.grammar import Grammar, expand, expand_several, pick, with_articles
from sample.texts.identifiers import IDENTIFIERS
from sample.texts.words import SHARED


def _characters(rng: Random, alphabet: str, count: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(count))


def _access_key(rng: Random) -> str:
    # The ending marks the key as an example for scanners that look for real keys of this form.
    return "AK" + "IA" + _characters(rng, ascii_uppercase + "234567", 9) + "EXAMPLE"


def _api_key(rng: Random) -> str:
    return pick(rng, ("hk_live_", "vmt-", "tern_", "key-")) + _characters(
        rng, ascii_letters + digits, rng.randrange(16, 25)
    )


def _hexadecimal_key(rng: Random) -> str:
    return rng.randbytes(rng.choice((12, 16))).hex()


def _web_token(rng: Random) -> str:
    parts = (json.dumps({"alg": "HS256"}).encode(), rng.randbytes(9), rng.randbytes(9))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _password(rng: Random) -> str:
    word = expand(pick(rng, ("«thing|cap»", "«creature»", "«town»")), SHARED, rng, {})
    return f"{word}{pick(rng, ('!', '-', '_', '#', '.'))}{rng.randrange(10, 9999)}{_characters(rng, ascii_letters, 2)}"


def _key_block(rng: Random) -> str:
    return base64.b64encode(rng.randbytes(27)).decode()


_MAKERS: dict[str, Callable[[Random], str]] = {
    "access_key": _access_key,
    "api_key": _api_key,
    "hexadecimal_key": _hexadecimal_key,
    "web_token": _web_token,
    "password": _password,
    "private_key": _key_block,
}


def _marked(kind: str) -> Callable[[Random], str]:
    return lambda rng: mark("secret", kind, _MAKERS[kind](rng))


_GRAMMAR: Grammar = {
    **SHARED,
    **IDENTIFIERS,
    **{kind: _marked(kind) for kind in _MAKERS},
    "access_key_code": (
        ("[default]\nregion = eu-«noun»-«digit»\naccess_key_id = «access_key»\noutput = json\nretries = «int»\n"),
        "export ACCESS_KEY_ID=«access_key»\nexport REGION=«town|lower»\n«verb»-«noun» --«noun» «int»\n",
    ),
    "api_key_code": (
        'const client = new «type»({\n  apiKey: "«api_key»",\n  timeout: «size»,\n  «noun»: "«noun»",\n});\n',
        "«noun|upper»_API_KEY=«api_key»\n«noun|upper»_URL=https://api.example.org/«module»\nDEBUG=false\n",
        'curl -H "Authorization: Bearer «api_key»" https://api.example.com/«module»?«noun»=«int»\n',
    ),
    "hexadecimal_key_code": (
        'SECRET_KEY = "«hexadecimal_key»"\nALLOWED_HOSTS = ["«noun».example.org"]\nDEBUG = False\n',
        "«noun»:\n  secret: «hexadecimal_key»\n  «noun»: «int»\n",
    ),
    "web_token_code": ('headers = {"Authorization": "Bearer «web_token»"}\nresponse = «fn»(«var», headers)\n',),
    "password_code": (
        "DATABASE_URL=postgres://«noun»:«password»@db.example.com:5432/«module»\nPOOL_SIZE=«int»\n",
        ('<property name="user" value="«given|lower»"/>\n<property name="password" value="«password»"/>\n'),
        "mysql -u «noun» -p'«password»' «module» < «noun».sql\n",
    ),
    "private_key_code": ("-----BEGIN " + "PRIVATE KEY-----\n«private_key»\n-----END " + "PRIVATE KEY-----\n",),
    "password_prose": (
        "Hi «given», the password for the «noun» server is «password», please change it after «weekday».",
        "Note to myself: the «thing» safe opens with «password» and the spare key is with the «trade».",
        ("I can not log in any more. I used «password» as always, and «given» says that it works for the others."),
    ),
    "api_key_prose": (
        ("You can try it with my key «api_key» until the end of «month», but do not share it with anybody else."),
        "Sorry, I pasted the wrong key; the right one is «api_key» and it belongs to «company».",
    ),
    "code_filler": (
        "# «comment»\n«noun»_«noun» = «int»\n",
        "«var» = «fn»(«int»)\n«noun» = «float»\n",
        "«noun».«noun» = «hex»\n«noun».«verb» = «size»\n",
        "«noun|upper»_«noun|upper»=«size»\n«noun|upper»=«float»\n",
        "«fn»(«noun», «var»)\n",
    ),
    "prose_filler": (
        "The meeting has been moved to «weekday» because the «trade» is still in «town».",
        "Could you bring the «thing» back when you come by? We need it for the «room».",
        "By the way, the «creature» got into the «room» again last night.",
        "I will be away for «count» days and cannot answer the telephone.",
        "Let me know whether this works for you, otherwise ask «given».",
    ),
}


def secret(rng: Random) -> Document:
    """Return a short text with one secret in its first half, after a line or two of other text."""
    kind = pick(rng, tuple(_MAKERS))
    is_code = kind not in ("password", "api_key") or rng.random() < 0.5
    place, filler, joint = ("code", "code_filler", "") if is_code else ("prose", "prose_filler", " ")
    fillers = expand_several(filler, 8, _GRAMMAR, rng, {})
    before = fillers.pop() if rng.random() < 0.5 else ""
    leak = expand(f"«{kind}_{place}»", _GRAMMAR, rng, {})
    joined = joint.join(part for part in (before, leak, *fillers) if part)
    text, marks = read_marks(joined if is_code else with_articles(joined))
    return Document(text, "secret", f"{kind}/{place}", is_code, marks)
