#!/usr/bin/env python3
"""Checks the crates of the library against deny.toml, and collects the licences that have to be passed on.

usage: crates.py             checks deny.toml, and that packaging/THIRD-PARTY-LICENSES is up to date
       crates.py --update    writes that file

Those that are linked into the library on any of the machines below count: not what builds it or tests it. Works offline
once the crates are fetched.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "packaging" / "THIRD-PARTY-LICENSES"
TARGETS = [
    "x86_64-unknown-linux-gnu",
    "i686-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "armv7-unknown-linux-gnueabihf",
    "x86_64-unknown-linux-musl",
]
# If a crate offers a choice of licences, the first of these is chosen.
PREFERRED = ["MIT", "Apache-2.0", "ISC", "BSD-3-Clause", "BSD-2-Clause", "Zlib", "Unlicense"]
# The names of licence files in crates that have several.
NAMES = {"MIT": "MIT", "Apache-2.0": "APACHE", "ISC": "ISC", "BSD-3-Clause": "BSD", "BSD-2-Clause": "BSD"}
NOTICE = re.compile(r"^(LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|UNLICENSE)", re.IGNORECASE)


def linked():
    """The packages in the library, except itself, by name and version."""
    found = {}
    for target in TARGETS:
        command = ["cargo", "metadata", "--locked", "--format-version=1", "--filter-platform", target]
        meta = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
        packages = {p["id"]: p for p in meta["packages"]}
        nodes = {n["id"]: n for n in meta["resolve"]["nodes"]}
        waiting, seen = [meta["resolve"]["root"]], set()
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            if any("proc-macro" in t["kind"] for t in packages[node]["targets"]):
                continue  # runs in the compiler
            if node != meta["resolve"]["root"]:
                found[packages[node]["name"], packages[node]["version"]] = packages[node]
            for dep in nodes[node]["deps"]:
                if any(kind["kind"] is None for kind in dep["dep_kinds"]):
                    waiting.append(dep["pkg"])
    return [found[key] for key in sorted(found)]


def choices(expression):
    """An SPDX expression as a disjunction: sets of licences, one of which has to be complied with."""
    tokens = re.findall(r"\(|\)|[^\s()/]+|/", expression)
    position = 0

    def either():
        nonlocal position
        options = both()
        while position < len(tokens) and tokens[position] in ("OR", "/"):
            position += 1
            options = options + both()
        return options

    def both():
        nonlocal position
        options = one()
        while position < len(tokens) and tokens[position] == "AND":
            position += 1
            more = one()
            options = [a | b for a in options for b in more]
        return options

    def one():
        nonlocal position
        token = tokens[position]
        position += 1
        if token == "(":
            options = either()
            position += 1
            return options
        if position < len(tokens) and tokens[position] == "WITH":
            token = " ".join([token, "WITH", tokens[position + 1]])
            position += 2
        return [{token}]

    return either()


def chosen(package, allowed):
    """The chosen licences of a package; None if deny.toml allows no choice."""
    options = [o for o in choices(package["license"] or "none") if o <= allowed]
    rank = lambda o: [PREFERRED.index(l) if l in PREFERRED else len(PREFERRED) for l in sorted(o)]
    return min(options, key=rank) if options else None


def notices(package, licences):
    """The licence texts of a package, without those of licences that were not chosen."""
    folder = Path(package["manifest_path"]).parent
    files = sorted(f for f in folder.iterdir() if f.is_file() and NOTICE.match(f.name))
    named = [f for f in files if any(NAMES.get(l, l).upper() in f.name.upper() for l in licences)]
    others = [f for f in files if not any(n in f.name.upper() for n in [*NAMES.values(), "UNLICENSE"])]
    texts = [f.read_text("utf-8", "replace") for f in dict.fromkeys(named + others)]
    if not texts and licences == {"Apache-2.0"}:
        texts = [(ROOT / "LICENSE").read_text("utf-8")]
    return ["\n".join(line.rstrip() for line in t.strip().splitlines()) for t in texts]


def document(packages, allowed):
    """The content of the file: each text once, with the packages that it belongs to. Also the missing texts."""
    problems, groups = [], {}
    for package in packages:
        name = f"{package['name']} {package['version']}"
        licences = chosen(package, allowed)
        if licences is None:
            problems.append(f"{name}: deny.toml does not allow {package['license']}")
            continue
        texts = notices(package, licences)
        if not texts:
            problems.append(f"{name}: no text of {' and '.join(sorted(licences))} in the crate")
        for text in texts:
            groups.setdefault(re.sub(r"\s+", " ", text), [text, []])[1].append((name, " and ".join(sorted(licences))))
    out = [
        "libnats_rs contains the Rust crates below. Each is used under the licence that is named with it, and their licences",
        "ask for these texts to be passed on. Written by scripts/crates.py. The standard library of Rust is in it, too, under",
        "the MIT licence or the Apache License 2.0, copyright (c) The Rust Project Contributors.",
    ]
    for text, users in sorted(groups.values(), key=lambda g: g[1]):
        out += ["", "=" * 100]
        out += [f"{name} ({licence})" for name, licence in users]
        out += ["=" * 100, "", text]
    return "\n".join(out) + "\n", problems


def banned(packages, rules):
    """The violations of the rules of deny.toml for names, versions and sources."""
    problems, versions = [], {}
    denied = {entry["name"] for entry in rules["bans"]["deny"]}
    skipped = {entry["name"] for entry in rules["bans"]["skip"]}
    for package in packages:
        name = package["name"]
        versions.setdefault(name, []).append(package["version"])
        if name in denied:
            problems.append(f"{name}: denied by deny.toml")
        if not (package["source"] or "").startswith("registry+"):
            problems.append(f"{name}: from {package['source']}, not from a registry")
    for name, several in versions.items():
        if len(several) > 1 and name not in skipped:
            problems.append(f"{name}: in versions {', '.join(several)}: deny.toml allows one")
    for name in sorted(skipped):
        if len(versions.get(name, [])) < 2:
            problems.append(f"{name}: deny.toml skips it, and there is one version only")
    return problems


def main():
    if sys.argv[1:] not in ([], ["--update"]):
        sys.exit(__doc__)
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    packages = linked()
    text, problems = document(packages, set(rules["licenses"]["allow"]))
    problems += banned(packages, rules)
    if not problems and sys.argv[1:] == ["--update"]:
        FILE.write_text(text, "utf-8")
    elif not FILE.exists() or FILE.read_text("utf-8") != text:
        problems.append(f"{FILE.relative_to(ROOT)} is not up to date: run scripts/crates.py --update")
    if problems:
        sys.exit("\n".join(problems))
    print(f"{len(packages)} crates in the library: licences, names, versions and sources are allowed")


main()
