"""Programs in C, Go and Rust."""

from __future__ import annotations

from random import Random

from sample.texts.grammar import Grammar, expand, expand_several, pick
from sample.texts.identifiers import IDENTIFIERS

_GRAMMAR: Grammar = {
    **IDENTIFIERS,
    "opening_c": (
        '#include <stdint.h>\n#include <stdlib.h>\n#include "«noun».h"\n\n#define MAX_«noun|upper» «size»\n',
        "#ifndef «n:noun|upper»_H\n#define «n|upper»_H\n\nstruct «noun»;\n\nextern int «fn»(void);\n",
    ),
    "c": (
        "static int «f:fn»(struct «t:noun» *«a:var», size_t «b:noun»)\n{\n"
        "\tif (!«a» || «b» > MAX_«noun|upper»)\n\t\treturn -EINVAL;\n\n"
        "\t«a»->«noun» = «b» «op» «hex»;\n\treturn 0;\n}\n",
        (
            "struct «t:noun» {\n\tuint32_t «noun»;\n\tuint8_t «var»[«size»];\n\tstruct «t» "
            "*next;\n\tchar *«noun»_name;\n};\n"
        ),
        "for (i = 0; i < «a:var»->n_«b:noun»; i++) {\n\tstruct «b» *p = &«a»->«b»[i];\n\n"
        "\t/* «comment» */\n\tif (p->«c:noun» «cmp» «hex»)\n\t\tbreak;\n\tp->«c» += «int»;\n}\n",
        "void «f:fn»(struct «t:noun» *«a:var»)\n{\n\tfree(«a»->«noun»);\n\t«a»->«noun» = NULL;\n"
        '\tfprintf(stderr, "%s: «message»\\n", __func__);\n}\n',
        "switch («a:var») {\ncase «noun|upper»_«verb|upper»:\n\treturn «fn»(«int»);\n"
        "case «noun|upper»_«verb|upper»:\n\t«b:noun» = «hex»;\n\tbreak;\ndefault:\n\tgoto out;\n}\n",
        "unsigned int «f:fn»(const char *s)\n{\n\tunsigned int h = «hex»;\n\n"
        "\twhile (*s)\n\t\th = h * «int» ^ (unsigned char)*s++;\n\treturn h & («size» - 1);\n}\n",
    ),
    "opening_go": ('package «module»\n\nimport (\n\t"errors"\n\t"fmt"\n\t"sync"\n)\n',),
    "go": (
        "func «f:fn|mixed»(«a:noun» []byte, «b:name» int) (int, error) {\n"
        "\tif len(«a») «cmp» «int» {\n"
        '\t\treturn 0, errors.New("«message»")\n\t}\n\treturn len(«a») «op» «int», nil\n}\n',
        "type «t:type» struct {\n\tmu sync.Mutex\n\t«a:noun»s map[string]int\n\t«noun» *«type»\n}\n\n"
        "func (s *«t») «verb|cap»(key string) bool {\n\ts.mu.Lock()\n\tdefer s.mu.Unlock()\n"
        "\t_, ok := s.«a»s[key]\n\treturn ok\n}\n",
        "for i, «a:noun» := range «b:name» {\n\tif «a».«noun|cap» == nil {\n\t\tcontinue\n\t}\n"
        "\tresult[i] = «a».«verb|cap»(«int»)\n}\n",
        "go func() {\n\tfor «a:noun» := range «b:name»Chan {\n"
        '\t\tfmt.Printf("%d %v\\n", «int», «a»)\n\t}\n\tclose(done)\n}()\n',
        'if err := «fn|mixed»(ctx, «noun»); err != nil {\n\treturn fmt.Errorf("«message»: %w", err)\n}\n',
    ),
    "opening_rust": ("use std::collections::HashMap;\nuse std::io::{self, Read};\n\nuse crate::«module»::«type»;\n",),
    "rust": (
        "pub fn «f:fn»(«a:var»: &[u8], «b:noun»: usize) -> Result<u32, «type»Error> {\n"
        "    let «c:var» = «a».iter().skip(«b»).map(|&x| u32::from(x)).sum::<u32>();\n"
        "    if «c» «cmp» «size» {\n        return Err(«type»Error::«noun|cap»);\n    }\n    Ok(«c» "
        "«op» «int»)\n}\n",
        (
            "#[derive(Debug, Clone, PartialEq)]\npub struct «t:type» {\n    «noun»: Vec<u64>,\n    "
            "«var»: Option<String>,\n}\n"
        ),
        "impl «t:type» {\n    /// «comment|cap».\n    pub fn «fn»(&mut self, «a:noun»: «type») -> "
        "&mut Self {\n"
        "        self.«b:noun»s.push(«a»);\n        self\n    }\n}\n",
        "match «a:var».«fn»() {\n    Some(«b:noun») if «b» «cmp» «int» => «b»,\n"
        '    Some(_) => unreachable!("«message»"),\n    None => «size»,\n}\n',
        "#[test]\nfn «fn»_«noun»() {\n    let mut «a:var» = «type»::new(«int»);\n    «a».«verb»(«int»);\n"
        "    assert_eq!(«a».«noun»(), «int»);\n}\n",
        ('let «a:noun»: HashMap<&str, i64> = [("«noun»", «int»), ("«noun»", -«int»)].into_iter().collect();\n'),
    ),
}


def systems_program(rng: Random) -> tuple[str, str]:
    """Return one of `c`, `go` and `rust`, and a file in that language."""
    language = pick(rng, ("c", "c", "go", "rust"))
    opening = expand(f"«opening_{language}»", _GRAMMAR, rng, {})
    return language, "\n".join([opening, *expand_several(language, rng.randrange(3, 7), _GRAMMAR, rng, {})])
