"""Drawn garments that need no download, for when Fashion-MNIST cannot be reached.

Each image is a silhouette with seams, collars, laces and so on, drawn with Pillow at four times its final
size, made smaller with soft edges, and multiplied by a cloth of folds and patterns. Chance decides lengths,
widths, shades and details. Places are in final pixels: x from -14 to 14, y from 0 at the top to 28.
"""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw

IMAGE_SIDE = 28
TRAIN_IMAGES, TEST_IMAGES = 6_000, 1_000
# Drawing this many times larger and averaging is what makes the edges soft.
ENLARGEMENT = 4
# A place times RIGHT or LEFT plus CENTER is its x and y in the enlarged drawing, on that side of the garment.
CENTER = np.array([IMAGE_SIDE / 2 * ENLARGEMENT, 0.0])
RIGHT, LEFT = ENLARGEMENT * np.array([[1.0, 1.0], [-1.0, 1.0]])
ROWS, COLUMNS = np.mgrid[0:IMAGE_SIDE, 0:IMAGE_SIDE].astype(float)
# Sandal, sneaker and ankle boot point to the left; the other garments have two like halves.
SHOES = (5, 7, 9)


def make_garments(seed=0):
    """Take a seed and return (x_train, y_train, x_test, y_test): images (n, 28, 28) uint8, labels (n,) uint8.

    There are 6,000 training and 1,000 test images, equally many of each of the ten classes of Fashion-MNIST,
    in shuffled order. Bright garments lie on a ground of exactly 0. Training and test images are drawn with
    different random numbers.

    Raises ValueError when the seed is negative.

    Source: the drawings are this module's own; the classes follow H. Xiao, K. Rasul and R. Vollgraf (2017),
    "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms", arXiv:1708.07747.
    """
    train_seed, test_seed = np.random.SeedSequence(seed).spawn(2)
    return *_draw_many(TRAIN_IMAGES, train_seed), *_draw_many(TEST_IMAGES, test_seed)


