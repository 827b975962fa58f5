"""Figures as SVG, written by hand."""
from html import escape

COLORS = {
    "ads": "#1f6feb", "evolution": "#d29922", "surrogate": "#2da44e", "random": "#6e7781", "magnitude": "#a371f7",
    "searches": "#1f6feb", "coin flips": "#6e7781",
}
SPARE = ["#cf222e", "#0a7e8c", "#8250df", "#bf8700", "#57606a"]


def color(name, n):
    return COLORS.get(name, SPARE[n % len(SPARE)])


def ticks(low, high):
    """Round numbers between two, about five of them."""
    step = next(s for s in (.001, .002, .005, .01, .02, .05, .1, .2, .5) if (high - low) / s <= 7 or s == .5)
    first = int(low / step) + (low > 0)
    return [n * step for n in range(first, int(high / step) + 1)]


def curves(lines, horizontal, width=640, height=360):
    """One line a name through (x, share) points, the name at its end."""
    left, top, right, bottom = 56, 16, 110, 44
    points = [point for own in lines.values() for point in own]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    margin = (max(ys) - min(ys)) * .05 + .01
    low, high = min(ys) - margin, max(ys) + margin
    span = max(1, max(xs) - min(xs))

    def place(x, y):
        return left + (x - min(xs)) / span * (width - left - right), top + (high - y) / (high - low) * (height - top - bottom)

    parts = []
    for tick in ticks(low, high):
        y = place(min(xs), tick)[1]
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{100 * tick:g}%</text>')
    known = sorted(set(xs))
    for x in known[::max(1, len(known) // 8)]:
        parts.append(f'<text x="{place(x, low)[0]:.1f}" y="{height - bottom + 18}" text-anchor="middle">{x:g}</text>')
    parts.append(f'<text x="{(left + width - right) / 2}" y="{height - 8}" text-anchor="middle">{escape(horizontal)}</text>')
    # Names that would lie on one another move down.
    ends, lowest = sorted((place(*own[-1])[1], name) for name, own in lines.items()), -20.0
    labels = {}
    for y, name in ends:
        labels[name] = lowest = max(y, lowest + 14)
    for n, (name, own) in enumerate(lines.items()):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in own))
        stroke = color(name, n)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="2.5"/>')
        x = place(*own[-1])[0]
        parts.append(f'<text x="{x + 8:.1f}" y="{labels[name] + 4:.1f}" fill="{stroke}">{escape(name)}</text>')
    return svg(width, height, parts)


def matrices(rows, side=14):
    """Rows of lower triangular matrices of shares, a title over each row; the darker the more. None is never decided."""
    parts, top, width = [], 16, 0
    for title, blocks in rows:
        parts.append(f'<text x="8" y="{top}">{escape(title)}</text>')
        left = 8
        for block in blocks:
            for i, row in enumerate(block):
                for j, share in enumerate(row):
                    x, y = left + j * side, top + 10 + i * side
                    fill = "#e5e5e5" if share is None else mixed(share)
                    parts.append(f'<rect x="{x}" y="{y}" width="{side - 1}" height="{side - 1}" fill="{fill}"/>')
            left += side * max(len(row) for row in block) + 16
        width = max(width, left)
        top += 34 + side * max(len(block) for block in blocks)
    parts.append(f'<text x="8" y="{top}">a row is a layer or a block\'s end, a column what it may read; grey is never pruned</text>')
    return svg(max(width, 460), top + 10, parts)


def mixed(share):
    """From white, nearly, to blue."""
    ends = ((0xf3, 0xf6, 0xfa), (0x0b, 0x3d, 0x91))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(*ends))


def svg(width, height, parts):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{height}" fill="white"/>{"".join(parts)}</svg>\n')
