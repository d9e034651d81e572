"""Notebook 20's scores, thresholds, and rates agree with definitions, brute force, and closed forms."""

from functools import partial

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from tests.notebooks import definitions

define = partial(definitions.define, "20_anomaly_detection")


@pytest.mark.parametrize("seed", range(3))
def test_areas_are_the_fraction_of_pairs_in_the_right_order(seed):
    rng, table = np.random.default_rng(seed), {}
    scores, labels = rng.integers(0, 9, 60), rng.permutation(np.arange(60) < 20)  # with ties
    define("add_areas", roc_auc_score=roc_auc_score)(table, "column", labels, {"score": scores})
    pairs = [(a > n) + 0.5 * (a == n) for a in scores[labels] for n in scores[~labels]]
    assert table["column"]["score"] == [pytest.approx(np.mean(pairs))]


def test_independent_pixels_give_a_distribution():
    every = (np.arange(256)[:, None] >> np.arange(8)) & 1  # all images with eight pixels
    reference = np.float32(np.random.default_rng(0).random((50, 8)) < 0.3)
    cost = define("cost_of_independent_pixels")(np.float32(every), reference)
    assert np.exp(-cost).sum() == pytest.approx(1, abs=1e-5)


def test_typicality_is_the_distance_from_the_normal_mean_on_either_side():
    cost, normal = np.array([90.0, 110, 70, 5]), np.array([99.0, 101])
    assert define("typicality")(cost, normal).tolist() == [10, 10, 30, 95]


def test_adjusting_removes_a_linear_dependence_and_nothing_else():
    length, extra = np.arange(50.0), np.random.default_rng(0).normal(size=50)
    adjusted = define("adjust")(20 + 3 * length + extra, length, 20 + 3 * length, length)
    assert adjusted == pytest.approx(extra, abs=1e-6)


def test_the_outline_of_a_rectangle_is_its_perimeter():
    image = np.zeros((1, 28, 28), "float32")
    image[0, 5:15, 8:11] = 1
    assert define("outline")(image.reshape(1, 784)).tolist() == [2 * (10 + 3)]


def test_noise_replaces_the_given_fraction_of_pixels_half_of_which_change():
    noisy = define("add_noise", NOISE_RATE=0.3)(np.zeros((100, 784), "float32"))
    assert set(np.unique(noisy)) == {0, 1}
    assert noisy.mean() == pytest.approx(0.15, abs=0.01)


def test_neighbor_distance_matches_brute_force():
    x, reference = np.random.default_rng(0).normal(size=(2, 30, 4))
    expected = np.sort(np.linalg.norm(x[:, None] - reference, axis=2), axis=1)[:, :3].mean(axis=1)
    distance = define("neighbor_distance", NearestNeighbors=NearestNeighbors, NEIGHBORS=5)
    assert distance(x, reference, 3) == pytest.approx(expected)


def test_precision_matches_counts():
    rng = np.random.default_rng(0)
    anomaly = rng.random(1_000_000) < 0.1
    alarm = rng.random(1_000_000) < np.where(anomaly, 0.8, 0.05)
    assert define("precision")(0.1, 0.8, 0.05) == pytest.approx(anomaly[alarm].mean(), abs=0.005)


def test_alarm_rates_match_a_count_by_hand():
    # Two people; each has a normal and an unseen recording of 12 windows, whose second halves count.
    place = np.tile(np.arange(12) - 6, 4)
    names = {
        "person": np.repeat([1, 2], 24),
        "exercise": np.tile(np.repeat(["calm", "wild"], 12), 2),
        "place": place,
        "early": place < -3,
        "late": place >= 0,
        "FALSE_ALARM_RATE": 0.0,  # the threshold is the largest normal score
        "SPLITS": 1,
    }
    scores = np.zeros(48)
    scores[[6, 7, 10]] = 5  # person 1, calm: three false alarms in two runs
    scores[[18, 24 + 18]] = 5  # wild: one detection each
    names["watch_scores"] = {("wild", 0): (np.zeros(48, bool), {"cost": scores})}
    names["watch_scores"]["wild", 0][0][:3] = True  # as if these were the validation people's
    choose = define("choose_thresholds", **names)
    rates = define("rate_alarms", choose_thresholds=choose, **names)("wild", "cost")
    assert rates.shape == (2, 2, 3)
    assert rates[0] == pytest.approx(np.tile([3 / 6, 2 / 6, 1 / 6], (2, 1)))
    assert rates[1] == pytest.approx(np.tile([0, 0, 1 / 6], (2, 1)))


def test_alarm_on_run_matches_a_loop():
    alarms = np.random.default_rng(0).random(200) < 0.7
    alarm_on_run = definitions.define("solutions/20_anomaly_detection", "alarm_on_run")
    for length in (1, 3, 6):
        expected = [i + 1 >= length and alarms[i + 1 - length : i + 1].all() for i in range(200)]
        assert alarm_on_run(alarms, length).tolist() == expected
