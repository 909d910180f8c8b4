"""The sample's tokenizer: byte-level BPE like that of GPT-NeoX, trained on the sample's own texts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from sample.paths import tokenizer_path

VOCABULARY_SIZE = 4096
END_OF_TEXT = "<|endoftext|>"
END_OF_TEXT_ID = 0
PADDING = "<|padding|>"
_RUNS_OF_SPACES = (24, 16, 12, 8, 6, 4, 3, 2)


def train_tokenizer(texts: Iterable[str]) -> Tokenizer:
    """Return a byte-level BPE tokenizer with at most 4,096 tokens, `<|endoftext|>` first and runs of spaces last."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    # Offsets are not trimmed: the truth about a row needs the spaces at the start of tokens.
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE - len(_RUNS_OF_SPACES),
        special_tokens=[END_OF_TEXT, PADDING],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_tokens([AddedToken(" " * length, normalized=True) for length in _RUNS_OF_SPACES])
    return tokenizer


def write_tokenizer(output: Path, tokenizer: Tokenizer) -> None:
    """Write `tokenizer.json`, and the configuration that `transformers` needs to load its directory."""
    path = tokenizer_path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))
    configuration = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END_OF_TEXT,
        "pad_token": PADDING,
        "clean_up_tokenization_spaces": False,
    }
    text = json.dumps(configuration, indent=2) + "\n"
    path.with_name("tokenizer_config.json").write_text(text, encoding="utf-8")
