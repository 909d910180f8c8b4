"""Read the bytes of every token id from a tokenizer once, so that decoding is an array lookup."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders

from filters.contract import RaggedArray
from filters.errors import UserError
from filters.tokenizer import read_tokenizer
from filters.utf8 import is_utf8

LARGEST_VOCABULARY = 2**24  # far above any real vocabulary; bounds the memory that one wrong id can claim


@dataclass(frozen=True)
class Vocabulary:
    """The token ids of a tokenizer and, if it is byte-level (GPT-2, GPT-NeoX), the bytes of each.

    in_vocabulary: bool, shape (size,): whether the tokenizer has the id; False for unused ids.
    token_bytes: uint8 rows; row i is what token id i decodes to, empty for an unused id. A row may be invalid UTF-8,
        since a token can end within a character. None if the tokenizer is not byte-level.
    is_whole: bool, shape (size,): whether the id's bytes are valid UTF-8 on their own.
    tokenizer: the source of the above, without stored settings; it encodes, and decodes if `token_bytes` is None.
    """

    in_vocabulary: NDArray[np.bool_]
    token_bytes: RaggedArray | None
    is_whole: NDArray[np.bool_]
    tokenizer: Tokenizer

    @property
    def size(self) -> int:
        """Return one more than the highest token id, added tokens included."""
        return len(self.in_vocabulary)

    def sha256(self) -> str:
        """Return a fingerprint of the tokens and their ids, in hexadecimal digits."""
        tokens = sorted(self.tokenizer.get_vocab(with_added_tokens=True).items(), key=lambda token: token[1])
        return hashlib.sha256(json.dumps(tokens).encode()).hexdigest()


def read_vocabulary(given: Any) -> Vocabulary:
    """Return the vocabulary of a tokenizer in any form that `read_tokenizer` takes; raise UserError as it does."""
    tokenizer = read_tokenizer(given)
    size = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1
    if not 0 < size <= LARGEST_VOCABULARY:
        raise UserError(
            f"expected a tokenizer of 1 to {LARGEST_VOCABULARY} token ids, found {size}.\nGive another tokenizer."
        )
    contents = [tokenizer.id_to_token(token) for token in range(size)]
    in_vocabulary = np.array([content is not None for content in contents], np.bool_)
    if not isinstance(tokenizer.decoder, decoders.ByteLevel):
        return Vocabulary(in_vocabulary, None, np.zeros(size, np.bool_), tokenizer)
    byte_of = _byte_of_character()
    rows = [_bytes_of_token(content, byte_of) for content in contents]
    values = np.frombuffer(b"".join(rows), np.uint8)
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    is_whole = np.array([is_utf8(row) for row in rows], np.bool_)
    return Vocabulary(in_vocabulary, RaggedArray(values, offsets), is_whole, tokenizer)


def _byte_of_character() -> dict[str, int]:
    """Return the byte for each character of a byte-level token (the inverse of GPT-2's `bytes_to_unicode`).

    Printable bytes stand for themselves; the other 68 are written as U+0100 and following, in order.
    """
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + i): byte for i, byte in enumerate(others)}


def _bytes_of_token(content: str | None, byte_of: dict[str, int]) -> bytes:
    """Return the bytes that a token decodes to; an added token, which has other characters, decodes to itself."""
    if content is None:
        return b""
    if all(character in byte_of for character in content):
        return bytes(byte_of[character] for character in content)
    return content.encode("utf-8")
