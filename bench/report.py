#!/usr/bin/env python3
"""Writes the tables, results.json and results.svg of the benchmark's runs.

usage: report.py OUT_DIRECTORY STATE=RUNS.jsonl=LOAD=USED=STOLEN...
       (scripts/bench.sh calls it, and sets the *_VERSION variables)

STATE is the state of the machine during the runs: idle, or busy with one processor in use. LOAD and USED (in percent)
were measured before the runs, STOLEN (in percent) during them.

Each figure is the median of its runs. Each ratio is the median of the ratios of the two runs of one round: a disturbance
of a shared machine usually affects both.
"""

import json
import os
import platform
import sys
from collections import defaultdict
from datetime import date
from html import escape
from statistics import median

OURS, NATS_C, ASYNC = "nats_rs", "nats.c", "async-nats"
LIBRARIES = [OURS, NATS_C, ASYNC]
MORE, LESS = "more is better", "less is better"

# A module with other lines sets these (js_report.py).
RESULTS, SCRIPT, TITLE = "results", "bench.sh", "nats_rs compared with other clients"


class Line:
    """One line of the table: one figure of a case, and the goal."""

    def __init__(
        self, case, title, field, better, *, times=None, against=NATS_C, beside=None, most=None, cpu_most=None, draw=True
    ):
        self.case, self.title, self.field, self.better = case, title, field, better
        self.times = times  # the goal: ours divided by `against`'s
        self.beside = beside  # or by our own figure of this case
        self.against = beside or against
        self.most = most  # the goal: at most this
        self.cpu_most = cpu_most  # and at most so many ns of CPU a message
        self.draw = draw

    def ratio(self, ratios, library=None):
        return ratios.get((self.case, self.field, library or self.against))

    def goal(self):
        goals = []
        if self.times is not None:
            goals.append(f"{'≥' if self.better == MORE else '≤'} {self.times:g}× {self.against}")
        if self.cpu_most is not None:
            goals.append(f"≤ {self.cpu_most} ns")
        if self.most is not None:
            goals.append(f"≤ {show(self.field, self.most)}")
        return ", ".join(goals)

    def met(self, figures, ratios):
        """None if it is not known."""
        answers = []
        if self.times is not None:
            ratio = self.ratio(ratios)
            if ratio is None:
                return None
            answers.append(ratio >= self.times if self.better == MORE else ratio <= self.times)
        for field, most in (("cpu_ns_per_msg", self.cpu_most), (self.field, self.most)):
            if most is not None:
                ours = figures.get((self.case, field, OURS))
                if ours is None:
                    return None
                answers.append(ours <= most)
        return all(answers) if answers else None


