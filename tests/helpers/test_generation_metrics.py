"""The judge of generated images, and holes in the latent space."""

import numpy as np
import pytest

from helpers import Judge, in_holes

GENERATOR = np.random.default_rng(0)
Y = np.arange(1200) % 3
X = np.zeros((1200, 6, 6, 1), "float32")  # a bright row for each class, and noise
X[np.arange(1200), 2 * Y] = 0.8
X += GENERATOR.uniform(0, 0.2, X.shape).astype("float32")
JUDGE = Judge(X, Y, known=500, epochs=40)


def test_each_test_rejects_the_given_fraction_of_validation_images():
    validation = X[1000:]
    assert (JUDGE.distance(validation) > JUDGE.farthest).mean() == pytest.approx(0.1, abs=0.01)
    assert (JUDGE.probabilities(validation).max(axis=1) < JUDGE.least_confident).mean() == pytest.approx(0.1, abs=0.01)
    strict = Judge(X, Y, strictness=0.5, known=500, epochs=40)
    assert strict.passes(validation).mean() < 0.6 < JUDGE.passes(validation).mean()


def test_each_test_rejects_images_that_the_other_test_passes():
    static = GENERATOR.uniform(0, 1, (200, 6, 6, 1)).astype("float32")
    between = (X[0:600:3] + X[1:600:3]) / 2  # half one class, half another
    assert not JUDGE.passes(static).any()
    assert (JUDGE.probabilities(between).max(axis=1) < JUDGE.least_confident).mean() > 0.9


def test_distance_is_the_euclidean_distance_to_the_nearest_known_image():
    differences = np.linalg.norm((X[600:620, None] - X[None, :500]).reshape(20, 500, -1), axis=-1)
    np.testing.assert_allclose(JUDGE.distance(X[600:620]), differences.min(axis=1), rtol=1e-4)
    assert JUDGE.distance(X[:20]).max() < 1e-3


def test_class_distance_is_the_total_variation_distance_of_frequencies():
    assert JUDGE.rate(X[:300]).class_distance == pytest.approx(0, abs=1e-6)
    assert JUDGE.rate(X[Y == 1]).class_distance == pytest.approx(2 / 3, abs=1e-6)
    assert JUDGE.rate(X[Y != 1]).class_distance == pytest.approx(1 / 3, abs=1e-6)


def test_codes_farther_than_nearly_all_validation_codes_are_in_holes():
    angle = GENERATOR.uniform(0, 2 * np.pi, 3000)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) + GENERATOR.normal(0, 0.02, (3000, 2))
    train, validation = ring[:2000], ring[2000:]
    assert in_holes([[0, 0], [5, 0], ring[5]], train, validation).tolist() == [True, True, False]
    assert in_holes(validation, train, validation, share=0.9).mean() == pytest.approx(0.1, abs=0.005)


def test_bad_input_is_rejected():
    with pytest.raises(ValueError, match="divide by 255"):
        Judge(255 * X, Y)
    with pytest.raises(ValueError, match=r"y have shape \(5,\); expected \(1200\)"):
        Judge(X, Y[:5])
    with pytest.raises(ValueError, match="images have shape"):
        JUDGE.rate(X[:, :5])
    with pytest.raises(ValueError, match=r"z have shape \(2, 3\); expected \(n, 2\)"):
        in_holes(np.zeros((2, 3)), np.zeros((4, 2)), np.zeros((4, 2)))
