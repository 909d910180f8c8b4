"""Whatever a filter may run is compiled beforehand, so that no worker of a cluster has to."""

import subprocess
import sys

# A loop that another calls is compiled with it; those that only Python calls have to be run.
NOT_COMPILED = """
from importlib import import_module
from pkgutil import walk_packages

import filters
from filters.compile import compile_filters
from numba.core.registry import CPUDispatcher

compile_filters()
modules = [import_module(each.name) for each in walk_packages(filters.__path__, "filters.")]
loops = {each for module in modules for each in vars(module).values() if isinstance(each, CPUDispatcher)}
called = {name for each in loops for name in each.py_func.__code__.co_names}
outermost = [each for each in loops if each.__name__ not in called]
assert len(outermost) > 10
print(sorted(each.__name__ for each in outermost if not each.signatures))
"""


def test_every_loop_is_compiled_beforehand() -> None:
    # In a process of its own: in this one, other tests have compiled more.
    found = subprocess.run([sys.executable, "-c", NOT_COMPILED], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