LINES = [
    Line("deliver_cb_16", "callback delivery, 16 B", "rate", MORE, times=5, cpu_most=80),
    Line("deliver_cb_1k", "callback delivery, 1 KiB", "rate", MORE, times=3.5, cpu_most=320),
    Line("deliver_sync_16", "NextMsg, 16 B", "rate", MORE, times=4),
    Line("pub_bytes_0", "publish, 0 B", "rate", MORE, times=1, draw=False),
    Line("pub_16", "publish, 16 B", "rate", MORE, times=2.3),
    Line("pub_16_4t", "publish, 16 B, 4 threads", "rate", MORE, times=2.5),
    Line("pub_hdr_128", "publish, 2 headers, 128 B", "rate", MORE, times=2.5),
    Line("pub_hdr_128_new", "the same, message made anew", "rate", MORE, draw=False),
    Line("pub_1k", "publish, 1 KiB", "rate", MORE, times=1.4),
    Line("pub_bytes_4096", "publish, 4 KiB", "rate", MORE, times=1, draw=False),
    Line("pub_bytes_16384", "publish, 16 KiB", "rate", MORE, times=1, draw=False),
    Line("pub_bytes_40000", "publish, 40,000 B", "rate", MORE, times=1, draw=False),
    Line("pub_64k", "publish, 64 KiB", "rate", MORE, times=1.2),
    Line("pub_64k", "publish, 64 KiB, beside async-nats", "rate", MORE, times=1.3, against=ASYNC, draw=False),
    Line("pub_bytes_200000", "publish, 200,000 B", "rate", MORE, times=1, draw=False),
    Line("pub_1m", "publish, 1 MiB", "rate", MORE, times=1.2),
    Line("pub_bytes_8388608", "publish, 8 MiB", "rate", MORE, times=1, draw=False),
    Line("request_8", "request and reply, 8 callers", "rate", MORE, times=1.8),
    Line("request_1", "request and reply, p50", "p50_us", LESS, times=0.65, against=ASYNC),
    Line("request_1", "request and reply, p99", "p99_us", LESS, times=0.65, against=ASYNC),
    Line("request_1_asap", "the same with SendAsap, p50", "p50_us", LESS, draw=False),
    Line("request_1_peer", "the same without a server, p50", "p50_us", LESS, draw=False),
    Line("oneway", "publish to callback, one way, p50", "p50_us", LESS, times=1, against=ASYNC),
    Line("oneway", "publish to callback, one way, p99", "p99_us", LESS, times=0.65),
    Line("oneway_asap", "the same with SendAsap, p50", "p50_us", LESS, times=0.65),
    Line("oneway_asap", "the same with SendAsap, p99", "p99_us", LESS, times=0.65),
    Line("oneway_asap_busy", "nats_rs with ReceiveBusyPoll, p50", "p50_us", LESS, times=0.65),
    Line("oneway_asap_busy", "nats_rs with ReceiveBusyPoll, p99", "p99_us", LESS, times=0.65),
    Line("idle_subs", "memory of an idle subscription", "bytes", LESS, most=700),
    Line("idle_subs", "threads of idle subscriptions", "threads", LESS, most=0, draw=False),
    Line("idle_subs_many", "of very many: memory of each", "bytes", LESS, most=700, draw=False),
    Line("idle_subs_many", "of very many: threads", "threads", LESS, most=0, draw=False),
    Line("idle_conns", "memory of an idle connection", "bytes", LESS, most=30_000),
    Line("idle_conns", "threads of idle connections", "threads", LESS, most=0, draw=False),
    Line("idle_conns_many", "of very many: memory of each", "bytes", LESS, most=30_000, draw=False),
    Line("idle_conns_many", "of very many: threads", "threads", LESS, most=11, draw=False),
    Line("connect_close", "connect and close, CPU", "cpu_ns_per_msg", LESS, times=0.5),
    Line("disk", "library on disk, stripped, all in", "bytes", LESS, most=3_000_000),
]


