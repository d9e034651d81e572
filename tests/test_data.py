"""MNIST and Fashion-MNIST: what is accepted, what is refused without being touched, and which source is taken."""

import os
import shutil
import socket
import tempfile
import threading
import time
import tracemalloc
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packing import digest_all, make_few, pack_idx, pack_npy, pack_npz

from helpers import data_files, datasets, load_fashion_mnist, load_mnist
from helpers.data_files import ADVICE, FASHION_FILES, SHAPES, read_fashion_mnist, read_mnist

pytestmark = pytest.mark.usefixtures("nothing_reachable")

# Read before a test can change it.
REAL = Path(os.environ.get("AUTOENCODER_DATA") or "/nowhere")
needs_real_data = pytest.mark.skipif(
    not ((REAL / "mnist.npz").is_file() and (REAL / "fashion-mnist").is_dir()),
    reason="needs the real data: set AUTOENCODER_DATA to a folder with mnist.npz and fashion-mnist/*.gz",
)
SOURCES = ("folder", "keras-cache", "network", "stand-in")
LOADERS = {"MNIST": load_mnist, "Fashion-MNIST": load_fashion_mnist}
each_loader = pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)
each_file = pytest.mark.parametrize("name", FASHION_FILES)


# Data sets of a few images, with digests of their own, that are accepted in place of the real ones: only where the
# right file is accepted does it mean anything that a damaged one is refused.


@pytest.fixture
def tiny(monkeypatch):
    """Return four small arrays that pass for both data sets."""
    arrays = make_few()
    monkeypatch.setattr(data_files, "SHAPES", {name: array.shape for name, array in arrays.items()})
    monkeypatch.setattr(data_files, "DIGESTS", dict.fromkeys(LOADERS, digest_all(arrays)))
    return arrays


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty data folder that AUTOENCODER_DATA names."""
    path = tmp_path / "data"
    (path / "fashion-mnist").mkdir(parents=True)
    monkeypatch.setenv("AUTOENCODER_DATA", str(path))
    return path


def write_fashion(folder, arrays):
    for name, array in arrays.items():
        (folder / "fashion-mnist" / FASHION_FILES[name]).write_bytes(pack_idx(array))


def take_snapshot(folder):
    """Return what could have been changed below a folder: names, bytes and times."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths} | {
        path: None for path in folder.rglob("*") if path.is_dir()
    }


def assert_refused(folder, load, *words):
    """Assert that loading from the folder says what is wrong, in these words, and leaves all files as they were."""
    before = take_snapshot(folder)
    with pytest.raises(ValueError, match=r"\.") as caught:
        load("folder")
    assert take_snapshot(folder) == before
    for word in (str(folder), *words):
        assert word in str(caught.value)


def assert_refused_or_same(read, path, arrays):
    """Assert that damage was either noticed, in a message of our own, or hit bytes that do not matter."""
    before = take_snapshot(path.parent)
    message = ""
    try:
        found = read()
    except ValueError as error:
        message = str(error)
    assert take_snapshot(path.parent) == before
    if message:
        assert str(path) in message
        assert ADVICE in message
    else:
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)


def replace_bytes(content, replacements):
    """Return bytes with some replaced; `replacements` are pairs of a place, from 0 to 1, and a byte."""
    content = bytearray(content)
    for place, byte in replacements:
        content[int(place * (len(content) - 1))] = byte
    return bytes(content)


replacements = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4)


# The real data.


@needs_real_data
@each_loader
def test_real_data_has_the_documented_form(load, monkeypatch, capsys):
    monkeypatch.setenv("AUTOENCODER_DATA", str(REAL))
    data = load()
    assert data.x_train.shape == (60_000, 28, 28, 1)
    assert data.x_test.shape == (10_000, 28, 28, 1)
    for images in (data.x_train, data.x_test):
        assert images.dtype == np.float32
        assert (images.min(), images.max()) == (0, 1)
    for labels, images in ((data.y_train, data.x_train), (data.y_test, data.x_test)):
        assert labels.dtype == np.uint8
        assert labels.shape == images.shape[:1]
        assert set(labels.tolist()) == set(range(10))
    assert len(data.class_names) == 10
    assert (data.source, data.is_real) == ("folder", True)
    assert "60,000 training and 10,000 test images from: folder" in capsys.readouterr().out


