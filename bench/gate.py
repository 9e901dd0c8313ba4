#!/usr/bin/env python3
"""The part of the benchmark that is a test, because its results do not depend on noise: instructions and allocations for
each message, counted by callgrind, and the number of threads with many subscriptions and connections.

usage: gate.py BENCH PEER_URL JS_CONSUME SERVER_URL RECORDED.json [--record]      (scripts/bench-gate.sh calls it)

Each case of bench.c, and of js_consume.c with a nats-server, runs under callgrind for N and for 2 N messages; the cost of
a message is the difference divided by N, without the costs of the start. Both runs are made twice and the lower count is
used. Valgrind runs one thread at a time; with --fair-sched they take turns, and counts repeat within 2 % even on a busy
machine (without it, a publisher may find the writer busy during its whole run or never, a difference of 9 %).

  instructions   only those in libnats_rs.so: libc selects its memcpy by the processor, and the test program is not
                 measured. More than 10 % above the recorded figure is a failure. A case that exceeds it gets two more of
                 both runs first.
  allocations    calls of malloc and the like from outside of libc, including the test program (which makes none for a
                 message). Half an allocation for each message more than recorded is a failure; in cases that make dozens,
                 10 % more.
  threads        those that 1,000 subscriptions and 100 connections add to the process. More than the few workers of the
                 pool is a failure.

Times are not measured. --record measures each case five times and writes the lowest figures and their spread: a case with
a spread of more than 4 % never fails.
"""

import json
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# case of bench.c or, where it begins with js_, of js_consume.c: what it is called here, and N
CASES = {
    "pub_16": ("publish 16 B", 100_000),
    "pub_1k": ("publish 1 KiB", 100_000),
    "pub_hdr_128": ("publish 128 B with two headers", 50_000),
    "pub_hdr_128_new": ("the same, each message made anew", 20_000),
    "deliver_cb_16": ("deliver 16 B to a callback", 100_000),
    "deliver_cb_1k": ("deliver 1 KiB to a callback", 50_000),
    "deliver_sync_16": ("deliver 16 B to NextMsg", 100_000),
    "request_1_peer_asleep": ("request and reply", 1_000),
    "connect_close": ("connect and close", 50),
    "js_push_ack": ("push to a callback and ack", 20_000),
    "js_push_ordered": ("ordered push to a callback", 20_000),
    "js_fetch_500_ack": ("fetch 500, ack each", 20_000),
}
# case: the number of objects, and the number of threads that they may add. Only workers of the pool may be added.
THREADS = {
    "idle_subs": ("subscriptions with a callback", 1_000, 4),
    "idle_conns": ("connections", 100, 4),
}
TOLERANCE = 0.10
REPEATABLE = 0.04  # a case can fail only if the spread of its recording was at most this
RUNS, RECORDINGS = 2, 5
TIMEOUT = 120  # seconds, of one run
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}


def die(text):
    sys.exit(f"gate.py: {text}")


# ---- callgrind's output ----------------------------------------------------------------------------------------------


def costs(path):
    """(instructions by object, calls of allocators from outside libc) of one callgrind.out file.

    Names are given once with a number, `(3) name`, and then by number alone. A line of numbers is what a function costs
    itself, but for the one behind `calls=`, which is what it called."""
    objects, functions = {}, {}

    def name(known, text):
        number, rest = re.fullmatch(r"(\(\d+\))\s*(.*)", text).groups()
        return known.setdefault(number, rest)

    instructions, allocations = {}, 0
    here = callee_object = callee = None
    is_call = False
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in map(str.strip, lines):
            key, equals, value = line.partition("=")
            if equals and key == "ob":
                here = name(objects, value)
            elif equals and key == "fn":
                name(functions, value)
            elif equals and key == "cob":
                callee_object = name(objects, value)
            elif equals and key == "cfn":
                callee = name(functions, value)
            elif equals and key == "calls":
                target = callee_object or here
                if callee in ALLOCATORS and "libc" in target and here != target:
                    allocations += int(value.split()[0])
                callee_object, is_call = None, True
            elif re.match(r"[-+*0-9]", line) and not is_call:
                instructions[here] = instructions.get(here, 0) + int(line.split()[1])
            else:
                is_call = False
    return instructions, allocations


