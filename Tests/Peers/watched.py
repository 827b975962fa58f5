"""The peers of what is written to be watched: what their own readers make of it, as JSON.

    python3 watched.py tensorboard FOLDER...   each folder's scalars by tag, `[step, value, time]` each, as TensorBoard's EventAccumulator
                                               reads the one file of events in it
    python3 watched.py growing FOLDER COMMAND...   the steps of `loss/train` that an EventAccumulator has which was opened before COMMAND
                                                   added to its file
    python3 watched.py optuna FILE...   the one study of each journal, as Optuna loads it
"""
import json
import pathlib
import subprocess
import sys

PEER, ARGUMENTS = sys.argv[1], sys.argv[2:]


def opened(folder):
    from tensorboard.backend.event_processing import event_accumulator

    files = [file.name for file in pathlib.Path(folder).iterdir() if "tfevents" in file.name]
    if len(files) != 1:
        sys.exit(f"{folder} has the files of events {files}")
    # 0: all of them, not a sample.
    accumulator = event_accumulator.EventAccumulator(folder, size_guidance={event_accumulator.SCALARS: 0})
    accumulator.Reload()
    return accumulator


def tensorboard(folder):
    accumulator = opened(folder)
    tags = accumulator.Tags()
    if any(tags[kind] for kind in tags if kind != "scalars"):
        sys.exit(f"{folder} has more than scalars: {tags}")
    return {tag: [[e.step, e.value, e.wall_time] for e in accumulator.Scalars(tag)] for tag in tags["scalars"]}


def optuna(path):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(path))
    study = optuna.load_study(study_name=None, storage=storage)
    trials = study.get_trials()
    return {
        "name": study.study_name, "direction": study.direction.name, "attrs": study.user_attrs,
        "best": study.best_trial.number, "best_value": study.best_value,
        "trials": [
            {
                "number": t.number, "state": t.state.name, "value": t.value, "params": t.params, "attrs": t.user_attrs,
                "seconds": t.duration.total_seconds() if t.duration else None, "steps": t.intermediate_values,
            }
            for t in trials
        ],
    }  # fmt: skip


if PEER == "growing":
    accumulator = opened(ARGUMENTS[0])
    subprocess.run(ARGUMENTS[1:], check=True, stdout=subprocess.DEVNULL)
    accumulator.Reload()
    print(json.dumps([e.step for e in accumulator.Scalars("loss/train")]))
else:
    print(json.dumps([{"tensorboard": tensorboard, "optuna": optuna}[PEER](path) for path in ARGUMENTS]))
