#!/usr/bin/env python3
"""Doxygen's view of a file (see Doxyfile): names that the header declares become links, the
first paragraph of a comment is its brief description, and the page of an opaque type lists the
functions that make or take it.

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


def with_functions(text):
    """The header with the lists of functions in the comments of opaque types."""
    functions = re.findall(r"^NATS_EXTERN\s+([^;{}()]+?[\s*])(\w+)\(([^;]*)\);$", code, flags=re.M | re.S)

    def lists(match):
        maker = re.compile(rf"\b{match[3]} \*(\*|$)", flags=re.M)
        made = [f for result, f, parameters in functions if maker.search(result.rstrip() + "\n" + parameters)]
        taken = [f for _, f, parameters in functions if re.search(rf"\b{match[3]} \*\w", parameters)]
        added = "".join(
            f" * @par {title}\n" + "".join(f" * #{name}{',' if name != names[-1] else ''}\n" for name in names) + " *\n"
            for title, names in (("Made or returned by", made), ("Taken by", taken))
            if names
        )
        return match[1] + added + match[2]

    return re.sub(
        r"(/\*\*(?:(?!\*/).)*?)( \* @ingroup \w+\n \*/\ntypedef struct \w+ (\w+);)", lists, text, flags=re.S
    )


source = sys.argv[1].endswith(".h")
contents = pathlib.Path(sys.argv[1]).read_text()
if source:
    contents = with_functions(contents)
code_block = seeing = opened = False
for line in contents.splitlines(keepends=True):
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
