"""What a trained variational autoencoder is measured by: the ELBO and its parts, active units, and log p(x).

An encoder returns [z_mean, z_log_var, ...], each (n, latent_dim); a decoder turns z into images in [0, 1], taken as the
probabilities of independent Bernoulli pixels. All figures are in nats per image, summed over pixels and latents. On
gray pixels the same sums are taken, and the inequalities between the figures hold, but no figure is a likelihood.
Everything that goes in or comes out of a network is checked: what is NaN, of another shape or, if it is an image,
outside [0, 1] raises ValueError, what holds no numbers TypeError.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from helpers.checks import as_count, as_images, as_numbers, as_pixels, as_positive, check_latents
from helpers.variational import kl_divergence, reconstruction_loss

SMALLEST = 1e-7  # Probabilities stay this far from 0 and 1, as Keras keeps them.
UNUSED = 0.01  # nats: a latent whose KL divergence is below this says next to nothing about its image.
AT_ONCE = 5_000  # images decoded before they are reduced to numbers
LOG_2_PI = np.log(2 * np.pi)


class VaeMeasures(NamedTuple):
    """What `measure_vae` returns; every figure but the counts is in nats per image, a mean over images."""

    elbo: float
    elbo_error: float  # standard error of that mean
    reconstruction_loss: float
    kl_divergence: float
    kl_by_latent: tuple  # its parts, one for each latent
    active_units: int
    latent_dim: int
    images: int
    bound_images: int
    elbo_of_bound_images: float
    bounds: dict  # number of samples: importance-weighted bound
    log_likelihood: float | None  # by quadrature, for two latents

    def __str__(self):
        rows = [
            (f"ELBO, {self.images:,} images", f"{self.elbo:.2f} ± {self.elbo_error:.2f}"),
            ("  - reconstruction loss", f"{self.reconstruction_loss:.2f}"),
            ("  - KL divergence", f"{self.kl_divergence:.2f}"),
            (f"ELBO, the first {self.bound_images:,}", f"{self.elbo_of_bound_images:.2f}"),
            *((f"  bound, {count:,} samples", f"{bound:.2f}") for count, bound in self.bounds.items()),
        ]
        if self.log_likelihood is not None:
            rows.append(("  log p(x), quadrature", f"{self.log_likelihood:.2f}"))
        rows.append(("active units", f"{self.active_units} of {self.latent_dim}"))
        lines = ["nats per image, mean over images", *(f"{name:28}{value:>18}" for name, value in rows)]
        if len(self.unused_latents) == self.latent_dim:
            lines.append(f"COLLAPSED: no latent carries {UNUSED} nats, so images are drawn without a code.")
        elif self.unused_latents:
            lines.append(f"Unused latents, with less than {UNUSED} nats: {', '.join(map(str, self.unused_latents))}")
        return "\n".join(lines)

    @property
    def unused_latents(self):
        """The latents, counted from 0, whose posterior is as good as the prior; if all are, it has collapsed."""
        return tuple(index for index, divergence in enumerate(self.kl_by_latent) if divergence < UNUSED)


def measure_vae(encoder, decoder, images, *, bound_images=100, samples=(100, 1000), seed=0, points=200):
    """Measure a trained VAE on `images` (n, height, width, channels) in [0, 1]; return VaeMeasures.

    The ELBO takes one sample of z for each image. The importance-weighted bounds, one for each number in `samples`,
    and for two latents log p(x) by quadrature on `points` x `points` of the plane, take the first `bound_images`.
    Raises ValueError if `images` are fewer than two, or `bound_images` is not between 1 and their number.
    """
    images = _as_batch(images)
    bound_images = as_count(bound_images, "bound_images, of as many as there are images,", 1, len(images))
    samples = [as_count(count, "samples") for count in samples]
    z_mean, z_log_var = _encode(encoder, images)
    active_units = count_active_units(z_mean)
    z = draw(z_mean, z_log_var, 1, np.random.default_rng(seed))[:, 0]
    reconstruction = _reconstruct(decoder, z, images)
    divergence = np.asarray(kl_divergence(z_mean[..., None], z_log_var[..., None]))  # (n, latent_dim)
    kl_by_latent = tuple(divergence.mean(axis=0).tolist())
    elbos = -(reconstruction + divergence.sum(axis=1))  # (n,)
    few = images[:bound_images]
    weights = _draw_log_weights(encoder, decoder, few, max(samples), seed)  # (bound_images, samples)
    is_plane = z_mean.shape[1] == 2
    return VaeMeasures(
        elbo=float(elbos.mean()),
        elbo_error=float(elbos.std() / np.sqrt(len(elbos))),
        reconstruction_loss=float(reconstruction.mean()),
        kl_divergence=float(divergence.sum(axis=1).mean()),
        kl_by_latent=kl_by_latent,
        active_units=active_units,
        latent_dim=z_mean.shape[1],
        images=len(images),
        bound_images=bound_images,
        elbo_of_bound_images=float(elbos[:bound_images].mean()),
        bounds={count: float(_average_weights(weights[:, :count]).mean()) for count in samples},
        log_likelihood=float(log_likelihood_by_quadrature(decoder, few, points=points).mean()) if is_plane else None,
    )


def count_active_units(z_mean, threshold=0.01):
    """Return how many latents of z_mean (n, latent_dim) vary over images: with a variance above `threshold`.

    The measure of Y. Burda, R. Grosse and R. Salakhutdinov, Importance Weighted Autoencoders, 2016, section 5.
    Raises ValueError for fewer than two images, over which nothing can vary.
    """
    z_mean = as_numbers(z_mean, "z_mean", "n", "latent_dim")
    if len(z_mean) < 2:
        raise ValueError("z_mean is that of one image; expected two or more, over which a latent can vary")
    return int((np.var(z_mean, axis=0, dtype="float64") > threshold).sum())


def importance_weighted_bound(encoder, decoder, images, samples=100, seed=0):
    """Return a lower bound on log p(x) for each of n images, (n,), tighter the more `samples`.

    It is the log of the mean of the weights p(x given z) p(z) / q(z given x) over samples of z from q: Burda et al.
    2016, equation 8. One sample gives the ELBO.
    """
    return _average_weights(_draw_log_weights(encoder, decoder, _as_batch(images), as_count(samples, "samples"), seed))


def log_likelihood_by_quadrature(decoder, images, extent=5.0, points=200):
    """Return log p(x) for each of n images, (n,), as a sum over a square grid of two latents.

    The grid has `points` x `points` points over [-extent, extent] on both axes. It is as good as exact where its
    spacing is below the width of p(z given x); compare two numbers of points to know.
    """
    images = _as_batch(images)
    extent, points = as_positive(extent, "extent"), as_count(points, "points", 2)
    axis = np.linspace(-extent, extent, points, dtype="float32")
    z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)  # (points * points, 2)
    log_area = 2 * np.log(axis[1] - axis[0])
    flat = images.reshape(len(images), -1)
    total = np.full(len(images), -np.inf)
    for some in np.array_split(z, -(-len(z) // AT_ONCE)):
        decoded = _decode(decoder, some, images.shape[1:], flat=True)
        log_joint = log_bernoulli(flat, decoded) + log_standard_normal(some)  # (n, AT_ONCE)
        total = np.logaddexp(total, logsumexp(log_joint, axis=1))
    return total + log_area


def draw(z_mean, z_log_var, samples, generator):
    """Return samples of z from N(z_mean, exp(z_log_var)): (n, samples, latent_dim)."""
    z_mean = as_numbers(z_mean, "z_mean", "n", "latent_dim")
    z_log_var = as_numbers(z_log_var, "z_log_var", *z_mean.shape)
    samples = as_count(samples, "samples")
    epsilon = generator.standard_normal((len(z_mean), samples, z_mean.shape[1])).astype("float32")
    with np.errstate(over="ignore"):  # What overflows is an error of its own.
        return as_numbers(z_mean[:, None] + np.exp(0.5 * z_log_var)[:, None] * epsilon, "samples of z")


def log_bernoulli(flat, decoded):
    """Return log p(x given z) of each image with each decoded one: (images, decoded), by one matrix product.

    Both are rows of pixels in [0, 1]: (images, pixels) and (decoded, pixels).
    """
    flat, decoded = as_pixels(flat, "images"), as_pixels(decoded, "decoded images")
    if flat.shape[1] != decoded.shape[1]:
        raise ValueError(f"images have {flat.shape[1]} pixels and decoded ones {decoded.shape[1]}; expected as many")
    on = np.clip(decoded, SMALLEST, 1 - SMALLEST)
    log_on, log_off = np.log(on), np.log1p(-on)  # each (decoded, pixels)
    return flat @ (log_on - log_off).T + log_off.sum(axis=1)


def log_standard_normal(z):
    """Return the log density of N(0, I) at z, summed over the last axis."""
    z = as_numbers(z, "z")
    return -0.5 * (z**2 + LOG_2_PI).sum(axis=-1)


def _as_batch(images):
    """Return images as floats of 32 bits and of the shape they have, which is the one that the encoder takes."""
    return as_images(images).reshape(np.shape(images)).astype("float32", copy=False)


def _encode(encoder, images):
    """Return z_mean and z_log_var of images, each (n, latent_dim)."""
    z_mean, z_log_var = encoder.predict(images, batch_size=1000, verbose=0)[:2]
    z_mean = as_numbers(z_mean, "the encoder's z_mean", len(images), "latent_dim")
    return z_mean, as_numbers(z_log_var, "the encoder's z_log_var", *z_mean.shape)


def _decode(decoder, z, shape, flat=False):
    """Return what is decoded from z, (n, latent_dim), in one call: images of a shape, as rows of pixels if `flat`."""
    check_latents(decoder, z.shape[1])
    decoded = as_numbers(decoder.predict(z, batch_size=1000, verbose=0), "decoded images", len(z), *shape)
    as_images(decoded, "decoded images")
    return decoded.reshape(len(z), -1) if flat else decoded


def _reconstruct(decoder, z, images):
    """Return the reconstruction loss of each image by what is decoded from its z, (n,), some at a time."""
    parts = [slice(start, start + AT_ONCE) for start in range(0, len(images), AT_ONCE)]
    losses = [reconstruction_loss(images[some], _decode(decoder, z[some], images.shape[1:])) for some in parts]
    return np.concatenate([np.asarray(loss) for loss in losses])


def _draw_log_weights(encoder, decoder, images, samples, seed):
    """Return log p(x given z) + log p(z) - log q(z given x) for samples of z from q: (n, samples)."""
    z_mean, z_log_var = _encode(encoder, images)
    z = draw(z_mean, z_log_var, samples, np.random.default_rng(seed))
    with np.errstate(all="ignore"):
        squares = (z - z_mean[:, None]) ** 2 / np.exp(z_log_var)[:, None]
    log_q = -0.5 * (as_numbers(squares, "samples of z, in spreads,") + z_log_var[:, None] + LOG_2_PI).sum(-1)
    log_px_given_z = np.empty(log_q.shape)
    rows = max(1, AT_ONCE // samples)  # images at once
    for start in range(0, len(images), rows):
        some = slice(start, start + rows)
        decoded = _decode(decoder, z[some].reshape(-1, z.shape[-1]), images.shape[1:], flat=True)
        pairs = zip(images[some], decoded.reshape(-1, samples, decoded.shape[1]), strict=True)
        log_px_given_z[some] = [log_bernoulli(x.reshape(1, -1), p)[0] for x, p in pairs]
    return log_px_given_z + log_standard_normal(z) - log_q


def _average_weights(log_weights):
    """Return the log of the mean weight over the last axis."""
    return logsumexp(log_weights, axis=-1) - np.log(log_weights.shape[-1])
