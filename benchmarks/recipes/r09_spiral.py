"""R9: an autoencoder with a one-number code for points on a spiral, after AssemblyAI (2022), which shows only pictures.

The article describes its pictures: each point on a spiral in the plane is compressed to one number, the network learns
a curve, and a random code is decoded and compared with the true curve. As far as we know, it gives no results, layer
sizes, or formulas. We chose simple ones: an Archimedean spiral of one and a half turns whose arms are 1 apart, 10,000
points spread evenly along it with normal noise of standard deviation 0.04, two ReLU layers of 64 units on each side of
the code, mean squared error, Adam at its default rate of 0.001, batches of 32, and 20 epochs. Random codes are drawn
uniformly from the range of the training codes, and from N(0, 1).
"""

import keras
import numpy as np
from keras import layers
from scipy.spatial import cKDTree

from benchmarks.recipes import Measure
from benchmarks.recipes.sources import ASSEMBLY_AI

NOTEBOOK = "07_why_autoencoders_cannot_generate"
TITLE = "autoencoder with one number on a spiral"
SOURCE = ASSEMBLY_AI
EPOCHS = 20
TURNS = (0.5, 2.0)
NOISE = 0.04
REACH = 0.12
POINTS, HELD_OUT, DRAWS = 10000, 2000, 2000
IN_ARMS = "in distances between neighboring arms, mean"
MEASURES = {
    "reconstruction_distance": Measure("distance of reconstructed held-out points to the true curve", IN_ARMS, "lower"),
    "covered": Measure(
        "share of the true curve that reconstructions reach", f"within {REACH} of the distance between arms", "higher"
    ),
    "even_code_distance": Measure(
        "distance of decoded codes, drawn evenly from the codes' range, to the true curve", IN_ARMS
    ),
    "normal_code_distance": Measure("distance of decoded codes, drawn from N(0, 1), to the true curve", IN_ARMS),
}


def spiral(turns):
    """Return the points (n, 2) of the true curve after `turns` turns; each point's radius is its number of turns."""
    angle = 2 * np.pi * turns
    return np.stack([turns * np.cos(angle), turns * np.sin(angle)], axis=-1)


def arc_length(turns):
    """Return the length of the first `turns` turns of the true curve, starting at its center."""
    angle = 2 * np.pi * turns
    return (angle * np.sqrt(1 + angle**2) + np.arcsinh(angle)) / (4 * np.pi)


def turns_at(position):
    """Return the number of turns at a position along the curve, from 0 at its inner end to 1 at its outer end."""
    turns = np.linspace(*TURNS, 10001)
    length = arc_length(turns)
    return np.interp(length[0] + position * (length[-1] - length[0]), length, turns)


def draw_points(count, seed):
    """Return points spread evenly along the true curve, with normal noise, float32 (count, 2)."""
    rng = np.random.default_rng(seed)
    points = spiral(turns_at(rng.random(count)))
    return (points + rng.normal(scale=NOISE, size=points.shape)).astype("float32")


def build():
    """Return the recipe's compiled autoencoder, its encoder, and its decoder."""
    h = point = keras.Input((2,))
    for _ in range(2):
        h = layers.Dense(64, activation="relu")(h)
    encoder = keras.Model(point, layers.Dense(1)(h))
    h = code = keras.Input((1,))
    for _ in range(2):
        h = layers.Dense(64, activation="relu")(h)
    decoder = keras.Model(code, layers.Dense(2)(h))
    autoencoder = keras.Model(point, decoder(encoder(point)))
    autoencoder.compile(optimizer="adam", loss="mean_squared_error")
    return autoencoder, encoder, decoder


def train(data, epochs, callbacks):
    """Train on points of the spiral; return the autoencoder, its encoder, and its decoder. `data` isn't used."""
    models = build()
    points = draw_points(POINTS, seed=0)
    models[0].fit(points, points, batch_size=32, epochs=epochs, callbacks=callbacks, verbose=0)
    return models


def measure(models, data):
    """Return the recipe's results on the spiral, keyed by the names in MEASURES; `data` isn't used."""
    autoencoder, encoder, decoder = models
    curve = spiral(turns_at(np.linspace(0, 1, 10001)))
    tree = cKDTree(curve)
    codes = encoder.predict(draw_points(POINTS, seed=0), verbose=0)
    rng = np.random.default_rng(0)
    even = rng.uniform(codes.min(), codes.max(), (DRAWS, 1)).astype("float32")
    normal = rng.normal(size=(DRAWS, 1)).astype("float32")
    copies = autoencoder.predict(draw_points(HELD_OUT, seed=1), verbose=0)
    return {
        "reconstruction_distance": float(tree.query(copies)[0].mean()),
        "covered": float(np.mean(cKDTree(copies).query(curve)[0] <= REACH)),
        "even_code_distance": float(tree.query(decoder.predict(even, verbose=0))[0].mean()),
        "normal_code_distance": float(tree.query(decoder.predict(normal, verbose=0))[0].mean()),
    }
