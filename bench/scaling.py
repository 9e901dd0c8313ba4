#!/usr/bin/env python3
"""Writes scaling.json, scaling.svg and the tables of SCALING.md from the runs of bench/scaling.c.

usage: scaling.py RUNS.jsonl OUT_DIRECTORY      (scripts/bench-scaling.sh calls it, and sets the *_VERSION variables)

Each figure is the median of its rounds; `to nats.c` is the median of the ratios of neighbouring runs. Cases that were
not run keep what scaling.json has of them. The prose of SCALING.md, outside of the markers, is left as it is.
"""

import json
import os
import re
import shutil
import sys
from collections import defaultdict
from math import log10
from statistics import median

from report import COLOURS, FONT, NATS_C, OURS, about, scaled, words

HERE = os.path.dirname(os.path.abspath(__file__))


# ---- figures --------------------------------------------------------------------------------------------------------


def read(path):
    """{case: {size: {library: {field: median}}}}, and the same with our ratios to nats.c."""
    runs = defaultdict(dict)
    with open(path, encoding="utf-8") as file:
        for text in file:
            run = json.loads(text)
            for field, value in run.items():
                if field not in ("round", "library", "case", "at"):
                    runs[run["case"], run["at"], run["library"], field][run["round"]] = value
    cases = defaultdict(lambda: {"sizes": defaultdict(lambda: defaultdict(dict))})
    for (case, at, library, field), values in runs.items():
        sizes = cases[case]["sizes"]
        sizes[str(at)][library][field] = round(median(values.values()), 3)
        ours = runs.get((case, at, OURS, field), {})
        pairs = [ours[r] / values[r] for r in values if r in ours and values[r] > 0]
        if library == NATS_C and pairs:
            sizes[str(at)]["ratio"][field] = round(median(pairs), 4)
    return json.loads(json.dumps(cases))


class Row:
    """The results of one case at one size."""

    def __init__(self, case, at, first):
        self.at, self.libraries, self.first = int(at), case["sizes"][at], first

    def get(self, field, library=OURS):
        return self.libraries.get(library, {}).get(field)

    def to_first(self, field, library=OURS):
        value, first = self.get(field, library), self.first and self.first.get(field, library)
        return value / first if value is not None and first else None


def rows(case):
    """The rows by size; each has a reference to the first."""
    result = []
    for at in sorted(case["sizes"], key=int):
        result.append(Row(case, at, result[0] if result else None))
    if result:
        result[0].first = result[0]
    return result


# ---- cells ----------------------------------------------------------------------------------------------------------


def cell(show, value):
    return "-" if value is None else show(value)


def time_ns(value):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if value >= 10 * size:
            return f"{value / size:,.0f} {unit}"
    return f"{value:,.0f} ns" if value >= 10 else f"{value:.1f} ns"


def time_us(value):
    return f"{value / 1e3:.1f} ms" if value >= 10_000 else f"{value:.0f} µs"


def times(value):
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def rate(value):
    return scaled(value, "/s")


def size_bytes(value):
    for unit, size in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if value >= size:
            return f"{value // size} {unit}"
    return f"{value} B"


def count(value):
    return f"{value:,.0f}"


def memory(value):
    return scaled(max(value, 0), "B")


def share(value):
    return f"{100 * value:.0f} %"


def milliseconds(value):
    return f"{value:.0f} ms"


# ---- tables ---------------------------------------------------------------------------------------------------------


class Column:
    def __init__(self, title, field, show, library=OURS, *, to_first=False, least=0):
        self.title, self.field, self.show, self.library = title, field, show, library
        self.to_first = to_first
        self.least = least  # below this size the figure is meaningless

    def text(self, row):
        if row.at < self.least:
            return "-"
        value = (row.to_first if self.to_first else row.get)(self.field, self.library)
        return cell(self.show, value)


def compared(field, show, *, least=0):
    """Ours, nats.c's, and the ratio of the two."""
    return [
        Column("nats_rs", field, show, least=least),
        Column("nats.c", field, show, NATS_C, least=least),
        Column("to nats.c", field, times, "ratio", least=least),
    ]