@needs_real_data
def test_both_real_data_sets_load_in_about_a_second(monkeypatch):
    monkeypatch.setenv("AUTOENCODER_DATA", str(REAL))
    seconds = []
    for _ in range(3):
        # Time on the processor, which other programs stretch by half and not more: 0.9 s where nothing else runs.
        start = time.process_time()
        load_mnist()
        load_fashion_mnist()
        seconds.append(time.process_time() - start)
    assert min(seconds) < 1.6


@needs_real_data
@each_loader
def test_real_data_is_one_float32_copy_in_memory(load, monkeypatch):
    monkeypatch.setenv("AUTOENCODER_DATA", str(REAL))
    load()  # What Python keeps for itself at a first call is no copy of the data.
    images = 70_000 * 28 * 28 * np.dtype(np.float32).itemsize
    tracemalloc.start()
    try:
        data = load()
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert data.x_train.nbytes + data.x_test.nbytes == images
    assert held < images + 2**20
    # While the floats are made, the bytes that they are made from are there, too.
    assert peak < images * 5 / 4 + 2**20


@needs_real_data
def test_real_arrays_are_accepted_from_other_zip_bytes(folder):
    arrays = read_mnist(REAL / "mnist.npz")
    path = folder / "mnist.npz"
    path.write_bytes(pack_npz(arrays, zipfile.ZIP_STORED))
    assert path.stat().st_size != (REAL / "mnist.npz").stat().st_size
    found = load_mnist("folder")
    np.testing.assert_array_equal(found.y_train, arrays["y_train"])
    np.testing.assert_array_equal(found.x_test[..., 0] * np.float32(255), arrays["x_test"])


# What is accepted.


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_mnist_is_known_by_its_arrays_however_compressed(tiny, folder, compression):
    (folder / "mnist.npz").write_bytes(pack_npz(tiny, compression))
    data = load_mnist()
    assert data.source == "folder"
    np.testing.assert_array_equal(data.x_train[..., 0], tiny["x_train"] / np.float32(255))
    np.testing.assert_array_equal(data.y_test, tiny["y_test"])


def test_mnist_is_known_by_its_arrays_whatever_their_order_in_memory(tiny, folder):
    contents = {name: np.asfortranarray(array) for name, array in tiny.items()}
    (folder / "mnist.npz").write_bytes(pack_npz(contents | {"notes": np.zeros(3)}))
    np.testing.assert_array_equal(load_mnist().x_train[..., 0], tiny["x_train"] / np.float32(255))


@pytest.mark.parametrize("level", [0, 1, 9])
def test_fashion_mnist_is_known_by_its_arrays_however_compressed(tiny, folder, level):
    for name, array in tiny.items():
        (folder / "fashion-mnist" / FASHION_FILES[name]).write_bytes(pack_idx(array, level))
    data = load_fashion_mnist()
    assert data.source == "folder"
    np.testing.assert_array_equal(data.x_test[..., 0], tiny["x_test"] / np.float32(255))
    np.testing.assert_array_equal(data.y_train, tiny["y_train"])


@each_loader
def test_images_and_labels_can_be_written_to(tiny, folder, load):
    (folder / "mnist.npz").write_bytes(pack_npz(tiny))
    write_fashion(folder, tiny)
    data = load("folder")
    for array in (data.x_train, data.x_test, data.y_train, data.y_test):
        assert array.flags.writeable


def test_first_of_each_class_gives_one_test_image_of_each_class_in_order(tiny, folder):
    (folder / "mnist.npz").write_bytes(pack_npz(tiny))
    data = load_mnist()
    images = data.first_of_each_class()
    assert images.shape == (10, 28, 28, 1)
    for label, image in enumerate(images):
        first = next(index for index, found in enumerate(data.y_test) if found == label)
        np.testing.assert_array_equal(image, data.x_test[first])


# What is refused, and left as it is.


@given(place=st.floats(0, 1, exclude_max=True))
def test_truncated_mnist_is_refused(tiny, folder, place):
    content = pack_npz(tiny)
    (folder / "mnist.npz").write_bytes(content[: int(place * len(content))])
    assert_refused(folder, load_mnist, "mnist.npz", "damaged", ADVICE)


