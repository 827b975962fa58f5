"""Runs pieces one after the other, so that a kill at any moment loses nothing that was finished."""
import ctypes
import fcntl
import fnmatch
import json
import os
import signal
import subprocess
import sys
import time

import pieces
from out import now, sentence, write
from recipes import Recipes
from settings import Refusal


def say(text):
    print(text, file=sys.stderr, flush=True)


def duration(seconds):
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if seconds < 99:
        return f"{seconds:.0f} s"
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min" if hours < 48 else f"{hours} h"


class Interrupted(Exception):
    """Somebody asked to stop."""


class Runner:
    """Who runs them: one process in a folder, by a lock that its ads holds, too."""

    def __init__(self, out, settings):
        self.out, self.settings = out, settings
        self.child, self.asked = None, 0
        self.parent_death = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None

    def run(self, plan):
        """Every piece of a plan that is not finished yet.

        - Raises: Refusal with what went wrong; Interrupted once what was begun is saved.
        """
        self.lock = open(self.out / "lock", "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another start, or for what one left, that still works in {self.out.path}")
            fcntl.flock(self.lock, fcntl.LOCK_EX)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.stop)
        # Whoever started us may have blocked them, as threads do that start programs.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
        finished = [piece for piece in plan if self.is_finished(piece)]
        self.out.started(self.settings.typed, self.settings.stages)
        say(f"{len(plan)} piece{'' if len(plan) == 1 else 's'}, {len(finished)} finished")
        for n, piece in enumerate(plan):
            if piece in finished:
                continue
            say(f"{n + 1} of {len(plan)}: {piece.name}")
            seconds = self.do(piece)
            left = self.left(plan[n + 1:])
            say(f"    {duration(seconds)}{'' if left is None else f'; about {duration(left)} left' if left else ''}")

    def is_finished(self, piece):
        """Whether it is; refused where something else has its name."""
        note = self.out.note(piece.name)
        if note is None and any((self.out / name).exists() for name in (piece.name, piece.marker)):
            raise Refusal(f"{self.out / piece.name} is nothing that this program made; choose another --out")
        if not (self.out / piece.marker).exists():
            return False
        pieces.same(piece, note, piece.command(self.out))
        # It may have been killed before it was looked at.
        if piece.check:
            piece.check(self.out)
        return True

    def do(self, piece):
        """Does or continues one; how long it took this time."""
        if self.asked:
            raise Interrupted
        command = piece.command(self.out)
        note = self.out.note(piece.name)
        if note:
            pieces.same(piece, note, command)
        else:
            self.comparable(piece, command)
        # A training goes on with the threads it was begun with.
        note = note or {"about": piece.about, "kind": piece.kind, "command": command, "attempts": []}
        note.setdefault("threads", self.settings.options.threads)
        note["work"] = piece.work(self.out)
        attempt = {"began": now(), "load": os.getloadavg()[0], "seconds": None, "end": None}
        note["attempts"].append(attempt)
        self.remember(piece, note)
        piece.prepare(self.out)
        began = time.monotonic()
        status, output, log = self.ads(piece, piece.call(self.out, self.settings, note["threads"]))
        if status == 0:
            piece.finish(self.out, output)
        attempt["seconds"] = round(time.monotonic() - began, 3)
        attempt["end"] = "finished" if status == 0 else "interrupted" if self.asked else "failed"
        self.remember(piece, note)
        if status != 0:
            if self.asked:
                raise Interrupted
            why = sentence(log.read_text(errors="replace")) or f"ads ended with {status}, see {log}"
            raise Refusal(f"{piece.name}: {why}", 64 if status == 64 else 1)
        return attempt["seconds"]

    def comparable(self, piece, command):
        """Refuses a piece that no table could have beside those that are there, before its hours are spent."""
        recipes = Recipes()
        for name, note in self.out.notes().items():
            recipes.add(name, note["about"], note["command"], self.out)
        recipes.add(piece.name, piece.about, command, self.out)

    def remember(self, piece, note):
        write(self.out.note_path(piece.name), json.dumps(note, indent=1))

    def ads(self, piece, words):
        """Runs ads to its end: its status, what it printed, and the log with what it said."""
        log = self.out / f"log/{piece.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        printed = log.with_suffix(".out")
        with open(log, "w") as errors, open(printed, "w") as output:
            errors.write(f"$ ads {' '.join(words)}\n")
            errors.flush()
            self.child = subprocess.Popen(
                [self.out.executable, *words], cwd=self.out.path, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                preexec_fn=self.apart, pass_fds=[self.lock.fileno()])
        if self.asked:
            self.child.send_signal(signal.SIGINT)
        status = self.child.wait()
        self.child = None
        return status, printed.read_text(), log

    def apart(self):
        """In the child: a group of its own, so that Ctrl-C reaches it once, by us; stopped, where Linux can, when we die."""
        os.setpgid(0, 0)
        if self.parent_death:
            self.parent_death(1, int(signal.SIGINT))  # PR_SET_PDEATHSIG

    def stop(self, number, frame):
        """Ctrl-C and its kin: ads saves and ends, then so do we; the second ends ads at once."""
        self.asked += 1
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)

    def left(self, rest):
        """Seconds of what is left, by what work of its kind took here; unknown before there was any."""
        work, taken = {}, {}
        for name, note in self.out.notes().items():
            # What computes next to nothing says nothing of the pace.
            if note["work"] and note["attempts"][-1]["end"] == "finished":
                work[note["kind"]] = work.get(note["kind"], 0) + note["work"]
                taken[note["kind"]] = taken.get(note["kind"], 0) + sum(a["seconds"] or 0 for a in note["attempts"])
        if not work:
            return None if rest else 0
        whole = sum(taken.values()) / sum(work.values())
        pace = {kind: taken[kind] / work[kind] for kind in work}
        return sum(p.work(self.out) * pace.get(p.kind, whole) for p in rest if not (self.out / p.marker).exists())


def chosen(plan, glob):
    """The pieces of a plan, each once, whose names match."""
    by_name = {}
    for piece in plan:
        by_name.setdefault(piece.name, piece)
    found = [piece for name, piece in by_name.items() if glob is None or fnmatch.fnmatchcase(name, glob)]
    if not found:
        raise Refusal(f"no piece is called '{glob}'; --list prints their names", 64)
    return found