def costs(field, what="CPU a message", *, least=0):
    ours, theirs, ratio = compared(field, time_ns, least=least)
    first = Column("to the first", field, times, to_first=True, least=least)
    theirs_first = Column("nats.c to the first", field, times, NATS_C, to_first=True, least=least)
    ours.title = f"{what}"
    return [ours, first, theirs, theirs_first, ratio]


class Table:
    """One block of SCALING.md, between the markers with its name."""

    def __init__(self, name, case, size_title, columns, show_size=count):
        self.name, self.case, self.size_title = name, case, size_title
        self.columns, self.show_size = columns, show_size

    def lines(self, case):
        yield [self.size_title, *(column.title for column in self.columns)]
        for row in rows(case):
            yield [self.show_size(row.at), *(column.text(row) for column in self.columns)]


class SleepersTable(Table):
    """The same with a row for each library and size."""

    def lines(self, case):
        yield [self.size_title, *(column.title for column in self.columns)]
        for library in (OURS, NATS_C):
            for row in rows(case):
                if library in row.libraries:
                    for column in self.columns:
                        column.library = library
                    beside = f"beside {row.at} sleepers" if row.at else "alone"
                    yield [f"{library}, {beside}", *(column.text(row) for column in self.columns)]


class SpeedTable(Table):
    """The same with bytes per second, the rate times the size."""

    def lines(self, case):
        def speed(library):
            def text(row):
                value = row.get("rate", library)
                return cell(lambda v: scaled(v, "B/s"), value * row.at if value and row.at else None)

            return text

        for line, row in zip(super().lines(case), [None, *rows(case)]):
            extra = ["bytes a second", "nats.c"] if row is None else [speed(OURS)(row), speed(NATS_C)(row)]
            yield line + extra


THREADS_AT = (0, 5, 10, 20, 50, 100, 200, 400, 800)
TABLES = [
    Table(
        "subscriptions",
        "subscriptions",
        "subscriptions",
        [*costs("cpu_ns"), Column("messages", "rate", rate), Column("nats.c", "rate", rate, NATS_C)],
    ),
    Table(
        "subscriptions-kept",
        "subscriptions",
        "subscriptions",
        [
            Column("memory of each", "bytes", memory, least=100),
            Column("nats.c", "bytes", memory, NATS_C, least=100),
            Column("threads more", "threads", count),
            Column("busy", "threads_busy", count),
            Column("nats.c", "threads", count, NATS_C),
            Column("CPU to subscribe", "subscribe_cpu_ns", time_ns, least=100),
            Column("nats.c", "subscribe_cpu_ns", time_ns, NATS_C, least=100),
            Column("CPU to destroy", "destroy_cpu_ns", time_ns, least=1000),
            Column("nats.c", "destroy_cpu_ns", time_ns, NATS_C, least=1000),
        ],
    ),
    Table(
        "publishers",
        "publishers",
        "threads",
        [*costs("cpu_ns"), Column("messages", "rate", rate), Column("nats.c", "rate", rate, NATS_C)],
    ),
    Table(
        "publishers-fair",
        "publishers",
        "threads",
        [
            Column("slowest thread's part of a fair share", "least_share", share),
            Column("nats.c", "least_share", share, NATS_C),
            Column("fastest thread's", "most_share", share),
            Column("nats.c", "most_share", share, NATS_C),
            Column("longest standstill of a thread", "stall_ms", milliseconds),
            Column("nats.c", "stall_ms", milliseconds, NATS_C),
        ],
    ),
    Table("connections-deliver", "connections", "connections", costs("deliver_cpu_ns", "CPU a delivered message")),
    Table("connections-publish", "connections", "connections", costs("publish_cpu_ns", "CPU a published message")),
    Table(
        "connections-kept",
        "connections",
        "connections",
        [
            Column("memory of each", "bytes", memory, least=10),
            Column("after use", "bytes_used", memory, least=100),
            Column("nats.c", "bytes", memory, NATS_C, least=10),
            Column("after use", "bytes_used", memory, NATS_C, least=100),
            Column("threads more", "threads", count),
            Column("busy", "threads_busy", count),
            Column("nats.c", "threads", count, NATS_C),
            Column("busy", "threads_busy", count, NATS_C),
            Column("CPU to connect", "connect_cpu_ns", time_ns),
            Column("nats.c", "connect_cpu_ns", time_ns, NATS_C),
            Column("CPU to destroy", "destroy_cpu_ns", time_ns, least=10),
            Column("nats.c", "destroy_cpu_ns", time_ns, NATS_C, least=10),
        ],
    ),
    SpeedTable("publish", "publish", "payload", compared("cpu_ns", time_ns), size_bytes),
    SpeedTable("deliver", "deliver", "payload", compared("cpu_ns", time_ns), size_bytes),
    *(
        Table(
            name,
            case,
            "waiting",
            [
                Column("memory of each", "bytes", memory),
                Column("nats.c", "bytes", memory, NATS_C),
                Column("kept once taken", "bytes_kept", memory),
                Column("nats.c", "bytes_kept", memory, NATS_C),
                Column("CPU to receive one", "fill_cpu_ns", time_ns, least=10),
                Column("CPU to take one", "cpu_ns", time_ns),
                Column("of the first tenth", "first_cpu_ns", time_ns),
                Column("of the last tenth", "last_cpu_ns", time_ns),
                Column("nats.c", "cpu_ns", time_ns, NATS_C),
                Column("to nats.c", "cpu_ns", times, "ratio"),
            ],
        )
        for name, case in (("waiting-next", "waiting_next"), ("waiting-callback", "waiting_callback"))
    ),
    SleepersTable(
        "sleepers",
        "sleepers",
        "the fast subscription's messages",
        [
            Column("p50", "p50_us", time_us),
            Column("p99", "p99_us", time_us),
            Column("longest", "max_us", time_us),
            Column("first 200 ms: p99", "p99_us_early", time_us),
            Column("longest", "max_us_early", time_us),
            Column("later: p99", "p99_us_later", time_us),
            Column("longest", "max_us_later", time_us),
        ],
    ),
    SleepersTable(
        "sleepers-threads",
        "sleepers",
        "threads of the process after",
        [
            *(Column(f"{ms} ms", f"threads_{ms}_ms", count) for ms in THREADS_AT),
            Column("the end", "threads_last", count),
            Column("a rest", "threads_rested", count),
            Column("of", "rested_ms", milliseconds),
        ],
    ),
]