@given(place=st.floats(0, 1, exclude_max=True), name=st.sampled_from(list(FASHION_FILES)))
def test_truncated_fashion_mnist_is_refused(tiny, folder, place, name):
    write_fashion(folder, tiny)
    path = folder / "fashion-mnist" / FASHION_FILES[name]
    path.write_bytes(path.read_bytes()[: int(place * path.stat().st_size)])
    assert_refused(folder, load_fashion_mnist, path.name, ADVICE)


@given(replacements=replacements)
def test_mnist_with_changed_bytes_is_refused_unless_its_arrays_are_the_same(tiny, folder, replacements):
    path = folder / "mnist.npz"
    path.write_bytes(replace_bytes(pack_npz(tiny), replacements))
    assert_refused_or_same(lambda: read_mnist(path), path, tiny)


@given(replacements=replacements, name=st.sampled_from(list(FASHION_FILES)))
def test_fashion_mnist_with_changed_bytes_is_refused_unless_its_arrays_are_the_same(tiny, folder, replacements, name):
    write_fashion(folder, tiny)
    path = folder / "fashion-mnist" / FASHION_FILES[name]
    path.write_bytes(replace_bytes(path.read_bytes(), replacements))
    assert_refused_or_same(lambda: read_fashion_mnist(path.parent), path, tiny)


@given(replacements=replacements)
def test_array_with_a_damaged_header_is_refused_unless_it_is_the_same(tiny, folder, replacements):
    header, rest = pack_npy(tiny["x_train"])[:128], pack_npy(tiny["x_train"])[128:]
    path = folder / "mnist.npz"
    path.write_bytes(pack_npz(tiny | {"x_train": replace_bytes(header, replacements) + rest}, zipfile.ZIP_STORED))
    assert_refused_or_same(lambda: read_mnist(path), path, tiny)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"y_train": lambda tiny: np.sort(tiny["y_train"])}, "y_train is not that of MNIST"),
        ({"y_test": lambda tiny: np.roll(tiny["y_test"], 1)}, "y_test is not that of MNIST"),
        ({"x_train": lambda tiny: tiny["x_test"]}, "for 'x_train', more than MNIST has"),
        ({"x_test": lambda tiny: tiny["x_train"]}, "x_test is uint8 of shape (6, 28, 28)"),
        ({"x_test": lambda tiny: 255 - tiny["x_test"]}, "x_test is not that of MNIST"),
        ({"x_test": lambda tiny: tiny["x_test"][..., None]}, "x_test is uint8 of shape (20, 28, 28, 1)"),
        ({"y_train": lambda tiny: tiny["y_train"].astype(np.int64)}, "y_train is int64"),
        ({"y_train": lambda tiny: tiny["y_train"].astype(np.int8)}, "y_train is int8"),
        ({"y_test": lambda tiny: tiny["y_test"].astype(object)}, "no readable array 'y_test'"),
    ],
    ids=[
        "sorted",
        "shifted",
        "test for training",
        "training for test",
        "inverted",
        "extra axis",
        "64 bit",
        "signed",
        "objects",
    ],
)
def test_mnist_with_another_array_is_refused(tiny, folder, changes, words):
    contents = tiny | {name: change(tiny) for name, change in changes.items()}
    (folder / "mnist.npz").write_bytes(pack_npz(contents))
    assert_refused(folder, load_mnist, words, ADVICE)


@pytest.mark.parametrize("name", SHAPES)
def test_mnist_without_one_of_its_arrays_is_refused(tiny, folder, name):
    del tiny[name]
    (folder / "mnist.npz").write_bytes(pack_npz(tiny))
    assert_refused(folder, load_mnist, f"holds no array {name!r}", ADVICE)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"y_train": lambda tiny: np.sort(tiny["y_train"])}, "y_train is not that of Fashion-MNIST"),
        ({"x_train": lambda tiny: tiny["x_test"]}, "does not hold an array of shape (6, 28, 28)"),
        ({"x_train": lambda tiny: tiny["x_train"].reshape(6, 784)}, "does not hold an array of shape (6, 28, 28)"),
        ({"x_test": lambda tiny: 255 - tiny["x_test"]}, "x_test is not that of Fashion-MNIST"),
    ],
    ids=["sorted", "test for training", "flat", "inverted"],
)
def test_fashion_mnist_with_another_array_is_refused(tiny, folder, changes, words):
    write_fashion(folder, tiny | {name: change(tiny) for name, change in changes.items()})
    assert_refused(folder, load_fashion_mnist, words, ADVICE)


