"""The folder of the experiments: what ads made in it, and what is noted of each piece."""
import datetime
import hashlib
import json
import os
import platform
import subprocess
from pathlib import Path

from settings import Refusal

ROOT = Path(__file__).resolve().parent.parent


def write(path, text):
    """Writes a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with open(part, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def read(path):
    """The JSON of a file."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Refusal(f"{path} cannot be read: {error}")


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class Out:
    """A folder, and the executable that works in it. Everything ads is told is relative to the folder."""

    def __init__(self, folder, ads=None):
        self.path = Path(folder).absolute()
        self.executable = str(Path(ads or os.environ.get("ADS") or ROOT / ".build/release/ads").absolute())

    def __truediv__(self, name):
        return self.path / name

    def check(self):
        """Refuses to begin without an executable."""
        if not os.access(self.executable, os.X_OK):
            raise Refusal(f"there is no executable {self.executable}; make it with 'make build', or name it with ADS")

    def ask(self, *words):
        """What ads prints at once."""
        done = subprocess.run([self.executable, *words], cwd=self.path, capture_output=True, text=True)
        if done.returncode:
            raise Refusal(sentence(done.stderr) or f"ads ended with {done.returncode}", 64 if done.returncode == 64 else 1)
        return done.stdout

    def inspect(self, network, connectivity="dense"):
        """What a network costs, by the names of its architecture and pattern; asked once."""
        path = self / "inspected.json"
        known = read(path) if path.exists() else {}
        key = f"{network} {connectivity}"
        if key not in known:
            known[key] = json.loads(self.ask("inspect", "--arch", network, "--connectivity", connectivity, "--json"))
            write(path, json.dumps(known))
        return known[key]

    # What is noted of a piece: who it is, the command, every attempt with its seconds.

    def note_path(self, name):
        return self / f"pieces/{name}.json"

    def note(self, name):
        path = self.note_path(name)
        return read(path) if path.exists() else None

    def notes(self):
        """Every piece that was begun, by name."""
        root = self / "pieces"
        return {str(p.relative_to(root))[:-5]: read(p) for p in sorted(root.glob("**/*.json"))}

    def started(self, typed, stages):
        """Notes a start: the machine, when, and what was typed."""
        line = json.dumps({"date": now(), "typed": typed, "stages": stages, **machine(self)})
        with open(self / "starts.jsonl", "a") as file:
            file.write(line + "\n")

    def starts(self):
        path = self / "starts.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def sentence(errors):
    """The last thing ads said, without its name."""
    lines = [line for line in errors.splitlines() if line.startswith("ads: ")]
    return lines[-1][len("ads: "):] if lines else ""


def machine(out):
    """The processor, its cores and load, and the versions of what computes."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        asked = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True)
        model = asked.stdout.strip() or model
    commit = ""
    # Of an executable from elsewhere nobody knows what it was built from.
    if Path(out.executable).resolve().is_relative_to((ROOT / ".build").resolve()):
        git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude", "*"]
        try:
            commit = subprocess.run(git, capture_output=True, text=True).stdout.strip()
        except OSError:
            pass
    return {
        "processor": model, "cores": os.cpu_count(), "load": os.getloadavg()[0], "system": platform.platform(),
        "ads": out.ask("--version").strip(), "executable": digest(out.executable)[:12], "commit": commit,
    }
