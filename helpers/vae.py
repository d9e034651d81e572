"""The variational autoencoder (VAE): the ELBO and its parts, the model, and `build_vae` for images of any size.

All losses are in nats per image, summed over pixels and latents, and computed in at least float32.
"""

import inspect
import math

import keras
import numpy as np
from keras import layers, ops

from helpers.validation import as_count, as_pixels, as_positive

LIKELIHOODS = ("bernoulli", "continuous_bernoulli", "gaussian")
# Layers that only rearrange values, so the activation before them determines what a network returns.
MOVES = (layers.Reshape, layers.Flatten, layers.Permute, layers.Cropping2D, layers.Identity, layers.InputLayer)


def kl_divergence(z_mean, z_log_var):
    """Return the Kullback-Leibler divergence of N(z_mean, exp(z_log_var)) from N(0, 1), in nats per image, (n,).

    Both are (n, latent_dim). Source: D. P. Kingma and M. Welling, Auto-Encoding Variational Bayes, 2014, appendix B.
    """
    z_mean, z_log_var = _promote(z_mean), _promote(z_log_var)
    return 0.5 * ops.sum(ops.square(z_mean) + ops.exp(z_log_var) - z_log_var - 1.0, axis=-1)


def reconstruction_loss(images, decoded, likelihood="bernoulli", from_logits=False, variance=1.0):
    """Return -log p(x | z), summed over pixels: nats per image, (n,), for arrays of the same shape, (n, ...).

    For "bernoulli", `decoded` holds probabilities, or with `from_logits` logits, which stay accurate where
    probabilities round to 0 or 1; the loss is binary cross-entropy. "continuous_bernoulli" is a density for gray pixels
    (G. Loaiza-Ganem and J. P. Cunningham, The continuous Bernoulli, 2019). For "gaussian", `decoded` holds means, and
    all pixels have this `variance`. Raises ValueError for other likelihoods and for shapes that differ.
    """
    if likelihood not in LIKELIHOODS:
        raise ValueError(f"likelihood is {likelihood!r}; expected one of {', '.join(LIKELIHOODS)}")
    decoded = _promote(decoded)
    images = ops.cast(_match_shapes("images", images, decoded), decoded.dtype)
    if likelihood == "gaussian":
        variance = ops.cast(variance, decoded.dtype)
        pixels = 0.5 * (ops.square(images - decoded) / variance + ops.log(2 * math.pi * variance))
    else:
        pixels = ops.binary_crossentropy(images, decoded, from_logits=from_logits)
        if likelihood == "continuous_bernoulli":
            pixels = pixels - log_normalizer(decoded if from_logits else to_logits(decoded))
    return ops.sum(ops.reshape(pixels, (ops.shape(pixels)[0], -1)), axis=-1)


def to_logits(probabilities):
    """Return log(p / (1 - p)) of probabilities, clipped to [1e-7, 1 - 1e-7] to keep the result finite."""
    probabilities = ops.clip(probabilities, 1e-7, 1 - 1e-7)
    return ops.log(probabilities) - ops.log1p(-probabilities)


def log_normalizer(logits):
    """Return the log of the continuous Bernoulli's normalizing constant, logits / tanh(logits / 2)."""
    is_small = ops.abs(logits) < 0.1  # There, the quotient loses precision; a series doesn't.
    square = ops.square(ops.where(is_small, logits, 0.0))
    size = ops.where(is_small, 1.0, ops.abs(logits))
    series = math.log(2) + square / 12 - 7 * ops.square(square) / 1440
    return ops.where(is_small, series, ops.log(size) - ops.log(ops.tanh(size / 2)))


def mean_image(decoded, likelihood="bernoulli", from_logits=False):
    """Return the mean of each pixel, (n, ...), given the parameters `decoded`, (n, ...); see `reconstruction_loss`."""
    decoded = _promote(decoded)
    if likelihood == "continuous_bernoulli":
        logits = decoded if from_logits else to_logits(decoded)
        is_small = ops.abs(logits) < 0.1
        size = ops.where(is_small, 1.0, logits)
        return ops.where(is_small, 0.5 + logits / 12, 1 / (1 - ops.exp(-size)) - 1 / size)
    return ops.sigmoid(decoded) if from_logits else decoded


def negative_elbo(reconstruction, divergence, beta=1.0):
    """Return the negative evidence lower bound (ELBO) of each image, (n,), in nats, from its two parts, each (n,).

    With beta = 1, log p(x) is at least the ELBO; other values give a beta-VAE: I. Higgins et al., beta-VAE, 2017.
    """
    return reconstruction + beta * divergence


