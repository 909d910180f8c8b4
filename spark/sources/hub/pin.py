"""The one commit that a revision stands for, by the Hub or, where that cannot be reached, by the cache."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from spark.sources.hub.cache import Groups, read_groups, read_reference, write_groups, write_reference
from spark.sources.hub.client import Hub, is_offline, list_snapshot
from spark.sources.hub.errors import HubError
from spark.sources.hub.repository import COMMIT, Repository, Snapshot


def pin(
    hub: Hub,
    repository: Repository,
    revision: str,
    home: Path,
    group: Callable[[Snapshot, Path], Groups],
) -> tuple[str, Groups]:
    """The commit of a branch, tag or commit, and the files of each group at it; raises HubError.

    home: where the repository is cached. group: sorts a snapshot's files into groups, such as a dataset's
    splits, with a directory to put files into meanwhile; asked once a commit, then the cache knows.
    """
    known = revision if COMMIT.fullmatch(revision) else read_reference(home, revision)
    kept = read_groups(home, known) if known else None
    if known and kept is not None and (known == revision or is_offline()):
        return known, kept
    # With an answer at hand, a missing network is not worth waiting for; a busy Hub is.
    impatient = replace(hub, policy=replace(hub.policy, attempts_without_answer=1))
    try:
        snapshot = list_snapshot(hub if kept is None else impatient, repository, revision)
    except HubError as error:
        if known is None or kept is None or not error.unreachable:
            raise
        hub.report(f"{str(error).splitlines()[0]} Using commit {known[:12]} from the cache.")
        return known, kept
    groups = read_groups(home, snapshot.commit)
    if groups is None:
        with tempfile.TemporaryDirectory(prefix="hub-") as scratch:
            groups = group(snapshot, Path(scratch))
        write_groups(home, snapshot.commit, repository.name, groups)
    write_reference(home, revision, snapshot.commit)
    return snapshot.commit, groups