def scaled(value, unit, steps=(("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1))):
    for prefix, size in steps:
        if value >= size:
            digits = 0 if value / size >= 100 else 1
            return f"{value / size:.{digits}f} {prefix}{unit}"
    return f"{value:.0f} {unit}"


def show(field, value):
    if value is None:
        return "-"
    if field == "rate":
        return scaled(value, "/s")
    if field in ("p50_us", "p99_us"):
        return f"{value:.0f} µs"
    if field == "bytes":
        return scaled(value, "B")
    if field == "cpu_ns_per_msg":
        return f"{value / 1e3:.0f} µs" if value >= 10_000 else f"{value:.0f} ns"
    return f"{value:.0f}"


def read(path):
    """Medians by (case, field, library), and medians of our ratios to each peer."""
    runs = defaultdict(dict)
    with open(path, encoding="utf-8") as file:
        for text in file:
            run = json.loads(text)
            for field in ("rate", "cpu_ns_per_msg", "p50_us", "p99_us", "bytes", "threads"):
                if run.get(field) is not None:
                    runs[run["case"], field, run["library"]][run["round"]] = run[field]
    figures = {key: median(values.values()) for key, values in runs.items()}
    ratios = {}
    for (case, field, library), values in runs.items():
        ours = runs.get((case, field, OURS), {})
        pairs = [ours[r] / values[r] for r in values if r in ours and values[r] > 0]
        if library != OURS and pairs:
            ratios[case, field, library] = median(pairs)
    for line in LINES:
        ours = runs.get((line.case, line.field, OURS), {})
        others = runs.get((line.beside, line.field, OURS), {})
        pairs = [ours[r] / others[r] for r in others if r in ours and others[r] > 0]
        if line.beside and pairs:
            ratios[line.case, line.field, line.beside] = median(pairs)
    return figures, ratios


def cell(line, figures, library):
    value = figures.get((line.case, line.field, library))
    text = show(line.field, value)
    if line.field == "rate" and value is not None:
        text += "  " + show("cpu_ns_per_msg", figures.get((line.case, "cpu_ns_per_msg", library)))
    return text


def ratio_text(ratio):
    if ratio is None:
        return "-"
    return f"{ratio:.1f}×" if ratio >= 10 else f"{ratio:.2f}×"


def table(figures, ratios):
    head = ["case (rates with CPU time a message)", *LIBRARIES, f"to {NATS_C}", f"to {ASYNC}", "goal", "is", "met"]
    rows = [head]
    for line in LINES:
        if not any((line.case, line.field, library) in figures for library in LIBRARIES):
            continue
        met = line.met(figures, ratios)
        rows.append(
            [line.title]
            + [cell(line, figures, library) for library in LIBRARIES]
            + [ratio_text(ratios.get((line.case, line.field, library))) for library in (NATS_C, ASYNC)]
            + [line.goal(), ratio_text(line.ratio(ratios)) if line.times else "", {True: "yes", False: "NO", None: ""}[met]]
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for i, row in enumerate(rows):
        print("  ".join(text.ljust(w) if j in (0, 6) else text.rjust(w) for j, (text, w) in enumerate(zip(row, widths))))
        if i == 0:
            print("  ".join("-" * w for w in widths))


def about(load, used, stolen):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [text.split(":", 1)[1].strip() for text in file if text.startswith("model name")]
    env = os.environ.get
    return {
        "date": date.today().isoformat(),
        "cpu": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "load_before": float(load),
        "used_before_percent": int(used),
        "stolen_percent": int(stolen),
        "kernel": platform.release(),
        "rounds": int(env("ROUNDS", "0")),
        "quick": env("QUICK") == "yes",
        "versions": {
            OURS: env("NATS_RS_VERSION", ""),
            NATS_C: env("NATS_C_VERSION", ""),
            ASYNC: env("ASYNC_NATS_VERSION", ""),
            "nats-server": env("SERVER_VERSION", ""),
        },
    }


def as_json(figures, ratios, machine):
    cases = defaultdict(lambda: {"median": defaultdict(dict), "ratio": defaultdict(dict)})
    for (case, field, library), value in figures.items():
        cases[case]["median"][library][field] = round(value, 3)
    for (case, field, library), value in ratios.items():
        cases[case]["ratio"][library][field] = round(value, 4)
    goals = [
        {"case": line.case, "field": line.field, "goal": line.goal(), "met": line.met(figures, ratios)}
        for line in LINES
        if line.goal() and (line.case, line.field, OURS) in figures
    ]
    return {"machine": machine, "cases": cases, "goals": goals}


# ---- the picture ----------------------------------------------------------------------------------------------------

WIDTH, LEFT, BAR_MAX, BAR, GAP, GROUP = 860, 250, 430, 11, 2, 14
COLOURS = {OURS: "#d9480f", NATS_C: "#748ca3", ASYNC: "#b9c4ce"}
FONT = "font-family='system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif'"


def words(x, y, text, size=12, anchor="start", colour="#1f2933", weight="normal"):
    return (
        f"<text x='{x:.0f}' y='{y:.0f}' font-size='{size}' text-anchor='{anchor}' fill='{colour}' "
        f"font-weight='{weight}'>{escape(text)}</text>"
    )


def bar_label(line, figures, ratios, library, value):
    text = show(line.field, value)
    if library == OURS:
        ratio = ratios.get((line.case, line.field, NATS_C))
        if ratio is not None and ratio > 0:
            better = ratio if line.better == MORE else 1 / ratio
            text += f" · {better:.1f}× {NATS_C}"
    return text


def section(parts, y, heading, lines, figures, ratios):
    parts.append(words(20, y + 6, heading, 14, weight="bold"))
    y += 22
    for line in lines:
        bars = [(lib, figures.get((line.case, line.field, lib))) for lib in LIBRARIES]
        bars = [(lib, value) for lib, value in bars if value is not None]
        longest = max(value for _, value in bars) or 1
        middle = y + (len(bars) * (BAR + GAP) - GAP) / 2
        parts.append(words(LEFT - 10, middle + 4, line.title, 12, "end"))
        for lib, value in bars:
            width = max(2, BAR_MAX * value / longest)
            parts.append(f"<rect x='{LEFT}' y='{y}' width='{width:.1f}' height='{BAR}' rx='1' fill='{COLOURS[lib]}'/>")
            label = bar_label(line, figures, ratios, lib, value)
            weight, colour = ("bold", "#1f2933") if lib == OURS else ("normal", "#52606d")
            parts.append(words(LEFT + width + 6, y + BAR - 1, label, 10, colour=colour, weight=weight))
            y += BAR + GAP
        y += GROUP - GAP
    return y + 10


def picture(figures, ratios, machine):
    drawn = [line for line in LINES if line.draw and (line.case, line.field, OURS) in figures]
    parts = [words(20, 30, TITLE, 18, weight="bold")]
    x = 20
    for lib in LIBRARIES:
        if any(key[2] == lib for key in figures):
            parts.append(f"<rect x='{x}' y='45' width='12' height='12' rx='1' fill='{COLOURS[lib]}'/>")
            label = f"{lib} {machine['versions'][lib].split(' ')[0]}"
            parts.append(words(x + 18, 55, label))
            x += 40 + 7 * len(label)
    y = 84
    for better, heading in ((MORE, "Messages per second: longer is better"), (LESS, "Time and memory: shorter is better")):
        lines = [line for line in drawn if line.better == better]
        if lines:
            y = section(parts, y, heading, lines, figures, ratios)
    versions = machine["versions"]
    for text in (
        f"Medians of {machine['rounds']} alternating rounds{' (quick)' if machine['quick'] else ''}, {machine['date']}, "
        f"other programs used {machine['used_before_percent']} % of the machine; "
        f"each case has its own scale. Made by scripts/{SCRIPT}.",
        f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, loopback; " + ", ".join(
            f"{name} {version}" for name, version in versions.items() if version),
    ):
        parts.append(words(20, y, text, 10, colour="#52606d"))
        y += 15
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{y + 5:.0f}' "
        f"viewBox='0 0 {WIDTH} {y + 5:.0f}' {FONT} role='img' "
        "aria-label='Bars comparing nats_rs with nats.c and async-nats, case by case'>\n"
        f"<rect width='100%' height='100%' fill='#ffffff'/>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    out, states = sys.argv[1], {}
    for argument in sys.argv[2:]:
        state, runs, *machine = argument.split("=")
        figures, ratios = read(runs)
        if not figures:
            sys.exit(f"no runs: {runs}")
        states[state] = figures, ratios, about(*machine)
        print(f"\nThe machine: {state}")
        table(figures, ratios)
    with open(os.path.join(out, RESULTS + ".json"), "w", encoding="utf-8") as file:
        json.dump({state: as_json(*results) for state, results in states.items()}, file, indent=1, ensure_ascii=False)
        file.write("\n")
    with open(os.path.join(out, RESULTS + ".svg"), "w", encoding="utf-8") as file:
        file.write(picture(*next(iter(states.values()))))


if __name__ == "__main__":
    main()
