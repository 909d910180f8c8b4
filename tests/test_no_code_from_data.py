"""The source never runs data as code: no pickles, no remote code, no evaluated text."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from spark.sources.hub import parquet
from tests.conftest import PROJECT
from tests.test_dependencies import DEVELOPMENT, PACKAGED

# Calls, by their last name, and modules that turn data into code.
FORBIDDEN_CALLS = {"eval", "exec", "compile_command", "system", "popen", "execfile", "unsafe_load", "full_load"}
ROOMS = [*PACKAGED, *(room for room in DEVELOPMENT if room != "tests")]
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "pty", "runpy"}


def violations(source: str) -> list[str]:
    """Return the imports and calls of a source that could run data as code."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if name.name.split(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in FORBIDDEN_MODULES:
            found.append(str(node.module))
        elif isinstance(node, ast.Call):
            found += _of_call(ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords if k.arg})
    return found


def _of_call(called: str, keywords: dict[str, str]) -> list[str]:
    owner, _, name = called.rpartition(".")
    return [
        f"{called}: {fault}"
        for is_wrong, fault in (
            (name in FORBIDDEN_CALLS, "runs text"),
            (owner in ("yaml", "ruamel.yaml") and name in ("load", "load_all"), "makes objects"),
            (called == "torch.load" and keywords.get("weights_only") != "True", "without weights_only=True"),
            (name == "load" and owner in ("np", "numpy") and keywords.get("allow_pickle") != "False", "pickles"),
            (name == "load_dataset", "runs scripts"),
            (keywords.get("trust_remote_code", "False") != "False", "trusts remote code"),
            (keywords.get("shell", "False") != "False", "runs a shell"),
            (keywords.get("allow_pickle", "False") != "False", "pickles"),
        )
        if is_wrong
    ]


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "eval(text)",
        "os.system(text)",
        "yaml.load(text)",
        "torch.load(path)",
        "numpy.load(path)",
        "np.load(path, allow_pickle=True)",
        "AutoModel.from_pretrained(name, trust_remote_code=True)",
        "subprocess.run(text, shell=True)",
        "datasets.load_dataset(name)",
    ],
)
def test_violations_finds_code_that_could_run_data(source: str) -> None:
    assert violations(source)


def test_no_source_file_can_run_data() -> None:
    paths = [path for room in ROOMS for path in sorted([PROJECT / room, *(PROJECT / room).rglob("*.py")])]
    sources = [path for path in paths if path.suffix == ".py"]
    assert len(sources) > 50
    found = {str(path): violations(path.read_text(encoding="utf-8")) for path in sources}
    assert {path: faults for path, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    "name", ["data.py", "model.pkl", "weights.bin", "weights.pt", "a.npy", "a.zip", "a.parquet.pkl"]
)
def test_files_that_could_hold_code_are_never_fetched(name: str) -> None:
    with pytest.raises(Exception, match="expected Parquet, JSON lines, CSV or Arrow"):
        parquet.require_readable("owner/name", name)


def test_weights_and_samples_are_never_pickles() -> None:
    kinds = {path.suffix for room in ("filters", "sample") for path in (PROJECT / room).rglob("*") if path.is_file()}
    assert kinds <= {
        ".py",
        ".typed",
        ".pyc",
        ".json",
        ".npz",
        ".txt",
        ".parquet",
        ".md",
        ".nbi",
        ".nbc",
        ".safetensors",
    }
    assert Path(PROJECT, "filters", "code_or_natural_language", "weights.npz").is_file()
