"""Tables of photographs: what was found in a network that was trained on them, tuned, and how long it takes."""
from statistics import mean

from paired import pairs_table, table
from reading import brief
from tuned import HEAD, by_seed, epochs, row


def section(results):
    """Accuracies, their differences to dense, and the clock."""
    first = results.of(group="photographs", role="trained")
    if not first:
        return ""
    dense = first[0].result["macs"]
    trained = f"dense, {epochs(first)}"
    rows = {trained: first, "dense, tuned": results.of(group="photographs", role="tuned", strategy="dense")}
    for target in results.values("target", group="photographs", role="tuned"):
        for strategy in results.values("strategy", group="photographs", role="tuned", target=target):
            rows[f"{strategy} at {brief(target)}"] = results.of(
                group="photographs", role="tuned", strategy=strategy, target=target)
    rows = {name: records for name, records in rows.items() if records}
    known = {name: by_seed(records) for name, records in rows.items()}
    found = [name for name in rows if name != trained and not name.startswith("dense")]
    pairs = [(name, other, known[name], known[other]) for name in found for other in rows if other not in found]
    tuned = [record for name in rows if name != trained for record in rows[name]]
    note = f", then tuned for {epochs(tuned)}" if tuned else ""
    return "\n\n".join(part for part in (
        "## Photographs: parts of a network that was trained on them",
        f"Trained for {epochs(first)}{note}, each tested once; ± is the deviation over seeds.",
        table(HEAD, [row(name, records, dense) for name, records in rows.items()]), pairs_table(pairs), clock(results),
        results.commands("photographs")) if part)


def clock(results):
    """Time over the dense network's, one thread, by program and batch."""
    lines = []
    for target in results.values("target", group="photographs", role="timed"):
        for strategy in results.values("strategy", group="photographs", role="timed", target=target):
            own = results.of(group="photographs", role="timed", strategy=strategy, target=target)
            for key in dict.fromkeys((r["program"], r["batch"]) for record in own for r in record.result["latency"]["rows"]):
                times = [r for record in own for r in record.result["latency"]["rows"] if (r["program"], r["batch"]) == key]
                if any(r.get("ratio") is None for r in times):
                    continue
                ratios = [r["ratio"] for r in times]
                lines.append([
                    f"{strategy} at {brief(target)}", key[0], key[1], f"{mean(r['dense_milliseconds'] for r in times):.2f}",
                    f"{mean(r['milliseconds'] for r in times):.2f}", f"{mean(ratios):.3f}",
                    ", ".join(f"{ratio:.3f}" for ratio in ratios)])
    if not lines:
        return ""
    head = ["network", "program", "batch", "dense, ms", "found, ms", "time over dense", "by seed"]
    return "On the clock, one thread, both in turn:\n\n" + table(head, lines)
