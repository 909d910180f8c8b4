"""Python programs."""

from __future__ import annotations

from random import Random

from sample.texts.grammar import Grammar, expand, expand_several
from sample.texts.identifiers import IDENTIFIERS

_GRAMMAR: Grammar = {
    **IDENTIFIERS,
    "library": ("json", "logging", "math", "os", "re", "sys", "time", "itertools", "collections", "argparse", "csv"),
    "opening": (
        "import «library»\nfrom pathlib import Path\n\nfrom .«module» import «type»\n",
        "#!/usr/bin/env python3\nimport «library»\nimport «library»\n",
        '"""«comment|cap»."""\n\nimport «library»\n\nlogger = logging.getLogger(__name__)\n',
        "import numpy as np\nimport «library»\n\nDEFAULT_«noun|upper» = «size»\n",
    ),
    "expression": (
        "len(«a»)",
        "«a».get(«b», «int»)",
        "sum(x «op» «int» for x in «a»)",
        "«a»[«int»:]",
        "{«b»: «a»}",
        "max(«a», key=lambda x: x.«noun»)",
        "np.zeros((«int», «int»))",
        "'«noun»' if «a» else None",
    ),
    "block": (
        "def «f:fn»(«a:var», «b:noun»=«int»):\n"
        '    """«comment|cap»."""\n'
        "    «c:var» = «expression»\n"
        "    for «d:noun» in «a»:\n"
        "        if «d» «cmp» «b»:\n"
        "            continue\n"
        "        «c» = «fn»(«c», «d»)\n"
        "    return «c»\n",
        "class «t:type»:\n"
        "    def __init__(self, «a:var», «b:noun»=None):\n"
        "        self.«a» = «a»\n"
        "        self._«b» = «b» or []\n\n"
        "    def «fn»(self, «c:var»):\n"
        "        # «comment»\n"
        "        self._«b».append(«c»)\n"
        "        return self\n\n"
        "    def __len__(self):\n"
        "        return len(self._«b»)\n",
        "def «f:fn»(«a:var»: str, «b:var»: int = «size») -> dict[str, int]:\n"
        "    with open(«a», encoding='utf-8') as «c:noun»_file:\n"
        "        rows = [line.split(',') for line in «c»_file if line.strip()]\n"
        "    if not rows:\n"
        '        raise ValueError(f"«message»: {«a»}")\n'
        "    return {row[0]: int(row[«int»]) % «b» for row in rows}\n",
        "@pytest.mark.parametrize('«a:noun»', [«int», «int», «int»])\n"
        "def test_«f:fn»_«b:var»(«a», tmp_path):\n"
        "    «c:var» = «f»(tmp_path / '«b».«noun»', «a»)\n"
        "    assert «c» «cmp» «int»\n"
        "    assert «c».«noun» is not None\n",
        "try:\n"
        "    «a:var» = «b:fn»(«c:var»)\n"
        "except (KeyError, OSError) as error:\n"
        "    logger.warning('«message»: %s', error)\n"
        "    «a» = «int»\n",
        "«a:noun|upper» = {\n"
        "    '«noun»': «int»,\n    '«var»': [«float», «float»],\n    '«noun»': {'«noun»': True, "
        "'«noun»': None},\n"
        "}\n",
        "async def «f:fn»(«a:var», *, timeout=«int»):\n"
        "    async with «type»(«a») as «b:noun»:\n"
        "        while not «b».done:\n"
        "            await asyncio.sleep(«float»)\n"
        "            «b».«verb»(«a»)\n"
        "    return await «b».«verb»()\n",
        "if __name__ == '__main__':\n"
        "    parser = argparse.ArgumentParser(description='«comment|cap»')\n"
        "    parser.add_argument('--«a:noun»', type=int, default=«size»)\n"
        "    args = parser.parse_args()\n"
        "    print(«fn»(args.«a»))\n",
        "«a:var», «b:noun»_count = «fn»(«int»), 0\n"
        "while «a» and «b»_count < «int»:\n"
        "    «a» = «a».«noun»\n"
        "    «b»_count += 1\n",
    ),
}


def python(rng: Random) -> str:
    """Return a Python module."""
    blocks = expand_several("block", rng.randrange(2, 6), _GRAMMAR, rng, {})
    return "\n\n".join([expand("«opening»", _GRAMMAR, rng, {}), *blocks])
