"""Pillow's side of the tests of images.

  images.py resize OUT    random images, and what Image.resize makes of them in bilinear
  images.py square OUT    random images, and torchvision's Resize and CenterCrop of them, by Pillow's functions
  images.py parts OUT PIXELS BOXES SIZE    parts of images [N, 3, SIZE, SIZE], cropped and resized to their size: a line
                          of BOXES has image, left, top, width, height and whether it is mirrored
  images.py decode OUT    a folder of image files of every kind, NAME.jpg or NAME.png, each with its pixels in NAME.jpg.rgb

`resize` and `square` write records: width, height, new width, new height as 32 bits, little end first; then the pixels of
both, RGB. A .rgb file is width, height, whether alpha was dropped, and pixels.
"""

import io
import os
import random
import struct
import sys
import zlib

from PIL import Image, ImageOps


def drawn(width, height):
    return Image.frombytes("RGB", (width, height), random.randbytes(width * height * 3))


def photograph(width, height):
    smooth = drawn(max(1, width // 9), max(1, height // 9)).resize((width, height), Image.Resampling.BICUBIC)
    return Image.blend(smooth, drawn(width, height), 0.1)


def resized():
    # Sides of one pixel, of one alike, shrunk and grown, a little and a hundredfold.
    sides = [1, 2, 3, 5, 16, 17]
    for _ in range(220):
        old, new = [[random.choice(sides + [random.randint(1, 300)] * 6) for _ in range(2)] for _ in range(2)]
        if random.random() < 0.1:
            new[0] = old[0]
        if random.random() < 0.1:
            new[1] = old[1]
        image = drawn(*old)
        yield image, image.resize(new, Image.Resampling.BILINEAR)
    image = drawn(3000, 40)
    yield image, image.resize((7, 90), Image.Resampling.BILINEAR)


def squared():
    # torchvision.transforms.functional's _compute_resized_output_size and center_crop.
    for _ in range(60):
        width, height, size = random.randint(1, 200), random.randint(1, 200), random.randint(1, 80)
        image = drawn(width, height)
        short, long = min(width, height), max(width, height)
        other = int(size * long / short)
        new = (size, other) if width <= height else (other, size)
        left, top = int(round((new[0] - size) / 2.0)), int(round((new[1] - size) / 2.0))
        larger = image if new == image.size else image.resize(new, Image.Resampling.BILINEAR)
        yield image, larger.crop((left, top, left + size, top + size))


def parts(pixels, boxes, size):
    stored = open(pixels, "rb").read()
    for line in open(boxes):
        index, left, top, width, height, mirrored = map(int, line.split())
        planes = []
        for c in range(3):
            start = (index * 3 + c) * size * size
            planes.append(Image.frombytes("L", (size, size), stored[start:start + size * size]))
        part = Image.merge("RGB", planes).crop((left, top, left + width, top + height))
        part = part.resize((size, size), Image.Resampling.BILINEAR)
        if mirrored:
            part = ImageOps.mirror(part)
        yield b"".join(plane.tobytes() for plane in part.split())


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, bits, kind, samples, interlaced=False, before=b""):
    """A PNG of what Pillow does not write; `samples(x, y)` are a pixel's bytes."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for left, top, right, down in passes if interlaced else [(0, 0, 1, 1)]:
        columns = range(left, width, right)
        for y in range(top, height, down) if columns else []:
            rows += b"\0" + b"".join(samples(x, y) for x in columns)
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced)
    data = chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


def decoded(folder):
    def keep(name, data, expected=None):
        image = Image.open(io.BytesIO(data))
        image.load()
        alpha = image.convert("RGBA").getchannel("A").getextrema()[0] < 255
        expected = expected or ImageOps.exif_transpose(image).convert("RGB")
        with open(os.path.join(folder, name), "wb") as out:
            out.write(data)
        with open(os.path.join(folder, name + ".rgb"), "wb") as out:
            out.write(struct.pack("<3I", *expected.size, alpha) + expected.tobytes())

    def save(name, image, **options):
        out = io.BytesIO()
        image.save(out, {"jpg": "JPEG", "png": "PNG"}[name[-3:]], **options)
        keep(name, out.getvalue())

    for size in [(61, 47), (1, 1), (16, 9), (300, 200)]:
        rgb = photograph(*size)
        for sampling in ["4:4:4", "4:2:2", "4:2:0"]:
            tag = "%dx%d-%s" % (*size, sampling.replace(":", ""))
            save("rgb-%s.jpg" % tag, rgb, quality=90, subsampling=sampling)
            save("progressive-%s.jpg" % tag, rgb, quality=70, subsampling=sampling, progressive=True)
        tag = "%dx%d" % size
        cmyk = Image.merge("CMYK", [photograph(*size).getchannel(c) for c in (0, 1, 2, 0)])
        for kind, image in [("grey", rgb.convert("L")), ("cmyk", cmyk)]:
            save("%s-%s.jpg" % (kind, tag), image, quality=85)
            save("%s-progressive-%s.jpg" % (kind, tag), image, quality=85, progressive=True)
        save("restarts-%s.jpg" % tag, rgb, restart_marker_blocks=3)
        save("rgb-kept-%s.jpg" % tag, rgb, keep_rgb=True)
        save("rgb-%s.png" % tag, rgb)
        save("grey-%s.png" % tag, rgb.convert("L"))
        save("black-and-white-%s.png" % tag, rgb.convert("1"))
        for colours in [2, 4, 16, 256]:
            palette = rgb.quantize(colours)
            save("palette-%d-%s.png" % (colours, tag), palette, bits=max(1, (colours - 1).bit_length()))
        save("palette-clear-%s.png" % tag, palette, transparency=bytes(range(0, 200, 2)))
        save("colour-clear-%s.png" % tag, rgb, transparency=rgb.getpixel((0, 0)))
        rgba = rgb.copy()
        rgba.putalpha(photograph(*size).convert("L"))
        save("alpha-%s.png" % tag, rgba)
        save("grey-alpha-%s.png" % tag, rgba.convert("LA"))
        rgba.putalpha(255)
        save("opaque-%s.png" % tag, rgba)

        bytes_of = rgb.load()
        keep("interlaced-%s.png" % tag, png(*size, 8, 2, lambda x, y: bytes(bytes_of[x, y]), interlaced=True))
        gamma = chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"tEXt", b"Comment\0" + b"a" * 3000)
        keep("gamma-%s.png" % tag, png(*size, 8, 2, lambda x, y: bytes(bytes_of[x, y]), before=gamma))
        wide = {(x, y): [random.randrange(65536) for _ in range(3)] for x in range(size[0]) for y in range(size[1])}
        narrow = Image.new("RGB", size)
        for at, value in wide.items():
            narrow.putpixel(at, tuple((v * 255 + 32767) // 65535 for v in value))
        keep("wide-%s.png" % tag, png(*size, 16, 2, lambda x, y: struct.pack(">3H", *wide[x, y])), narrow)
        grey = narrow.getchannel(0).convert("RGB")
        keep("wide-grey-%s.png" % tag, png(*size, 16, 0, lambda x, y: struct.pack(">H", wide[x, y][0])), grey)

    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x010F] = "A camera"
        exif[0x0112] = orientation
        save("orientation-%d.jpg" % orientation, photograph(37, 23), exif=exif.tobytes())
        save("orientation-%d.png" % orientation, photograph(9, 31), exif=exif.tobytes())


random.seed(1)
if sys.argv[1] == "decode":
    os.makedirs(sys.argv[2], exist_ok=True)
    decoded(sys.argv[2])
elif sys.argv[1] == "parts":
    with open(sys.argv[2], "wb") as out:
        out.writelines(parts(sys.argv[3], sys.argv[4], int(sys.argv[5])))
else:
    with open(sys.argv[2], "wb") as out:
        for before, after in {"resize": resized, "square": squared}[sys.argv[1]]():
            out.write(struct.pack("<4I", *before.size, *after.size) + before.tobytes() + after.tobytes())
