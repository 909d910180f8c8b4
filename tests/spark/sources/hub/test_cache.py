"""An entry of the cache counts only when complete, and what it lacks is fetched again, and only that."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread

import pytest

from spark.sources.hub.cache import (
    MARKER,
    SCRATCH_PREFIX,
    complete_entry,
    fill_entry,
    read_groups,
    read_reference,
    write_groups,
    write_reference,
)
from spark.sources.hub.errors import DamagedFileError, HubError
from spark.sources.hub.repository import HubFile, check_content

CONTENTS = [b"first", b"second", b"third"]
NAMES = ["part-0", "part-1", "part-2"]
FILES = [HubFile(f"data/{n}", len(c), hashlib.sha256(c).hexdigest()) for n, c in enumerate(CONTENTS)]
UNHASHED = [HubFile(file.path, file.size) for file in FILES]


class Killed(BaseException):
    """Stands for the end of the process."""


def fill(entry: Path, files: list[HubFile] = FILES, killed_at: int = 99) -> list[int]:
    """Fills an entry; returns the numbers of the files that had to be brought."""
    brought: list[int] = []

    def obtain(number: int, scratch: Path) -> Path:
        if number == killed_at:
            raise Killed
        brought.append(number)
        path = scratch / "arriving"
        path.write_bytes(CONTENTS[number])
        return path

    paths = fill_entry(entry, {"split": "train"}, files, NAMES, obtain)
    assert paths == tuple(entry / name for name in NAMES)
    assert [path.read_bytes() for path in paths] == CONTENTS
    return brought


def delete(path: Path) -> None:
    path.unlink()


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"!")


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (HubFile("a"), None),
        (HubFile("a", 5), None),
        (FILES[0], None),
        (HubFile("a", 6), "expected 6 bytes, found 5"),
        (HubFile("a", 5, FILES[1].sha256), "expected the SHA-256"),
        (FILES[1], "expected 6 bytes, found 5"),
    ],
)
def test_content_is_what_the_hub_states(tmp_path: Path, stated: HubFile, expected: str | None) -> None:
    (tmp_path / "a").write_bytes(CONTENTS[0])
    if expected is None:
        check_content(tmp_path / "a", stated)
    else:
        with pytest.raises(DamagedFileError, match=expected):
            check_content(tmp_path / "a", stated)


def test_a_filled_entry_is_complete_and_says_what_it_holds(tmp_path: Path) -> None:
    entry = tmp_path / "entry"
    assert complete_entry(entry) is None
    assert fill(entry) == [0, 1, 2]
    assert complete_entry(entry) == tuple(entry / name for name in NAMES)
    marker = json.loads((entry / MARKER).read_text())
    assert marker["split"] == "train"
    assert marker["files"][1] == {
        "name": "part-1",
        "size": 6,
        "source": "data/1",
        "sha256": hashlib.sha256(b"second").hexdigest(),
    }
    assert sorted(path.name for path in entry.iterdir()) == [MARKER, *NAMES]
    assert [path.name for path in tmp_path.iterdir()] == ["entry"]


@pytest.mark.parametrize("harm", [delete, shorten, lengthen])
@pytest.mark.parametrize(("files", "brought"), [(FILES, [1]), (UNHASHED, [0, 1, 2])], ids=["hashed", "unhashed"])
def test_a_harmed_file_makes_the_entry_incomplete(
    tmp_path: Path, harm: Callable[[Path], None], files: list[HubFile], brought: list[int]
) -> None:
    fill(tmp_path / "entry", files)
    harm(tmp_path / "entry" / "part-1")
    assert complete_entry(tmp_path / "entry") is None
    assert fill(tmp_path / "entry", files) == brought
    assert complete_entry(tmp_path / "entry") is not None


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", '{"files": [{}]}', '{"files": 3}', "\udce9"])
def test_a_broken_marker_does_not_count(tmp_path: Path, content: str) -> None:
    fill(tmp_path / "entry")
    (tmp_path / "entry" / MARKER).write_bytes(content.encode("utf-8", "surrogateescape"))
    assert complete_entry(tmp_path / "entry") is None
    assert fill(tmp_path / "entry") == []


@pytest.mark.parametrize("killed_at", [0, 1, 2])
def test_a_killed_fetch_leaves_nothing_that_counts(tmp_path: Path, killed_at: int) -> None:
    with pytest.raises(Killed):
        fill(tmp_path / "entry", killed_at=killed_at)
    assert complete_entry(tmp_path / "entry") is None
    assert fill(tmp_path / "entry") == [0, 1, 2][killed_at:]


def test_old_scratch_is_removed_and_new_is_not(tmp_path: Path) -> None:
    old, new = tmp_path / f"{SCRATCH_PREFIX}old", tmp_path / f"{SCRATCH_PREFIX}new"
    for path in (old, new):
        path.mkdir()
        (path / "arriving").write_bytes(b"half")
    long_ago = time.time() - 30 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    fill(tmp_path / "entry")
    assert sorted(path.name for path in tmp_path.iterdir()) == [new.name, "entry"]


def test_an_entry_is_whole_at_every_moment_while_others_fill_it(tmp_path: Path) -> None:
    entry = tmp_path / "entry"
    fill(entry)
    start = Barrier(5)
    seen: list[object] = []

    def refill() -> None:
        start.wait()
        for _ in range(20):
            fill(entry, UNHASHED)

    def look() -> None:
        start.wait()
        seen.extend(complete_entry(entry) for _ in range(300))

    threads = [Thread(target=refill) for _ in range(4)] + [Thread(target=look)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 300
    assert None not in seen


def test_what_is_kept_of_a_revision_comes_back(tmp_path: Path) -> None:
    groups = {"train": (HubFile("a.parquet", 3, "0f"), HubFile("b.parquet")), "files.json": ()}
    for revision in ("main", "refs/convert/parquet", "..", "v1 ü"):
        assert read_reference(tmp_path, revision) is None
        write_reference(tmp_path, revision, "c" * 40)
        assert read_reference(tmp_path, revision) == "c" * 40
    assert read_groups(tmp_path, "c" * 40) is None
    write_groups(tmp_path, "c" * 40, "owner/name", groups)
    assert read_groups(tmp_path, "c" * 40) == groups
    assert {path.name for path in tmp_path.iterdir()} == {"refs", "c" * 40}
    assert all(path.parent == tmp_path / "refs" for path in (tmp_path / "refs").rglob("*"))


def test_a_cache_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the directory should be")
    with pytest.raises(HubError, match=r"^Cannot write to the cache .*Not a directory\.\nSee to the disk"):
        fill(tmp_path / "cache" / "entry")
