#!/usr/bin/env python3
"""Doxygen's view of a file (see Doxyfile): names that the header declares become links, and
the first paragraph of a comment is its brief description.

usage: docs-filter.py FILE
"""
import pathlib
import re
import sys

HEADER = pathlib.Path(__file__).resolve().parent.parent / "include/nats_rs.h"
code = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
declared = set(re.findall(r"\b(\w+_\w+)\(", code))  # functions
declared |= set(re.findall(r"^#define (\w+)", code, flags=re.M))
declared |= set(re.findall(r"^typedef .*?\b(\w+);$", code, flags=re.M))
declared |= set(re.findall(r"\(\*(\w+)\)\(", code))  # types of callbacks
declared |= set(re.findall(r"^} (\w+);$", code, flags=re.M))
for values in re.findall(r"^typedef enum \w+ \{(.*?)^\}", code, flags=re.M | re.S):
    declared |= set(re.findall(r"^\s*(\w+)", values, flags=re.M))


def literal(match):
    """What is in backticks, where doxygen would take a part of it for markup."""
    text = match[1].replace("\\", "\\\\").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "<tt>" + text.replace("@", "\\@").replace("#", "\\#") + "</tt>"


def linked(line):
    """The line with a # in front of each declared name that is in backticks, or stands in a sentence."""
    line = re.sub(r"`(\w+)`", lambda m: "#" + m[1] if m[1] in declared else m[0], line)
    line = re.sub(r"`([^`]*[<>\\@#][^`]*)`", literal, line)
    if source and not seeing:
        return line
    return re.sub(r"(?<![#\w`])(\w+_\w+)\b(?!\(|`)", lambda m: "#" + m[1] if m[1] in declared else m[0], line)


source = sys.argv[1].endswith(".h")
code_block = seeing = opened = False
for line in pathlib.Path(sys.argv[1]).read_text().splitlines(keepends=True):
    text = line.strip(" /*\n")
    code_block ^= text.startswith("```")
    seeing = text.startswith("@see") or (seeing and text != "" and not text.startswith("@"))
    if source:
        opened |= line.lstrip().startswith("/**")
        if opened and text:
            line = line if text.startswith("@") else line.replace(text[0], "@brief " + text[0], 1)
            opened = False
    in_comment = not source or line.startswith((" *", "/*", "    /*", "     *"))
    sys.stdout.write(linked(line) if in_comment and not code_block else line)
