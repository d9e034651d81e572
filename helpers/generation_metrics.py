"""Quality of generated images: a judge, Fréchet distance, precision and recall; codes in holes of the latent space."""

from collections import namedtuple

import keras
import numpy as np
from keras import layers
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors

from helpers.training import set_seed, warmup_then_cosine
from helpers.validation import as_count, as_numbers, as_pixels, as_positive

Rating = namedtuple("Rating", "passes class_distance")
Comparison = namedtuple("Comparison", "frechet precision recall accuracy")


class Judge:
    """A judge of images: an image passes if it's close to a known image and a classifier is confident about its class.

    `x`, (n, height, width[, channels]) in [0, 1], and `y`, whole numbers (n,), are training images and their labels.
    The last sixth are validation images; the thresholds of two tests each reject the fraction `strictness` of them. The
    first test is on the Euclidean distance to the nearest of the first `known` images. The second is on the largest
    class probability from a small classifier, trained after seeding Keras with `seed`. The class distance of a Rating,
    from 0 to 1, is the total variation distance between the class frequencies of the images and the training labels.

    The classifier has a hidden layer of 128 units, or with `convolutional`, two strided convolutions (which need a
    channel axis), a hidden layer of 64 units, and dropout. The hidden layer computes the features for a Comparison.
    """

    def __init__(self, x, y, strictness=0.1, known=20_000, epochs=4, seed=0, convolutional=False):
        if convolutional and np.ndim(x) != 4:
            raise ValueError(f"x have shape {np.shape(x)}; expected (n, height, width, channels) for convolutions")
        x, y = as_pixels(x, "x", *np.shape(x)), as_numbers(y, "y", len(x)).astype(int)
        split = len(x) * 5 // 6
        self.shape, self.frequencies = x.shape[1:], np.bincount(y) / len(y)
        self.neighbors = NearestNeighbors(n_neighbors=1, algorithm="brute")
        self.neighbors.fit(x[: min(known, split)].reshape(-1, x[0].size))
        set_seed(seed)
        outputs = layers.Dense(len(self.frequencies), activation="softmax")
        hidden = [layers.Flatten(), layers.Dense(128, activation="relu", name="features")]
        if convolutional:
            first = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")
            second = layers.Conv2D(64, 3, strides=2, padding="same", activation="relu")
            features = layers.Dense(64, activation="relu", name="features")
            hidden = [first, second, layers.Flatten(), layers.Dropout(0.25), features, layers.Dropout(0.25)]
        self.classifier = keras.Sequential([keras.Input(self.shape), *hidden, outputs])
        schedule = warmup_then_cosine(3e-3 if convolutional else 4e-3, epochs / 8, epochs, -(-split // 250))
        self.classifier.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy", jit_compile=False)
        self.classifier.fit(x[:split], y[:split], batch_size=250, epochs=epochs, verbose=0)
        self.extractor = keras.Model(self.classifier.inputs, self.classifier.get_layer("features").output)
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

    def features(self, images):
        """Return the activations of the classifier's hidden layer for images (n, ...): (n, 128) or (n, 64)."""
        return self.extractor.predict(as_pixels(images, "images", "n", *self.shape), batch_size=1000, verbose=0)

    def compare(self, images, real_features, labels=None):
        """Compare images (n, ...) with the features of real ones, (m, d); return a Comparison.

        `accuracy` is the fraction of images that the classifier assigns to the class in `labels` (n,), or None.
        """
        features, accuracy = self.features(images), None
        if labels is not None:
            labels = as_numbers(labels, "labels", len(features))
            accuracy = float((self.probabilities(images).argmax(axis=1) == labels).mean())
        distance = frechet_distance(real_features, features)
        return Comparison(distance, *precision_and_recall(real_features, features), accuracy)

    def passes(self, images):
        """Return whether each image (n, ...) passes both tests, (n,)."""
        is_clear = self.probabilities(images).max(axis=1) >= self.least_confident
        return is_clear & (self.distance(images) <= self.farthest)

    def rate(self, images):
        """Return the fraction of images (n, ...) that pass, and their class distance, as a Rating."""
        classes = self.probabilities(images).argmax(axis=1)
        frequencies = np.bincount(classes, minlength=len(self.frequencies)) / len(classes)
        return Rating(float(self.passes(images).mean()), float(np.abs(frequencies - self.frequencies).sum() / 2))


def frechet_distance(a, b):
    """Return the Fréchet distance between normal distributions fitted to features a (n, d) and b (m, d).

    It's sum((mean_a - mean_b)²) + trace(cov_a + cov_b - 2 (cov_a cov_b)^½), as in the FID (Heusel et al. 2017). Fewer
    samples make it larger on average, so compare only results for the same n and m. Raises ValueError for one sample.
    """
    a = _as_features(a, "a", 2)
    b = _as_features(b, "b", 2, a.shape[1])
    covariance_a, covariance_b = np.atleast_2d(np.cov(a.T), np.cov(b.T))
    values, vectors = np.linalg.eigh(covariance_a)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T  # symmetric: root @ root = covariance_a
    overlap = np.sqrt(np.linalg.eigvalsh(root @ covariance_b @ root).clip(0)).sum()
    means = np.square(a.mean(axis=0) - b.mean(axis=0)).sum()
    return float(means + np.trace(covariance_a) + np.trace(covariance_b) - 2 * overlap)


def precision_and_recall(real, fake, k=3):
    """Return the precision and recall of features `fake` (m, d) by `real` (n, d), both from 0 to 1.

    Around each real sample is a ball that reaches to its k-th nearest other real sample. Precision is the fraction of
    fake samples in at least one ball. Recall is the same with the roles swapped. Source: Kynkäänniemi et al. 2019,
    arxiv.org/abs/1904.06991. Raises ValueError for k samples or fewer.
    """
    as_count(k, "k")
    real = _as_features(real, "real", k + 1)
    fake = _as_features(fake, "fake", k + 1, real.shape[1])
    return _fraction_in_balls(fake, real, k), _fraction_in_balls(real, fake, k)


def _fraction_in_balls(points, centers, k):
    """Return the fraction of points that are no farther from a center than the k-th nearest other center is."""
    neighbors = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(centers)
    radii = neighbors.kneighbors(centers)[0][:, k]  # The nearest is the center itself.
    blocks = pairwise_distances_chunked(points, centers, working_memory=64)  # megabytes
    return float(np.concatenate([(block <= radii).any(axis=1) for block in blocks]).mean())


def _as_features(array, name, least, size="d"):
    """Return features (n, size) of at least `least` samples, as float64. Raises errors as `as_numbers` does."""
    array = as_numbers(array, name, "n", size)
    if len(array) < least:
        raise ValueError(f"{name} have {len(array)} samples; expected at least {least}")
    return np.float64(array)


def in_holes(z, z_train, z_validation, share=0.99):
    """Return whether each code z (n, d) is farther from z_train than a fraction `share` of z_validation is, (n,)."""
    z_train = as_numbers(z_train, "z_train", "n", "latent_dim")
    neighbors = NearestNeighbors(n_neighbors=1).fit(z_train)
    limit = np.quantile(neighbors.kneighbors(as_numbers(z_validation, "z_validation", "n", z_train.shape[1]))[0], share)
    return neighbors.kneighbors(as_numbers(z, "z", "n", z_train.shape[1]))[0][:, 0] > limit
