"""numpy's side of the tests of arrays.

  arrays.py FOLDER    .npz and IDX files of every kind that is read, each with its pixels as NAME.raw: (N, C, H, W)
"""

import gzip
import os
import struct
import sys

import numpy as np

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
random = np.random.default_rng(1)


def path(name):
    return os.path.join(folder, name)


def drawn(*shape):
    return random.integers(0, 256, shape, dtype=np.uint8)


def raw(name, *images):
    whole = np.concatenate([i[..., None] if i.ndim == 3 else i for i in images])
    whole.transpose(0, 3, 1, 2).tofile(path(name + ".raw"))


for name, save in [("stored", np.savez), ("deflated", np.savez_compressed)]:
    train, test = drawn(9, 7, 7), drawn(4, 7, 7)
    save(path(name + ".npz"), x_train=train, y_train=np.arange(9) % 3, x_test=test, y_test=np.uint8([0, 1, 2, 0]))
    raw(name, train, test)

# MedMNIST's.
train, val, test = drawn(8, 5, 5, 3), drawn(3, 5, 5, 3), drawn(2, 5, 5, 3)
np.savez_compressed(
    path("medical.npz"), train_images=train, val_images=val, test_images=test,
    train_labels=np.uint8([[0], [1]] * 4), val_labels=np.uint8([[1], [0], [1]]), test_labels=np.uint8([[1], [1]]))
raw("medical", train, val, test)

# Whole numbers of every type, both byte orders.
for kind in ["i1", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8", "u1", "<u2", ">u2", "<u4", ">u4", "<u8", ">u8"]:
    np.save(path("integers-" + kind.replace("<", "little-").replace(">", "big-") + ".npy"),
            np.array([[0, 1, 127], [-128 if "i" in kind else 200, 5, 100]]).astype(kind))
np.save(path("scalar.npy"), np.uint8(7))
np.save(path("empty.npy"), np.zeros((0, 3), np.uint8))

# What is refused.
np.save(path("objects.npy"), np.array([{}, None], dtype=object), allow_pickle=True)
np.save(path("records.npy"), np.zeros(3, dtype=[("a", "<i4"), ("b", "u1")]))
np.save(path("columns.npy"), np.asfortranarray(drawn(3, 4)))
np.save(path("text.npy"), np.array(["abc"]))
np.savez_compressed(path("bomb.npz"), x_train=np.zeros((4000, 100, 100), np.uint8), y_train=np.zeros(4000, np.uint8))


def idx(array):
    return struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(">%dI" % array.ndim, *array.shape) + array.tobytes()


for name, end in [("plain", ""), ("zipped", ".gz")]:
    os.makedirs(path(name), exist_ok=True)
    train, test = drawn(12, 28, 28), drawn(5, 28, 28)
    files = {
        "train-images-idx3": train, "train-labels-idx1": np.uint8(np.arange(12) % 10),
        "t10k-images-idx3": test, "t10k-labels-idx1": np.uint8([9, 8, 7, 6, 5]),
    }
    for file, array in files.items():
        data = idx(array)
        with open(path(name + "/" + file + "-ubyte" + end), "wb") as out:
            out.write(gzip.compress(data) if end else data)
    raw(name, train, test)
