"""Log4j writes to the path it is given, whatever characters it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from spark.session.spark_log import log_settings, properties_value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/plain/run.log", "/plain/run.log"),
        ("/a b é", r"/a b \u00e9"),
        ("/\N{GRINNING FACE}", r"/\ud83d\ude00"),
        ("/a\\b", r"/a\\b"),
        ("/${env:HOME}", "/$${env:HOME}"),
    ],
)
def test_a_path_is_escaped_for_a_properties_file(text: str, expected: str) -> None:
    assert properties_value(text) == expected


def test_the_log_settings_are_ascii(tmp_path: Path) -> None:
    assert r"\u00fc/run.log" in log_settings(tmp_path / "ü" / "run.log").encode("ascii").decode()
