"""Quality of generated images: a judge trained on real images, and a test for codes in holes of the latent space."""

from collections import namedtuple

import keras
import numpy as np
from keras import layers
from sklearn.neighbors import NearestNeighbors

from helpers.training import set_seed, warmup_then_cosine
from helpers.validation import as_numbers, as_pixels, as_positive

Rating = namedtuple("Rating", "passes class_distance")


class Judge:
    """A judge of images: an image passes if it's close to a known image and a classifier is confident about its class.

    `x`, (n, height, width[, channels]) in [0, 1], and `y`, whole numbers (n,), are training images and their labels.
    The last sixth are validation images; the thresholds of two tests each reject the fraction `strictness` of them. The
    first test is on the Euclidean distance to the nearest of the first `known` images. The second is on the largest
    class probability from a small classifier, trained after seeding Keras with `seed`. The class distance of a Rating,
    from 0 to 1, is the total variation distance between the class frequencies of the images and the training labels.
    """

    def __init__(self, x, y, strictness=0.1, known=20_000, epochs=4, seed=0):
        x, y = as_pixels(x, "x", *np.shape(x)), as_numbers(y, "y", len(x)).astype(int)
        split = len(x) * 5 // 6
        self.shape, self.frequencies = x.shape[1:], np.bincount(y) / len(y)
        self.neighbors = NearestNeighbors(n_neighbors=1, algorithm="brute")
        self.neighbors.fit(x[: min(known, split)].reshape(-1, x[0].size))
        set_seed(seed)
        outputs = layers.Dense(len(self.frequencies), activation="softmax")
        hidden = [layers.Flatten(), layers.Dense(128, activation="relu")]
        self.classifier = keras.Sequential([keras.Input(self.shape), *hidden, outputs])
        schedule = warmup_then_cosine(4e-3, epochs / 8, epochs, -(-split // 250))
        self.classifier.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy", jit_compile=False)
        self.classifier.fit(x[:split], y[:split], batch_size=250, epochs=epochs, verbose=0)
        validation = x[split:][:2000]
        self.farthest = np.quantile(self.distance(validation), 1 - as_positive(strictness, "strictness"))
        self.least_confident = np.quantile(self.probabilities(validation).max(axis=1), strictness)

    def distance(self, images):
        """Return the Euclidean distance from each image (n, ...) to the nearest known image, (n,)."""
        images = as_pixels(images, "images", "n", *self.shape)
        return self.neighbors.kneighbors(images.reshape(len(images), -1))[0][:, 0]

    def probabilities(self, images):
        """Return the probability of each class for images (n, ...): (n, classes)."""
        return self.classifier.predict(as_pixels(images, "images", "n", *self.shape), batch_size=1000, verbose=0)

    def passes(self, images):
        """Return whether each image (n, ...) passes both tests, (n,)."""
        is_clear = self.probabilities(images).max(axis=1) >= self.least_confident
        return is_clear & (self.distance(images) <= self.farthest)

    def rate(self, images):
        """Return the fraction of images (n, ...) that pass, and their class distance, as a Rating."""
        classes = self.probabilities(images).argmax(axis=1)
        frequencies = np.bincount(classes, minlength=len(self.frequencies)) / len(classes)
        return Rating(float(self.passes(images).mean()), float(np.abs(frequencies - self.frequencies).sum() / 2))


def in_holes(z, z_train, z_validation, share=0.99):
    """Return whether each code z (n, d) is farther from z_train than a fraction `share` of z_validation is, (n,)."""
    z_train = as_numbers(z_train, "z_train", "n", "latent_dim")
    neighbors = NearestNeighbors(n_neighbors=1).fit(z_train)
    limit = np.quantile(neighbors.kneighbors(as_numbers(z_validation, "z_validation", "n", z_train.shape[1]))[0], share)
    return neighbors.kneighbors(as_numbers(z, "z", "n", z_train.shape[1]))[0][:, 0] > limit
