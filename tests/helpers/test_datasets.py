"""MNIST and Fashion-MNIST: accepted files, the source that is used, and failures of the network."""

import os
import re
import socket
import socketserver
import threading
import time
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from helpers import datasets, load_fashion_mnist, load_mnist
from tests.helpers.file_checks import rejected, unchanged
from tests.helpers.small_data import make_small, pack_idx, pack_npz, write_fashion_mnist, write_mnist

pytestmark = pytest.mark.usefixtures("offline")

REAL = Path(os.environ.get("AUTOENCODER_DATA") or "/nowhere")  # read before a fixture changes it
SOURCES = ("folder", "keras-cache", "network", "synthetic")
each_loader = pytest.mark.parametrize("load", [load_mnist, load_fashion_mnist])
FOUND, NOT_FOUND = b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.0 404 Not Found\r\n\r\n"


def write_both(folder, arrays):
    write_mnist(folder, arrays)
    write_fashion_mnist(folder, arrays)


@pytest.mark.skipif(
    not ((REAL / "mnist.npz").is_file() and (REAL / "fashion-mnist").is_dir()),
    reason="needs the real data: set AUTOENCODER_DATA to a folder with mnist.npz and fashion-mnist/*.gz",
)
@each_loader
def test_real_data_has_the_documented_format(load, monkeypatch, capsys):
    monkeypatch.setenv("AUTOENCODER_DATA", str(REAL))
    data = load()
    for images, labels, n in ((data.x_train, data.y_train, 60_000), (data.x_test, data.y_test, 10_000)):
        assert (images.shape, images.dtype, images.min(), images.max()) == ((n, 28, 28, 1), np.float32, 0, 1)
        assert (labels.shape, labels.dtype, labels.min(), labels.max()) == ((n,), np.uint8, 0, 9)
    assert len(data.class_names) == 10
    assert (data.source, data.is_real) == ("folder", True)
    assert "60,000 training and 10,000 test images from: folder" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("load", "write"),
    [
        (load_mnist, partial(write_mnist, compression=zipfile.ZIP_STORED)),
        (load_mnist, lambda folder, arrays: write_mnist(folder, {key: arrays[key].T.copy().T for key in arrays})),
        (load_fashion_mnist, partial(write_fashion_mnist, level=0)),
    ],
    ids=["npz uncompressed", "npz in Fortran order", "gzip uncompressed"],
)
def test_data_is_recognized_by_its_arrays_not_by_the_bytes_of_the_file(small, folder, load, write):
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


class Handler(socketserver.StreamRequestHandler):
    """Answers with the requested file if the server has it, or else with the server's fixed reply."""

    def handle(self):
        name = self.rfile.readline().split()[1].decode().rpartition("/")[2]
        self.wfile.write(FOUND + self.server.files[name] if name in self.server.files else self.server.reply)
        if self.server.stalls:
            self.server.released.wait(60)


