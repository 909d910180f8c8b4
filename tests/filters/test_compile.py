"""All kernels of the filters are compiled beforehand, so that no worker of a cluster compiles."""

import subprocess
import sys

# A kernel called by another kernel is compiled with it; a kernel called only from Python must be run once.
NOT_COMPILED = """
from importlib import import_module
from pkgutil import walk_packages

import filters
from filters.compile import compile_filters
from numba.core.registry import CPUDispatcher

compile_filters()
names = [each.name for each in walk_packages(filters.__path__, "filters.")]
modules = [import_module(name) for name in names if not name.endswith("_triton")]  # triton comes with CUDA only
loops = {each for module in modules for each in vars(module).values() if isinstance(each, CPUDispatcher)}
called = {name for each in loops for name in each.py_func.__code__.co_names}
outermost = [each for each in loops if each.__name__ not in called]
assert len(outermost) > 10
print(sorted(each.__name__ for each in outermost if not each.signatures))
"""


def test_every_kernel_is_compiled_beforehand() -> None:
    # In a new process: in this one, other tests have compiled more kernels.
    found = subprocess.run([sys.executable, "-c", NOT_COMPILED], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
