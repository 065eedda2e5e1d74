"""Where z_mean, z_log_var, z and the reconstruction pass in a training step: found by what happens when they are changed.

No name decides. A tensor is z if the reconstruction sees the image and the noise only through it; z_mean if z moves by
what it is moved by; the scale of the noise if z's distance from z_mean follows it, each dimension by itself.
"""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from vaelab.doctor.feed import Feed
from vaelab.doctor.step import Seen, Slot, StepError, Steps, Wire

#: Shift of a posterior's parameters that is tried, in their own units.
SHIFT = 0.37


class Parts:
    """The slots of one model, each None where it was not found, and the step in which they were looked for.

    Attributes
    ----------
    z_mean, z_log_var, z, x_decoded : Slot or None
    size : int
        Latent dimensions; 0 where z was not found.
    noisy : bool
        Whether z changes with the seed.
    """

    def __init__(self, steps: Steps, feed: Feed, count: int, encoder: Any = None, decoder: Any = None):
        self.steps, self.feed, self.count = steps, feed, count
        self.encoder, self.decoder = encoder, decoder
        self.images, self.beside = feed.rows(count)
        self.data = feed.data(self.images, self.beside)
        steps.seeds_tensorflow = False
        self.base, again = self.run(), self.run()
        if not _repeated(self.base, again):
            steps.seeds_tensorflow = True
            self.base, again = self.run(), self.run()
        self.other = self.run(seed=2)
        self.repeats = _repeated(self.base, again)
        self.random = {
            w for w in self.base.wires if w in self.other.wires and not _equal(self.base.wires[w], self.other.wires[w])
        }
        self.z_mean: Slot | None = None
        self.z_log_var: Slot | None = None
        self.z: Slot | None = None
        self.size = 0
        self.x_decoded = self._find_reconstruction()
        if self.x_decoded is not None:
            self.z = self._find_code()
        if self.z is not None:
            self.size = _width(self.values(self.base, self.z))
            self.z_mean, self.z_log_var = self._find_posterior()
        self.noisy = self.z is not None and self.z.wire in self.random
        if self.z_log_var is None and not self.noisy:
            self.z_mean = None  # a code, and no distribution of it

    def resized(self, count: int) -> "Parts":
        """The same slots for a batch of another size.

        Raises
        ------
        vaelab.doctor.step.StepError
            If the model does not take so many images.
        """
        other = copy.copy(self)
        other.count = count
        other.images, other.beside = self.feed.rows(count)
        other.data = self.feed.data(other.images, other.beside)
        other.base = other.run()
        return other

    def run(
        self, seed: int = 1, replace: dict | None = None, gradients: bool = False, images: np.ndarray | None = None
    ) -> Seen:
        """A step on the batch, or on other images with what is beside them unchanged."""
        data = self.data if images is None else self.feed.data(images, self.beside)
        replace = replace or {}
        twins = [(i, twin, value) for i, (slot, value) in enumerate(replace.items()) for twin in self._twins(slot)]
        seen = self.steps.run(data, seed, {twin: value for _, twin, value in twins}, gradients)
        if not gradients:
            return seen
        sums = [np.zeros(np.size(value)) for value in replace.values()]
        for (i, *_), gradient in zip(twins, seen.gradients):
            sums[i] += 0 if gradient is None else np.asarray(gradient, "float64").ravel()
        return seen._replace(gradients=sums)

    def _twins(self, slot):
        """The slot, and the same place in other calls of the layer that return the same: a loss may encode once more."""
        here = self.base.wires[slot.wire]
        same = [w for w in self.base.wires if w[0] == slot.wire.layer and w[2:] == slot.wire[2:] and w != slot.wire]
        return [slot] + [slot._replace(wire=w) for w in same if _equal(self.base.wires[w], here)]

    def values(self, seen: Seen, slot: Slot | None) -> np.ndarray:
        """What passed at the slot: float64, ``(N, ...)`` flattened to ``(N, size)``.

        Raises
        ------
        ValueError
            If the slot is None: such a tensor was not found.
        """
        if slot is None:
            raise ValueError("a tensor that this needs was not found in the step")
        return _rows(slot.of(seen.wires[slot.wire]))

    def name(self, slot: Slot) -> str:
        """The layer that the slot belongs to, in words."""
        layer = self.steps.layers[slot.wire.layer]
        return f"{getattr(layer, 'name', '?')} ({type(layer).__name__})"

    def _outputs(self) -> list[Wire]:
        return [w for w in self.base.wires if w.side == "out"]

    def _belongs(self, wire: Wire, part: Any) -> bool:
        return part is None or wire.layer == id(part)

    def _find_reconstruction(self) -> Slot | None:
        """The last tensor with as many elements as the images that the loss depends on."""
        other = np.random.default_rng(0).uniform(0.2, 0.8, (self.count, self.feed.pixels))
        for wire in reversed(self._outputs()):
            if _width(self.base.wires[wire]) != self.feed.pixels or not self._batched(wire):
                continue
            if not self._belongs(wire, self.decoder) or _equal(self.base.wires[wire], self.images):
                continue
            if not _same(self._try({Slot(wire): other}), self.base.loss):
                return Slot(wire)
        return None

    def _try(self, replace, **kwargs):
        try:
            return self.run(replace=replace, **kwargs).loss
        except StepError:
            return self.base.loss  # nothing is known of it

    def _batched(self, wire):
        return self.base.wires[wire].shape[0] == self.count

    def _small(self) -> Iterator[Wire]:
        """Wires that may hold codes: in the order in which they come, up to the reconstruction."""
        for wire in self.base.wires:
            if self.x_decoded is not None and wire == self.x_decoded.wire:
                return
            if self._batched(wire) and self.base.wires[wire].shape.rank >= 2:
                yield wire

    def _find_code(self):
        """The first tensor that carries all the noise and all of the image; without noise, the narrowest that carries the image."""
        wires = [w for w in self._small() if not self.random or w in self.random]
        if self.decoder is not None:
            inputs = [w for w in self.base.wires if w.layer == id(self.decoder) and w.side == "in"]
            wires = inputs or wires
        if self.x_decoded.wire not in self.random:
            wires = sorted((w for w in self._small()), key=lambda w: _width(self.base.wires[w]))
            blocking = [w for w in wires[:40] if self._blocks(w)]
            narrow = [w for w in blocking if _width(self.base.wires[w]) == _width(self.base.wires[blocking[0]])]
            return Slot(narrow[-1]) if narrow and _width(self.base.wires[narrow[-1]]) < self.feed.pixels else None
        wire = next((w for w in wires if self._blocks(w)), None)
        return None if wire is None else self._noisy_part(wire)

    def _noisy_part(self, wire):
        """All of the wire, or the columns with noise where others have none: labels may stand beside z, no images."""
        here, there = (_rows(seen.wires[wire]) for seen in (self.base, self.other))
        noisy = np.flatnonzero((here != there).any(axis=0))
        start, stop = int(noisy[0]), int(noisy[-1]) + 1
        if self.base.wires[wire].shape.rank > 2 or stop - start == here.shape[1]:
            return Slot(wire)
        turned = _rows(self.run(images=self.images[::-1].copy()).wires[wire])
        if np.delete(turned != here, np.arange(start, stop), axis=1).any():
            return None  # the image goes past z as well
        return Slot(wire, start, stop) if stop - start == len(noisy) else Slot(wire)

    def _blocks(self, wire):
        """Is the reconstruction the same for other images and other noise, as long as this tensor is?"""
        try:
            seen = self.run(seed=2, replace={Slot(wire): self.base.wires[wire]}, images=self.images[::-1].copy())
        except StepError:
            return False
        before, after = self.values(self.base, self.x_decoded), self.values(seen, self.x_decoded)
        return bool(np.abs(after - before).max() <= 1e-3 * max(1e-6, np.abs(before - before.mean()).max()))

    def _candidates(self, random: bool = False) -> Iterator[Slot]:
        """Slots that may hold z_mean or z_log_var: as wide as z, or one of two halves."""
        for wire in self._small():
            if (wire in self.random) != random or (self.encoder is not None and not self._belongs(wire, self.encoder)):
                continue
            width = _width(self.base.wires[wire])
            if width == self.size:
                yield Slot(wire)
            elif width == 2 * self.size and self.base.wires[wire].shape[-1] % 2 == 0:
                half = self.base.wires[wire].shape[-1] // 2
                yield from (Slot(wire, 0, half), Slot(wire, half, 2 * half))

    def _find_posterior(self):
        """The first slots that move z as a mean does, and as the scale of its noise does.

        They are random themselves where noise is added to the images.
        """
        found = self._posterior_among([*self._candidates()])
        if found[0] is not None:
            return found
        z = self.values(self.base, self.z)
        random = [s for s in self._candidates(random=True) if not np.array_equal(self.values(self.base, s), z)]
        return self._posterior_among(random)

    def _posterior_among(self, candidates):
        z = self.values(self.base, self.z)
        shift = np.zeros((self.count, self.size))
        shift[:, 0] = SHIFT  # one dimension only: a hidden layer moves them all
        near = _tolerance(self.base, self.z)
        found = [(slot, seen) for slot in candidates if slot != self.z and (seen := self._shifted(slot, shift))]
        moves = [(slot, seen, self.values(seen, self.z) - z) for slot, seen in found]
        mean = next((slot for slot, _, move in moves if np.allclose(move, shift, atol=near)), None)
        if mean is None:
            return None, None
        m, likely = self.values(self.base, mean), None
        for slot, seen, move in moves:
            if not self._only_first(move) or np.allclose(move, shift, atol=near):
                continue
            if not np.allclose(self.values(seen, mean), m, atol=1e-6):
                continue  # z_mean is computed from it
            if np.allclose(move[:, 0], (z - m)[:, 0] * np.expm1(SHIFT / 2), rtol=0.02, atol=near):
                return mean, slot
            likely = likely or slot
        return mean, likely or self._scale_of_the_loss(mean)

    def has_term_on_the_code(self) -> bool | None:
        """Whether the loss depends on what the code is computed from, whatever the reconstruction is.

        None where no tensor is seen that the code is computed from.
        """
        if self.z is None or self.x_decoded is None:
            return None
        fixed = {self.x_decoded: self.values(self.base, self.x_decoded)}
        before, z, moves = self._try(fixed), self.values(self.base, self.z), False
        for wire in [w for w in self._small() if w.side == "out" and _width(self.base.wires[w]) < self.feed.pixels][
            :40
        ]:
            try:
                seen = self.run(replace={**fixed, Slot(wire): _rows(self.base.wires[wire]) + SHIFT})
            except StepError:
                continue
            if not _same(seen.loss, before):
                return True
            moves = moves or wire != self.z.wire and not np.array_equal(self.values(seen, self.z), z)
        return False if moves else None

    def _shifted(self, slot, shift):
        try:
            return self.run(replace={slot: self.values(self.base, slot) + shift})
        except StepError:
            return None

    def _only_first(self, moved):
        rest = np.abs(moved[:, 1:]).max() if moved.shape[1] > 1 else 0
        return np.abs(moved[:, 0]).max() > 1e-5 and rest < 1e-4 * np.abs(moved[:, 0]).max()

    def _scale_of_the_loss(self, mean):
        """Where the noise has no scale that can be moved: another output beside z_mean that the loss depends on."""
        fixed = {self.x_decoded: self.values(self.base, self.x_decoded)}
        before = self._try(fixed)
        for slot in self._candidates():
            if slot in (mean, self.z):
                continue
            seen = self.run(replace={**fixed, slot: self.values(self.base, slot) + SHIFT})
            if not _same(seen.loss, before) and np.allclose(self.values(seen, mean), self.values(self.base, mean)):
                return slot
        return None


def _rows(tensor) -> np.ndarray:
    array = np.asarray(tensor).astype("float64")
    return array.reshape(len(array), -1)


def _width(tensor) -> int:
    return int(np.prod(tensor.shape[1:]))


def _equal(a, b) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    return a.size == b.size and bool(np.array_equal(a.ravel(), b.ravel()))


def _repeated(a: Seen, b: Seen) -> bool:
    """Whether two steps are one: the loss alone does not tell, where noise is small."""
    return _same(a.loss, b.loss) and all(_close(t, b.wires[w]) for w, t in a.wires.items() if w in b.wires)


def _close(a, b) -> bool:
    return a.shape == b.shape and bool(np.allclose(np.asarray(a), np.asarray(b), rtol=1e-5, atol=1e-6, equal_nan=True))


def _same(a: float, b: float) -> bool:
    return bool(abs(a - b) <= 1e-6 * max(abs(a), abs(b), 1e-6))


def _tolerance(seen, slot) -> float:
    return 2e-2 if seen.wires[slot.wire].dtype.size < 4 else 1e-3