def run(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        die(f"{' '.join(command)} takes longer than {TIMEOUT} s")
    if done.returncode != 0:
        die(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def callgrind(bench, url, case, count):
    """(instructions inside our library, allocations) of one run."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "callgrind.out"
        options = ["--fair-sched=yes", "--tool=callgrind", "--dump-line=no", f"--callgrind-out-file={out}"]
        run(["valgrind", "--quiet", *options, bench, case, url, str(count)])
        instructions, allocations = costs(out)
    ours = [n for name, n in instructions.items() if "libnats_rs" in name]
    if len(ours) != 1:
        die(f"{case}: callgrind saw no libnats_rs.so, but {', '.join(map(str, instructions))}")
    return ours[0], allocations


class Case:
    """The lowest figures of one case so far, for N and for 2 N messages."""

    def __init__(self, programs, case, count):
        program, url = programs[case.startswith("js_")]
        self.command, self.count = (program, url, case), count
        self.lowest = [(sys.maxsize, sys.maxsize)] * 2

    def measure(self):
        for _ in range(RUNS):
            for i in (0, 1):
                seen = callgrind(*self.command, (i + 1) * self.count)
                self.lowest[i] = tuple(map(min, seen, self.lowest[i]))
        return self

    def cost(self):
        """(instructions, allocations) of one message."""
        return tuple((twice - once) / self.count for once, twice in zip(*self.lowest))


# ---- the gate --------------------------------------------------------------------------------------------------------


def rustc():
    return run(["rustc", "--version"]).split()[1]


def record(programs, path):
    cases = {}
    for name, (title, count) in CASES.items():
        found = [Case(programs, name, count).measure().cost() for _ in range(RECORDINGS)]
        instructions, allocations = zip(*found)
        spread = max(instructions) / min(instructions) - 1
        cases[name] = {
            "instructions": round(min(instructions), 1),
            "allocations": round(max(min(allocations), 0.0), 2),
            "spread": round(spread, 4),
        }
        print(f"{title:<34} {min(instructions):>9,.0f} instructions, {RECORDINGS} times within {spread:.1%}")
    about = (
        "Instructions inside libnats_rs.so and allocations for one message (for one connection in connect_close), and "
        f"how far apart {RECORDINGS} measurements lay. Compared by scripts/bench-gate.sh, made by its --record."
    )
    recorded = {"about": about, "machine": platform.machine(), "rustc": rustc(), "cases": cases}
    path.write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")
    print(f"Wrote {path}")


def compare(programs, recorded):
    """Prints a line for each case; returns the failures."""
    wrong, lower = [], []
    same_machine = recorded["machine"] == platform.machine()
    print(f"{'one message, by callgrind':<34} {'instructions':>12} {'recorded':>9} {'':>7} {'allocations':>12}")
    for name, (title, count) in CASES.items():
        known = recorded["cases"].get(name)
        if known is None:
            wrong.append(f"{title}: nothing is recorded")
            continue
        compared = same_machine and known["spread"] <= REPEATABLE
        most = known["instructions"] * (1 + TOLERANCE)
        most_allocations = known["allocations"] + max(0.5, TOLERANCE * known["allocations"])

        case = Case(programs, name, count).measure()
        instructions, allocations = case.cost()
        if (compared and instructions > most) or allocations > most_allocations:
            instructions, allocations = case.measure().cost()
        change = instructions / known["instructions"] - 1
        print(
            f"{title:<34} {instructions:>12,.0f} {known['instructions']:>9,.0f} {change:>+7.1%} "
            f"{max(allocations, 0):>12.2f}" + ("" if compared else "  (not compared)"),
            flush=True,
        )
        if compared and instructions > most:
            wrong.append(
                f"{title}: {instructions:,.0f} instructions, {change:.1%} more than the recorded "
                f"{known['instructions']:,.0f} ({TOLERANCE:.0%} are allowed)"
            )
        if compared and change < -TOLERANCE:
            lower.append(title)
        if allocations > most_allocations:
            wrong.append(f"{title}: {allocations:.2f} allocations, where {known['allocations']:.2f} are recorded")
    if lower:
        print(f"\nMuch lower than recorded: {', '.join(lower)}. Record it: scripts/bench-gate.sh --record")
    if not same_machine:
        print(f"\nInstructions are recorded for {recorded['machine']}: not compared on {platform.machine()}")
    if recorded["rustc"] != (compiler := rustc()):
        print(f"\nRecorded with rustc {recorded['rustc']}; this is {compiler}")
    return wrong


def threads(bench, url):
    wrong = []
    for case, (title, count, most) in THREADS.items():
        result = json.loads(run([bench, case, url, str(count)]))
        print(f"{count:,} {title} add {result['threads']:.0f} threads ({most} are allowed)")
        if result["threads"] > most:
            wrong.append(f"{count:,} {title} add {result['threads']:.0f} threads, {most} are allowed")
    return wrong


def main():
    arguments = [a for a in sys.argv[1:] if a != "--record"]
    if len(arguments) != 5:
        die("usage: gate.py BENCH PEER_URL JS_CONSUME SERVER_URL RECORDED.json [--record]")
    bench, url, js_consume, server, path = *arguments[:4], Path(arguments[4])
    programs = (bench, url), (js_consume, server)
    if "--record" in sys.argv:
        record(programs, path)
        return
    wrong = compare(programs, json.loads(path.read_text(encoding="utf-8")))
    print()
    wrong += threads(bench, url)
    if wrong:
        print("\n" + "\n".join(f"FAILED: {line}" for line in wrong), file=sys.stderr)
        print("If it must be so, record it: scripts/bench-gate.sh --record", file=sys.stderr)
        sys.exit(1)


main()
