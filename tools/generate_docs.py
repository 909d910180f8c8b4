"""Write the generated pages of docs/: `python -m tools.generate_docs`; with `--check`, only compare them.

| page | source |
|---|---|
| docs/columns.md | `filters.ALL_FILTERS` |
| docs/options.md | the parsers of the programs |
| docs/events.md | the dataclasses of `spark/reporting/events.py` |
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tools.docs_columns import columns_page
from tools.docs_events import events_page
from tools.docs_options import options_page

DOCS = Path(__file__).resolve().parent.parent / "docs"
NOTE = "<!-- Generated: python -m tools.generate_docs. Change the source, not this page. -->\n\n"
PAGES: dict[str, Callable[[], str]] = {
    "columns.md": columns_page,
    "options.md": options_page,
    "events.md": events_page,
}


def main(arguments: list[str] | None = None) -> int:
    """Write every generated page; with `--check`, return 1 if a page differs from its source."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate_docs", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is outdated")
    check = parser.parse_args(arguments).check
    outdated = outdated_pages()
    for name in outdated:
        if check:
            print(f"docs/{name} differs from its source.\nRun: python -m tools.generate_docs", file=sys.stderr)
        else:
            (DOCS / name).write_text(generated_page(name), encoding="utf-8")
            print(f"Wrote docs/{name}")
    return int(check and bool(outdated))


def outdated_pages() -> list[str]:
    """Return the names of the pages whose committed text differs from their source."""
    committed = {name: (DOCS / name).read_text(encoding="utf-8") for name in PAGES if (DOCS / name).exists()}
    return [name for name in PAGES if committed.get(name) != generated_page(name)]


def generated_page(name: str) -> str:
    """Return the text of one page, generated from its source."""
    return NOTE + PAGES[name]()


if __name__ == "__main__":
    sys.exit(main())
