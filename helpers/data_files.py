"""Read the files of MNIST and Fashion-MNIST, and refuse what is not them. Nothing here writes, moves or deletes.

The data is recognized by the SHA-256 of each array's bytes, so it does not matter how well a file was compressed. No
file is unpacked further than its arrays reach, and no pickled object ever is.
"""

import hashlib
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

SHAPES = {
    "x_train": (60_000, 28, 28),
    "y_train": (60_000,),
    "x_test": (10_000, 28, 28),
    "y_test": (10_000,),
}
DIGESTS = {
    "MNIST": {
        "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    },
    "Fashion-MNIST": {
        "x_train": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
        "y_train": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
        "x_test": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
        "y_test": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
    },
}
FASHION_FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    UnicodeDecodeError,
)
NUMPY_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # The others unpack whole blocks, however large.
SPARE_BYTES = 2**20  # that a file may have beyond its arrays: headers, and what compression adds where it fails
ADVICE = "Nothing was changed; move the file away or replace it, and run again."


def read_mnist(path):
    """Return MNIST's four uint8 arrays by name from an `.npz` file, or None if there is no such file.

    Raises ValueError if the file is damaged or holds anything but MNIST, and PermissionError if it may not be read.
    """
    path = Path(path)
    arrays = {}
    try:
        _check_file(path, sum(int(np.prod(shape)) for shape in SHAPES.values()))
        with zipfile.ZipFile(path) as archive:
            for name, shape in SHAPES.items():
                arrays[name] = _read_npy(archive, name, shape, path)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise PermissionError(f"{path} may not be read. Give yourself permission to read it.") from error
    except (*DAMAGED, OSError) as error:
        raise ValueError(f"{path} is damaged or no .npz file ({error}). {ADVICE}") from error
    check_digests("MNIST", arrays, dict.fromkeys(SHAPES, path))
    return arrays


def read_fashion_mnist(folder):
    """Return Fashion-MNIST's four uint8 arrays by name from its gzip IDX files, or None if none of them is there.

    Raises ValueError if a file is missing, damaged or holds anything but its array, and PermissionError if one may
    not be read.
    """
    folder = Path(folder)
    arrays, missing = {}, []
    for name, file_name in FASHION_FILES.items():
        path = folder / file_name
        try:
            arrays[name] = _read_idx(path, SHAPES[name])
        except FileNotFoundError:
            missing.append(file_name)
        except PermissionError as error:
            raise PermissionError(f"{path} may not be read. Give yourself permission to read it.") from error
        except (*DAMAGED, OSError) as error:
            raise ValueError(f"{path} is damaged or no gzip file ({error}). {ADVICE}") from error
    if not arrays:
        _refuse_dead_link(folder)
        return None
    if missing:
        raise ValueError(
            f"{folder} has some files of Fashion-MNIST and lacks {', '.join(missing)}. Add what is missing."
        )
    check_digests("Fashion-MNIST", arrays, {name: folder / FASHION_FILES[name] for name in SHAPES})
    return arrays


def check_digests(data_set, arrays, paths):
    """Raise ValueError, naming its path, if an array is not that of `data_set` ('MNIST' or 'Fashion-MNIST')."""
    for name, array in arrays.items():
        if array.dtype != np.uint8 or array.shape != SHAPES[name]:
            raise ValueError(
                f"{paths[name]}: {name} is {array.dtype} of shape {array.shape}; {data_set} has uint8 of shape "
                f"{SHAPES[name]}. {ADVICE}"
            )
        if hashlib.sha256(np.ascontiguousarray(array)).hexdigest() != DIGESTS[data_set][name]:
            raise ValueError(f"{paths[name]}: {name} is not that of {data_set} (its SHA-256 differs). {ADVICE}")


def _check_file(path, bytes_of_arrays):
    """Raise ValueError unless `path` is a file not much larger than its arrays, FileNotFoundError if none is there."""
    try:
        status = path.stat()
    except FileNotFoundError:
        _refuse_dead_link(path)
        raise
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{path} is no file but a folder, a pipe or a device. {ADVICE}")
    if status.st_size > bytes_of_arrays + SPARE_BYTES:
        raise ValueError(f"{path} has {status.st_size:,} bytes, more than its arrays take uncompressed. {ADVICE}")


def _refuse_dead_link(path):
    """Raise ValueError if `path` is a link to nothing: whoever made it meant the data to be found there."""
    if path.is_symlink() and not path.exists():
        raise ValueError(f"{path} is a link to {path.readlink()}, where nothing is. {ADVICE}")


def _read_npy(archive, name, shape, path):
    """Return one array of an open `.npz` archive; its stated size is checked before anything is unpacked."""
    try:
        entry = archive.getinfo(f"{name}.npy")
    except KeyError as error:
        raise ValueError(f"{path} holds no array {name!r}; MNIST has {', '.join(SHAPES)}. {ADVICE}") from error
    if entry.compress_type not in NUMPY_COMPRESSIONS:
        raise ValueError(f"{path} holds {name!r} in a compression that NumPy does not write. {ADVICE}")
    if entry.file_size > np.prod(shape) + 4096:
        raise ValueError(f"{path} holds {entry.file_size} bytes for {name!r}, more than MNIST has. {ADVICE}")
    with archive.open(entry) as stream:
        try:
            return np.lib.format.read_array(stream, allow_pickle=False)
        except Exception as error:  # NumPy meets a broken header with many kinds, tokenize.TokenError among them.
            raise ValueError(f"{path} holds no readable array {name!r} ({error}). {ADVICE}") from error


def _read_idx(path, shape):
    """Return one array of a gzip IDX file; no more is unpacked than the expected array takes."""
    header = struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape)
    size = len(header) + int(np.prod(shape))
    _check_file(path, size)
    unpacker = zlib.decompressobj(wbits=31)  # gzip, of which no more is unpacked than is asked for
    content = unpacker.decompress(path.read_bytes(), size + 1)
    if len(content) <= size and not unpacker.eof:
        raise ValueError(f"{path} is cut off: it ends before its array does. {ADVICE}")
    if content[: len(header)] != header or len(content) != size or unpacker.unused_data:
        raise ValueError(f"{path} does not hold an array of shape {shape} in IDX format, and nothing else. {ADVICE}")
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)