@each_loader
def test_blank_arrays_of_the_real_shapes_are_refused(folder, load):
    arrays = {name: np.zeros(shape, np.uint8) for name, shape in SHAPES.items()}
    if load is load_mnist:
        (folder / "mnist.npz").write_bytes(pack_npz(arrays))
    else:
        write_fashion(folder, arrays)
    assert_refused(folder, load, "x_train is not that of", "SHA-256", ADVICE)


@pytest.mark.parametrize("present", [["x_train"], ["y_test"], ["x_train", "y_train"], ["x_train", "y_train", "x_test"]])
def test_fashion_mnist_of_which_files_are_missing_is_refused_by_their_names(tiny, folder, present):
    write_fashion(folder, {name: tiny[name] for name in present})
    absent = [file_name for name, file_name in FASHION_FILES.items() if name not in present]
    assert_refused(folder, load_fashion_mnist, f"lacks {', '.join(absent)}")


# Folders and sources.


@contextmanager
def without_privileges():
    """Act as an ordinary user for the time being, since root may read everything."""
    if not hasattr(os, "geteuid"):
        pytest.skip("needs a platform with user IDs")
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder(tiny, monkeypatch):
    """Return a folder with both data sets that every user can reach, unlike pytest's own temporary folders."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    (path / "fashion-mnist").mkdir()
    (path / "mnist.npz").write_bytes(pack_npz(tiny))
    write_fashion(path, tiny)
    monkeypatch.setenv("AUTOENCODER_DATA", str(path))
    yield path
    path.chmod(0o755)
    (path / "fashion-mnist").chmod(0o755)
    shutil.rmtree(path)


@each_loader
@pytest.mark.parametrize("closed", ["folder", "files"])
def test_data_without_permission_is_an_error_that_names_it(open_folder, load, closed):
    before = take_snapshot(open_folder)
    files = [path for path in before if path.is_file()]
    for path in [open_folder] if closed == "folder" else files:
        path.chmod(0)
    with without_privileges(), pytest.raises(PermissionError, match="Give yourself permission") as caught:
        load()
    assert str(open_folder) in str(caught.value)
    open_folder.chmod(0o755)
    for path in files:
        path.chmod(0o644)
    assert take_snapshot(open_folder) == before


@each_loader
def test_autoencoder_data_that_names_no_folder_is_an_error(load, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "absent", tmp_path / "file"):
        monkeypatch.setenv("AUTOENCODER_DATA", str(path))
        with pytest.raises(FileNotFoundError, match="AUTOENCODER_DATA") as caught:
            load()
        assert str(path) in str(caught.value)


@each_loader
def test_unknown_source_is_refused_with_the_names_there_are(load):
    with pytest.raises(ValueError, match="folder, keras-cache, network, stand-in"):
        load("internet")


@each_loader
@pytest.mark.parametrize("source", ["folder", "keras-cache", "network"])
def test_source_that_has_nothing_is_an_error_if_it_was_asked_for(load, source):
    with pytest.raises(FileNotFoundError, match=f"source '{source}' has no .*MNIST; leave `source` out"):
        load(source)


@each_loader
def test_empty_folder_leaves_the_choice_to_the_other_sources(folder, load):
    assert load().source == "stand-in"
    with pytest.raises(FileNotFoundError, match="'folder'"):
        load("folder")


def serve_from(source, arrays, folder, keras_home, monkeypatch):
    """Let one of the sources but the stand-in have both data sets."""
    if source == "network":
        monkeypatch.setattr(datasets, "_why_unreachable", lambda address: None)
        pairs = (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])
        for data_set in (keras.datasets.mnist, keras.datasets.fashion_mnist):
            monkeypatch.setattr(data_set, "load_data", lambda: pairs)
    elif source in ("folder", "keras-cache"):
        place = folder if source == "folder" else keras_home / "datasets"
        (place / "fashion-mnist").mkdir(exist_ok=True)
        (place / "mnist.npz").write_bytes(pack_npz(arrays))
        write_fashion(place, arrays)


@each_loader
@pytest.mark.parametrize("first", SOURCES)
def test_sources_are_tried_in_their_order(tiny, folder, nothing_reachable, monkeypatch, load, first):
    for source in SOURCES[SOURCES.index(first) :]:
        serve_from(source, tiny, folder, nothing_reachable, monkeypatch)
    assert load().source == first


@each_loader
@pytest.mark.parametrize("source", SOURCES)
def test_each_source_can_be_asked_for_by_name(tiny, folder, nothing_reachable, monkeypatch, load, source):
    for other in SOURCES:
        serve_from(other, tiny, folder, nothing_reachable, monkeypatch)
    data = load(source)
    assert data.source == source
    if source != "stand-in":
        np.testing.assert_array_equal(data.y_train, tiny["y_train"])


@each_loader
def test_stand_in_says_that_it_is_one(load, capsys):
    data = load()
    assert (data.source, data.is_real) == ("stand-in", False)
    assert len(data.class_names) == 10
    assert data.x_train.shape == (6_000, 28, 28, 1)
    assert data.x_train.dtype == np.float32
    assert (data.x_train.min(), data.x_train.max()) == (0, 1)
    assert data.first_of_each_class().shape == (10, 28, 28, 1)
    printed = capsys.readouterr().out
    assert "6,000 training" in printed
    assert "stand-ins, not" in printed
    assert "AUTOENCODER_DATA" in printed


# Keras's cache.


@pytest.mark.parametrize("source", [None, "keras-cache", "network"])
@pytest.mark.parametrize("content", [b"", b"no data", pack_npz({"x_train": np.zeros(3, np.uint8)})])
def test_wrong_file_in_the_keras_cache_is_refused_and_stays(nothing_reachable, source, content):
    # Keras's own loader would delete it before it tries the network; it is not even asked.
    path = nothing_reachable / "datasets" / "mnist.npz"
    path.write_bytes(content)
    before = take_snapshot(nothing_reachable)
    with pytest.raises(ValueError, match="Nothing was changed") as caught:
        load_mnist(source)
    assert str(path) in str(caught.value)
    assert take_snapshot(nothing_reachable) == before


def test_wrong_fashion_mnist_in_the_keras_cache_is_refused_and_stays(nothing_reachable, tiny):
    cache = nothing_reachable / "datasets"
    (cache / "fashion-mnist").mkdir()
    write_fashion(cache, tiny | {"y_test": tiny["y_test"][::-1]})
    before = take_snapshot(cache)
    with pytest.raises(ValueError, match="y_test is not that of Fashion-MNIST"):
        load_fashion_mnist()
    assert take_snapshot(cache) == before


@pytest.mark.parametrize("present", [["y_train"], ["y_train", "x_train", "y_test"]])
def test_fashion_mnist_that_keras_has_only_partly_is_passed_over(nothing_reachable, tiny, present):
    cache = nothing_reachable / "datasets"
    (cache / "fashion-mnist").mkdir()
    write_fashion(cache, {name: tiny[name] for name in present})
    before = take_snapshot(cache)
    assert load_fashion_mnist().source == "stand-in"
    assert take_snapshot(cache) == before


@pytest.mark.parametrize("keras_home", [None, "", "~/.keras"])
def test_keras_cache_is_in_the_home_unless_keras_home_names_another(tiny, tmp_path, monkeypatch, keras_home):
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    if keras_home is None:
        monkeypatch.delenv("KERAS_HOME")
    else:
        monkeypatch.setenv("KERAS_HOME", keras_home)
    cache = tmp_path / ".keras" / "datasets"
    cache.mkdir(parents=True)
    (cache / "mnist.npz").write_bytes(pack_npz(tiny))
    assert load_mnist().source == "keras-cache"


# The network.


class Answers(BaseHTTPRequestHandler):
    """Answers as the attributes of its server say."""

    def do_HEAD(self):
        self.send_response(self.server.status)
        self.end_headers()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.content) + self.server.held_back))
        self.end_headers()
        self.wfile.write(self.server.content)
        self.wfile.flush()
        if self.server.held_back:
            self.server.released.wait(60)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(nothing_reachable, monkeypatch):
    """Return a server on this machine that takes the place of Keras's and from which Keras downloads MNIST."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as local:
        local.daemon_threads = True
        local.status, local.content, local.held_back, local.released = 200, b"", 0, threading.Event()
        address = f"http://127.0.0.1:{local.server_port}/"
        monkeypatch.setattr(datasets, "SERVER", address)

        def load_data():
            path = keras.utils.get_file("mnist.npz", address + "mnist.npz", cache_dir=nothing_reachable)
            with np.load(path) as arrays:
                return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])

        monkeypatch.setattr(keras.datasets.mnist, "load_data", load_data)
        thread = threading.Thread(target=local.serve_forever, args=(0.05,))
        thread.start()
        yield local
        local.released.set()
        local.shutdown()
        thread.join()


