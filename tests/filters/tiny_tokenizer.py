"""Small tokenizers built in memory, and the path of the real Pythia tokenizer if this machine has it."""

from __future__ import annotations

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from tests.conftest import PYTHIA

PYTHIA_TOKENIZER = PYTHIA / "tokenizer.json"

TRAINING_TEXT = (
    "the cat sat on the mat, and the dog sat on the log",
    "    indented = 12345\n\treturn 0x7f\r\n",
    "Grüße aus Köln — naïve café, 日本語のテキスト, Привет мир 🙂🙃",
)


def byte_level_tokenizer() -> Tokenizer:
    """Return a byte-level BPE with special tokens, runs of spaces, and added tokens that look byte-level."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=["<|endoftext|>", "<|padding|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TRAINING_TEXT * 3, trainer)
    spaces = [AddedToken(" " * length, normalized=True) for length in (4, 3, 2)]
    tokenizer.add_tokens([*spaces, "éé", "日本", "Ġa", "a b\n"])
    return tokenizer


def tokenizer_with_holes() -> Tokenizer:
    """Return a byte-level tokenizer with ids 0, 2, 3 (special) and 5 (an incomplete character); 1 and 4 are holes."""
    tokenizer = Tokenizer(models.BPE(vocab={"a": 0, "Ġb": 2, "Ã": 5}, merges=[]))
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<end>"])
    return tokenizer


def word_piece_tokenizer() -> Tokenizer:
    """Return a WordPiece tokenizer, not byte-level: its decoder joins pieces according to their prefixes."""
    vocabulary = {"[UNK]": 0, "play": 1, "##ing": 2, "the": 3, "game": 4, "!": 5}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer
