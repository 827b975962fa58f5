"""What executables and libraries need of where they run, as readelf tells it."""
import os
import pathlib
import re
import subprocess

# What every Linux has that a wheel of the manylinux tags may be installed on, and what comes with torch.
SYSTEM = re.compile(r"(ld-linux-x86-64|libc|libm|libdl|libresolv|librt|libpthread|libgcc_s|libstdc\+\+)\.so(\.\d+)?")
TORCH = re.compile(r"lib(torch|torch_cpu|c10)\.so|libgomp.*")


def readelf(*arguments):
    environment = dict(os.environ, LC_ALL="C")
    return subprocess.run(["readelf", "-W", *arguments], check=True, capture_output=True, text=True, env=environment).stdout


def needed(path):
    """The libraries a file names."""
    return re.findall(r"\(NEEDED\)\s+Shared library: \[([^]]*)\]", readelf("-d", path))


def run_path(path):
    """Where a file looks for them."""
    found = re.search(r"\((?:RUNPATH|RPATH)\)\s+Library \w+: \[([^]]*)\]", readelf("-d", path))
    return found[1] if found else ""


def versions(path, of):
    """The versions of a library's symbols that a file needs, such as those of GLIBC, as tuples."""
    return {tuple(map(int, v.split("."))) for v in re.findall(rf"Name: {of}_([0-9.]+)\s", readelf("-V", path))}


def libraries(programs, folders):
    """Every library that programs need and not every machine has: name to path, in the given folders or where the loader finds
    it."""
    cache = {}
    for line in subprocess.run(["ldconfig", "-p"], check=True, capture_output=True, text=True).stdout.splitlines():
        found = re.match(r"\s*(\S+) \(libc6,x86-64[^)]*\) => (\S+)", line)
        if found:
            cache.setdefault(found[1], found[2])
    done, open_ = {}, [n for program in programs for n in needed(program)]
    while open_:
        name = open_.pop()
        if name in done or SYSTEM.fullmatch(name) or TORCH.fullmatch(name):
            continue
        own = [pathlib.Path(folder) / name for folder in folders if (pathlib.Path(folder) / name).exists()]
        if not own and name not in cache:
            raise FileNotFoundError(name)
        done[name] = own[0] if own else pathlib.Path(cache[name])
        open_ += needed(done[name])
    return dict(sorted(done.items()))