@pytest.fixture
def server(offline, monkeypatch):
    """Return a local server that replaces Keras's and has no files."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.files, server.reply, server.stalls, server.released = {}, NOT_FOUND, False, threading.Event()
        monkeypatch.setattr(datasets, "SERVER", f"http://127.0.0.1:{server.server_address[1]}/")
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield server
        server.released.set()
        server.shutdown()


@pytest.fixture
def provide(small, folder, offline, server):
    """Return a function that gives some sources both data sets; synthetic images are always available."""

    def provide(sources):
        if "folder" in sources:
            write_both(folder, small)
        if "keras-cache" in sources:
            write_both(offline / "datasets", small)
        if "network" in sources:
            idx_files = {datasets.FASHION_FILES[name]: pack_idx(array) for name, array in small.items()}
            server.files = {"mnist.npz": pack_npz(small)} | idx_files

    return provide


@each_loader
@pytest.mark.parametrize("first", SOURCES)
def test_sources_are_tried_in_order_and_the_message_names_the_source_used(provide, load, first, capsys):
    provide(SOURCES[SOURCES.index(first) :])
    data, printed = load(), capsys.readouterr().out
    assert (data.source, data.is_real) == (first, first != "synthetic")
    assert f"from: {first}\n" in printed
    assert ("AUTOENCODER_DATA" in printed) == (first == "synthetic"), "how to get the real data"


@each_loader
@pytest.mark.parametrize("source", SOURCES)
def test_source_can_be_chosen_by_name_and_is_then_required(provide, load, source):
    if source != "synthetic":
        with pytest.raises(FileNotFoundError, match=source):
            load(source)
    provide([source, "folder"])
    assert load(source).source == source


@each_loader
@pytest.mark.parametrize("name", ["absent", "file", "~nosuchuser/data"])
def test_autoencoder_data_that_is_not_a_folder_raises(load, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    monkeypatch.setenv("AUTOENCODER_DATA", name)
    with rejected(tmp_path, "AUTOENCODER_DATA", name, error=FileNotFoundError):
        load()
    assert load("synthetic").source == "synthetic", "unused sources aren't checked"


@each_loader
def test_download_is_cached(provide, offline, server, load):
    provide(["network"])
    assert load().source == "network"
    assert load().source == "keras-cache"
    kept = [path for path in offline.rglob("*") if path.is_file()]
    assert [path for path in kept if path.read_bytes() != server.files[path.name]] == []


@each_loader
def test_download_changes_no_cached_file_and_is_named_as_the_source(provide, offline, small, load):
    provide(["network"])
    write_mnist(offline / "datasets", small | {"y_test": small["y_test"][::-1]})
    write_fashion_mnist(offline / "datasets", {"y_test": small["y_test"][::-1]})
    before = {path: path.read_bytes() for path in offline.rglob("*") if path.is_file()}
    # MNIST's wrong file would be rejected; an incomplete cache is skipped.
    data = load("network" if load is load_mnist else None)
    assert data.source == "network"
    np.testing.assert_array_equal(data.y_test, small["y_test"])
    assert {path: path.read_bytes() for path in before} == before


def hang_at_the_name_server(server, monkeypatch):
    def hang(*args, **kwargs):
        server.released.wait(60)
        raise socket.gaierror("released at the end of the test")

    monkeypatch.setattr(datasets, "SERVER", "http://data.invalid/")
    monkeypatch.setattr(socket, "getaddrinfo", hang)


def reply(content, stalls=False):
    return lambda server, _: vars(server).update(reply=content, stalls=stalls)


TIMEOUT = "no answer|timed out"
FAILURES = {
    "connection refused": (lambda _, patch: patch.setattr(datasets, "SERVER", "http://127.0.0.1:1/"), "refused"),
    "no such file": (reply(NOT_FOUND), "404"),
    "not HTTP": (reply(b"220 mail.example ready\r\n\r\n"), "220 mail"),
    "hotel login page": (reply(FOUND + b"<!DOCTYPE html><title>Welcome!</title>"), "not a zip file"),
    "other data": (lambda server, _: server.files.update({"mnist.npz": pack_npz(make_small())}), "isn't the one in"),
    "silent name server": (hang_at_the_name_server, TIMEOUT),
    "stalled download": (reply(b"HTTP/1.0 200 OK\r\nContent-Length: 999\r\n\r\nPK", stalls=True), TIMEOUT),
}


@pytest.mark.parametrize(("fail", "reason"), FAILURES.values(), ids=FAILURES)
def test_network_failure_takes_only_seconds_and_is_reported(offline, server, monkeypatch, capsys, fail, reason):
    assert datasets.SERVER_TIMEOUT <= 5
    if reason == TIMEOUT:
        monkeypatch.setattr(datasets, "SERVER_TIMEOUT", 0.3)
    fail(server, monkeypatch)
    start = time.monotonic()
    with unchanged(offline):
        assert load_mnist().source == "synthetic"
    assert time.monotonic() - start < 5
    assert re.search(reason, capsys.readouterr().out)
