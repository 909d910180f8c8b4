"""Training of the classifier of code against natural language: documents, windows, weights and figures."""

from __future__ import annotations

import numpy as np
import pytest

from tests.filters.ragged_rows import byte_rows
from tools.code_or_natural_language import logistic
from tools.code_or_natural_language.collect import split_of
from tools.code_or_natural_language.documents import Document, encode_with_mask, is_comment_prose, is_prose
from tools.code_or_natural_language.generated_documents import KINDS, generated_documents
from tools.code_or_natural_language.grammar import RULES_FOLDER, expand, read_rules
from tools.code_or_natural_language.prose_files import html_text_parts, man_parts, marked_up_parts
from tools.code_or_natural_language.report import expected_calibration_error, figures, precision_recall_f1
from tools.code_or_natural_language.source_files import source_parts
from tools.code_or_natural_language.windows import CODE_SHARE, DISPUTED_SHARES, cut


@pytest.mark.parametrize("name", ["prose", "code"])
def test_every_rule_expands_to_text(name: str) -> None:
    rules = read_rules(RULES_FOLDER / f"{name}.txt")
    rng = np.random.default_rng(1)
    for rule, alternatives in rules.items():
        for _ in range(2 * len(alternatives)):
            assert expand(rules, rule, rng).strip()


def test_a_reference_to_an_unknown_rule_is_named() -> None:
    with pytest.raises(ValueError, match="expected a rule named 'boat', found none"):
        expand({"start": ["a <<boat>>"]}, "start", np.random.default_rng(1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The keeper of the light went down to the shore every morning.", True),
        ("Der Wärter ging jeden Morgen hinunter an den Strand.", True),
        ("彼は毎朝、灯台から海岸まで歩いて行きました。", True),
        ("for (int i = 0; i < n; i++) { total += boats[i].length; }", False),
        ("12 0.5 0.7 13 0.6 0.8 14 0.7 0.9", False),
        ("", False),
    ],
)
def test_prose_is_told_from_code(text: str, expected: bool) -> None:
    assert is_prose(text) is expected


def test_a_licence_in_a_comment_is_natural_language() -> None:
    assert is_comment_prose("/*\n * Copyright (c) 2001 A. Keeper.\n * All rights reserved; NO WARRANTY.\n */")
    assert not is_comment_prose("/* boats[i] = dock(&boats[j], flags | DOCK_FREE); */")


def natural_parts(parts: tuple[tuple[str, bool], ...]) -> str:
    return "".join(text for text, code in parts if not code)


def test_the_comments_of_a_source_file_are_found() -> None:
    python = 'def dock(boat):\n    """Bring the boat to the first berth that is free."""\n    return berths[boat.id]\n'
    java = "int n = 0;\n// The tide is read once an hour, and never more often.\nint m = 1;\n"
    for suffix, text, comment in ((".py", python, "first berth"), (".java", java, "once an hour")):
        parts = source_parts(suffix, text)
        assert "".join(piece for piece, _ in parts) == text
        assert comment in natural_parts(parts)
        assert "=" not in natural_parts(parts)
        assert "return" not in natural_parts(parts)


def test_documentation_is_read_without_markup_and_its_examples_are_code() -> None:
    man = ".TH DOCK 1\n.SH NAME\ndock \\- bring a boat in\n.PP\nThe boat must be afloat.\n.nf\ndock \\-\\-all\n.fi\n"
    assert "The boat must be afloat." in natural_parts(man_parts(man))
    assert "dock --all" not in natural_parts(man_parts(man))
    markdown = "Call the harbour first, and wait for an answer.\n\n```\ndock(boat)\n```\n\nThen tie the boat up.\n"
    prose = natural_parts(marked_up_parts(markdown))
    assert " ".join(prose.split()) == "Call the harbour first, and wait for an answer. Then tie the boat up."
    page = "<html><p>The boat must be <b>afloat</b> when it leaves.</p><pre>x = dock()</pre></html>"
    assert natural_parts(html_text_parts(page)).strip() == "The boat must be afloat when it leaves."


@pytest.mark.parametrize("is_exact", [True, False])
def test_windows_are_labelled_by_their_share_of_code(is_exact: bool) -> None:
    documents = [Document("test", "a", (("word " * 80, False), ("x=f(y);" * 60, True)), is_exact)]
    windows = cut(documents, 300, 0.0, np.random.default_rng(5))
    data, mask = encode_with_mask(documents[0].parts)
    assert len(data) == len(mask)
    assert {natural for _, natural in windows} == {True, False}
    for text, natural in windows:
        visible = text.replace(b" ", b"")
        words = sum(visible.count(letter) for letter in (b"w", b"o", b"r", b"d"))
        share = 1 - words / len(visible)
        assert natural == (share < CODE_SHARE)
        assert is_exact or not DISPUTED_SHARES[0] < share < DISPUTED_SHARES[1]


def test_texts_depend_only_on_the_seed_and_splits_only_on_the_origin() -> None:
    def write(kind: str) -> list[Document]:
        return list(generated_documents(kind, 7, np.random.default_rng(3)))

    for kind in KINDS:
        assert write(kind) == write(kind)
    assert len({split_of(Document("man", "a", (("x", True),) * n)) for n in range(1, 5)}) == 1


def test_training_separates_the_classes_and_is_reproducible() -> None:
    rng = np.random.default_rng(2)
    rows = [
        (data, natural)
        for kind in ("prose", "code")
        for data, natural in cut(list(generated_documents(kind, 40, rng)), 150, 0.0, rng)
    ]
    texts, natural = byte_rows([data for data, _ in rows]), np.array([label for _, label in rows])
    weights, bias, losses = logistic.train(texts, natural, 3, 0.3, 1e-5, 0.3, seed=1)
    again, _, _ = logistic.train(texts, natural, 3, 0.3, 1e-5, 0.3, seed=1)
    assert (weights == again).all()
    assert losses[-1] < losses[0]
    quantised, factor = logistic.quantise(weights)
    found = logistic.logits(texts.values, texts.offsets, quantised.astype(np.float32) * np.float32(factor), bias)
    assert ((found > 0) == natural).mean() > 0.98


def test_calibration_reverts_a_linear_change_of_the_logits() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 2, 20_000)
    natural = rng.random(20_000) < 1 / (1 + np.exp(-logits))
    slope, intercept = logistic.calibrate(3 * logits + 1, natural)
    assert slope == pytest.approx(1 / 3, abs=0.02)
    assert intercept == pytest.approx(-1 / 3, abs=0.05)
    assert expected_calibration_error(1 / (1 + np.exp(-logits)), natural) < 0.02
    assert expected_calibration_error(1 / (1 + np.exp(-3 * logits)), natural) > 0.05


def test_figures() -> None:
    p, natural = np.array([0.9, 0.8, 0.2, 0.6]), np.array([True, True, True, False])
    assert precision_recall_f1(p >= 0.5, natural) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert figures(p, natural)["code_f1"] == 0.0
    assert figures(p, natural)["accuracy"] == 0.5
