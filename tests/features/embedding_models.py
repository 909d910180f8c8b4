"""A tiny sentence embedding model with random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, RobertaConfig, RobertaModel

NUMERALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# Rows are padded with id 0, which is not the padding token here: masking must not depend on the id.
WORDS = ("[UNK]", "[PAD]", "[CLS]", "[SEP]", *NUMERALS)
LONGEST = 12
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]


def save_tiny_model(directory: Path, kind: str = "bert") -> Path:
    """Save a model of two layers and 16 dimensions over ten numerals for sentence-transformers; return `directory`.

    kind: bert or roberta; roberta counts positions over the tokens that are not padding.
    """
    torch.manual_seed(5)
    make_config, make_network = {"bert": (BertConfig, BertModel), "roberta": (RobertaConfig, RobertaModel)}[kind]
    config = make_config(
        vocab_size=len(WORDS),
        pad_token_id=WORDS.index("[PAD]"),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=16,
        initializer_range=0.5,
    )
    make_network(config).save_pretrained(directory)
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(directory)
    write_json(directory / "modules.json", MODULES)
    write_json(directory / "1_Pooling" / "config.json", {"word_embedding_dimension": 16, "pooling_mode": "mean"})
    write_json(directory / "sentence_bert_config.json", {"max_seq_length": LONGEST, "do_lower_case": False})
    return directory


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file, and create its directory."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
