"""A Hub that goes away in the middle of a download: the run says so, and goes on once the Hub is back."""

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
    """Takes the Hub away while the second of two files is on its way, and brings it back for the same command."""
    harness = harness.measuring(*OPTIONS)
    kept, cut_off = (("--cache_dir", str(harness.directory / name)) for name in ("cache-kept", "cache-cut-off"))
    with serving() as hub:
        harness.run_undisturbed("hub-undisturbed", *kept, environment={"HF_ENDPOINT": hub.endpoint})
    with serving() as hub:
        hub.misbehave(SECOND, Drop(BYTES_BEFORE_THE_END), times=1_000)
        program = harness.program("hub", *cut_off, environment={"HF_ENDPOINT": hub.endpoint})
        with program:
            wait_until(program, lambda: hub.bytes_sent[SECOND] > 0)
            hub.__exit__()
            status = program.wait()
    run = harness.run_directory("hub")
    harness.note("hub", says_that_the_hub_is_gone(status, program.printed()))
    harness.note("hub", checks.nothing_looks_complete_and_is_not(run, harness.expected))
    with serving() as hub:
        harness.go_on_to_the_end("hub", *cut_off, environment={"HF_ENDPOINT": hub.endpoint})
        if hub.bytes_sent[FIRST]:
            harness.note("hub", ["a file that had arrived was fetched again"])
    print(f"absent Hub: ended with status {status}; once it was back the same tables", flush=True)


def says_that_the_hub_is_gone(status: int | None, printed: str) -> list[str]:
    """What is wrong with how a run ended that lost the Hub."""
    faults = [] if status == 2 else [f"ended with status {status} without a Hub"]
    if "no answer" not in printed or "Traceback" in printed:
        faults.append(f"does not say clearly that the Hub does not answer:\n{printed}")
    return faults


@contextmanager
def serving() -> Iterator[HubServer]:
    """A stand-in for the Hub with the memories of the sample and their tokenizer."""
    with HubServer() as hub:
        hub.publish("EleutherAI/pythia-memorized-evals", memories_directory())
        hub.publish_files("EleutherAI/pythia-70m", {"tokenizer.json": tokenizer_path().read_bytes()}, kind="models")
        yield hub
