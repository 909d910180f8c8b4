"""Read a tokenizer so that the tokens of a text depend on the text alone, not on settings stored with the tokenizer.

What defines the tokens stays: normalizer, pre-tokenizer, added tokens, model and decoder. What a library stored for its
own calls is cleared:

- truncation and padding: `transformers` writes them into tokenizer.json after one call with them;
- the post-processor: it adds special tokens such as BOS, and can repeat or drop the text;
- dropout (BPE) and sampling (Unigram): tokens would be random;
- `encode_special_tokens`: always off, as a tokenizer.json cannot hold it. `<|endoftext|>` in a text is that token.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from filters.errors import UserError, printable

TOKENIZER = "tokenizer.json"
SAMPLING = ("dropout", "alpha", "nbest_size")  # of BPE and Unigram models


def read_tokenizer(given: Any) -> Tokenizer:
    """Return a tokenizer without stored settings; what is given stays as it is.

    given: a `tokenizers.Tokenizer`, a tokenizer of `transformers`, or the path of a tokenizer.json or its directory.
    Raises UserError if it is none of them, or cannot be read.
    """
    if isinstance(given, (str, Path)):
        return _clear(_load(Path(given).expanduser()))
    backend = getattr(given, "backend_tokenizer", given)  # of `transformers`
    if not isinstance(backend, Tokenizer):
        raise UserError(
            f"expected a tokenizer, found {printable(type(given).__name__)}.\n"
            "Give a tokenizers.Tokenizer, a fast tokenizer of transformers, a tokenizer.json or its directory."
        )
    return _cleared_copy(backend)


def _load(path: Path) -> Tokenizer:
    shown = printable(str(path))
    if path.is_dir():
        if not (path / TOKENIZER).is_file():
            raise UserError(
                f"expected a {TOKENIZER} in {shown}, found none.\n"
                "Write it with AutoTokenizer.from_pretrained(directory).save_pretrained(directory)."
            )
        path = path / TOKENIZER
    if not path.is_file():
        raise UserError(f"expected a {TOKENIZER} at {shown}, found no file.\nGive its path, or its directory.")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises a plain Exception for any fault in the file
        reason = printable(" ".join(str(error).split()))[:300]
        raise UserError(
            f"expected a {TOKENIZER} at {shown}, but it cannot be read: {reason}.\nSave the tokenizer again."
        ) from None


def _cleared_copy(tokenizer: Tokenizer) -> Tokenizer:
    try:
        content = tokenizer.to_str()
    except Exception:  # the library raises a plain Exception: a part in Python cannot be copied
        _require_nothing_set(tokenizer)
        return tokenizer
    return _clear(Tokenizer.from_str(content))


def _clear(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.post_processor = None
    switch_off_sampling(tokenizer)
    return tokenizer


def switch_off_sampling(tokenizer: Tokenizer) -> None:
    """Make the model of a tokenizer cut a text in one way, the most likely one; changes the given object."""
    for name in SAMPLING:
        if getattr(tokenizer.model, name, None) is not None:
            setattr(tokenizer.model, name, None)


def _require_nothing_set(tokenizer: Tokenizer) -> None:
    sampling = any(getattr(tokenizer.model, name, None) is not None for name in SAMPLING)
    if tokenizer.truncation or tokenizer.padding or tokenizer.encode_special_tokens or sampling:
        raise UserError(
            "expected a tokenizer without truncation, padding, encode_special_tokens and dropout, found one that "
            "cannot be copied without them.\nCall its no_truncation() and no_padding(), and switch the others off."
        )
