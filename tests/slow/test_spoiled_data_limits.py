"""Data files made to fill the memory or to block the program are refused quickly and in little memory."""

import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib

import pytest

from helpers.data_files import FASHION_FILES, SHAPES
from tests.helpers.small_data import pack_npz
from tools.notebooks import ROOT

pytestmark = pytest.mark.slow

MOST_SECONDS = 20  # for all files together, on a busy machine
MOST_MEGABYTES = 200  # the training images of MNIST take 47
IDX = struct.pack(">4B3I", 0, 0, 8, 3, *SHAPES["x_train"])

# A process of its own, whose peak memory is that of reading.
READER = """
import json, resource, sys
from helpers.data_files import read_fashion_mnist, read_mnist

print("ready", flush=True)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
messages = {}
for path in json.load(sys.stdin):
    try:
        messages[path] = str((read_mnist if path.endswith(".npz") else read_fashion_mnist)(path))
    except ValueError as error:
        messages[path] = str(error)
unit = 2**20 if sys.platform == "darwin" else 2**10
print(json.dumps([messages, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / unit]))
"""


def make_npy_header(shape):
    text = str({"descr": "|u1", "fortran_order": False, "shape": shape}).ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def deflate(start, wbits):
    """Return `start` and half a gigabyte of zeros, compressed in the format of zlib that `wbits` names."""
    compressor = zlib.compressobj(wbits=wbits)
    first, zeros = (compressor.compress(part) + compressor.flush(zlib.Z_FULL_FLUSH) for part in (start, bytes(2**20)))
    return first + 512 * zeros + compressor.flush()


def make_npz_bomb(shape, stated_size):
    """Return an .npz file whose x_train unpacks to half a gigabyte, with a shape and a size stated for it."""
    content = bytearray(pack_npz({"x_train": deflate(make_npy_header(shape), -15)}, zipfile.ZIP_STORED))
    entry = content.index(b"PK\x01\x02")  # in the directory; APPNOTE.TXT of ZIP, section 4.3.12
    struct.pack_into("<H", content, entry + 10, zipfile.ZIP_DEFLATED)
    struct.pack_into("<I", content, entry + 24, stated_size)
    return bytes(content)


@pytest.mark.skipif(os.name == "nt", reason="needs pipes and Unix's count of memory")
def test_bombs_and_pipes_are_refused_quickly_and_in_little_memory(tmp_path):
    (tmp_path / "honest_bomb.npz").write_bytes(make_npz_bomb((2**29,), 2**29 + 128))
    (tmp_path / "dishonest_bomb.npz").write_bytes(make_npz_bomb(SHAPES["x_train"], 60_000 * 28 * 28 + 128))
    (tmp_path / "terabyte.npz").write_bytes(pack_npz({"x_train": make_npy_header((10**12,)) + bytes(1000)}))
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "device.npz").symlink_to("/dev/zero")
    (tmp_path / "fashion-mnist").mkdir()
    (tmp_path / "fashion-mnist" / FASHION_FILES["x_train"]).write_bytes(deflate(IDX, 31))
    paths = [str(path) for path in tmp_path.iterdir()]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", READER], cwd=ROOT, **pipes) as process:
        try:
            assert process.stdout.readline() == "ready\n"  # Importing TensorFlow doesn't count.
            printed, _ = process.communicate(json.dumps(paths), timeout=MOST_SECONDS)
        finally:
            process.kill()
    messages, megabytes = json.loads(printed)
    assert [path for path in paths if path not in messages[path]] == []
    assert megabytes < MOST_MEGABYTES
