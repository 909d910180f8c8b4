"""The path of this project on this machine."""

from __future__ import annotations

from pathlib import Path

PROJECT_DIRECTORY = Path(__file__).resolve().parent.parent.parent
