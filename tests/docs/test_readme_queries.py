"""The four questions of README.md, asked of a run whose answers are known."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from filters.registry import choose_filters
from tests.conftest import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = '```json title="my_documents.jsonl"'
QUERIES = "<!-- needs a run in output/mine -->\n\n```python"
# document, text, repeats, counts up, duplicates, score
ROWS = [
    ("licence", "Apply the licence", False, False, 900, 1.0),
    ("line", "ha ha ha ha", True, False, 1, 1.0),
    ("counter", "1 2 3 4", False, True, 1, 1.0),
    ("number", "Call me", False, False, 1, 1.0),
    *((f"novel {place}", f"She closed door {place}", False, False, 1, 0.01 * place) for place in range(30)),
    ("short", "Too short", False, False, None, None),
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Write a run of the columns that the README names, in the types that a run writes."""
    document, text, repeats, counts, duplicates, scores = zip(*ROWS, strict=True)
    types = {column.name: column.type for each in choose_filters(("all", "model")) for column in each.columns}
    given = {
        "text": text,
        "is_repeating": repeats,
        "is_incrementing": counts,
        "sequence_duplicates": duplicates,
        "memorization_score": scores,
    }
    columns = {name: pa.array(values, types[name]) for name, values in given.items()}
    columns |= {"document_id": pa.array(document), "generation_text": pa.array([f"{each} …" for each in document])}
    for scheme, rows in (("duped", slice(0, 3)), ("none", slice(3, None))):
        directory = tmp_path / "output/mine/metrics/dataset=my_documents" / f"scheme={scheme}" / "model=none"
        directory.mkdir(parents=True)
        start, stop, _ = rows.indices(len(ROWS))
        pq.write_table(pa.table(columns).slice(start, stop - start), directory / "part-00000-0.parquet")
    return tmp_path


def block(begin: str) -> str:
    """Return the code block of README.md that begins with a text."""
    (found,) = re.findall(re.escape(begin) + r"\n(.*?)```", README, re.DOTALL)
    return found


def answers_in(directory: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> list[pd.DataFrame]:
    """Run the queries in a directory; return what they print."""
    answers: list[pd.DataFrame] = []
    monkeypatch.chdir(directory)
    exec(code, {"print": answers.append})
    return answers


def test_the_queries_answer(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memorized, by_duplicates, rare, said = answers_in(run, block(QUERIES), monkeypatch)
    assert sorted(memorized["document_id"]) == ["counter", "licence", "line", "number"]
    assert by_duplicates.to_dict("index") == {1: {"size": 33, "mean": 3 / 33}, 900: {"size": 1, "mean": 1.0}}
    assert rare["document_id"].tolist() == ["number", *(f"novel {place}" for place in range(29, 10, -1))]
    assert said["generation_text"].tolist() == [f"{each} …" for each in said["document_id"]]
    assert len(said) == len(ROWS) - 1


@pytest.mark.spark
def test_the_commands_and_queries_run_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_documents.jsonl").write_text(block(DOCUMENTS), encoding="utf-8")
    (tmp_path / "sample").symlink_to(PROJECT / "sample")
    script = next(each for each in re.findall(r"```bash\n(.*?)```", README, re.DOTALL) if "my_documents" in each)
    script = re.sub(r"^python (\w+\.py)", rf"{sys.executable} {PROJECT}/\1", script, flags=re.MULTILINE)
    done = subprocess.run(f"set -e\n{script}", shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Found: my_documents: 3 of 5 sequences are memorized, 60.0% (95% interval 23.1% to 88.2%)" in done.stdout
    written = pd.read_parquet(tmp_path / "output" / "mine" / "metrics").columns
    code = block(QUERIES) if "generation_text" in written else block(QUERIES).partition("# What did the model")[0]
    memorized, by_duplicates, rare, *_ = answers_in(tmp_path, code, monkeypatch)
    assert sorted(memorized["document_id"]) == ["badger", "water", "water again"]
    assert by_duplicates["size"].to_dict() == {1: 3, 2: 2}
    assert rare["document_id"].tolist() == ["badger", "novel"]
