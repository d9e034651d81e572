"""More than a hundred ways to spoil the data files. Each is refused by name and with its cause, soon, in little memory.

The files are read one after the other in a process of its own, which imports NumPy and no Keras, so that its memory is
that of the reading. Most are files of a few images, taken for the real ones; recognition is tried on the real ones.
"""

import gzip
import json
import lzma
import os
import pickle
import re
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from packing import digest_all, make_few, pack_idx, pack_npy, pack_npz

from helpers import data_files
from helpers.data_files import ADVICE, FASHION_FILES

REAL = Path(os.environ.get("AUTOENCODER_DATA") or "/nowhere")
MOST_SECONDS = 2  # on the processor, or this many times what the sound files take, if that is more:
TIMES_SOUND = 4
MOST_MEGABYTES = 500  # of the whole process, at its peak

READER = """
import json, sys, time
from pathlib import Path
import data_files

def peak_megabytes():
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0)

plan = json.load(sys.stdin)
if plan["digests"]:
    data_files.SHAPES = {name: tuple(shape) for name, shape in plan["shapes"].items()}
    data_files.DIGESTS = dict.fromkeys(("MNIST", "Fashion-MNIST"), plan["digests"])
for name, (read, path) in plan["cases"].items():
    kind = message = None
    started = time.process_time()
    try:
        found = getattr(data_files, read)(path)
        kind = "nothing there" if found is None else "accepted"
    except Exception as error:
        kind, message = type(error).__name__, str(error)
    print(json.dumps([name, kind, message, time.process_time() - started, peak_megabytes()]), flush=True)
"""


def read_all(cases, arrays=None):
    """Read the files of all cases, {name: (reader, path)}; return (kind, message, seconds, megabytes) by name."""
    arrays = arrays or {}
    shapes = {name: array.shape for name, array in arrays.items()}
    plan = {"cases": cases, "shapes": shapes, "digests": digest_all(arrays)}
    try:
        done = subprocess.run(
            [sys.executable, "-c", READER],
            input=json.dumps(plan).encode(),
            cwd=Path(data_files.__file__).parent,
            capture_output=True,
            timeout=180,
            check=False,
        )
        printed, errors = done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        printed, errors = late.stdout or b"", b"it did not come back"
    found = {name: rest for name, *rest in map(json.loads, printed.splitlines())}
    assert list(found) == list(cases), f"after {list(found)[-1:]}: {errors.decode()}"
    return found


def take_snapshot(folder):
    """Return what could have been changed below a folder: names, kinds, times and contents, links as links."""
    return {
        path: (path.lstat().st_mode, path.lstat().st_mtime_ns, digest_file(path) if is_plain_file(path) else None)
        for path in sorted(folder.rglob("*"))
    }


def is_plain_file(path):
    return path.is_file() and not path.is_symlink()


def digest_file(path):
    return zlib.crc32(path.read_bytes())


def assert_refused_in_limits(found, sound, path, cause):
    """Assert that what `read_all` found for a file is an error with its path, the cause and what to do, in limits."""
    kind, message, seconds, megabytes = found
    assert kind == "ValueError", message
    assert str(path) in message
    assert ADVICE in message
    assert re.search(cause, message)
    assert seconds < max(MOST_SECONDS, TIMES_SOUND * sound[2])
    assert megabytes < MOST_MEGABYTES


# How to spoil mnist.npz: by name what makes its bytes from the sound ones and the arrays, and the cause to be named.

DAMAGED = r"is damaged or no \.npz file \(.+\)|no readable array '\w+' \(.+\)|holds no array '\w+'"
UNREADABLE = r"no readable array 'x_train' \(.+\)"
DIFFERENT = "is not that of MNIST"
MUCH = 4 * 2**20


def cut(share):
    return lambda content, _: content[: int(share * len(content))]


