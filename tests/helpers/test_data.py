"""MNIST and Fashion-MNIST: which files are accepted, which source is used, and what happens without a network."""

import io
import os
import re
import socket
import socketserver
import threading
import time
import urllib.request
import zipfile
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest

from helpers import datasets, load_fashion_mnist, load_mnist
from tests.helpers.file_checks import permissions, refused, unchanged
from tests.helpers.small_data import pack_npz, write_fashion_mnist, write_mnist

pytestmark = pytest.mark.usefixtures("offline")

REAL = Path(os.environ.get("AUTOENCODER_DATA") or "/nowhere")  # read before a fixture changes it
SOURCES = ("folder", "keras-cache", "network", "stand-in")
each_loader = pytest.mark.parametrize("load", [load_mnist, load_fashion_mnist])
FOUND, NOT_FOUND = b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.0 404 Not Found\r\n\r\n"


def write_both(folder, arrays):
    write_mnist(folder, arrays)
    write_fashion_mnist(folder, arrays)


# What is accepted.


@pytest.mark.skipif(
    not ((REAL / "mnist.npz").is_file() and (REAL / "fashion-mnist").is_dir()),
    reason="needs the real data: set AUTOENCODER_DATA to a folder with mnist.npz and fashion-mnist/*.gz",
)
@each_loader
def test_real_data_has_the_documented_form(load, monkeypatch, capsys):
    monkeypatch.setenv("AUTOENCODER_DATA", str(REAL))
    data = load()
    assert data.x_train.shape == (60_000, 28, 28, 1)
    assert data.x_test.shape == (10_000, 28, 28, 1)
    for images, labels in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        assert images.dtype == np.float32
        assert (images.min(), images.max()) == (0, 1)
        assert labels.dtype == np.uint8
        assert labels.shape == images.shape[:1]
        assert set(labels.tolist()) == set(range(10))
    assert len(data.class_names) == 10
    assert (data.source, data.is_real) == ("folder", True)
    assert "60,000 training and 10,000 test images from: folder" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("load", "write"),
    [
        (load_mnist, partial(write_mnist, compression=zipfile.ZIP_STORED)),
        (load_mnist, partial(write_mnist, compression=zipfile.ZIP_DEFLATED)),
        (load_mnist, lambda folder, arrays: write_mnist(folder, {key: arrays[key].T.copy().T for key in arrays})),
        (load_fashion_mnist, partial(write_fashion_mnist, level=0)),
        (load_fashion_mnist, partial(write_fashion_mnist, level=9)),
    ],
    ids=["npz stored", "npz compressed", "npz in Fortran's order", "gzip level 0", "gzip level 9"],
)
def test_data_is_recognized_by_its_arrays_whatever_the_bytes_of_the_file(small, folder, load, write):
    write(folder, small)
    with unchanged(folder):
        data = load()
    assert data.source == "folder"
    for found, expected in ((data.x_train, small["x_train"]), (data.x_test, small["x_test"])):
        np.testing.assert_array_equal(found, expected[..., None] / np.float32(255), strict=True)
    for found, expected in ((data.y_train, small["y_train"]), (data.y_test, small["y_test"])):
        np.testing.assert_array_equal(found, expected, strict=True)
    assert all(array.flags.writeable for array in data[:4])
    for label, image in enumerate(data.first_of_each_class()):
        np.testing.assert_array_equal(image, data.x_test[data.y_test.tolist().index(label)])


# Sources.


class Handler(socketserver.StreamRequestHandler):
    """Answers HEAD and GET with the bytes that its server has for them, and may leave the connection open."""

    def handle(self):
        method = self.rfile.readline().split()[0]
        self.wfile.write(self.server.replies[method])
        if self.server.stalls:
            self.server.released.wait(60)