def assert_ends_soon_on_the_stand_in(capsys, *reasons):
    datasets.make_digits()  # What is timed is how long the network is asked.
    start = time.monotonic()
    assert load_mnist().source == "stand-in"
    assert time.monotonic() - start < 10
    printed = capsys.readouterr().out
    assert "The download was given up: " in printed
    assert any(reason in printed for reason in reasons)


def test_network_that_refuses_is_given_up_with_the_reason(capsys):
    assert_ends_soon_on_the_stand_in(capsys, "refused")


def test_server_that_never_answers_is_given_up_within_seconds(capsys, monkeypatch):
    # The system accepts the connection on behalf of the program, and then nothing comes.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(datasets, "SERVER", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        assert_ends_soon_on_the_stand_in(capsys, "no answer within 4 seconds", "timed out")


def test_name_server_that_hangs_is_given_up_within_seconds(capsys, monkeypatch):
    released = threading.Event()

    def hang(*args, **kwargs):
        released.wait(60)
        raise socket.gaierror("released at the end of the test")

    monkeypatch.setattr(datasets, "SERVER", "http://data.invalid/")
    monkeypatch.setattr(datasets, "SECONDS_TO_ANSWER", 1)
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        assert_ends_soon_on_the_stand_in(capsys, "no answer within 1 seconds")
    finally:
        released.set()