def flip(place):
    """Turn over all bits of the byte at a place, a share of the file or a number of bytes from an end."""

    def spoil(content, _):
        content = bytearray(content)
        content[int(place * len(content)) if isinstance(place, float) else place] ^= 0xFF
        return bytes(content)

    return spoil


def change_directory(offset, kind, value):
    """Write a number into the first entry of the archive's directory; APPNOTE.TXT of ZIP, section 4.3.12."""

    def spoil(content, _):
        content = bytearray(content)
        struct.pack_into(kind, content, content.index(b"PK\x01\x02") + offset, value)
        return bytes(content)

    return spoil


def spoil_name(content, arrays):
    """Say that the first name in the directory is UTF-8, and put a byte into it that UTF-8 never has."""
    content = change_directory(8, "<H", 0x800)(content, arrays)
    return change_directory(46, "<B", 0xFF)(content, arrays)


def claim_header(**claims):
    """Let the header of x_train claim another shape, type or order; its bytes stay."""
    header = {"descr": "'|u1'", "fortran_order": "False", "shape": "(6, 28, 28)"} | claims
    text = "{" + ", ".join(f"'{key}': {value}" for key, value in header.items()) + "}"

    def spoil(_, arrays):
        line = text.ljust(117).encode() + b"\n"
        array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(line)) + line + arrays["x_train"].tobytes()
        return pack_npz(arrays | {"x_train": array})

    return spoil


def replace(**changes):
    """Put other arrays, or bytes of .npy files, in the place of some."""
    return lambda _, arrays: pack_npz(arrays | {name: change(arrays) for name, change in changes.items()})


def deflate_much(array, wbits):
    """Return an array's bytes and half a gigabyte of zeros, compressed in the format of zlib that `wbits` names."""
    packer = zlib.compressobj(wbits=wbits)
    first, zeros = (packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH) for part in (array, bytes(2**20)))
    return first + 512 * zeros + packer.flush()


def overfill(size):
    """Let half a gigabyte follow x_train inside its entry, whose stated size is `size`."""

    def spoil(_, arrays):
        content = pack_npz(arrays | {"x_train": deflate_much(pack_npy(arrays["x_train"]), -15)}, zipfile.ZIP_STORED)
        for field in ((10, "<H", zipfile.ZIP_DEFLATED), (24, "<I", size)):
            content = change_directory(*field)(content, arrays)
        return content

    return spoil


def compress_by(compression):
    return lambda _, arrays: pack_npz(arrays | {"x_train": bytes(MUCH)}, compression)


