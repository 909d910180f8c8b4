"""The Hub disappears during a download: the run must report it, and resume once the Hub is back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chaos import checks
from chaos.harness import Harness
from chaos.moments import wait_until
from sample.paths import memories_directory, tokenizer_path
from tests.spark.sources.hub.server import Drop, HubServer

OPTIONS = ("--datasets", "memories", "--models", "70m,160m", "--schemes", "deduped")
FIRST, SECOND = (f"data/deduped.{model}-00000-of-00001.parquet" for model in ("70m", "160m"))
BYTES_BEFORE_THE_END = 10_000


def lose_the_hub(harness: Harness) -> None:
    """Stop the Hub while the second of two files is downloading; start it again and repeat the command."""
    harness = harness.with_arguments(*OPTIONS)
    kept, cut_off = (("--cache_dir", str(harness.directory / name)) for name in ("cache-kept", "cache-cut-off"))
    with serving() as hub:
        harness.run_uninterrupted("hub-uninterrupted", *kept, environment={"HF_ENDPOINT": hub.endpoint})
    with serving() as hub:
        hub.misbehave(SECOND, Drop(BYTES_BEFORE_THE_END), times=1_000)
        program = harness.program("hub", *cut_off, environment={"HF_ENDPOINT": hub.endpoint})
        with program:
            wait_until(program, lambda: hub.bytes_sent[SECOND] > 0)
            hub.__exit__()
            status = program.wait()
    run = harness.run_directory("hub")
    harness.note("hub", check_message(status, program.printed()))
    harness.note("hub", checks.visible_tables_are_complete(run, harness.expected))
    with serving() as hub:
        harness.resume("hub", *cut_off, environment={"HF_ENDPOINT": hub.endpoint})
        if hub.bytes_sent[FIRST]:
            harness.note("hub", ["a complete file was downloaded again"])
    print(f"absent Hub: ended with status {status}; same tables once the Hub was back", flush=True)


def check_message(status: int | None, printed: str) -> list[str]:
    """Return the faults in how a run ended after it lost the Hub."""
    faults = [] if status == 2 else [f"expected status 2 without a Hub, found {status}"]
    if "no answer" not in printed or "Traceback" in printed:
        faults.append(f"does not clearly report that the Hub gives no answer:\n{printed}")
    return faults


@contextmanager
def serving() -> Iterator[HubServer]:
    """Serve a stand-in for the Hub with the sample's memories and tokenizer."""
    with HubServer() as hub:
        hub.publish("EleutherAI/pythia-memorized-evals", memories_directory())
        hub.publish_files("EleutherAI/pythia-70m", {"tokenizer.json": tokenizer_path().read_bytes()}, kind="models")
        yield hub
