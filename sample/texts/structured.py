"""Machine-written text: markup without sentences, data files, logs, stack traces, base64."""

from __future__ import annotations

import base64
from collections.abc import Callable
from random import Random

from sample.texts.grammar import Grammar, expand, expand_several, pick
from sample.texts.identifiers import IDENTIFIERS
from sample.texts.words import SHARED, whole_number

_GRAMMAR: Grammar = {
    **SHARED,
    **IDENTIFIERS,
    "clock": lambda rng: (
        f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}.{rng.randrange(1000):03d}"
    ),
    "line": whole_number(12, 980),
    "html": (
        (
            '<div class="«noun»-«noun»" id="«var»">\n  <a href="/«module»/«noun».html"><img '
            'src="«noun».png" alt=""></a>\n</div>\n'
        ),
        (
            '<ul class="«noun»">\n<li><a href="#«var»">«noun|cap»</a></li>\n<li><a '
            'href="#«var»">«noun|cap»</a></li>\n</ul>\n'
        ),
        '<form action="/«verb»" method="post">\n<input type="hidden" name="«noun»" value="«hex»">\n</form>\n',
        ('<script src="/static/«noun».min.js?v=«int»"></script>\n<link rel="stylesheet" href="/css/«noun».css">\n'),
        (
            '<table cellpadding="«int»">\n<tr><th>«noun|cap»</th></tr>\n<tr><td '
            'align="right">«float»</td></tr>\n</table>\n'
        ),
    ),
    "css": (
        ".«noun»-«noun» {\n  margin: «int»px auto;\n  color: #«colour_code»;\n  display: flex;\n}\n",
        "#«noun» > li:hover {\n  border-bottom: «int»px solid #«colour_code»;\n  opacity: «float»;\n}\n",
        "@media (max-width: «size»px) {\n  .«noun» { width: «int»%; }\n}\n",
        ".«noun» a:visited, .«noun» td {\n  font: «int»px/«digit» sans-serif;\n  text-decoration: none;\n}\n",
        "table.«noun» tr:nth-child(«digit»n) {\n  background: url(../img/«noun».svg) no-repeat;\n}\n",
        ":root {\n  --«noun»-«noun»: #«colour_code»;\n  --«noun»: «float»rem;\n}\n",
    ),
    "colour_code": lambda rng: f"{rng.randrange(16**6):06x}",
    "latex": (
        (
            "\\begin{equation}\\label{eq:«noun»}\n  \\frac{\\partial «v:letter»}{\\partial t} = \\alpha "
            "«v»^{«digit»} - \\beta_{«digit»}\n\\end{equation}\n"
        ),
        "\\usepackage{«noun»}\n\\newcommand{\\«noun»}[1]{\\mathbf{#1}}\n",
        ("\\begin{tabular}{lrr}\n\\toprule\n«noun» & $«float»$ & $«float»$ \\\\\n\\bottomrule\n\\end{tabular}\n"),
        "$\\sum_{i=1}^{«v:letter»} x_i^{«digit»} \\leq «v» \\cdot \\|x\\|_{\\infty}$\n",
    ),
    "letter": tuple("knmpqruvw"),
    "json": (
        ('{"id": "«colour_code»", "«noun»": «int», "«var»": [«float», «float»], "«noun»": {"«noun»": null}},\n'),
        '{"«noun»": {"«var»": "«hex»", "«noun»": ["«noun»", "«noun»"]}, "version": «int»},\n',
        '["«noun»", «int», «float», true, {"«noun»": -«float»}],\n',
        '{"type": "«type»", "«noun»": "«verb»", "«noun|s»": [], "enabled": false, "ratio": «float»},\n',
    ),
    "yaml": (
        "«noun»:\n  «var»: «int»\n  «noun»: [«noun», «noun»]\n  enabled: true\n",
        "«noun»_«noun»: &«noun»\n  - «verb»: «float»\n    when: «noun» «cmp» «int»\n",
        "# «comment»\n«noun»: {«noun»: «hex», «noun»: ~}\n",
        "- name: «noun»-«noun»\n  image: registry.example.org/«noun»:«float»\n  ports: [«size»]\n",
    ),
    "log": (
        "«clock» INFO  [«noun»-worker] «type»: «verb» «noun» took «line» ms\n",
        "«clock» WARN  [main] «type»: retry «digit» of «int», «var»=«hex»\n",
        "«clock» DEBUG [«noun»] «type».«fn|mixed»: «noun»=«int» «noun»=«float»\n",
    ),
    "trace": (
        "\tat org.example.«module».«t:type».«fn|mixed»(«t».java:«line»)\n",
        "\tat com.example.«noun».«t:type»$1.run(«t».java:«line»)\n",
        "Caused by: org.example.«type»Exception: «message»\n",
        "\t... «int» more\n",
    ),
    "traceback": (
        '  File "/srv/«noun»/«module».py", line «line», in «f:fn»\n    return self.«fn»(«var»)\n',
        '  File "/usr/lib/python3/«module».py", line «line», in «f:fn»\n    raise «type»Error("«message»")\n',
        "Traceback (most recent call last):\n",
    ),
}


def _base64(rng: Random) -> str:
    encoded = base64.b64encode(rng.randbytes(rng.randrange(200, 400))).decode()
    return "\n".join(encoded[i : i + 64] for i in range(0, len(encoded), 64)) + "\n"


def _checksums(rng: Random) -> str:
    return "".join(
        f"{rng.randbytes(16).hex()}  {expand('«module»/«var».«noun»', _GRAMMAR, rng, {})}\n" for _ in range(6)
    )


_MADE_OF_BYTES: dict[str, Callable[[Random], str]] = {"base64": _base64, "checksums": _checksums}


def structured(rng: Random) -> tuple[str, str]:
    """Return the name of a format, and a file in that format."""
    formats = ("html", "html", "css", "latex", "json", "yaml", "log", "trace", "traceback", "base64", "checksums")
    chosen = pick(rng, formats)
    if chosen in _MADE_OF_BYTES:
        return chosen, _MADE_OF_BYTES[chosen](rng)
    return chosen, "".join(expand_several(chosen, rng.randrange(5, 12), _GRAMMAR, rng, {}))