class Intruder:
    """What makes a folder when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("intruder",)


NPZ = {
    **{f"cut at {share:.0%}": (cut(share), DAMAGED) for share in (0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)},
    **{f"last {n} bytes gone": (lambda content, _, n=n: content[:-n], DAMAGED) for n in (1, 22, 40)},
    **{f"first {n} bytes gone": (lambda content, _, n=n: content[n:], DAMAGED) for n in (40, 2000)},
    **{f"byte at {share:.0%} flipped": (flip(share), DAMAGED) for share in (0.1, 0.2, 0.4, 0.5, 0.6, 0.8, 0.9)},
    **{f"byte {place} flipped": (flip(place), DAMAGED) for place in (0, 3, 26, 30)},  # of the first local header
    **{f"byte {place} flipped": (flip(place), DAMAGED) for place in (-22, -10, -9, -6, -5)},  # of the end record
    "directory without its mark": (change_directory(0, "<I", 0), DAMAGED),
    "directory with another check sum": (change_directory(16, "<I", 12345), DAMAGED),
    "directory with no compressed bytes": (change_directory(20, "<I", 0), DAMAGED),
    "directory with another place": (change_directory(42, "<I", 77), DAMAGED),
    "encrypted": (change_directory(8, "<H", 1), DAMAGED),
    "unknown compression": (change_directory(10, "<H", 98), "a compression that NumPy does not write"),
    "size of nothing": (change_directory(24, "<I", 0), UNREADABLE),
    "size of 4 GB": (change_directory(24, "<I", 2**32 - 2), "more than MNIST has"),
    "name that is no text": (spoil_name, DAMAGED),
    "names in another order": (
        lambda content, _: content.replace(b"x_train", b"z_train").replace(b"x_test", b"x_tset"),
        "holds no array 'x_train'",
    ),
    **{
        f"header claims {claim}": (claim_header(**{key: claim}), cause)
        for key, claim, cause in (
            ("shape", "(5, 28, 28)", r"x_train is uint8 of shape \(5, 28, 28\)"),
            ("shape", "(7, 28, 28)", UNREADABLE),
            ("shape", "(6, 784)", r"x_train is uint8 of shape \(6, 784\)"),
            ("shape", "(28, 28, 6)", r"of shape \(28, 28, 6\)"),
            ("shape", "()", r"of shape \(\)"),
            ("shape", "(0, 28, 28)", r"of shape \(0, 28, 28\)"),
            ("shape", "(-6, 28, 28)", UNREADABLE),
            ("shape", "(True,)", UNREADABLE),
            ("shape", "(6, 28, 28", UNREADABLE),
            ("shape", "(1000000000,)", UNREADABLE),
            ("shape", "(1000000000000,)", UNREADABLE),
            ("shape", "(99999999999999999999,)", UNREADABLE),
            ("shape", "(6, 28, 28)" + "," * 40, UNREADABLE),
            ("shape", "(" * 60, UNREADABLE),
            ("descr", "'|i1'", "x_train is int8"),
            ("descr", "'<f8'", UNREADABLE),
            ("descr", "'|O'", UNREADABLE),
            ("descr", "'|V0'", "x_train is"),
            ("descr", "'|S1000000000'", UNREADABLE),
            ("descr", "'nonsense'", UNREADABLE),
            ("fortran_order", "True", DIFFERENT),
            ("fortran_order", "7", UNREADABLE),
        )
    },
    "bomb that says so": (overfill(2**29), "more than MNIST has"),
    "bomb that does not": (overfill(6 * 28 * 28 + 128), UNREADABLE),
    "bomb of bzip2": (compress_by(zipfile.ZIP_BZIP2), "a compression that NumPy does not write"),
    "bomb of LZMA": (compress_by(zipfile.ZIP_LZMA), "a compression that NumPy does not write"),
    "more bytes than all arrays": (lambda content, _: bytes(MUCH) + content, "more than its arrays take"),
    "pickled labels": (replace(y_train=lambda _: np.array([Intruder()])), "no readable array 'y_train'"),
    "pickle for an array": (replace(y_train=lambda _: pickle.dumps(Intruder())), "no readable array 'y_train'"),
    "pickle for the file": (lambda *_: pickle.dumps(Intruder()), DAMAGED),
    "archive for an array": (lambda content, arrays: pack_npz(arrays | {"x_train": content}), "'x_train'"),
    "text": (lambda *_: b"<!DOCTYPE html><title>404 Not Found</title>", DAMAGED),
    "IDX": (lambda _, arrays: pack_idx(arrays["x_train"]), DAMAGED),
    "zeros": (lambda content, _: bytes(len(content)), DAMAGED),
    "labels of 8 bytes": (replace(y_train=lambda arrays: arrays["y_train"].astype(np.int64)), "y_train is int64"),
    "labels in order": (replace(y_train=lambda arrays: np.sort(arrays["y_train"])), f"y_train {DIFFERENT}"),
    "one pixel more": (replace(x_test=lambda arrays: arrays["x_test"] + np.eye(28, dtype=np.uint8)), DIFFERENT),
}

# How to spoil one of the files of Fashion-MNIST.

NOT_GZIP = r"is damaged or no gzip file \(.+\)"
CUT_OFF = "is cut off"
OTHER_ARRAY = r"does not hold an array of shape \(6, 28, 28\) in IDX format, and nothing else"


def claim_counts(*counts, kind=">4B3I", magic=(0, 0, 8, 3)):
    """Let the header of an IDX file claim other counts; its bytes stay."""
    return lambda _, array: gzip.compress(struct.pack(kind, *magic, *counts) + array.tobytes())


IDX = {
    **{f"cut at {share:.0%}": (cut(share), CUT_OFF) for share in (0, 0.0002, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)},
    **{f"last {n} bytes gone": (lambda content, _, n=n: content[:-n], CUT_OFF) for n in (1, 4, 8)},
    "first 10 bytes gone": (lambda content, _: content[10:], NOT_GZIP),
    **{
        f"byte at {share:.0%} flipped": (flip(share), f"{NOT_GZIP}|{CUT_OFF}|{OTHER_ARRAY}")
        for share in (0.005, 0.1, 0.2, 0.4, 0.5, 0.6, 0.8, 0.9)
    },
    **{f"byte {place} flipped": (flip(place), NOT_GZIP) for place in (0, 1, 2, 3, -8, -5, -4, -1)},
    **{
        f"header claims {', '.join(map(str, counts))}": (claim_counts(*counts), OTHER_ARRAY)
        for counts in ((5, 28, 28), (7, 28, 28), (6, 27, 28), (6, 28, 29), (0, 0, 0), (6, 784, 1), (2**32 - 1,) * 3)
    },
    "counts in the other order of bytes": (claim_counts(6, 28, 28, kind="<4B3I"), OTHER_ARRAY),
    "header of two axes": (claim_counts(6, 784, kind=">4B2I", magic=(0, 0, 8, 2)), OTHER_ARRAY),
    "header of four axes": (claim_counts(6, 28, 28, 1, kind=">4B4I", magic=(0, 0, 8, 4)), OTHER_ARRAY),
    "header of signed bytes": (claim_counts(6, 28, 28, magic=(0, 0, 9, 3)), OTHER_ARRAY),
    "header of doubles": (claim_counts(6, 28, 28, magic=(0, 0, 14, 3)), OTHER_ARRAY),
    "not compressed": (lambda content, _: gzip.decompress(content), NOT_GZIP),
    "compressed twice": (lambda content, _: gzip.compress(content), OTHER_ARRAY),
    "compressed by xz": (lambda content, _: lzma.compress(gzip.decompress(content)), NOT_GZIP),
    "an .npz file": (lambda _, array: pack_npz({"x_train": array}), NOT_GZIP),
    "text": (lambda *_: b"<!DOCTYPE html><title>404 Not Found</title>", NOT_GZIP),
    "bomb": (lambda content, _: deflate_much(gzip.decompress(content), 31), OTHER_ARRAY),
    "bomb of many parts": (lambda content, _: content + 512 * gzip.compress(bytes(2**20)), OTHER_ARRAY),
    "zeros behind": (lambda content, _: content + bytes(1000), OTHER_ARRAY),
    "more bytes than its array": (lambda content, _: content + bytes(MUCH), "more than its arrays take"),
    "name of a million letters": (
        lambda content, _: content[:3] + b"\x08" + content[4:10] + b"a" * 10**6 + b"\0" + content[20:],
        f"{NOT_GZIP}|{OTHER_ARRAY}",
    ),
    "labels for images": (lambda _, array: pack_idx(array[:, 0, 0]), OTHER_ARRAY),
    "one pixel more": (lambda _, array: pack_idx(array + np.eye(28, dtype=np.uint8)), "is not that of Fashion-MNIST"),
}

# What can stand at a path besides a file.

ELSEWHERE = {
    "folder": (lambda path: path.mkdir(), "no file but a folder"),
    "pipe": (os.mkfifo if hasattr(os, "mkfifo") else None, "no file but a folder, a pipe"),
    "link to nothing": (lambda path: path.symlink_to("nowhere"), "is a link to nowhere, where nothing is"),
    "link to itself": (lambda path: path.symlink_to(path), "damaged or no"),
    "link to a folder": (lambda path: path.symlink_to(path.parent), "no file but a folder"),
    "link to a device without end": (lambda path: path.symlink_to("/dev/zero"), "a pipe or a device"),
    "empty file": (lambda path: path.touch(), f"damaged or no|{CUT_OFF}"),
}
SPOILED = "x_train"  # the file of Fashion-MNIST that is spoiled
CASES = {
    **{f"MNIST, {name}": cause for name, (_, cause) in (NPZ | ELSEWHERE).items()},
    **{f"Fashion-MNIST, {name}": cause for name, (_, cause) in (IDX | ELSEWHERE).items()},
    "Fashion-MNIST, file for the folder": "damaged or no gzip file .*[Nn]ot a directory",
    "Fashion-MNIST, link to nothing for the folder": "is a link to nowhere, where nothing is",
}


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Write all cases of few images; return the path of each spoiled file and what came of reading it, by name."""
    if os.name == "nt":
        pytest.skip("needs pipes and links that anyone may make")
    root, arrays = tmp_path_factory.mktemp("few"), make_few()
    npz, idx = pack_npz(arrays), {name: pack_idx(array) for name, array in arrays.items()}
    paths, plan = {}, {}

    def add(name, read, path, given):
        path.parent.mkdir(parents=True, exist_ok=True)
        paths[name], plan[name] = path, (read, str(given))
        return path

    def add_npz(name):
        path = root / str(len(plan)) / "mnist.npz"
        return add(f"MNIST, {name}", "read_mnist", path, path)

    def add_idx(name):
        folder = root / str(len(plan)) / "fashion-mnist"
        path = add(f"Fashion-MNIST, {name}", "read_fashion_mnist", folder / FASHION_FILES[SPOILED], folder)
        for other, content in idx.items():
            if other != SPOILED:
                (folder / FASHION_FILES[other]).write_bytes(content)
        return path

    add_npz("sound").write_bytes(npz)
    add_npz("sound, by a link").symlink_to(paths["MNIST, sound"])
    add_idx("sound").write_bytes(idx[SPOILED])
    add_idx("sound, by a link").symlink_to(paths["Fashion-MNIST, sound"])
    for table, add_one, content, given in ((NPZ, add_npz, npz, arrays), (IDX, add_idx, idx[SPOILED], arrays[SPOILED])):
        for name, (spoil, _) in table.items():
            spoiled = spoil(content, given)
            assert spoiled != content, name
            add_one(name).write_bytes(spoiled)
    for name, (make, _) in ELSEWHERE.items():
        make(add_npz(name))
        make(add_idx(name))
    folders = {kind: root / kind / "fashion-mnist" for kind in ("file", "link to nothing")}
    for kind, folder in folders.items():
        add(f"Fashion-MNIST, {kind} for the folder", "read_fashion_mnist", folder, folder)
    folders["file"].touch()
    folders["link to nothing"].symlink_to("nowhere")

    before = take_snapshot(root)
    found = read_all(plan, arrays)
    assert take_snapshot(root) == before
    return paths, found