def markdown(table, case):
    lines = list(table.lines(case))
    text = ["| " + " | ".join(line) + " |" for line in lines]
    text.insert(1, "|---" + "|--:" * (len(lines[0]) - 1) + "|")
    versions = case["measured"]["versions"]
    text += [
        "",
        f"*Medians of {case['measured']['rounds']} rounds, {case['measured']['date']}: nats_rs {versions[OURS]}"
        + (f", nats.c {versions[NATS_C]}" if versions.get(NATS_C) else "")
        + ".*",
    ]
    return "\n".join(text)


def rewrite(path, cases):
    """Puts the tables between their markers."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for table in TABLES:
        if table.case not in cases:
            continue
        block = markdown(table, cases[table.case])
        marked = re.compile(rf"(<!-- begin: {table.name} -->\n).*?(<!-- end: {table.name} -->)", re.DOTALL)
        text, found = marked.subn(lambda m, block=block: f"{m[1]}\n{block}\n\n{m[2]}", text)
        if not found:
            print(f"{path} has no place for the table {table.name}", file=sys.stderr)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


# ---- the picture ----------------------------------------------------------------------------------------------------

PANELS = [
    ("subscriptions", "cpu_ns", "delivery, by subscriptions", count),
    ("publishers", "cpu_ns", "publish, by threads on one connection", count),
    ("connections", "deliver_cpu_ns", "delivery, by connections", count),
    ("connections", "publish_cpu_ns", "publish, by connections", count),
    ("deliver", "cpu_ns", "delivery, by payload", size_bytes),
    ("publish", "cpu_ns", "publish, by payload", size_bytes),
]
WIDTH, PANEL_WIDTH, PANEL_HEIGHT, MARGIN_LEFT, TOP = 860, 360, 170, 60, 84


def ticks(low, high):
    exponent = low
    while exponent <= high:
        yield exponent
        exponent += 1


def panel(parts, left, top, case, field, title, show_size):
    points = {
        library: [(max(row.at, 1), row.get(field, library)) for row in rows(case) if row.get(field, library)]
        for library in (NATS_C, OURS)
    }
    xs = [log10(x) for line in points.values() for x, _ in line]
    ys = [log10(y) for line in points.values() for _, y in line]
    low, high = int(min(ys) // 1), int(-(-max(ys) // 1))
    high += high == low
    right, bottom = left + PANEL_WIDTH - MARGIN_LEFT, top + PANEL_HEIGHT

    def at(x, y):
        along = (log10(x) - min(xs)) / ((max(xs) - min(xs)) or 1)
        up = (log10(y) - low) / (high - low)
        return left + along * (right - left), bottom - up * (bottom - top)

    parts.append(words(left - 45, top - 12, title, 12, weight="bold"))
    for exponent in ticks(low, high):
        _, y = at(1, 10**exponent)
        parts.append(f"<path d='M{left} {y:.1f}H{right}' stroke='#e4e7eb'/>")
        parts.append(words(left - 6, y + 4, time_ns(10**exponent), 10, "end", "#52606d"))
    places = sorted({row.at for row in rows(case)})
    last = -100.0
    for size in places:
        x, _ = at(max(size, 1), 10**low)
        if x - last >= 44:
            parts.append(words(x, bottom + 15, show_size(size), 10, "middle", "#52606d"))
            last = x
    for library, line in points.items():
        if not line:
            continue
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in line))
        parts.append(f"<polyline points='{path}' fill='none' stroke='{COLOURS[library]}' stroke-width='2'/>")
        for point in line:
            x, y = at(*point)
            parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='2.5' fill='{COLOURS[library]}'/>")


def picture(cases):
    drawn = [p for p in PANELS if p[0] in cases]
    parts = [words(20, 30, "CPU time per message", 18, weight="bold")]
    x = 20
    for library in (OURS, NATS_C):
        parts.append(f"<rect x='{x}' y='45' width='12' height='12' rx='1' fill='{COLOURS[library]}'/>")
        parts.append(words(x + 18, 55, library))
        x += 90
    for i, (name, field, title, show_size) in enumerate(drawn):
        left = 70 + (i % 2) * (WIDTH // 2)
        top = TOP + 20 + (i // 2) * (PANEL_HEIGHT + 62)
        panel(parts, left, top, cases[name], field, title, show_size)
    height = TOP + (len(drawn) + 1) // 2 * (PANEL_HEIGHT + 62) + 20
    machine = cases[drawn[0][0]]["measured"]
    text = (
        f"Both axes are logarithmic; less is better. {machine['cpu']}, {machine['cores']} cores, loopback, "
        f"{machine['date']}. Made by scripts/bench-scaling.sh."
    )
    parts.append(words(20, height - 12, text, 10, colour="#52606d"))
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' viewBox='0 0 {WIDTH} {height}' "
        f"{FONT} role='img' aria-label='CPU time per message of nats_rs and nats.c'>\n"
        f"<rect width='100%' height='100%' fill='#ffffff'/>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    runs, out = sys.argv[1:]
    cases = read(runs)
    if not cases:
        sys.exit("no runs")
    machine = about()
    del machine["quick"]
    machine["versions"] = {library: machine["versions"][library] for library in (OURS, NATS_C)}
    for case in cases.values():
        case["measured"] = machine
    path = os.path.join(out, "scaling.json")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            cases = {**json.load(file), **cases}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(cases, file, indent=1, ensure_ascii=False, sort_keys=True)
        file.write("\n")
    text = os.path.join(out, "SCALING.md")
    if not os.path.exists(text):
        shutil.copy(os.path.join(HERE, "SCALING.md"), text)
    rewrite(text, cases)
    if any(name in cases for name, *_ in PANELS):
        with open(os.path.join(out, "scaling.svg"), "w", encoding="utf-8") as file:
            file.write(picture(cases))


if __name__ == "__main__":
    main()
