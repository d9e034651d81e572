"""The judge of generated images, Fréchet distance, precision and recall, and holes in the latent space."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from helpers import Judge, frechet_distance, in_holes, precision_and_recall

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


def test_frechet_distance_equals_its_formula_with_scipys_square_root():
    mix = GENERATOR.normal(size=(2, 5, 5))
    a, b = GENERATOR.normal(size=(400, 5)) @ mix[0], GENERATOR.normal(size=(300, 5)) @ mix[1] + 1
    covariances = np.cov(a.T), np.cov(b.T)
    expected = np.square(a.mean(axis=0) - b.mean(axis=0)).sum()
    expected += np.trace(covariances[0] + covariances[1] - 2 * sqrtm(covariances[0] @ covariances[1]).real)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(b, a) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, a + np.array([0, 3, 0, 0, 4])) == pytest.approx(25, rel=1e-9)
    constant = np.hstack([a, np.zeros((400, 1))])  # a unit that is never active: a singular covariance
    assert frechet_distance(constant, constant[:200]) == pytest.approx(frechet_distance(a, a[:200]), rel=1e-6)


def test_precision_and_recall_equal_their_definition():
    real, fake = GENERATOR.normal(size=(80, 2)), GENERATOR.normal(1.5, size=(60, 2))

    def count(points, centers):
        distances = np.linalg.norm(centers[:, None] - centers, axis=-1)
        radii = np.sort(distances, axis=1)[:, 3]
        return np.mean([(np.linalg.norm(point - centers, axis=-1) <= radii).any() for point in points])

    precision, recall = precision_and_recall(real, fake)
    assert max(precision, recall) < 1
    assert (precision, recall) == pytest.approx((count(fake, real), count(real, fake)))


def test_precision_falls_with_bad_samples_and_recall_with_missing_ones():
    real = GENERATOR.normal(size=(1000, 2)) + np.where(np.arange(1000) % 2, 0, 20)[:, None]
    assert precision_and_recall(real, real) == (1, 1)
    precision, recall = precision_and_recall(real, real[::2])  # one of two clusters
    assert (precision, recall) == (1, pytest.approx(0.5, abs=0.05))
    precision, recall = precision_and_recall(real, np.vstack([real, real + 100]))
    assert (precision, recall) == (0.5, 1)


def test_comparison_uses_the_hidden_layer_and_the_given_labels():
    judge = Judge(X, Y, known=500, epochs=8, convolutional=True)
    assert [j.features(X[:7]).shape for j in (JUDGE, judge)] == [(7, 128), (7, 64)]
    w, b = JUDGE.classifier.layers[-1].get_weights()
    logits = JUDGE.features(X) @ w + b
    np.testing.assert_array_equal(logits.argmax(axis=1), JUDGE.probabilities(X).argmax(axis=1))
    real = judge.features(X[600:])
    assert judge.compare(X[600:], real, Y[600:]) == pytest.approx((0, 1, 1, 1), abs=1e-3)
    assert judge.compare(X[600:], real, (Y[600:] + 1) % 3).accuracy < 0.01
    one_class = judge.compare(X[Y == 1], real)
    assert one_class.accuracy is None
    assert one_class.frechet > 1 > 2 * one_class.recall


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
    for measure in (frechet_distance, precision_and_recall):
        with pytest.raises(ValueError, match=r"have shape \(9, 3\); expected \(n, 2\)"):
            measure(np.zeros((9, 2)), np.zeros((9, 3)))
        with pytest.raises(ValueError, match="have 1 samples; expected at least"):
            measure(np.zeros((1, 2)), np.zeros((9, 2)))
        with pytest.raises(ValueError, match="NaN"):
            measure(np.full((9, 2), np.nan), np.zeros((9, 2)))
    with pytest.raises(ValueError, match="k is 0"):
        precision_and_recall(np.zeros((9, 2)), np.zeros((9, 2)), k=0)
    with pytest.raises(ValueError, match=r"labels have shape \(3,\); expected \(2\)"):
        JUDGE.compare(X[:2], np.zeros((9, 128)), [0, 1, 2])
    with pytest.raises(ValueError, match=r"expected \(n, height, width, channels\)"):
        Judge(X[..., 0], Y, convolutional=True)
