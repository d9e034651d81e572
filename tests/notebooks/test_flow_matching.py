"""Lesson 18's paths, velocity, steps, and guidance agree with closed forms for normal distributions."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import ops
from scipy.stats import norm

from tests.notebooks import definitions

define = partial(definitions.define, "18_latent_flow_matching")
TARGETS = [(0.0, 1.0), (3.0, 0.5), (-2.0, 2.0)]  # (mean, standard deviation)


@pytest.mark.parametrize(("mean", "std"), TARGETS)
@pytest.mark.parametrize("t", [0.0, 0.3, 0.8, 1.0])
def test_velocity_is_the_regression_of_the_paths_velocity_on_the_point(mean, std, t):
    rng = np.random.default_rng(0)
    z_t, velocity = define("path")(rng.normal(size=400_000), rng.normal(mean, std, size=400_000), t)
    slope, intercept = np.polyfit(z_t, velocity, 1)  # For jointly normal variables, the conditional mean is linear.
    exact = define("normal_velocity")
    for z in (-1.0, 0.0, 2.0):
        assert exact(z, t, mean, std) == pytest.approx(slope * z + intercept, abs=0.03)


@pytest.mark.parametrize(("mean", "std"), TARGETS)
def test_following_the_exact_velocity_turns_noise_into_the_target(mean, std):
    exact = partial(define("normal_velocity"), mean=mean, std=std)
    noise = np.random.default_rng(0).normal(size=(1000, 2))
    points = define("follow")(exact, noise, 2000)
    assert points.shape == (2001, 1000, 2)
    np.testing.assert_array_equal(points[0], noise)
    for t in (0.25, 0.5, 1.0):  # At all times, each point stays as many standard deviations from the mean.
        expected = t * mean + np.hypot(t * std, 1 - t) * noise
        np.testing.assert_allclose(points[int(2000 * t)], expected, atol=0.02)


def test_steps_of_a_constant_velocity_are_exact_and_times_start_at_zero():
    times = []

    def velocity(z, t):
        times.append(t)
        return np.full_like(z, 3.0)

    np.testing.assert_allclose(define("follow")(velocity, np.zeros((1, 1)), 4)[:, 0, 0], [0, 0.75, 1.5, 2.25, 3])
    assert times == [0, 0.25, 0.5, 0.75]


def test_velocity_agrees_with_denoiser_and_score():
    mean, std, t, z = 1.5, 0.7, 0.4, np.linspace(-2, 3, 11)
    variance = (t * std) ** 2 + (1 - t) ** 2
    denoised = mean + t * std**2 / variance * (z - t * mean)  # the normal distribution's conditional mean
    steps = z[:, None] + np.array([-1e-5, 1e-5])
    score = np.diff(norm.logpdf(steps, t * mean, np.sqrt(variance)))[:, 0] / 2e-5
    velocity = define("normal_velocity")(z, t, mean, std)
    np.testing.assert_allclose(velocity, (denoised - z) / (1 - t), rtol=1e-6)
    np.testing.assert_allclose(velocity, (z + (1 - t) * score) / t, rtol=1e-6)


def test_guidance_is_linear_and_one_means_none():
    guide, with_class, without = define("guide"), np.array([2.0, -1.0]), np.array([1.0, 1.0])
    np.testing.assert_allclose(guide(with_class, without, 1), with_class)
    np.testing.assert_allclose(guide(with_class, without, 0), without)
    np.testing.assert_allclose(guide(with_class, without, 3), [4, -5])


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_loss_hides_the_class_at_the_given_rate(rate):
    flow_class = define("LatentFlow", path=define("path"), NO_CLASS=10)
    z, t, label = keras.Input((2,)), keras.Input((1,)), keras.Input((), dtype="int32")
    velocity = layers_that_return_label(z, label)
    flow = flow_class(keras.Model([z, t, label], velocity), no_class_rate=rate)
    codes, labels = np.zeros((4000, 2), "float32"), np.full(4000, 3, "int32")
    shown = 10 if rate else 3  # E[(shown - velocity)²] = shown² + 1, because the velocity is minus the noise.
    assert float(flow.compute_loss(ops.convert_to_tensor(codes), labels)) == pytest.approx(shown**2 + 1, rel=0.02)


def layers_that_return_label(z, label):
    return ops.zeros_like(z) + ops.expand_dims(ops.cast(label, "float32"), -1)
