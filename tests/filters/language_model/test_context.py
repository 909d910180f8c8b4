"""The context length of a model: a row of that length is evaluated, a longer row is rejected and stops no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from transformers import (
    AutoModelForCausalLM,
    BloomConfig,
    CTRLConfig,
    GPTJConfig,
    MptConfig,
    OPTConfig,
    PretrainedConfig,
    RobertaConfig,
    RwkvConfig,
    XGLMConfig,
)

from filters import apply_filters, read_language_model
from filters.language_model.context import context_tokens

TINY: dict[str, Any] = {"vocab_size": 300, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
MPT = MptConfig(vocab_size=300, d_model=32, n_heads=2, n_layers=1, max_seq_len=80)
OPT = OPTConfig(**TINY, ffn_dim=32, word_embed_proj_dim=32, max_position_embeddings=80)
ROBERTA = RobertaConfig(**TINY, is_decoder=True, intermediate_size=32, max_position_embeddings=82)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param(MPT, 80, id="max_seq_len"),
        pytest.param(OPT, 80, id="OPT adds 2 positions itself"),
        pytest.param(ROBERTA, 80, id="positions after the padding id"),
        pytest.param(CTRLConfig(n_positions=70), 70, id="n_positions"),
        pytest.param(GPTJConfig(n_positions=70), 70, id="mapped by transformers"),
        pytest.param(RwkvConfig(context_length=70), 70, id="context_length"),
        pytest.param(XGLMConfig(max_position_embeddings=70), 70, id="XGLM"),
        pytest.param(BloomConfig(), None, id="unbounded"),
        pytest.param(PretrainedConfig(max_position_embeddings=-1), None, id="marked as unbounded"),
    ],
)
def test_context_is_read_whatever_its_name(config: PretrainedConfig, expected: int | None) -> None:
    assert context_tokens(config) == expected


@pytest.mark.parametrize("config", [MPT, OPT, ROBERTA], ids=["MPT", "OPT", "RoBERTa"])
def test_a_row_that_is_too_long_is_null_and_the_others_are_measured(tmp_path: Path, config: PretrainedConfig) -> None:
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    longest = read_language_model(tmp_path).context_tokens
    assert longest == 80
    rows = [[5 + i % 90 for i in range(length)] for length in (64, longest, longest + 1, 70)]
    measured = apply_filters(pa.table({"tokens": rows}), None, "likelihood", language_model=tmp_path)
    assert [loss is not None for loss in measured["loss"].to_pylist()] == [True, True, False, True]
