"""Lesson 16: a file can be read in a new process, from nothing but the saved weights."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.notebooks.test_bits_back import coder, start_message
from tools.notebooks import ROOT

pytestmark = pytest.mark.slow
READER = """
import sys
import numpy as np
from tests.notebooks.test_bits_back import coder

own, folder = coder(), sys.argv[1]
vae = own["BinaryVAE"](4)
vae.load_weights(folder + "/vae.weights.h5")
stored = np.load(folder + "/file.npz")
message = own["Message"](stored["heads"], stored["words"])
x = [own["read"](message, vae, vae.decoder) for _ in range(5)]
assert (np.concatenate(x[::-1]) == stored["x"]).all(), "pixels differ"
assert (np.array(message.words, "uint32") == stored["borrowed"]).all(), "borrowed words differ"
print("all pixels are right")
"""


def test_new_process_reads_the_file(tmp_path):
    keras.utils.set_random_seed(0)
    own = coder()
    vae, x = own["BinaryVAE"](4), np.float32(np.random.default_rng(0).random((100, 784)) < 0.3)
    vae.save_weights(tmp_path / "vae.weights.h5")
    message = start_message(own, 20)
    borrowed = np.array(message.words, "uint32")
    for batch in x.reshape(-1, 20, 784):
        own["write"](message, vae, batch)
    words = np.array(message.words, "uint32")
    np.savez(tmp_path / "file.npz", heads=message.heads, words=words, borrowed=borrowed, x=x)
    reader = [sys.executable, "-c", READER, str(tmp_path)]
    result = subprocess.run(reader, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert "all pixels are right" in result.stdout, result.stderr