@pytest.fixture
def server(offline, monkeypatch):
    """Return a local server in place of Keras's, from which both data sets are downloaded as .npz files."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.replies, server.stalls, server.released = {b"HEAD": FOUND, b"GET": FOUND}, False, threading.Event()
        # No two tests have the same address, since helpers remember which ones didn't answer.
        address = f"http://127.0.0.1:{server.server_address[1]}/{offline.parent.name}/"

        def download():
            arrays = np.load(io.BytesIO(urllib.request.urlopen(address).read()))
            return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])

        monkeypatch.setattr(datasets, "SERVER", address)
        monkeypatch.setattr(keras.datasets.mnist, "load_data", download)
        monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", download)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield server
        server.released.set()
        server.shutdown()


@pytest.fixture
def provide(small, folder, offline, server):
    """Return a function that lets some of the sources have both data sets; the stand-in always has."""

    def provide(sources):
        if "folder" in sources:
            write_both(folder, small)
        if "keras-cache" in sources:
            write_both(offline / "datasets", small)
        server.replies[b"HEAD"] = FOUND if "network" in sources else NOT_FOUND
        server.replies[b"GET"] = FOUND + pack_npz(small)

    return provide


@each_loader
@pytest.mark.parametrize("first", SOURCES)
def test_sources_are_tried_in_order_and_the_message_names_the_one_used(provide, load, first, capsys):
    provide(SOURCES[SOURCES.index(first) :])
    data, printed = load(), capsys.readouterr().out
    assert (data.source, data.is_real) == (first, first != "stand-in")
    assert f"from: {first}\n" in printed
    assert ("AUTOENCODER_DATA" in printed) == (first == "stand-in"), "how to get the real data"


@each_loader
@pytest.mark.parametrize("source", SOURCES)
def test_each_source_can_be_chosen_by_name(provide, load, source):
    provide([source, "folder"])
    assert load(source).source == source


@each_loader
@pytest.mark.parametrize("source", SOURCES[:-1])
def test_chosen_source_without_the_data_is_an_error(load, source):
    with pytest.raises(FileNotFoundError, match=source):
        load(source)


@each_loader
@pytest.mark.parametrize("name", ["absent", "file"])
def test_autoencoder_data_that_names_no_folder_is_an_error(load, tmp_path, monkeypatch, name):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AUTOENCODER_DATA", str(tmp_path / name))
    with refused(tmp_path, "AUTOENCODER_DATA", tmp_path / name, error=FileNotFoundError):
        load()


@each_loader
@pytest.mark.parametrize("closed", ["folder", "files"])
def test_data_without_permission_to_read_is_an_error(small, open_folder, monkeypatch, load, closed):
    write_both(open_folder, small)
    monkeypatch.setenv("AUTOENCODER_DATA", str(open_folder))
    paths = [open_folder] if closed == "folder" else [path for path in open_folder.rglob("*") if path.is_file()]
    with refused(open_folder, open_folder, "permission", error=PermissionError), permissions(0, *paths):
        load()


# The network.


def refuse_connections(server, monkeypatch):
    monkeypatch.setattr(datasets, "SERVER", "http://127.0.0.1:1/")


def hang_at_the_name_server(server, monkeypatch):
    def hang(*args, **kwargs):
        server.released.wait(60)
        raise socket.gaierror("released at the end of the test")

    monkeypatch.setattr(datasets, "SERVER", "http://data.invalid/")
    monkeypatch.setattr(socket, "getaddrinfo", hang)


def reply(head, get=b"", stalls=False):
    return lambda server, _: vars(server).update(replies={b"HEAD": head, b"GET": get}, stalls=stalls)


TIMEOUT = "no answer|timed out"
FAILURES = {
    "connection refused": (refuse_connections, "refused"),
    "no such file": (reply(NOT_FOUND), "404"),
    "not HTTP": (reply(b"220 mail.example ready\r\n\r\n"), "220 mail"),
    "silent server": (reply(b"", stalls=True), TIMEOUT),
    "silent name server": (hang_at_the_name_server, TIMEOUT),
    "stalled download": (reply(FOUND, b"HTTP/1.0 200 OK\r\nContent-Length: 999\r\n\r\nPK", stalls=True), TIMEOUT),
}


@pytest.mark.parametrize(("fail", "reason"), FAILURES.values(), ids=FAILURES)
def test_network_that_fails_costs_seconds_and_is_reported(server, monkeypatch, capsys, fail, reason):
    assert datasets.SECONDS_TO_ANSWER <= 5
    if reason == TIMEOUT:
        monkeypatch.setattr(datasets, "SECONDS_TO_ANSWER", 0.3)
    fail(server, monkeypatch)
    start = time.monotonic()
    assert load_mnist().source == "stand-in"
    assert time.monotonic() - start < 5
    assert re.search(reason, capsys.readouterr().out)
    assert socket.getdefaulttimeout() is None, "the program's own limit is restored"


def test_download_of_other_data_is_refused(server, small):
    server.replies[b"GET"] = FOUND + pack_npz(small | {"y_train": small["y_train"][::-1]})
    with pytest.raises(ValueError, match="download: y_train"):
        load_mnist()
