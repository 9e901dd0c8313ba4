#!/usr/bin/env python3
"""Draws the samples of the chaos program: memory, threads, descriptors, round trips, reconnects.

usage: plot.py SAMPLES SVG
"""

import sys

WIDTH, PANEL, LEFT, GAP = 900, 110, 90, 34
# name, unit, column, what the panel shows
PANELS = [
    ("resident memory", "MiB", lambda row: row[1] / 1024),
    ("allocated memory", "MiB", lambda row: row[8] / 1024 if len(row) > 8 else None),
    ("threads", "", lambda row: row[2]),
    ("descriptors", "", lambda row: row[3]),
    ("median round trip", "ms", lambda row: row[4] / 1000 if row[6] else None),
    ("longest round trip", "ms", lambda row: row[5] / 1000 if row[6] else None),
    ("round trips a second", "", lambda row: row[6]),
]


def thinned(points, most=1200):
    """At most so many points: of each group the lowest and the highest, so that no peak is lost."""
    if len(points) <= most:
        return points
    size = len(points) * 2 // most + 1
    kept = []
    for i in range(0, len(points), size):
        group = points[i : i + size]
        kept += sorted({min(group, key=lambda p: p[1]), max(group, key=lambda p: p[1])})
    return kept


def panel(rows, top, name, unit, value):
    points = [(row[0], value(row)) for row in rows if value(row) is not None]
    if not points:
        return []
    last = max(rows[-1][0], 1)
    high = max(y for _, y in points) * 1.1 or 1

    def place(x, y):
        return f"{LEFT + x / last * (WIDTH - LEFT - 20):.1f},{top + PANEL - y / high * PANEL:.1f}"

    line = " ".join(place(x, y) for x, y in thinned(points))
    lines = [f'<text x="{LEFT}" y="{top - 6}" class="name">{name}{", " + unit if unit else ""}</text>']
    for part in (0, 0.5, 1):
        y = top + PANEL - part / 1.1 * PANEL
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" class="value">{high / 1.1 * part:.4g}</text>')
    lines.append(f'<polyline points="{line}" class="line"/>')
    return lines


def main(samples, svg):
    with open(samples) as file:
        rows = [[float(value) for value in line.split()] for line in file if line.strip()]
    if not rows:
        sys.exit("no samples")
    height = GAP + len(PANELS) * (PANEL + GAP) + 10
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">',
        "<style>.name{font-weight:bold}.value{text-anchor:end;fill:#555}.grid{stroke:#ddd}"
        ".line{fill:none;stroke:#27a;stroke-width:1}</style>",
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for i, (name, unit, value) in enumerate(PANELS):
        out += panel(rows, GAP + i * (PANEL + GAP), name, unit, value)
    out.append(f'<text x="{WIDTH - 20}" y="{height - 6}" class="value">{rows[-1][0] / 60:.1f} minutes, {rows[-1][7]:.0f} reconnects</text>')
    out.append("</svg>")
    with open(svg, "w") as file:
        file.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
