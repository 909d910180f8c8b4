"""Each split of the Pythia data is put to the model that it is about, at its checkpoint."""

from __future__ import annotations

import pytest

from spark.catalog import CHECKPOINTS
from spark.model_locations import ModelLocation, locate_model
from utils import UserError


@pytest.mark.parametrize(
    ("given", "scheme", "model", "expected"),
    [
        pytest.param("published", "deduped", "1.4b", ("EleutherAI/pythia-1.4b-deduped", "step143000"), id="deduped"),
        pytest.param("published", "duped", "70m", ("EleutherAI/pythia-70m", "step143000"), id="duped"),
        pytest.param("published", "duped", "12b.23000", ("EleutherAI/pythia-12b", "step23000"), id="a checkpoint"),
        pytest.param("gpt2", None, None, ("gpt2", None), id="any other"),
        pytest.param("models/{scheme}.{model}", "duped", "1b", ("models/duped.1b", None), id="filled in"),
        pytest.param("models/{size}", "duped", "1b", ("models/{size}", None), id="other braces"),
    ],
)
def test_the_model_of_a_split(
    given: str, scheme: str | None, model: str | None, expected: tuple[str, str | None]
) -> None:
    assert locate_model(given, scheme, model) == ModelLocation(*expected)


def test_every_checkpoint_has_its_revision() -> None:
    revisions = {locate_model("published", "deduped", name).revision for name in CHECKPOINTS}
    assert revisions == {f"step{step}" for step in (23000, 43000, 63000, 83000, 103000, 123000)}


@pytest.mark.parametrize("given", ["published", "models/{model}"])
def test_data_that_does_not_say_its_model_is_refused(given: str) -> None:
    with pytest.raises(UserError, match="does not say of which model"):
        locate_model(given, "duped", None)


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(UserError, match="71m"):
        locate_model("published", "duped", "71m")
