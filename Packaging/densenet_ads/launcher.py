"""Starts the build of ads that this processor can run, with the libtorch of the torch that is installed."""
import importlib.util
import os
import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
# What x86-64-v3 and x86-64-v4 are, in Linux's words; abm is lzcnt.
V3 = {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"}
BUILDS = {"avx512": V3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}, "avx2": V3}
# The one libtorch that the program was built with.
TORCH = "2.13"


class Refusal(Exception):
    """Why nothing is started, in one sentence."""


def processor_flags(path="/proc/cpuinfo"):
    """What this processor can do."""
    try:
        with open(path) as file:
            for line in file:
                if line.startswith("flags"):
                    return set(line.split(":", 1)[1].split())
    except OSError as error:
        raise Refusal(f"cannot read {path}, which tells what this processor can do: {error.strerror.lower()}") from None
    return set()


def chosen_build(flags, wanted=None):
    """The name of the fastest build that the processor runs, or of the one that ADS_BUILD names."""
    if wanted and wanted not in BUILDS:
        raise Refusal(f"ADS_BUILD is '{wanted}'; there are {' and '.join(BUILDS)}")
    for name in [wanted] if wanted else BUILDS:
        missing = BUILDS[name] - flags
        if not missing:
            return name
    what = f"the build {wanted}" if wanted else "ads from a wheel"
    raise Refusal(
        f"{what} needs a processor with {'AVX-512' if wanted == 'avx512' else 'AVX2'} and what belongs to it, and this one lacks "
        f"{', '.join(sorted(missing))}; build it from its sources with 'make build'"
    )


def torch_folder():
    """The folder of torch's libraries."""
    spec = importlib.util.find_spec("torch")
    install = f"'{sys.executable} -m pip install \"torch=={TORCH}.*\"' installs it"
    if spec is None or not spec.submodule_search_locations:
        raise Refusal(f"there is no torch, which it computes with; {install}")
    folder = pathlib.Path(list(spec.submodule_search_locations)[0])
    try:
        version = re.search(r"^__version__ = ['\"]([^'\"]*)", (folder / "version.py").read_text(), re.M)[1]
    except (OSError, TypeError):
        raise Refusal(f"{folder} is no whole torch; {install}") from None
    if not version.startswith(TORCH + "."):
        raise Refusal(f"torch {version} is installed, and it is built for {TORCH}; {install}")
    return folder / "lib"


def main():
    """Becomes the program: nothing of Python stays."""
    try:
        program = FOLDER / f"ads-{chosen_build(processor_flags(), os.environ.get('ADS_BUILD'))}"
        torch = torch_folder()
        # The program looks beside itself; torch may be another environment's, as with --system-site-packages.
        if torch.resolve() != (FOLDER.parent / "torch" / "lib").resolve():
            others = os.environ.get("LD_LIBRARY_PATH")
            os.environ["LD_LIBRARY_PATH"] = f"{torch}:{others}" if others else str(torch)
        os.execv(program, [str(program), *sys.argv[1:]])
    except Refusal as refusal:
        sentence = str(refusal)
    except OSError as error:
        sentence = f"cannot start {error.filename or program}: {error.strerror.lower()}; install the wheel again"
    print(f"ads: {sentence}", file=sys.stderr)
    return 1