def test_download_that_stalls_is_given_up_within_seconds(server, nothing_reachable, capsys):
    server.content, server.held_back = b"the beginning", 1_000_000
    assert_ends_soon_on_the_stand_in(capsys, "timed out")
    assert socket.getdefaulttimeout() is None
    assert not list((nothing_reachable / "datasets").iterdir())


def test_server_without_the_file_is_given_up_with_its_answer(server, capsys):
    server.status = 404
    assert_ends_soon_on_the_stand_in(capsys, "HTTP Error 404")


def test_server_that_speaks_no_http_is_given_up_with_its_answer(capsys, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as strange:

        def answer():
            connection, _ = strange.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"220 mail.example ready\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        monkeypatch.setattr(datasets, "SERVER", f"http://127.0.0.1:{strange.getsockname()[1]}/")
        assert_ends_soon_on_the_stand_in(capsys, "220 mail.example ready")
        thread.join()


def test_network_that_works_gives_the_data_and_next_time_the_cache_does(server, tiny):
    server.content = pack_npz(tiny)
    data = load_mnist()
    assert data.source == "network"
    np.testing.assert_array_equal(data.y_train, tiny["y_train"])
    assert load_mnist().source == "keras-cache"


def test_data_that_keras_keeps_in_another_place_is_taken_all_the_same(server, tiny, tmp_path, monkeypatch):
    server.content = pack_npz(tiny)
    # Keras turns to a folder for temporary files where the home cannot be written.
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "not-there"))
    assert load_mnist().source == "network"


def test_wrong_download_is_refused(server, tiny):
    server.content = pack_npz(tiny | {"y_train": tiny["y_train"][::-1]})
    with pytest.raises(ValueError, match="Keras's download: y_train is not that of MNIST"):
        load_mnist()