def test_cases_are_many():
    assert len(CASES) >= 100


@pytest.mark.parametrize("name", ["MNIST, sound", "MNIST, sound, by a link"])
@pytest.mark.parametrize("data_set", ["", "Fashion-"])
def test_sound_file_is_accepted(few, name, data_set):
    _, found = few
    assert found[data_set + name][0] == "accepted"


@pytest.mark.parametrize("name", CASES)
def test_spoiled_file_is_refused_soon_and_in_little_memory(few, name):
    paths, found = few
    sound = found[f"{name.split(',')[0]}, sound"]
    assert_refused_in_limits(found[name], sound, paths[name], CASES[name])


def test_nothing_was_unpickled(few):
    assert not (Path(data_files.__file__).parent / "intruder").exists()


# The real files, which are large and whose arrays are known.


REAL_NPZ = {
    **{f"cut at {share:.0%}": (cut(share), DAMAGED) for share in (0.5, 0.99)},
    "last byte gone": (lambda content, _: content[:-1], DAMAGED),
    **{f"byte at {share:.0%} flipped": (flip(share), DAMAGED) for share in (0.1, 0.5, 0.9)},
    "Fashion-MNIST under its name": (
        lambda _, __: pack_npz(data_files.read_fashion_mnist(REAL / "fashion-mnist"), zipfile.ZIP_STORED),
        f"x_train {DIFFERENT}",
    ),
    "labels in another order": (
        lambda _, arrays: pack_npz(arrays | {"y_train": arrays["y_train"][::-1]}, zipfile.ZIP_STORED),
        f"y_train {DIFFERENT}",
    ),
    "one pixel less": (
        lambda _, arrays: pack_npz(arrays | {"x_test": np.bitwise_and(arrays["x_test"], 254)}, zipfile.ZIP_STORED),
        f"x_test {DIFFERENT}",
    ),
}
REAL_IDX = {
    **{f"cut at {share:.0%}": (cut(share), CUT_OFF) for share in (0.5, 0.99)},
    **{f"byte at {share:.0%} flipped": (flip(share), f"{NOT_GZIP}|IDX format") for share in (0.1, 0.9)},
    "digits under its name": (
        lambda _, arrays: pack_idx(arrays["x_train"], level=1),
        "x_train is not that of Fashion-MNIST",
    ),
}


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """Write all cases of the real files; return the path of each and what came of reading it, by name."""
    if not ((REAL / "mnist.npz").is_file() and (REAL / "fashion-mnist").is_dir()):
        pytest.skip("needs the real data: set AUTOENCODER_DATA to a folder with mnist.npz and fashion-mnist/*.gz")
    root = tmp_path_factory.mktemp("real")
    arrays = data_files.read_mnist(REAL / "mnist.npz")
    npz, idx = (REAL / "mnist.npz").read_bytes(), (REAL / "fashion-mnist" / FASHION_FILES[SPOILED]).read_bytes()
    paths, plan = {}, {}
    plan["MNIST, sound"] = "read_mnist", str(REAL / "mnist.npz")
    plan["Fashion-MNIST, sound"] = "read_fashion_mnist", str(REAL / "fashion-mnist")
    for name, (spoil, _) in REAL_NPZ.items():
        path = root / str(len(plan)) / "mnist.npz"
        path.parent.mkdir()
        path.write_bytes(spoil(npz, arrays))
        paths[f"MNIST, {name}"], plan[f"MNIST, {name}"] = path, ("read_mnist", str(path))
    for name, (spoil, _) in REAL_IDX.items():
        folder = root / str(len(plan))
        folder.mkdir()
        for other, file_name in FASHION_FILES.items():
            if other != SPOILED:
                (folder / file_name).symlink_to(REAL / "fashion-mnist" / file_name)
        path = folder / FASHION_FILES[SPOILED]
        path.write_bytes(spoil(idx, arrays))
        paths[f"Fashion-MNIST, {name}"], plan[f"Fashion-MNIST, {name}"] = path, ("read_fashion_mnist", str(folder))
    before = take_snapshot(root)
    found = read_all(plan)
    assert take_snapshot(root) == before
    yield paths, found
    shutil.rmtree(root)  # some 300 MB


REAL_CASES = {
    **{f"MNIST, {name}": cause for name, (_, cause) in REAL_NPZ.items()},
    **{f"Fashion-MNIST, {name}": cause for name, (_, cause) in REAL_IDX.items()},
}


@pytest.mark.parametrize("name", REAL_CASES)
def test_spoiled_real_file_is_refused_soon_and_in_little_memory(real, name):
    paths, found = real
    sound = found[f"{name.split(',')[0]}, sound"]
    assert sound[0] == "accepted"
    assert_refused_in_limits(found[name], sound, paths[name], REAL_CASES[name])
