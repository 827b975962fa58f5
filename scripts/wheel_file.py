"""Wheels as files: a zip in which every byte is decided by what is given."""
import base64
import hashlib
import os
import pathlib
import stat
import time
import zipfile


def record_line(name, data):
    """A line of RECORD: path, digest, size."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}"


def write_wheel(folder, name, version, tag, metadata, files, licences, seconds):
    """Writes a wheel; its path.

    files: path in the wheel to bytes and whether they are executable; licences: file name to bytes; seconds: since 1970, of every
    entry; metadata: the other lines of METADATA.
    """
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    # Before the rest, which may end in a description.
    lines += [*(f"License-File: {n}" for n in sorted(licences)), *metadata]
    entries = dict(files)
    for licence, text in licences.items():
        entries[f"{info}/licenses/{licence}"] = (text, False)
    entries[f"{info}/METADATA"] = ("".join(f"{line}\n" for line in lines).encode(), False)
    wheel = ["Wheel-Version: 1.0", "Generator: densenet-ads scripts/wheel", "Root-Is-Purelib: false", f"Tag: {tag}"]
    entries[f"{info}/WHEEL"] = ("".join(f"{line}\n" for line in wheel).encode(), False)
    record = f"{info}/RECORD"
    table = [record_line(path, data) for path, (data, _) in sorted(entries.items())] + [f"{record},,"]
    # Last, as the standard has it for all of dist-info.
    order = sorted(entries, key=lambda path: (path.startswith(info), path)) + [record]
    entries[record] = ("".join(f"{line}\n" for line in table).encode(), False)

    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}-{tag}.whl"
    part = folder / f".{path.name}.part-{os.getpid()}"
    # A zip knows no time before 1980.
    moment = time.gmtime(max(seconds, 315532800))[:6]
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as wheel:
            for entry in order:
                data, executable = entries[entry]
                what = zipfile.ZipInfo(entry, moment)
                what.create_system = 3
                what.compress_type = zipfile.ZIP_DEFLATED
                # Without the kind of file pip takes nothing for executable.
                what.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
                wheel.writestr(what, data)
        with open(part, "rb") as written:
            os.fsync(written.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