@keras.saving.register_keras_serializable(package="autoencoders")
class Sampling(layers.Layer):
    """Draw z from N(z_mean, exp(z_log_var)) with the reparameterization trick: z = z_mean + sigma * epsilon.

    All three are (n, latent_dim). A loaded model starts its noise sequence over.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(ops.shape(z_mean), dtype=z_mean.dtype, seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon

    def get_config(self):
        return super().get_config() | {"seed": self.seed}


class BatchMean(keras.losses.Loss):
    """The mean of its input over a batch; Keras scales it for distribution strategies."""

    def call(self, y_true, y_pred):
        return y_pred


@keras.saving.register_keras_serializable(package="autoencoders")
class VariationalAutoencoder(keras.Model):
    """A VAE that trains with `fit(images)`; the loss is the negative ELBO in nats per image, averaged over the batch.

    `encoder` returns [z_mean, z_log_var, z], each (n, latent_dim). `decoder` maps z to the parameters of `likelihood`
    (see `reconstruction_loss`), in the shape of the images: logits if it ends without an activation, probabilities if
    it ends in a sigmoid. For other decoders, set `from_logits`. The `variance` of a Gaussian is a number or "learned".
    `beta` weights the KL divergence: a number, a keras.Variable(trainable=False), or a schedule from keras.optimizers,
    called with the number of training steps. `vae.beta = 2.0` changes it.

    `fit(noisy, clean)` takes targets that differ from its input. `sample_weight` (n,) weights images; `metrics` compare
    targets with decoded images. The logs "reconstruction_loss" and beta times "kl_divergence" add up to the loss
    without regularization. Raises ValueError for anything that isn't supported.
    """

    def __init__(
        self, encoder, decoder, beta=1.0, *, likelihood="bernoulli", from_logits=None, variance="learned", **kwargs
    ):
        super().__init__(**kwargs)
        if likelihood not in LIKELIHOODS:
            raise ValueError(f"likelihood is {likelihood!r}; expected one of {', '.join(LIKELIHOODS)}")
        self.encoder, self.decoder, self.likelihood = encoder, decoder, likelihood
        self.latent_dim = getattr(decoder, "input_shape", [None])[-1]  # None if the decoder isn't built
        self.from_logits = likelihood != "gaussian" and returns_logits(decoder, from_logits)
        self.variance = variance if variance == "learned" else as_positive(variance, "variance")
        self.beta_schedule = self.step = self.log_variance = None
        if isinstance(beta, keras.Variable):
            if beta.trainable:
                raise ValueError("beta is trainable, and training would shrink it; expected trainable=False")
            self._beta = beta
        elif callable(beta):
            self.beta_schedule = beta
            options = {"trainable": False, "aggregation": "only_first_replica"}
            self.step = self.add_weight(shape=(), dtype="int32", name="step", **options)
        else:
            initial = keras.initializers.Constant(beta if beta == 0 else as_positive(beta, "beta"))
            self._beta = self.add_weight(shape=(), initializer=initial, dtype="float32", trainable=False, name="beta")
        if likelihood == "gaussian" and variance == "learned":
            self.log_variance = self.add_weight(shape=(), initializer="zeros", dtype="float32", name="log_variance")
        self.reconstruction_tracker = keras.metrics.Mean(name="reconstruction_loss")
        self.kl_tracker = keras.metrics.Mean(name="kl_divergence")

    @property
    def beta(self):
        """The current weight of the KL divergence: a keras.Variable, or the value of the schedule."""
        return self._beta if self.beta_schedule is None else self.beta_schedule(self.step)

    @beta.setter
    def beta(self, value):
        if self.beta_schedule is not None:
            raise ValueError("beta follows a schedule; to set it, build the model with a number")
        self._beta.assign(value)

    @property
    def likelihood_options(self):
        """This model's keyword arguments for `reconstruction_loss` and `measure_vae`, as a dict."""
        variance = self.variance if self.log_variance is None else ops.exp(self.log_variance)
        return {"likelihood": self.likelihood, "from_logits": self.from_logits, "variance": variance}

    def _build_if_possible(self):
        if not self.built and self.encoder.built and self.decoder.built and hasattr(self.encoder, "input_shape"):
            self.build(self.encoder.input_shape)

    def load_weights(self, *args, **kwargs):
        self._build_if_possible()
        super().load_weights(*args, **kwargs)

    def call(self, images, training=None):
        outputs = self.encoder(images, training=training)
        shapes = [tuple(output.shape) for output in outputs] if isinstance(outputs, list | tuple) else type(outputs)
        if not isinstance(shapes, list) or [len(shape) for shape in shapes] != [2, 2, 2] or len(set(shapes)) > 1:
            raise ValueError(f"the encoder returns {shapes}; expected [z_mean, z_log_var, z], each (n, latent_dim)")
        z_mean, z_log_var, z = outputs
        return z_mean, z_log_var, self.decoder(z, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if getattr(self, "loss", None) is not None:
            raise ValueError(f"loss={self.loss!r} can't be used with a VAE; omit it in compile, set likelihood=")
        z_mean, z_log_var, decoded = y_pred
        target = _match_shapes("images", x, decoded) if y is None else _match_shapes("targets y", y, decoded)
        reconstruction = reconstruction_loss(target, decoded, **self.likelihood_options)  # (batch,)
        divergence = kl_divergence(z_mean, z_log_var)  # (batch,)
        weight = 1.0 if sample_weight is None else _match_shapes("sample_weight", sample_weight, divergence)
        weight = ops.cast(weight, divergence.dtype)
        self.reconstruction_tracker.update_state(weight * reconstruction)
        self.kl_tracker.update_state(weight * divergence)
        losses = weight * negative_elbo(reconstruction, divergence, ops.cast(self.beta, divergence.dtype))
        loss = BatchMean(dtype=divergence.dtype)(losses, losses)
        if self.step is not None and training:
            self.step.assign_add(1)
        if self.losses:  # from regularizers and add_loss
            loss = loss + ops.cast(super().compute_loss(x, y, y_pred, sample_weight, training), loss.dtype)
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if self._compile_metrics is None:
            return self.get_metrics_result()
        decoded = mean_image(y_pred[-1], self.likelihood, self.from_logits)
        target = _match_shapes("targets y", x if y is None else y, decoded)
        return super().compute_metrics(x, target, decoded, sample_weight)

    def fit(self, *args, **kwargs):
        options = inspect.signature(super().fit).bind(*args, **kwargs).arguments
        history = super().fit(**self._check_data(**options))
        if self.likelihood == "bernoulli" and min(history.history.get("reconstruction_loss", [0])) < -0.01:
            raise ValueError("the reconstruction loss fell below 0, so pixels aren't in [0, 1]: divide them by 255")
        return history

    def evaluate(self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None, **kwargs):
        options = self._check_data(x, y, sample_weight)
        return super().evaluate(**options, batch_size=batch_size, verbose=verbose, **kwargs)

    def _check_data(self, x=None, y=None, sample_weight=None, class_weight=None, **options):
        """Return arguments for Keras; raise ValueError if an array of target images has values outside [0, 1]."""
        self._build_if_possible()
        if class_weight is not None:
            raise ValueError("class_weight needs labels, and a VAE doesn't have any; expected sample_weight")
        target = x if y is None else y
        if self.likelihood in LIKELIHOODS[:2] and isinstance(target, np.ndarray) and target.ndim > 1 and target.size:
            as_pixels(target, "target images", *target.shape)
            if not self.from_logits and self.latent_dim:
                decoded = self.decoder(np.random.default_rng(0).normal(size=(8, self.latent_dim)).astype("float32"))
                as_pixels(decoded, "decoded images", *decoded.shape)
        if sample_weight is not None and y is None:
            y = x  # Keras drops weights without targets.
        return {"x": x, "y": y, "sample_weight": sample_weight} | options

    def encode(self, images):
        """Return z_mean and z_log_var of images (n, height, width, channels): NumPy arrays, each (n, latent_dim)."""
        return tuple(self.encoder.predict(images, verbose=0)[:2])

    def decode(self, z):
        """Return the images (means of their pixels), NumPy (n, ...), decoded from codes (n, latent_dim)."""
        decoded = self.decoder.predict(ops.convert_to_numpy(z), verbose=0)
        return ops.convert_to_numpy(mean_image(decoded, self.likelihood, self.from_logits))

    def predict(self, *args, **kwargs):
        """Return images decoded from z_mean, NumPy (n, ...); takes the arguments of `keras.Model.predict`."""
        return self.decode(super().predict(*args, **kwargs)[0])

    def reconstruct(self, images):
        """Return `predict(images)` without a progress bar."""
        return self.predict(images, verbose=0)

    def sample(self, n, seed=None):
        """Return n new images, NumPy (n, ...), decoded from samples of N(0, I); a seed makes them repeatable."""
        if self.latent_dim is None:
            raise ValueError("the decoder's number of latents isn't known; expected a Keras model that is built")
        return self.decode(keras.random.normal((as_count(n, "n"), self.latent_dim), seed=seed))

    def get_config(self):
        beta = float(ops.convert_to_numpy(self._beta)) if self.beta_schedule is None else self.beta_schedule
        parts = {"encoder": self.encoder, "decoder": self.decoder, "beta": beta, "likelihood": self.likelihood}
        parts |= {"from_logits": self.from_logits, "variance": self.variance}
        return super().get_config() | keras.saving.serialize_keras_object(parts)

    @classmethod
    def from_config(cls, config):
        return cls(**keras.saving.deserialize_keras_object(config))


def build_vae(image_shape, latent_dim, likelihood="bernoulli", width=32):
    """Return an untrained convolutional VariationalAutoencoder for images of shape (height, width, channels).

    `width` is the number of filters in its first layer. Images whose sides aren't divisible by 4 are padded with zeros,
    and decoded images are cropped. The decoder returns logits, or means for a Gaussian. Lesson 09 has the full code.
    Raises ValueError for other image shapes and for numbers that aren't positive integers.
    """
    if np.shape(image_shape) != (3,):
        raise ValueError(f"image_shape is {image_shape}; expected (height, width, channels), such as (28, 28, 1)")
    height, columns, channels = (as_count(size, "a size in image_shape") for size in image_shape)
    latent_dim, width = as_count(latent_dim, "latent_dim"), as_count(width, "width")
    padding = ((0, -height % 4), (0, -columns % 4))
    smallest = ((height + 3) // 4, (columns + 3) // 4, 2 * width)
    options = {"padding": "same", "activation": "elu"}

    images = keras.Input(image_shape)
    x = layers.ZeroPadding2D(padding)(images)
    x = layers.Conv2D(width, 3, strides=2, **options)(x)
    x = layers.Conv2D(2 * width, 3, strides=2, **options)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(8 * width, activation="elu")(x)
    z_mean = layers.Dense(latent_dim, name="z_mean")(x)
    z_log_var = layers.Dense(latent_dim, name="z_log_var")(x)
    encoder = keras.Model(images, [z_mean, z_log_var, Sampling()([z_mean, z_log_var])], name="encoder")

    z = keras.Input((latent_dim,))
    x = layers.Dense(8 * width, activation="elu")(z)
    x = layers.Dense(math.prod(smallest), activation="elu")(x)
    x = layers.Reshape(smallest)(x)
    x = layers.Conv2DTranspose(2 * width, 3, strides=2, **options)(x)
    x = layers.Conv2DTranspose(width, 3, strides=2, **options)(x)
    x = layers.Conv2D(channels, 3, padding="same")(x)
    decoder = keras.Model(z, layers.Cropping2D(padding)(x), name="decoder")
    return VariationalAutoencoder(encoder, decoder, likelihood=likelihood)


def returns_logits(decoder, from_logits=None):
    """Return whether a decoder returns logits: True if it ends without an activation, False if it ends in a sigmoid.

    For other endings, return `from_logits`. Raises ValueError if it is None or contradicts the ending.
    """
    ends = [operation for operation in _list_operations(decoder) if not isinstance(operation, MOVES)]
    end = ends[-1] if ends else decoder
    name = getattr(getattr(end, "activation", None), "__name__", type(end).__name__.lower())
    seen = {"linear": True, "sigmoid": False}.get(name, from_logits)
    if seen is None or from_logits not in (None, seen):
        expected = "no activation (logits), a sigmoid (probabilities), or from_logits=True or False for another ending"
        raise ValueError(f"the decoder ends in {name} and from_logits is {from_logits}; expected {expected}")
    return seen


def _list_operations(model):
    """Return the layers and other operations of a model in order, including those of nested models."""
    parts = model.layers if isinstance(model, keras.Sequential) else getattr(model, "operations", None)
    return [model] if parts is None else [operation for part in parts for operation in _list_operations(part)]


def _promote(values):
    """Return values as a tensor of floats with at least 32 bits."""
    values = ops.convert_to_tensor(values)
    return ops.cast(values, keras.backend.result_type(values.dtype, "float32"))


def _match_shapes(name, values, expected):
    """Return values as a tensor in the shape of `expected`; raise ValueError if the shapes are known to differ."""
    values = ops.convert_to_tensor(values)
    shape, other = tuple(values.shape), tuple(expected.shape)  # None is a size that TensorFlow doesn't know.
    pairs = list(zip(shape, other, strict=False))
    if len(shape) != len(other) or any(None not in pair and pair[0] != pair[1] for pair in pairs):
        advice = {"images": "reshape them", "targets y": "leave y out, or pass images"}.get(name, "pass one per image")
        raise ValueError(f"{name} have shape {shape}; expected {other}: {advice}")
    return ops.reshape(values, ops.shape(expected)) if None in shape[1:] else values
