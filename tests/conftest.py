"""Hypothesis profiles: 20 examples per test by default, 200 with --hypothesis-profile=thorough.

Nothing here may import helpers or Keras: tests of the tools would then wait for TensorFlow.
"""

from hypothesis import HealthCheck, settings

OPTIONS = {
    "deadline": None,
    # Fixtures used with Hypothesis are the same for every example.
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
settings.register_profile("quick", max_examples=20, **OPTIONS)
settings.register_profile("thorough", max_examples=200, **OPTIONS)
settings.load_profile("quick")
