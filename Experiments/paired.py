"""Means, deviations, and paired differences with Student's t intervals."""
import math
from statistics import mean, stdev, variance


def t_quantile(freedom, share=0.975):
    """The value that Student's t with so many degrees of freedom stays under with a probability.

    With x = sqrt(freedom)·tan(angle) the density is the power freedom - 1 of a cosine: its integral by Simpson's rule, solved
    for the angle by halving.
    """
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)

    def below(angle, steps=400):
        width = angle / steps
        values = [math.cos(n * width) ** (freedom - 1) for n in range(steps + 1)]
        return 0.5 + scale * width / 3 * (values[0] + 4 * sum(values[1:-1:2]) + 2 * sum(values[2:-1:2]) + values[-1])

    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < share else (low, middle)
    return math.sqrt(freedom) * math.tan((low + high) / 2)


def error(values):
    """The standard error of a mean; None of a single value."""
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None


def interval(values):
    """The 95% interval of a mean by Student's t; None of a single value."""
    if len(values) < 2:
        return None
    half = t_quantile(len(values) - 1) * error(values)
    return mean(values) - half, mean(values) + half


def differences(a, b):
    """What `a` has more than `b`, over the units that both have."""
    return [a[unit] - b[unit] for unit in a if unit in b]


def apart(a, b):
    """The difference of two means that are not paired, its standard error and 95% interval, by Welch; None of single values."""
    difference = mean(a) - mean(b)
    if min(len(a), len(b)) < 2:
        return difference, None, None
    squares = [variance(values) / len(values) for values in (a, b)]
    own = math.sqrt(sum(squares))
    if own == 0:
        return difference, 0.0, (difference, difference)
    freedom = sum(squares) ** 2 / sum(square ** 2 / (len(values) - 1) for square, values in zip(squares, (a, b)))
    half = t_quantile(freedom) * own
    return difference, own, (difference - half, difference + half)


# As tables have them. Shares are from 0 to 1; differences of shares are in points.

def percent(values):
    """Mean and deviation of shares."""
    return f"{100 * mean(values):.2f}%" + (f" ± {100 * stdev(values):.2f}" if len(values) > 1 else "")


def points(value):
    return "–" if value is None else f"{100 * value:+.2f}"


def unsigned(value):
    return "–" if value is None else f"{100 * value:.2f}"


def between(bounds):
    return "–" if bounds is None else f"{100 * bounds[0]:+.2f} to {100 * bounds[1]:+.2f}"


def table(head, rows):
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)] + [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join(lines)


def pairs_table(pairs, title="paired"):
    """Paired differences: of each (name, name, shares by unit, shares by unit) the first less the second.

    A fifth that is true says that the units of the two have nothing in common.
    """
    lines = []
    for a, b, ones, others, *unpaired in pairs:
        if any(unpaired):
            own, count = apart(list(ones.values()), list(others.values())), f"{len(ones)} and {len(others)}, not paired"
        else:
            paired = differences(ones, others)
            own, count = (mean(paired), error(paired), interval(paired)) if paired else None, len(paired)
        if own:
            lines.append([f"{a} − {b}", points(own[0]), unsigned(own[1]), between(own[2]), count])
    return table([title, "difference, points", "standard error", "95% interval (t)", "pairs"], lines) if lines else ""


def usual_pairs(names):
    """Everything against coin flips, and the agent against everything else."""
    others = [name for name in names if name not in ("random", "ads")]
    return [(name, "random") for name in names if name != "random"] + [("ads", name) for name in others]


def plural(number, word):
    return f"{number} {word}{'' if str(number) == '1' else 's'}"
