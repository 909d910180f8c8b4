"""Spark's UI in a real browser during a job: its tabs describe each step in words."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from filters.contract import Column, Filter
from spark.session.job_descriptions import job_group
from tests.spark.metrics.test_job import metrics_job

SECONDS_ALLOWED = 120
# Root needs `--no-sandbox`. Chromium blocks port 4045, which may be the next free one, unless it is allowed.
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--explicitly-allowed-ports=4045"]
CURRENT_STEP = "mine deduped.70m: measure and write"
EARLIER_STEP = "mine deduped.70m: look for repeated ids"


@pytest.fixture
def page() -> Iterator[Any]:
    """Yield a page of a headless Chromium; skip if there is no Chromium, except in CI."""
    chromium = shutil.which("chromium")
    if chromium is None and os.environ.get("CI") != "true":
        pytest.skip("there is no chromium on this machine (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser.new_page()
        browser.close()


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS_ALLOWED
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_ui_tabs_describe_each_step_while_a_job_runs(
    page: Any, spark: Any, write_parquet: Callable[..., Path], tmp_path: Path
) -> None:
    at_work, may_end = tmp_path / "at work", tmp_path / "may end"

    def wait(sequences: Any) -> tuple[pa.Array, ...]:
        at_work.touch()
        wait_until(may_end.exists, "the browser never came")
        return (pa.nulls(len(sequences.tokens.offsets) - 1, pa.int32()),)

    waiting = Filter("waiting", "", (Column("w", pa.int32(), ""),), ("tokens",), wait)
    run = metrics_job(write_parquet("mine.parquet", {"sequence_id": [1], "tokens": [[1]]}), tmp_path)

    def measure() -> None:
        with job_group(spark.sparkContext, "mine deduped.70m"):
            replace(run, filters=(waiting,)).run(spark)

    with ThreadPoolExecutor(1) as pool:
        measuring = pool.submit(measure)
        try:
            wait_until(lambda: at_work.exists() or measuring.done(), "the filter was never called")
            ui = spark.sparkContext.uiWebUrl
            row_with(page, f"{ui}/jobs/", "#activeJob-table", CURRENT_STEP, "1 running")
            row_with(page, f"{ui}/stages/", "#activeStage-table", CURRENT_STEP, "1 running")
            row_with(page, f"{ui}/SQL/", "#sql-table", CURRENT_STEP, "RUNNING")
            row_with(page, f"{ui}/SQL/", "#sql-table", EARLIER_STEP, "COMPLETED")
            for tab, table in (("jobs", "#completedJob-table"), ("stages", "#completedStage-table")):
                row = row_with(page, f"{ui}/{tab}/", table, EARLIER_STEP)
                assert not re.search(r" at \S+:\d+", row), "the number of a line"
        finally:
            may_end.touch()
        measuring.result()


def row_with(page: Any, address: str, table: str, *words: str) -> str:
    """Return the visible text of the first row with all these words, in a table of the UI.

    The UI lags behind Spark and its pages do not refresh, so the page is reloaded until the row appears.
    """
    from playwright.sync_api import TimeoutError as NotThere

    rows = page.locator(f"{table} tbody tr")
    for each in words:
        rows = rows.filter(has_text=each)
    deadline = time.monotonic() + SECONDS_ALLOWED
    while time.monotonic() < deadline:
        page.goto(address)
        try:
            return str(rows.first.inner_text(timeout=5_000))
        except NotThere:
            continue
    raise AssertionError(f"{address}: no row of {table} has {words}:\n{page.locator('body').inner_text()}")