def _draw_many(count, seed):
    """Take a count and a seed and return images (count, 28, 28) uint8 and labels (count,) uint8, shuffled."""
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.arange(count) % len(DRAW_CLASS)).astype(np.uint8)
    images = np.empty((count, IMAGE_SIDE, IMAGE_SIDE), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        sketch = _Sketch(generator, symmetric=label not in SHOES)
        DRAW_CLASS[label](sketch)
        image[:] = sketch.finish()
    return images, labels


@cache
def _corner_cutting(corners, closed):
    """Take a number of corners and return the matrix (points, corners) float that rounds such an outline.

    Chaikin's rule, applied twice: every edge keeps its middle half, so every corner is cut off.
    """
    points = np.eye(corners)
    for _ in range(2):
        starts, ends = (points, np.roll(points, -1, axis=0)) if closed else (points[:-1], points[1:])
        cut = np.stack([3 * starts + ends, starts + 3 * ends], axis=1).reshape(-1, corners) / 4
        points = cut if closed else np.concatenate([points[:1], cut, points[-1:]])
    return points


class _Sketch:
    """One garment in the making: its drawing, its shades from 0 to 1, and the chance that shapes it.

    Only the right half of a symmetric garment is described; every stroke is drawn on both sides.
    """

    def __init__(self, generator, symmetric):
        self.generator = generator
        self.sides = (RIGHT, LEFT) if symmetric else (RIGHT,)
        self.image = Image.new("L", (IMAGE_SIDE * ENLARGEMENT, IMAGE_SIDE * ENLARGEMENT))
        self.brush = ImageDraw.Draw(self.image)
        self.pattern = np.ones((IMAGE_SIDE, IMAGE_SIDE))
        # Most photographed garments are light; the accent must stand out from light and dark cloth alike.
        self.cloth = self.between(0.72, 1.0) if self.happens(0.75) else self.between(0.35, 0.7)
        self.accent = self.cloth - self.between(0.35, 0.55) if self.cloth > 0.6 else self.between(0.85, 1.0)
        self.shadow = 0.6 * self.cloth

    def happens(self, chance):
        """Return True as often as the chance, from 0 to 1, says."""
        return self.generator.random() < chance

    def between(self, low, high):
        """Return a random number from low to high."""
        return low + (high - low) * self.generator.random()

    def within(self, *ranges):
        """Return a random number from each of the ranges."""
        return [self.between(low, high) for low, high in ranges]

    def fill(self, points, shade=None, chance=1):
        """Fill a rounded outline; a point that is given twice, or lies on the center line, stays a corner."""
        if self.happens(chance):
            level = round(255 * min(self.cloth if shade is None else shade, 1.0))
            corners = [point for point in points for _ in range(2 if point[0] == 0 else 1)]
            for place in self._place_on_sides(corners, closed=True):
                self.brush.polygon(place, fill=level)

    def line(self, points, shade=None, width=0.5, chance=1):
        """Draw a rounded line, a seam unless another shade and width, in final pixels, are given."""
        if self.happens(chance):
            level = round(255 * (self.shadow if shade is None else shade))
            for place in self._place_on_sides(points, closed=False):
                self.brush.line(place, fill=level, width=round(width * ENLARGEMENT))

    def _place_on_sides(self, points, closed):
        """Return for each side the rounded points in the enlarged drawing, listed as x, y, x, y and so on."""
        rounded = _corner_cutting(len(points), closed) @ np.array(points)
        return [(rounded * side + CENTER).ravel().tolist() for side in self.sides]

    def weave(self, chance, bold=True):
        """Give the cloth a pattern as often as the chance says; stripes and checks only if it may be bold."""
        if self.happens(chance):
            coarse = Image.fromarray(self.generator.random((10, 10), dtype=np.float32))
            blots = np.asarray(coarse.resize((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.BICUBIC))
            grain = self.generator.random((IMAGE_SIDE, IMAGE_SIDE))
            across = np.sin(ROWS * self.between(0.7, 2.2) + self.between(0, 6)) > self.between(-0.3, 0.6)
            down = np.sin(COLUMNS * self.between(0.9, 2.2) + self.between(0, 6)) > 0.2
            patterns = [np.clip(8 * blots - 4, 0, 1), grain, ROWS / IMAGE_SIDE]
            patterns += [across, across, down, (1.0 * across + down) / 2] if bold else []
            self.pattern -= self.between(0.2, 0.6) * patterns[self.generator.integers(len(patterns))]

    def finish(self):
        """Return the image (28, 28) uint8: the drawing made smaller, times pattern and folds."""
        drawing = np.asarray(self.image.reduce(ENLARGEMENT), dtype=float)
        slope, rate, start, depth = self.within((-0.4, 0.4), (0.3, 0.9), (0, 6), (0, 0.09))
        folds = depth * (1.0 + np.sin(rate * (COLUMNS + slope * ROWS) + start))
        light = 1.0 - folds - 0.06 * self.generator.random(folds.shape)
        return np.rint(drawing * self.pattern * light).astype(np.uint8)


def _draw_top(sketch, chest, hem, length, sleeve):
    """Draw body and sleeves, from 0 (none) to 1 (long), and return half the width of the neck."""
    slope, armpit, middle = sketch.between(1.8, 3.2), 1.1 * chest, 0.55 * length + 2
    neck, waist = min(sketch.between(2.8, 4.0), chest - 1.6), min(chest, hem) - sketch.between(0, 0.8)
    shoulder = chest + sketch.between(-0.6, 0.4) if sleeve else neck + sketch.between(0.8, 1.8)
    reach = min(1.4 * chest + sketch.between(-0.4, 1.6), 13.6)
    drop = min(armpit + sleeve * (1.9 * chest + sketch.between(-1, 3)), 26.8)
    outer, inner = (reach, drop), (reach - sketch.between(2.6, 3.4), drop + 0.8)
    arm = [(shoulder - 2, slope), (shoulder + 1.4, slope + 0.4), (reach - 0.5, 0.6 * armpit + 0.4 * drop)]
    arm += [outer, outer, inner, inner, (chest + 0.2, armpit + 1), (chest - 1, armpit), (shoulder - 2, 4)]
    sketch.fill(arm, 0.93 * sketch.cloth, chance=sleeve > 0)
    sketch.line([(reach, drop - 1.5), (inner[0], drop - 0.7)], chance=sleeve > 0)
    body = [(0, 0.5), (neck, 0.5), (neck, 0.5), (shoulder, slope), (shoulder, slope)]
    body += [(shoulder - 0.4, armpit - 3), (chest, armpit), (chest, armpit + 0.5), (waist, middle)]
    body += [(hem, length), (hem, length), (0, length)]
    sketch.fill(body)
    sketch.line([(shoulder, slope), (shoulder - 0.8, 0.6 * armpit), (chest, armpit + 0.5)], chance=sleeve > 0)
    # The ground shows between a long sleeve and the body.
    gap = [(chest + 0.2, armpit + 2), (waist + 0.4, middle), (max(hem, waist) + 0.5, drop + 1)]
    sketch.line(gap, 0.0, sketch.between(0.4, 1.0), chance=sleeve > 0.5)
    return neck


def _cut_neck(sketch, neck, depth, pointed):
    """Cut a round or pointed neck out of a garment; the inside of its back shows, and a seam on the edge."""
    edge = [(neck, 0.0), (0.15 if pointed else 0.8 * neck, depth), (0.0, depth)]
    sketch.fill([(0, 0), *edge], sketch.shadow)
    sketch.fill([(0, 0), (neck, 0), (neck, 0.2), (0, 0.35 * depth)], 0.0)
    sketch.line(edge, sketch.accent)


def _draw_hood(sketch, neck, width):
    """Draw a hood, or with a small width an upright collar, around a dark opening."""
    sketch.fill([(0, 0), (2, 0), (neck + width, 1.5), (neck + width, 4.5), (0, 7)], 0.8 * sketch.cloth)
    sketch.fill([(0, 0.8), (neck - 0.4, 1.4), (neck - 0.6, 3.8), (0, 5)], 0.4 * sketch.shadow)


def _print_chest(sketch):
    """Print a block, a round badge or letters on the chest, or nothing."""
    y, size, hole, thick = sketch.within((10, 12), (2.4, 4.2), (0.3, 2.2), (1.5, 5))
    sketch.line([(0, y), (size, y)], sketch.accent, thick, chance=0.15)
    half_circle = [(0, -1), (0.5, -1), (1, -0.5), (1, 0.5), (0.5, 1), (0, 1)]
    for radius, shade in ((size, sketch.accent), (hole, sketch.cloth)) if sketch.happens(0.2) else ():
        sketch.fill([(radius * across, y + radius * down) for across, down in half_circle], shade)
    for x in np.arange(0.5, size, 1.7) if sketch.happens(0.15) else ():
        sketch.line([(x, y - 1.5), (x + sketch.between(-0.5, 1.2), y + 1.5)], sketch.accent, 0.9)


def _draw_t_shirt(sketch):
    sketch.weave(0.35)
    chest, length, sleeve, flare = sketch.within((6.4, 8.4), (24.5, 27.4), (0.05, 0.2), (-0.6, 0.8))
    neck = _draw_top(sketch, chest, chest + flare, length, sleeve * sketch.happens(0.75))
    _cut_neck(sketch, neck, sketch.between(2.5, 5.0), pointed=sketch.happens(0.3))
    _print_chest(sketch)


def _draw_trouser(sketch):
    sketch.weave(0.25, bold=False)
    waist, hip, crotch, length = sketch.within((3.8, 5.2), (4.8, 6.6), (8, 10.5), (23.5, 27.6))
    ankle = sketch.between(4.2, 7.0)
    gap = min(sketch.between(0.9, 2.6), ankle - 2.2)
    leg = [(0, 0.5), (waist, 0.5), (waist, 0.5), (hip, 6), (ankle, length), (ankle, length)]
    sketch.fill([*leg, (gap, length), (gap, length), (0.5 * gap + 0.2, 16), (0, crotch)])
    sketch.line([(gap / 2 + 0.7, crotch + 2), (gap + 0.4, length)], 0.8 * sketch.cloth, 0.8)
    # Waistband and fly, pockets, and a stripe down the side.
    sketch.line([(0, crotch), (0, 2.5), (0, 2.5), (waist, 2.2)])
    sketch.line([(waist - 1.8, 2.4), (waist - 0.8, 5), (hip, 5.8)], chance=0.6)
    sketch.line([(hip - 1.2, 4), (ankle - 1.2, length)], sketch.accent, 0.7, chance=0.3)


def _draw_pullover(sketch):
    sketch.weave(0.45)
    chest, length, flare, depth = sketch.within((7.4, 8.8), (24.5, 27.4), (-0.9, 0.3), (2.5, 3.5))
    neck, pointed = _draw_top(sketch, chest, chest + flare, length, sleeve=1.0), sketch.happens(0.3)
    if sketch.happens(0.3):
        _draw_hood(sketch, neck, width=2.0)
        sketch.line([(1.3, 5.8), (1.3, 10)], sketch.accent)
    else:
        _cut_neck(sketch, neck, depth + 2.8 * pointed, pointed)
    _print_chest(sketch)
    # The hem is ribbed.
    sketch.line([(0, length - 1.8), (chest + flare, length - 2)])
    for x in np.arange(0.7, chest + flare, 1.4):
        sketch.line([(x, length - 1.6), (x, length)], width=0.3)


def _draw_dress(sketch):
    sketch.weave(0.4)
    chest, middle, length, hem = sketch.within((4.4, 5.6), (10, 13), (25.5, 27.8), (4.4, 9.5))
    waist, sleeve = chest - sketch.between(0.4, 1.0), (0, 0, 0.15, 0.9)[sketch.generator.integers(4)]
    neck = _draw_top(sketch, chest, waist, middle, sleeve)
    skirt = [(0, middle - 0.6), (waist, middle - 0.6), (waist, middle - 0.6)]
    skirt += [(0.45 * waist + 0.55 * hem + 0.8, middle + 6), (hem, length), (hem, length), (0, length)]
    sketch.fill(skirt, 0.95 * sketch.cloth)
    _cut_neck(sketch, neck, sketch.between(2.5, 5.0), pointed=sketch.happens(0.4))
    sketch.line([(0, middle), (waist, middle)], sketch.accent, sketch.between(0.5, 1.5), chance=0.6)
    for share in (0.15, 0.5, 0.8):
        sketch.line([(share * waist, middle + 1.5), (share * hem, length)], chance=0.5)


def _draw_coat(sketch):
    sketch.weave(0.25, bold=False)
    chest, length, flare, opening = sketch.within((6.4, 8.8), (25.5, 27.8), (-0.4, 1.6), (7, 14))
    neck = _draw_top(sketch, chest, chest + flare, length, sleeve=1.0)
    if sketch.happens(0.6):
        # Lapels over a dark lining.
        sketch.fill([(0, 0), (neck, 0), (1.2, opening), (0, opening)], 0.4 * sketch.shadow)
        lapel = [(neck - 1.2, 0.6), (neck + 2.4, 4), (neck + 1.2, 6), (0.3, opening), (0.3, opening)]
        sketch.fill(lapel, 1.15 * sketch.cloth)
        sketch.line(lapel[1:])
    else:
        _draw_hood(sketch, neck, sketch.between(0.6, 2.2))
        opening = 5.0
    # The front edge, two rows of buttons, a belt and pockets.
    sketch.line([(0, opening), (0, length)], 0.3 * sketch.shadow, sketch.between(0.8, 1.6))
    rows = np.arange(max(opening, 7) + 1, length - 2, sketch.between(2.8, 4.0))
    for y in rows if sketch.happens(0.5) else ():
        sketch.line([(1.5, y), (2.7, y)], sketch.accent, 1.1)
    sketch.line([(0, 16), (chest, 16)], width=1.4, chance=0.3)
    sketch.line([(3.2, 19), (chest - 1.2, sketch.between(16.5, 20))], width=1.0)


def _draw_sandal(sketch):
    high = sketch.happens(0.5)
    heel, thick = (sketch.between(7, 13), 1.2) if high else sketch.within((0.3, 2.5), (1, 2.6))
    ground, strap = sketch.between(25, 27) if high else sketch.between(19, 22), sketch.between(1.0, 2.3)

    def over_sole(x, height=0.0):
        share = np.clip((x + 8) / 20, 0, 1)
        return x, ground - thick / 2 - heel * share**2 * (3 - 2 * share) - height

    # The heel is a wedge or a spike; the ground shows under the arch and between the straps.
    if not high or sketch.happens(0.3):
        wedge = [over_sole(x) for x in (-12, -6, 0.1, 6, 12, 12)]
        sketch.fill([*wedge, (11.6, ground), (11.6, ground), (-12, ground)], sketch.shadow)
    else:
        sketch.line([over_sole(11.4), (11.8, ground)], width=sketch.between(0.7, 2.4))
    sketch.line([over_sole(x) for x in (-13.2, -10, -6, -2, 2, 6, 10, 13)], sketch.cloth, thick)
    first, rise, reach, second = sketch.within((-11, -8), (4, 6), (5.5, 8), (2.5, 5))
    for start, chance in ((first, 1.0), (first + second, 0.5)):
        end = start + reach
        arch = [over_sole(start), over_sole(start + 1, rise), over_sole(end - 1, rise), over_sole(end)]
        sketch.line(arch, sketch.cloth, strap, chance)
    # A strap around the ankle, held from the heel and along the foot.
    if sketch.happens(0.75):
        ankle = sketch.between(5.5, 8)
        back, front = over_sole(12, ankle), over_sole(4.5, ankle)
        sketch.line([over_sole(12.5), over_sole(13, ankle / 2), back], sketch.cloth, strap)
        ring = [back, (8, back[1] + 3.4), front, front, (8, back[1] - 1.6), back]
        sketch.line(ring, sketch.cloth, 0.7 * strap)
        sketch.line([over_sole(first + reach / 2, rise), over_sole(0, 5), front], sketch.cloth, strap)


def _draw_shirt(sketch):
    sketch.weave(0.6)
    chest, length, flare, spacing = sketch.within((6.8, 8.4), (25, 27.4), (-0.6, 0.6), (2.6, 3.6))
    hem = chest + flare
    neck = _draw_top(sketch, chest, hem, length, sleeve=0.15 if sketch.happens(0.4) else 1.0)
    # Many a tail is curved.
    tail = [(hem + 1, length - 3), (hem + 1, length + 1), (hem - 3, length + 1), (hem - 1.5, length - 0.5)]
    sketch.fill(tail, 0.0, chance=0.6)
    _cut_neck(sketch, neck, 3.2, pointed=True)
    collar = [(neck - 1, 0.0), (neck + 1.2, 2.6), (2.8, 5.4), (2.8, 5.4), (0.2, 3.2)]
    sketch.fill(collar, 1.2 * sketch.cloth)
    sketch.line(collar[1:])
    # The button strip and breast pockets.
    sketch.line([(1, 4), (1, length)])
    for y in np.arange(5, length - 1, spacing):
        sketch.line([(0, y), (0.5, y)], sketch.accent, 1.0)
    sketch.line([(5.8, 9.5), (2.8, 9.5), (2.8, 9.5), (2.8, 13), (5.8, 13), (5.8, 9.5)], chance=0.5)


def _draw_sneaker(sketch):
    ground, height, sole, tongue, dip = sketch.within((19, 23), (8, 12.5), (1.4, 3), (1, 4), (1, 2.4))
    top, floor = ground - height, ground - sole
    toe = [(-13.3, floor), (-13.3, floor), (-13, floor - 2.8), (-8.5, floor - 4.4)]
    ankle = [(tongue, top - 0.6), (tongue + 1.5, top - 0.4), (tongue + 3, top + dip), (11, top + 0.6)]
    heel = [(12.8, top - 0.4), (12.8, top), (13.4, floor), (13.4, floor)]
    sketch.fill([*toe, *ankle, *heel])
    sketch.fill([*toe, (-7, floor), (-7, floor)], 0.75 * sketch.cloth, chance=0.6)
    sketch.fill([(9, floor), (9, floor), (9.5, top + 2), *heel], sketch.shadow, chance=0.6)
    # Laces, a swoosh, stripes and the sole.
    for share in np.linspace(0.1, 0.85, sketch.generator.integers(3, 6)):
        x, y = -6.5 + (tongue + 6.5) * share, floor - 4.4 + (top + 4.4 - floor) * share
        sketch.line([(x - 0.4, y - 0.6), (x + 1.6, y + 2)], sketch.accent, 0.6)
    sketch.line([(-2.5, floor - 2), (2.5, floor - 0.8), (10, top + 3.5)], sketch.accent, 1.2, chance=0.35)
    for x in (1, 3.2, 5.4) if sketch.happens(0.35) else ():
        sketch.line([(x + 1.4, top + 4), (x - 1, floor)], sketch.accent, 0.9)
    light = sketch.between(0.85, 1.0) if sketch.happens(0.75) else sketch.shadow
    sketch.line([(-13.4, ground - sole / 2), (13.4, ground - sole / 2)], light, sole)
    sketch.line([(-13.4, floor - 0.1), (13.4, floor - 0.1)], 0.5 * sketch.shadow)


def _draw_bag(sketch):
    sketch.weave(0.3)
    width, taper, top, bottom = sketch.within((9.5, 12.2), (-1.4, 1.4), (8, 13), (23, 27.4))
    upper, lower, middle, sharp = width - taper, width + taper, (top + bottom) / 2, 1 + sketch.happens(0.6)
    reach, peak, thick = sketch.within((3, 0.9 * upper), (0.6, 0.55 * top), (0.8, 1.8))
    handle = [(0, peak), (0.7 * reach, peak), (reach, 0.5 * (top + peak)), (reach, top + 1)]
    sketch.line(handle, sketch.shadow if sketch.happens(0.4) else sketch.cloth, thick)
    sketch.fill([(0, top), *[(upper, top)] * sharp, *[(lower, bottom)] * sharp, (0, bottom)])
    sketch.line([(0, top + 0.4), (upper - 0.8, top + 0.4)], width=0.6)
    if sketch.happens(0.35):
        # A flap with a clasp.
        flap = [(0, top), (upper, top), (upper, top), (upper - 1, middle), (0, middle + 2)]
        sketch.fill(flap, 0.8 * sketch.cloth)
        sketch.line([(upper - 1, middle - 1), (upper / 2, middle + 1), (0, middle + 1.5)], width=0.6)
        sketch.line([(0, middle + 1), (1.2, middle + 1)], sketch.accent, 2.2)
    else:
        # A front pocket, straps that are sewn on, and a zipper with its slider.
        sketch.line([(0, middle), (6, middle), (6, middle), (6, bottom)], width=0.7, chance=0.35)
        sketch.line([(reach, top), (reach, bottom)], width=1.2, chance=0.35)
        zipper = [(0, top + 7), (0, top + 2.2), (0, top + 2.2), (upper - 1, top + 2.2)]
        sketch.line(zipper, sketch.accent, 0.9, chance=0.4)


def _draw_ankle_boot(sketch):
    sketch.weave(0.15, bold=False)
    ground, top, sole, front, back = sketch.within((25, 27.2), (1, 8), (0.8, 1.8), (-2.5, 1.5), (11, 13))
    heel, stem = sketch.within((6, 10), (1.4, 3)) if sketch.happens(0.4) else sketch.within((1.6, 3), (5, 7))
    floor, arch, middle = ground - sole, ground - 0.9 * heel, (front + back) / 2
    instep = (front - 0.5, floor - 8 - 0.5 * heel)
    boot = [(-13.2, floor), (-13.2, floor), (-12.8, floor - 3.2), (-7, floor - 5 - 0.2 * heel), instep]
    boot += [(front, top), (front, top), (back, top), (back, top), (back - 0.6, arch - 6), (back + 0.6, arch)]
    sketch.fill([*boot, (back + 0.6, arch), (3.5, arch), (-1, floor), (-3, floor)])
    # The heel and the sole.
    sketch.line([(back + 0.6 - stem / 2, arch - 0.4), (back + 0.4 - stem / 2, ground)], width=stem)
    tread = [(-13.4, floor - 0.3), (-3, floor - 0.3), (1, floor - 0.6 * heel), (-0.1, ground - 0.3 * heel)]
    sketch.fill([*tread, (-3, ground), (-13, ground)], sketch.shadow)
    # Laces or an elastic panel, a zip, a cuff and the seam of the toe.
    if sketch.happens(0.4):
        for y in np.arange(top + 2, instep[1] + 2, 1.8):
            sketch.line([(front - 0.5, y), (front + 2.5, y + 0.8)], sketch.accent, 0.7)
    else:
        panel = [(middle - 3, top)] * 2 + [(middle + 3, top)] * 2 + [(middle, arch - 5)]
        sketch.fill(panel, sketch.accent, chance=0.4)
    sketch.line([(back - 3, top), (back - 3.5, arch - 2)], sketch.accent, 0.8, chance=0.25)
    sketch.line([(front, top + 2), (back, top + 2.2)], width=sketch.between(0.5, 1.5), chance=0.5)
    sketch.line([instep, (-3, floor - 4), (-2, floor - 1)], width=0.6, chance=0.5)


# In the order of the class numbers of Fashion-MNIST.
DRAW_CLASS = (
    *(_draw_t_shirt, _draw_trouser, _draw_pullover, _draw_dress, _draw_coat),
    *(_draw_sandal, _draw_shirt, _draw_sneaker, _draw_bag, _draw_ankle_boot),
)
