"""Finding a Java that Spark can run on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from spark.session import java
from utils import UserError


def fake_java(home: Path, version: str, status: int = 0) -> Path:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\nexit {status}\n")
    program.chmod(0o755)
    return home


@pytest.mark.parametrize(
    ("version", "status", "expected"),
    [("17.0.15", 0, 17), ("1.8.0_292", 0, 8), ("25", 0, 25), ("21-ea", 0, 21), ("17", 1, None)],
)
def test_the_version_is_read_from_the_output_of_java(
    tmp_path: Path, version: str, status: int, expected: int | None
) -> None:
    assert java.java_version(fake_java(tmp_path / "home", version, status)) == expected


def test_a_directory_without_a_java_that_runs_has_no_version(tmp_path: Path) -> None:
    assert java.java_version(tmp_path) is None
    broken = tmp_path / "bin" / "java"
    broken.parent.mkdir()
    broken.write_text("not a program")
    broken.chmod(0o755)
    assert java.java_version(tmp_path) is None


def test_java_home_comes_first_unless_it_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = fake_java(tmp_path / "new", "21"), fake_java(tmp_path / "old", "11")
    monkeypatch.setenv("PATH", str(new / "bin") + os.pathsep + "/bin")
    monkeypatch.setenv("JAVA_HOME", str(old))
    assert java.find_java_home() == new
    newest = fake_java(tmp_path / "newest", "25")
    monkeypatch.setenv("JAVA_HOME", str(newest))
    assert java.find_java_home() == newest


@pytest.mark.parametrize(
    ("spark_version", "chosen", "in_words"),
    [
        ("3.5.8", "17", "Java 17"),
        ("4.0.2", "21", "Java 17 to 21"),
        ("4.3.0", "25", "Java 17 or later"),
        ("5.0.0.dev1", "25", "Java 17 or later"),
    ],
)
def test_the_first_java_that_the_installed_spark_supports_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark_version: str, chosen: str, in_words: str
) -> None:
    homes = {name: fake_java(tmp_path / name, name) for name in ("11", "25", "21", "17")}
    monkeypatch.setattr(java, "_candidate_homes", lambda: iter(homes.values()))
    monkeypatch.setattr(java, "version", lambda package: spark_version)
    assert java.find_java_home() == homes[chosen]
    assert java.supported_java(spark_version).in_words == in_words


@pytest.mark.parametrize(
    ("options", "advice"),
    [("-XX:NoSuch", r"\nCorrect or unset JAVA_TOOL_OPTIONS\."), ("", r"\nCorrect this, or install Java \(")],
)
def test_a_java_that_does_not_run_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: str, advice: str
) -> None:
    home = fake_java(tmp_path / "home", "17", status=1)
    text = "Unrecognized VM option 'NoSuch'\\nError: Could not create the Java Virtual Machine.\\n"
    (home / "bin" / "java").write_text(f'#!/bin/sh\nprintf "{text}" >&2\nexit 1\n')
    monkeypatch.setattr(java, "_candidate_homes", lambda: iter([tmp_path / "none", home]))
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", options)
    with pytest.raises(UserError, match=rf"java does not run: Unrecognized VM option 'NoSuch'\.{advice}"):
        java.use_java()


def test_a_missing_java_is_reported_before_spark_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "_candidate_homes", lambda: iter(()))
    advice = r"\nRun `.*python.* -m spark\.session\.java`, or install Java \("
    with pytest.raises(UserError, match=r"^Spark \d[\d.]+ needs Java 17.*; found none in JAVA_HOME.*" + advice):
        java.use_java()


def test_the_launcher_drops_the_module_that_trimmed_runtimes_lack(tmp_path: Path) -> None:
    launcher, echo = tmp_path / "java", tmp_path / "echo.sh"
    echo.write_text('#!/bin/sh\nprintf "[%s]" "$@"\n')
    echo.chmod(0o755)
    launcher.write_text(java.LAUNCHER.format(java=echo))
    launcher.chmod(0o755)
    arguments = ["-cp", "a b", "--add-modules=jdk.incubator.vector", "", "x*"]
    printed = subprocess.run([launcher, *arguments], capture_output=True, text=True, check=True)
    assert printed.stdout == "[-cp][a b][][x*]"
