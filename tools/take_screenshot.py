"""Take docs/spark-ui.png, the screenshot of Spark's UI: `python -m tools.take_screenshot`; needs chromium."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import sync_playwright

from sample.paths import memories_directory, tokenizer_path

PICTURE = Path(__file__).parent.parent / "docs" / "spark-ui.png"
ROWS = 200_000  # a job of so many rows still runs when the browser has loaded the page
# Root needs the first argument. The second allows port 4045, which browsers block and which may be the next free port.
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--explicitly-allowed-ports=4045"]
WIDTH, HEIGHT = 1160, 564
HIDDEN = ".scroll-btn-container, .collapsible-table .mb-3, ul.list-unstyled, .expand-application-timeline"


def main() -> None:
    """Measure repeated copies of the sample's memories, and take the screenshot during the second job."""
    with tempfile.TemporaryDirectory() as scratch:
        memories = Path(scratch) / "memories"
        for source in sorted(memories_directory().rglob("*deduped.*.parquet")):
            repeat_rows(source, memories / source.relative_to(memories_directory()))
        command = [sys.executable, "calculate_metrics.py", "--json", "--datasets", str(memories)]
        command += ["--tokenizer", str(tokenizer_path()), "--output_dir", scratch, "--run_id", "pythia"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None
            ui, jobs = "", []
            for event in map(json.loads, run.stdout):
                ui = event.get("ui", ui)
                jobs += [event["job"]] if event["event"] == "job_started" else []
                if len(jobs) == 2 and event.get("phase") == "measure and write":
                    break
            take_picture(f"{ui}/jobs/")
            run.terminate()
            run.stdout.read()


def repeat_rows(source: Path, target: Path) -> None:
    """Write repeated copies of a table's rows, with new ids, about `ROWS` rows in all."""
    table = pq.read_table(source)
    table = pa.concat_tables([table] * (ROWS // len(table))).combine_chunks()
    ids = table.schema.get_field_index("index" if "index" in table.column_names else "sequence_id")
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.set_column(ids, table.schema.names[ids], pa.array(range(len(table)))), target)


def take_picture(address: str) -> None:
    """Save a screenshot of the top of the page, without the user's name and the times."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(address)
        page.locator("#activeJob-table tbody tr", has_text="measure and write").first.wait_for()
        page.add_style_tag(content=f"{HIDDEN} {{ display: none !important }}")
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
