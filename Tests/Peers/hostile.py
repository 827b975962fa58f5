"""Damaged and hostile files of every kind that ads reads, each given to the program.

    python3 hostile.py ADS IN.safetensors FOLDER [EVERY]       # all files, or every third, fourth, ... of them

IN holds the weights of a small network of ours, of which PyTorch's files are made, too. A file must be refused with one sentence and
exit code 1, in a second of processor time and 512 MB; where only bytes were flipped, which may change no more than a weight, it may also
be taken. Prints what was done, and every file that was treated otherwise; exit code 1 where one was.
"""
import concurrent.futures
import gzip
import io
import json
import os
import pathlib
import pickle
import random
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib

SECONDS, MEGABYTES = 1.0, 512


# Weights.

def packed(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def safetensors(whole):
    """Headers that lie, by name."""
    length = struct.unpack("<Q", whole[:8])[0]
    header, data = json.loads(whole[8:8 + length]), whole[8 + length:]
    name = next(n for n in header if n != "__metadata__")

    def changed(**fields):
        return packed(header | {name: header[name] | fields}, data)
    begin, end = header[name]["data_offsets"]
    nested = b"[" * 100_000 + b"]" * 100_000
    yield "length-0", struct.pack("<Q", 0) + whole[8:]
    yield "length-of-all-ones", b"\xff" * 8 + whole[8:]
    yield "length-2-63", struct.pack("<Q", 1 << 63) + whole[8:]
    yield "length-4-GB", struct.pack("<Q", 1 << 32) + whole[8:]
    yield "length-beyond", struct.pack("<Q", len(whole) - 7) + whole[8:]
    yield "overlapping", changed(data_offsets=[begin + 4, end + 4])
    yield "negative", changed(data_offsets=[-4, end - begin - 4])
    yield "backwards", changed(data_offsets=[end, begin])
    yield "beyond-the-end", changed(data_offsets=[len(data), len(data) + end - begin])
    yield "near-2-63", changed(data_offsets=[(1 << 63) - 8, (1 << 63) - 1])
    yield "shape-overflows", changed(shape=[1 << 40, 1 << 40])
    yield "shape-negative", changed(shape=[-1, -1])
    yield "shape-of-fractions", changed(shape=[1.5])
    yield "shape-of-a-million", changed(shape=[1] * 1_000_000)
    yield "type-unknown", changed(dtype="F31")
    yield "type-of-another-size", changed(dtype="F64")
    yield "no-offsets", packed(header | {name: {"dtype": "F32", "shape": [1]}}, data)
    yield "key-twice", packed(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"abcd")
    yield "nested", packed(nested)
    yield "no-json", packed(b"\x80\x02}q\x00.")
    yield "float-1e400", packed(b'{"a":{"dtype":"F32","shape":[1e400],"data_offsets":[0,4]}}', b"abcd")
    yield "no-utf-8", packed(b'{"\xff\xfe":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"abcd")
    yield "metadata-of-numbers", packed(header | {"__metadata__": {"a": 1}}, data)
    yield "no-tensors", packed({})
    yield "other-tensors", packed({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, b"abcd")
    yield "not-a-number", whole[:-4] + struct.pack("<f", float("nan"))
    yield "gap", packed(header, data + b"more")


class Calls:
    """Pickles as a call of something."""
    def __init__(self, function, *arguments):
        self.reduced = (function, arguments)

    def __reduce__(self):
        return self.reduced


def pickles():
    """What is no state dict, by name."""
    import torch
    yield "os-system", pickle.dumps(Calls(os.system, "true"), 2)
    yield "eval", pickle.dumps(Calls(eval, "1"), 2)
    yield "open", pickle.dumps(Calls(open, "/etc/passwd"), 2)
    yield "import", pickle.dumps(Calls(__import__, "os"), 4)
    yield "namespace", pickle.dumps(__import__("argparse").Namespace(lr=1), 2)
    yield "module", pickle.dumps(torch.nn.Linear(1, 1), 2)
    yield "lists-double-90-times", b"\x80\x02]" + b"q\x00" + b"".join(b"](h" + bytes([i % 256]) + b"h" + bytes([i % 256]) + b"eq" + bytes([(i + 1) % 256]) for i in range(90)) + b"."
    yield "tuples-double-90-times", b"\x80\x02)q\x00" + b"".join(b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86q" + bytes([i + 1]) for i in range(90)) + b"."
    yield "nested-100000", b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b"."
    yield "list-holds-itself", b"\x80\x02]q\x00h\x00a."
    yield "tuple-as-key-doubling", b"\x80\x02}" + b")q\x00" + b"".join(b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86q" + bytes([i + 1]) for i in range(60)) + b"K\x01s."
    yield "text-of-4-GB", b"\x80\x02X\xff\xff\xff\xff."
    yield "text-of-2-63", b"\x80\x04\x8d" + b"\xff" * 7 + b"\x7f."
    yield "long-of-4-GB", b"\x80\x02\x8b\xff\xff\xff\x7f."
    yield "memo-2-32", b"\x80\x02]r\xff\xff\xff\xff."
    yield "memo-missing", b"\x80\x02h\x05."
    yield "protocol-99", b"\x80\x63}."
    yield "no-mark", b"\x80\x02u."
    yield "empty-stack", b"\x80\x02R."
    yield "ends-early", b"\x80\x02}q\x00(X\x01"
    yield "empty", b""
    yield "instance", b"(S'true'\nios\nsystem\n."
    yield "extension", b"\x80\x02\x82\x01."
    yield "next-buffer", b"\x80\x05\x97."
    yield "frame-too-long", b"\x80\x04\x95" + b"\xff" * 8 + b"}."


def stored(entries, **how):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how.get("compression", zipfile.ZIP_STORED)) as file:
        for name, data in entries:
            file.writestr(name, data)
    return out.getvalue()


def containers(whole):
    """PyTorch's zip with something wrong, by name, from a good one."""
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        entries = [(i.filename, file.read(i)) for i in file.infolist()]
    folder = entries[0][0].split("/")[0]
    storage = next(n for n, _ in entries if "/data/" in n)
    yield "compressed", stored(entries, compression=zipfile.ZIP_DEFLATED)
    yield "bomb", stored([(n, bytes(1 << 28) if n == storage else d) for n, d in entries], compression=zipfile.ZIP_DEFLATED)
    yield "storage-longer", stored([(n, d + b"1234" if n == storage else d) for n, d in entries])
    yield "storage-shorter", stored([(n, d[:-4] if n == storage else d) for n, d in entries])
    yield "storage-missing", stored([(n, d) for n, d in entries if n != storage])
    yield "no-pickle", stored([(n, d) for n, d in entries if not n.endswith("data.pkl")])
    yield "script", stored(entries + [(folder + "/constants.pkl", b"\x80\x02).")])
    yield "big-endian", stored([(n, b"big" if n.endswith("byteorder") else d) for n, d in entries])
    yield "nothing-in-it", stored([])
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield "entry-twice", stored(entries + [entries[-1]])
        yield "pickle-twice", stored(entries + [(folder + "/data.pkl", b"\x80\x02}.")])
    yield "100000-entries", stored(entries + [(f"{folder}/{i}", b"") for i in range(100_000)])
    at = whole.rindex(b"PK\x05\x06")
    for name, offset, value in [("directory-at-the-end", 16, b"\xff\xff\xff\xfe"), ("directory-of-4-GB", 12, b"\xfe\xff\xff\xff"),
                                ("65534-entries", 10, b"\xfe\xff")]:
        yield name, whole[:at + offset] + value + whole[at + offset + len(value):]
    first = whole.index(b"PK\x01\x02")
    for name, offset, value in [("encrypted", 8, b"\x01\x00"), ("method-99", 10, b"\x63\x00"), ("crc", 16, b"\x01\x02\x03\x04"),
                                ("size-4-GB", 24, b"\xfe\xff\xff\xff"), ("local-header-elsewhere", 42, b"\xf0\xff\xff\x7f"),
                                ("name-of-64-KB", 28, b"\xff\xff")]:
        yield name, whole[:first + offset] + value + whole[first + offset + len(value):]
    data = dict(entries)[folder + "/data.pkl"]
    for name, other in pickles():
        yield "pickle-" + name, stored([(n, other if n.endswith("data.pkl") else d) for n, d in entries])
    yield "pickle-with-huge-stride", stored([(n, data.replace(b"K\x03K\x01t", b"\x8a\x08" + b"\xff" * 7 + b"\x7fK\x01t", 1) if n.endswith("data.pkl") else d) for n, d in entries])


def legacy(whole):
    """The container of before 1.6 with something wrong, by name."""
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    version, system = pickle.dumps(1001, 2), pickle.dumps({"little_endian": True}, 2)
    yield "magic-alone", magic
    yield "version-2000", magic + pickle.dumps(2000, 2) + system + whole[len(magic + version + system):]
    yield "big-endian", magic + version + pickle.dumps({"little_endian": False}, 2)
    for name, other in pickles():
        yield "pickle-" + name, magic + version + system + other


# Images.

def file_of(image, form, **how):
    out = io.BytesIO()
    image.save(out, form, **how)
    return out.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, data, *before, bits=8, colour=2, interlaced=0):
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(before) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def images():
    """Whole pictures, by name."""
    import numpy as np
    from PIL import Image
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8))
    yield "baseline.jpg", file_of(noise, "JPEG")
    yield "progressive.jpg", file_of(noise, "JPEG", progressive=True, quality=95)
    yield "cmyk.jpg", file_of(noise.convert("CMYK"), "JPEG")
    yield "rgb.png", file_of(noise, "PNG")
    yield "palette.png", file_of(noise.quantize(50), "PNG")


def pictures():
    """What is no picture, or must not be one, by name."""
    from PIL import Image
    small = Image.new("RGB", (9, 9), "red")
    for form in ("GIF", "BMP", "TIFF", "WEBP", "ICO", "PPM"):
        yield form.lower(), file_of(small, form)
    yield "empty", b""
    yield "text", b"no picture\n" * 100
    yield "svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    yield "heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    yield "script", b"#!/bin/sh\ntrue\n"
    yield "gzip", gzip.compress(bytes(1 << 24))
    yield "signature-alone.png", b"\x89PNG\r\n\x1a\n"
    yield "signature-alone.jpg", b"\xff\xd8\xff"
    nothing = zlib.compress(bytes(1000))
    yield "30000-square.png", png(30_000, 30_000, nothing)
    yield "2-31.png", png(1 << 31, 1, nothing)
    yield "all-ones.png", png(0xFFFFFFFF, 0xFFFFFFFF, nothing)
    yield "no-width.png", png(0, 5, nothing)
    yield "bits-3.png", png(5, 5, nothing, bits=3)
    yield "colour-5.png", png(5, 5, nothing, colour=5)
    yield "interlaced-9.png", png(5, 5, nothing, interlaced=9)
    yield "bomb.png", png(8, 8, zlib.compress(bytes(1 << 28), 9))
    yield "rows-missing.png", png(64, 64, zlib.compress(bytes(100)))
    yield "no-zlib.png", png(5, 5, b"no zlib at all")
    yield "palette-missing.png", png(5, 5, nothing, colour=3)
    yield "unknown-chunk.png", png(5, 5, zlib.compress(bytes(80)), chunk(b"ABCD", b""))
    yield "second-header.png", png(5, 5, zlib.compress(bytes(80)), chunk(b"IHDR", bytes(13)))
    yield "chunk-of-4-GB.png", b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xffIHDR" + bytes(100)
    whole = file_of(small, "JPEG")
    at = whole.index(b"\xff\xc0")
    for name, height, width in [("65535-square.jpg", 65_535, 65_535), ("no-height.jpg", 0, 9), ("no-width.jpg", 9, 0)]:
        yield name, whole[:at + 5] + struct.pack(">HH", height, width) + whole[at + 9:]
    yield "second-frame.jpg", whole[:at] + whole[at:at + 19] + whole[at:]
    yield "arithmetic.jpg", whole.replace(b"\xff\xc0", b"\xff\xc9", 1)
    yield "lossless.jpg", whole.replace(b"\xff\xc0", b"\xff\xc3", 1)
    progressive = file_of(small, "JPEG", progressive=True)
    scan = progressive.index(b"\xff\xda", progressive.index(b"\xff\xda") + 2)
    end = progressive.index(b"\xff\xc4", scan) if b"\xff\xc4" in progressive[scan:] else len(progressive) - 2
    yield "5000-scans.jpg", progressive[:scan] + progressive[scan:end] * 5000 + b"\xff\xd9"


# Arrays.

def idx(kind, shape, data):
    return bytes([0, 0, kind, len(shape)]) + b"".join(struct.pack(">I", n) for n in shape) + data


def packed_arrays(**arrays):
    import numpy as np
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def npy(header, data=b""):
    text = header.encode() + b" " * 16 + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def sets():
    """The images of a set of 20, whole, by name."""
    import numpy as np
    draw = np.random.default_rng(1)
    pictures, labels = draw.integers(0, 256, (20, 28, 28), dtype=np.uint8), np.arange(20, dtype=np.uint8) % 10
    yield "idx", idx(8, [20, 28, 28], pictures.tobytes())
    yield "idx.gz", gzip.compress(idx(8, [20, 28, 28], pictures.tobytes()))
    yield "npz", packed_arrays(x_train=pictures, y_train=labels, x_test=pictures[:10], y_test=labels[:10])


def arrays():
    """What is no set of images, by name."""
    import numpy as np
    pixels = bytes(20 * 784)
    nothing = bytes(1 << 28)
    for name, data in [
        ("floats", idx(13, [20, 28, 28], pixels)), ("nine-dimensions", idx(8, [1] * 9, b"1")), ("no-dimensions", idx(8, [], b"")),
        ("shape-overflows", idx(8, [0xFFFFFFFF] * 4, pixels)), ("4-GB-of-images", idx(8, [0xFFFFFFFF, 28, 28], pixels)),
        ("more-images-than-labels", idx(8, [21, 28, 28], pixels + bytes(784))), ("no-squares", idx(8, [20, 28, 14], pixels[:7840])),
        ("flat", idx(8, [20, 784], pixels)), ("a-byte-more", idx(8, [20, 28, 28], pixels + b"1")), ("no-idx", b"PK" + pixels),
    ]:
        yield "idx-" + name, data
        yield "idx.gz-" + name, gzip.compress(data)
    yield "idx.gz-bomb", gzip.compress(idx(8, [20, 28, 28], pixels) + nothing)
    yield "idx.gz-bomb-that-says-so", gzip.compress(idx(8, [(1 << 28) // 784, 28, 28], nothing[:(1 << 28) // 784 * 784]))
    yield "idx.gz-twice", gzip.compress(gzip.compress(idx(8, [20, 28, 28], pixels)))
    yield "idx.gz-checksum", gzip.compress(idx(8, [20, 28, 28], pixels))[:-8] + bytes(8)
    yield "idx.gz-two-members", gzip.compress(idx(8, [20, 28, 28], pixels)) * 2

    def entries(images=npy("{'descr': '|u1', 'fortran_order': False, 'shape': (20, 28, 28), }", pixels), compression=zipfile.ZIP_DEFLATED, **more):
        other = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (20,), }", bytes(i % 10 for i in range(20)))
        files = {"x_train.npy": images, "y_train.npy": other, "x_test.npy": npy("{'descr': '|u1', 'fortran_order': False, 'shape': (20, 28, 28), }", pixels), "y_test.npy": other} | more
        return stored(list(files.items()), compression=compression)
    objects = io.BytesIO()
    np.save(objects, np.array([Calls(os.system, "true")], dtype=object), allow_pickle=True)
    yield "npz-objects", entries(objects.getvalue())
    for name, header in [
        ("calls", "__import__('os').system('true')"), ("shape-overflows", "{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296), }"),
        ("negative", "{'descr': '|u1', 'fortran_order': False, 'shape': (-20, 28, 28), }"), ("nested", "{'descr': " + "[" * 20_000 + "]" * 20_000 + "}"),
        ("floats", "{'descr': '<f8', 'fortran_order': False, 'shape': (20, 28, 28), }"), ("no-shape", "{'descr': '|u1', 'fortran_order': False, }"),
        ("records", "{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (20, 28, 28), }"),
        ("more-than-it-has", "{'descr': '|u1', 'fortran_order': False, 'shape': (2000, 28, 28), }"),
        ("fewer-labels", "{'descr': '|u1', 'fortran_order': False, 'shape': (10, 28, 28), }"),
    ]:
        yield "npz-" + name, entries(npy(header, pixels))
    yield "npz-no-numpy", entries(b"\x94NUMPY\x01\x00")
    yield "npz-version-9", entries(b"\x93NUMPY\x09\x00" + bytes(100))
    yield "npz-header-of-4-GB", entries(b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + pixels)
    yield "npz-bomb", entries(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (20, 28, 28), }", nothing))
    yield "npz-bomb-that-says-so", entries(npy(f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({(1 << 28) // 784}, 28, 28), }}", nothing[:(1 << 28) // 784 * 784]))
    yield "npz-lzma", entries(compression=zipfile.ZIP_LZMA)
    yield "npz-no-arrays", stored([])


def quarters(name, data):
    for part in range(4):
        yield f"{name}-cut-at-{part}-quarters", data[:len(data) * part // 4]
    yield f"{name}-cut-by-a-byte", data[:-1]


def flips(name, data, count, within, seed):
    """With some of the first bytes, where what is not pixels or weights lies, or some anywhere turned."""
    draw = random.Random(f"{name} {seed}")
    for number in range(count):
        bytes_ = bytearray(data)
        for _ in range(1 + number % 4):
            place = draw.randrange(min(within, len(data)) if number % 2 else len(data))
            bytes_[place] ^= 1 << draw.randrange(8)
        yield f"{name}-flipped-{number}", bytes(bytes_)


def collected(weights):
    """(kind, name, bytes, whether it may be taken) of all."""
    import torch
    from reference import load
    state, _ = load(weights)
    whole = pathlib.Path(weights).read_bytes()
    zipped, old = io.BytesIO(), io.BytesIO()
    torch.save(state, zipped)
    torch.save(state, old, _use_new_zipfile_serialization=False)
    bases = [("safetensors", whole), ("zip", zipped.getvalue()), ("legacy", old.getvalue())]
    for name, data in bases:
        yield from (("weights", *file, False) for file in quarters(name, data))
        yield from (("weights", *file, True) for file in flips(name, data, 16, 3000, 1))
    for name, make in [("safetensors", safetensors), ("zip", containers), ("legacy", legacy)]:
        yield from (("weights", f"{name}-{which}", data, False) for which, data in make(dict(bases)[name]))
    for name, data in images():
        yield from (("image", *file, False) for file in quarters(name, data))
        yield from (("image", *file, True) for file in flips(name, data, 12, 300, 2))
    yield from (("image", name, data, False) for name, data in pictures())
    for name, data in sets():
        yield from (("array", *file, False) for file in quarters(name, data))
        # Every bit of an IDX file's pixels may be a pixel's; what is packed has checksums.
        yield from (("array", *file, True) for file in flips(name, data, 8, 200, 3))
    yield from (("array", name, data, False) for name, data in arrays())


def make(weights, folder):
    """Writes all files, and a list of them, as another process: what it needs would be counted as the program's."""
    from PIL import Image
    (folder / "good.png").write_bytes(file_of(Image.new("RGB", (9, 9), "blue"), "PNG"))
    listed = []
    for number, (kind, name, data, may_be_taken) in enumerate(collected(weights)):
        (folder / str(number)).write_bytes(data)
        listed.append((kind, name, may_be_taken))
    (folder / "list.json").write_text(json.dumps(listed))


def treated(ads, folder, number, kind, name, may_be_taken):
    """What is wrong with how the program treats a file, or None, and what it took: seconds, megabytes, whether refused."""
    place = folder / f"{kind}-{name}"
    place.mkdir()
    file = folder / str(number)
    train = ["--epochs", "1", "--batch-size", "2", "--arch", "densenet-7-2", "--quiet", "--threads", "1", "--no-image-cache", "--out", str(place / "run")]
    if kind == "weights":
        file = file.rename(place / ("file.safetensors" if name.startswith("safetensors") else "file.pth"))
        command = [ads, "import", str(file), "--out", str(place / "run")]
    elif kind == "array" and name.startswith("npz"):
        file = file.rename(place / "file.npz")
        command = [ads, "train", "--data", "npz", "--data-dir", str(file)] + train
    elif kind == "array":
        for part in ("train", "t10k"):
            (place / f"{part}-images-idx3-ubyte").write_bytes(idx(8, [20, 28, 28], bytes(20 * 784)))
            (place / f"{part}-labels-idx1-ubyte").write_bytes(idx(8, [20], bytes(i % 10 for i in range(20))))
        (place / "train-images-idx3-ubyte").unlink()
        file.rename(place / f"train-images-idx3-ubyte{'.gz' if name.startswith('idx.gz') else ''}")
        command = [ads, "train", "--data", "mnist", "--data-dir", str(place)] + train
    else:
        for split, label in [("train", "a"), ("train", "b"), ("test", "a"), ("test", "b")]:
            (place / "data" / split / label).mkdir(parents=True)
            for copy in range(2):
                (place / "data" / split / label / f"{copy}.png").write_bytes((folder / "good.png").read_bytes())
        suffix = pathlib.Path(name.split("-cut")[0].split("-flipped")[0]).suffix or ".jpg"
        file.rename(place / "data" / "train" / "a" / f"file{suffix}")
        command = [ads, "train", "--data", "folder", "--data-dir", str(place / "data")] + train
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read().decode(errors="replace")
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds, megabytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    refused = process.returncode == 1
    wrong = None
    if not refused and not (may_be_taken and process.returncode == 0):
        wrong = f"exit code {process.returncode}"
    elif refused and (not said.startswith("ads: ") or said.count("\n") != 1):
        wrong = "says no one sentence"
    elif refused and (place / "run").exists():
        wrong = "leaves a run"
    elif refused and seconds > SECONDS:
        wrong = f"takes {seconds:.1f} s"
    elif refused and megabytes > MEGABYTES:
        wrong = f"takes {megabytes:.0f} MB"
    shutil.rmtree(place)
    return wrong and f"{kind} {name}: {wrong}: {said.strip()[:300]}", seconds, megabytes, refused


def main():
    if sys.argv[1] == "make":
        return make(sys.argv[2], pathlib.Path(sys.argv[3]))
    ads, weights, folder = sys.argv[1:4]
    every = int((sys.argv[4:] or ["1"])[0])
    subprocess.run([sys.executable, __file__, "make", weights, folder], check=True)
    folder = pathlib.Path(folder)
    files = json.loads((folder / "list.json").read_text())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(lambda file: treated(ads, folder, file[0], *file[1]), list(enumerate(files))[::every]))
    wrong = [found[0] for found in done if found[0]]
    refused = [found for found in done if found[3]]
    taken = sum(1 for found in done if not found[3] and not found[0])
    print(f"{len(done)} files, {len(refused)} refused, {taken} with flipped bytes taken; of a refusal at most"
          f" {max(f[1] for f in refused):.2f} s of processor and {max(f[2] for f in refused):.0f} MB")
    for sentence in wrong:
        print(sentence)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
