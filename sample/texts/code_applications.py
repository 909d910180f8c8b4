"""Programs in Java, JavaScript and SQL, and shell scripts."""

from __future__ import annotations

from random import Random

from sample.texts.grammar import Grammar, expand, expand_several, pick
from sample.texts.identifiers import IDENTIFIERS

_GRAMMAR: Grammar = {
    **IDENTIFIERS,
    "opening_java": (
        "package org.example.«module»;\n\nimport java.util.ArrayList;\nimport java.util.List;\n\n"
        "public class «type» extends «type» {\n",
        "package com.example.«noun».«module»;\n\nimport java.util.Map;\nimport java.util.Objects;\n\n"
        "final class «type» implements «type» {\n",
    ),
    "java": (
        "    private final List<«t:type»> «a:name» = new ArrayList<>();\n    private int «noun»Count = «int»;\n",
        "    @Override\n    public String get«n:noun|cap»() {\n        return «n»;\n    }\n\n"
        "    public void set«n|cap»(String «n») {\n        this.«n» = «n»;\n    }\n",
        "    public int «fn|mixed»(Map<String, Integer> «a:name») throws «type»Exception {\n"
        "        if («a» == null || «a».isEmpty()) {\n"
        '            throw new IllegalArgumentException("«message»");\n        }\n'
        '        return «a».getOrDefault("«noun»", «int») «op» «int»;\n    }\n',
        "    @Test\n    public void «fn|mixed»Returns«noun|cap»() {\n"
        "        «t:type» «a:noun» = new «t»(«int»);\n        assertEquals(«int», «a».«fn|mixed»());\n    }\n",
        "    for («t:type» «a:noun» : this.«name») {\n        // «comment»\n"
        "        if («a».«fn|mixed»() «cmp» «float») {\n            «noun|s».remove(«a»);\n        }\n    }\n",
        ("    @Override\n    public int hashCode() {\n        return Objects.hash(«noun», «name», «noun»);\n    }\n"),
    ),
    "opening_javascript": (
        "'use strict';\n\nconst «noun» = require('./«module»');\n",
        "import { «fn|mixed», «fn|mixed» } from './«noun».js';\n",
    ),
    "javascript": (
        "export function «fn|mixed»(«a:name», «b:noun» = «int») {\n"
        "  const «c:noun»s = «a».filter((x) => x.«noun» «cmp» «b»);\n"
        "  return «c»s.map(({ «noun», «noun» }) => «noun» «op» «int»);\n}\n",
        "document.querySelector('#«a:noun|dashed»').addEventListener('click', async (event) => {\n"
        "  event.preventDefault();\n  const response = await fetch(`/api/«noun|s»/${event.target.id}`);\n"
        "  if (!response.ok) throw new Error('«message»');\n});\n",
        "class «type» extends «type» {\n  constructor(«a:noun») {\n    super();\n    this.«a» = «a» "
        "?? «int»;\n"
        "    this.«verb» = this.«verb».bind(this);\n  }\n}\n",
        "describe('«noun»', () => {\n  it('«verb»s the «noun»', () => {\n"
        "    expect(«fn|mixed»(«int»)).toBe(«int»);\n  });\n});\n",
        "module.exports = { «fn|mixed», «fn|mixed», «noun»: «int» };\n",
        "setTimeout(() => {\n  // «comment»\n  if (window.«a:noun») window.«a».«verb»();\n}, «size»);\n",
    ),
    "opening_sql": ("-- «comment»\nBEGIN;\n", "SET search_path TO «module»;\n"),
    "sql": (
        "SELECT a.«x:noun»_id, count(*) AS n_«noun|s»\nFROM «module» AS a\n"
        "LEFT JOIN «module» AS b ON b.«x»_id = a.«x»_id\nWHERE a.«noun» «cmp» «int»\nGROUP BY "
        "a.«x»_id\nHAVING count(*) > «int»;\n",
        "CREATE TABLE «t:noun»s (\n    «t»_id bigint PRIMARY KEY,\n    «noun» varchar(«size») NOT NULL,\n"
        "    «var» numeric(10, 2) DEFAULT «float»,\n    created_at timestamptz\n);\n",
        "UPDATE «module» SET «a:var» = «a» «op» «int» WHERE «noun»_id IN (\n    SELECT «noun»_id "
        "FROM «module»\n"
        "    WHERE «noun» IS NULL\n);\n",
        "CREATE INDEX idx_«a:noun»_«b:noun» ON «a»s («b», «noun»_id DESC);\n",
        (
            "INSERT INTO «module» («noun», «var») VALUES ('«noun»', «int»), ('«noun»', «float») ON "
            "CONFLICT DO NOTHING;\n"
        ),
    ),
    "opening_shell": ("#!/bin/sh\nset -eu\n\n«noun|upper»_DIR=${1:-/var/lib/«noun»}\n",),
    "shell": (
        'for f in "$«noun|upper»_DIR"/*.«noun»; do\n    [ -e "$f" ] || continue\n'
        '    «verb»-«noun» --«noun»=«int» "$f" >> /tmp/«noun».log 2>&1\ndone\n',
        'if ! command -v «a:noun» > /dev/null; then\n    echo "«message»" >&2\n    exit «int»\nfi\n',
        "«f:fn»() {\n    local «a:noun»=$1\n    # «comment»\n"
        "    grep -v '^#' \"$«a»\" | sort -k «int» | awk '{ print $1, $NF }'\n}\n",
        ("tar -czf /srv/«noun»-$(date +%Y%m%d).tar.gz -C /home/«noun» «module»\nchmod 640 /srv/«noun»-*.tar.gz\n"),
        "all: «a:module».o «b:module».o\n\t$(CC) $(LDFLAGS) -o «noun» $^\n\nclean:\n\trm -f «a».o «b».o\n",
    ),
}


def application_program(rng: Random) -> tuple[str, str]:
    """Return one of `java`, `javascript`, `sql` and `shell`, and a file in that language."""
    language = pick(rng, ("java", "java", "javascript", "javascript", "sql", "shell"))
    opening = expand(f"«opening_{language}»", _GRAMMAR, rng, {})
    blocks = expand_several(language, rng.randrange(3, 7), _GRAMMAR, rng, {})
    return language, "\n".join([opening, *blocks, "}\n" if language == "java" else ""])
