"""A layer of Keras and the same of lamina: config, weights, values, gradients, training, files."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from oracle.base import Row, as_numpy, close, is_float, leaves, resolve, seeded


def layer_row(
    name: str,
    *inputs: Any,
    id: str = "",
    call: dict[str, Any] | None = None,
    training: bool | None = None,
    seed_free: bool = True,
    tol: float = 1e-5,
    train: bool = True,
    config_ignore: Sequence[str] = (),
    build_with: Callable[[Any], Any] | None = None,
    **kwargs: Any,
) -> LayerRow:
    """A row for a layer.

    Args:
        name: Its name in `keras.layers`.
        inputs: Positional arguments of the call: arrays, or lists of them where the layer takes a
            list.
        id: Label of the row; the keyword arguments by default.
        call: Keyword arguments of the call.
        training: Value of the argument `training`; both by default, where the layer knows it.
        seed_free: Whether training uses no random numbers, so that its values can be compared.
        tol: Tolerance, relative and absolute in units of the largest value.
        train: Whether to compare three steps of training.
        config_ignore: Keys of the config to leave out.
        build_with: Function of the layer to call first, such as one that adapts it.
        kwargs: Constructor arguments, for both; functions of the package are called.
    """
    return LayerRow(
        "layers", name, kwargs, id, tol, list(inputs), call or {}, training, seed_free, train,
        config_ignore, build_with,
    )  # fmt: skip


@dataclass
class LayerRow(Row):
    inputs: list[Any] = field(default_factory=list)
    call: dict[str, Any] = field(default_factory=dict)
    training: bool | None = None
    seed_free: bool = True
    train: bool = True
    config_ignore: Sequence[str] = ()
    build_with: Callable[[Any], Any] | None = None

    def checks(self) -> list[Callable]:
        checks: list[Callable] = [self.config, self.weights, self.values_and_gradients]
        arrays = all(isinstance(x, np.ndarray) for x in leaves(self.inputs))
        if arrays and not self.call:
            checks += [self.file, self.keras_files]
            if self.train and (self.seed_free or self.training is False):
                checks.append(self.three_steps)
        return checks

    @functools.cached_property
    def pair(self) -> tuple[Any, Any]:
        """Keras's layer and lamina's, built and with the same weights."""
        import keras

        import lamina

        theirs, ours = self.make(keras), self.make(lamina)
        for layer, package in ((theirs, keras), (ours, lamina)):
            if self.build_with is not None:
                self.build_with(layer)
            layer(*self.inputs, **resolve(self.call, package))
        share_weights(theirs, ours, self.id)
        return theirs, ours

    def config(self) -> None:
        """Of fresh layers, and from Keras's config."""
        import keras

        import lamina

        self.compare_configs(self.make(keras), self.make(lamina), self.config_ignore)

    def weights(self) -> None:
        """Number, order, names, shapes and which ones are trained."""
        theirs, ours = self.pair
        described = [
            [(w.path.split("/")[-1], tuple(w.shape), w.trainable) for w in layer.weights]
            for layer in (theirs, ours)
        ]
        assert described[1] == described[0]
        assert ours.count_params() == theirs.count_params()

    def modes(self) -> list[dict[str, bool]]:
        if self.training is not None:
            return [{"training": self.training}]
        theirs, _ = self.pair
        if "training" not in inspect.signature(theirs.call).parameters:
            return [{}]
        return [{"training": t} for t in ((False, True) if self.seed_free else (False,))]

    def values_and_gradients(self) -> None:
        """Outputs, and the gradients of a weighted sum of them, outside training and in it."""
        for mode in self.modes():
            before = [as_numpy(w).copy() for w in self.pair[0].weights]
            theirs, ours = self.theirs(mode), self.ours(mode)
            for what, ours_, theirs_ in zip(
                ("outputs", "gradients of inputs", "gradients of weights", "states"), ours, theirs
            ):
                close(ours_, theirs_, self.tol, f"{what} {mode or ''}")
            for layer in self.pair:
                layer.set_weights(before)

    def floats(self) -> tuple[list[np.ndarray], Callable[[Sequence[Any]], list[Any]]]:
        """The float inputs, and how to put others in their places."""
        import keras

        flat = leaves(self.inputs)
        places = [i for i, x in enumerate(flat) if is_float(x)]

        def rebuilt(values: Sequence[Any]) -> list[Any]:
            new = list(flat)
            for i, v in zip(places, values):
                new[i] = v
            return keras.tree.pack_sequence_as(self.inputs, new)

        return [flat[i] for i in places], rebuilt

    def theirs(self, mode: dict[str, bool]) -> tuple[Any, ...]:
        import jax
        import keras

        layer, _ = self.pair
        values, rebuilt = self.floats()
        call = resolve(self.call, keras)

        @jax.jit
        def run(trained: Any, others: Any, floats: Any) -> Any:
            def outputs(trained: Any, floats: Any) -> Any:
                out, states = layer.stateless_call(
                    trained, others, *rebuilt(floats), **call, **mode
                )
                return [t for t in leaves(out) if _inexact(t)], (out, states)

            flat, back, (out, states) = jax.vjp(outputs, trained, floats, has_aux=True)
            weights, inputs = back([as_jax(projection(t)) for t in flat])
            return out, inputs, weights, states

        as_jax = jax.numpy.asarray
        out, inputs, weights, states = run(
            [v.value for v in layer.trainable_variables],
            [v.value for v in layer.non_trainable_variables],
            [as_jax(x) for x in values],
        )
        kept = {id(w) for w in layer.non_trainable_weights}
        states = [s for s, v in zip(states, layer.non_trainable_variables) if id(v) in kept]
        return out, inputs, weights, states

    def ours(self, mode: dict[str, bool]) -> tuple[Any, ...]:
        import lamina

        _, layer = self.pair
        values, rebuilt = self.floats()
        inputs = [lamina.tensor(x, requires_grad=True) for x in values]
        out = layer(*rebuilt(inputs), **resolve(self.call, lamina), **mode)
        total = lamina.tensor(0.0)
        for t in leaves(out):
            if _inexact(t):
                total = total + lamina.ops.sum(t * projection(t))
        variables = layer.trainable_weights
        wanted = [*inputs, *(v.value for v in variables)]
        grads: list[Any] = [None] * len(wanted)
        if total.requires_grad:
            grads = lamina._core.gradients([total], wanted, [], False)
        grads = [np.zeros(t.shape, "float32") if g is None else g for t, g in zip(wanted, grads)]
        return out, grads[: len(inputs)], grads[len(inputs) :], list(layer.non_trainable_weights)

    def model(self, package: Any) -> Any:
        """A functional model of the layer and one that brings its output to a matrix."""

        def symbol(x: np.ndarray) -> Any:
            return package.Input(x.shape[1:], dtype=str(x.dtype))

        def mapped(x: Any) -> Any:
            return [mapped(v) for v in x] if isinstance(x, (list, tuple)) else symbol(x)

        inputs = [mapped(x) for x in self.inputs]
        layer = self.make(package)
        if self.build_with is not None:
            self.build_with(layer)
        x = leaves(layer(*inputs))[0]
        if len(x.shape) > 2:
            x = package.layers.Flatten()(x)
        return package.Model(leaves(inputs), x)

    def three_steps(self) -> None:
        """Losses and weights of three steps of gradient descent."""
        import keras

        import lamina

        theirs, ours = self.model(keras), self.model(lamina)
        if not theirs.weights:
            return
        share_weights(theirs, ours, self.id)
        x = leaves(self.inputs)
        target = seeded(self.id, 1).normal(size=theirs.predict_on_batch(x).shape).astype("float32")
        losses = []
        for model, package in ((theirs, keras), (ours, lamina)):
            model.compile(package.optimizers.SGD(0.05), "mse")
            history = model.fit(x, target, len(target), epochs=3, shuffle=False, verbose=0)
            losses.append(history.history["loss"])
        close(np.float32(losses[1]), np.float32(losses[0]), self.tol, "losses")
        close(ours.get_weights(), theirs.get_weights(), self.tol, "weights")

    def file(self, folder: Any) -> None:
        """lamina reads what it wrote."""
        import lamina

        model = self.model(lamina)
        share_weights(model, model, self.id)
        x = leaves(self.inputs)
        model.save(folder / "model.safetensors")
        again = lamina.load(folder / "model.safetensors")
        for a, b in zip(leaves(again.predict_on_batch(x)), leaves(model.predict_on_batch(x))):
            np.testing.assert_array_equal(a, b)

    def keras_files(self, folder: Any) -> None:
        """lamina reads what Keras wrote, and Keras what lamina wrote."""
        import keras

        import lamina

        theirs, ours = self.model(keras), self.model(lamina)
        share_weights(theirs, ours, self.id)
        x = leaves(self.inputs)
        given = x[0] if len(x) == 1 else x
        expected = theirs(given, training=False)
        theirs.save(folder / "theirs.keras")
        read = lamina.saving.load_model(folder / "theirs.keras")
        close(read.predict_on_batch(x), expected, self.tol, "Keras's file")
        assert [w.shape for w in read.weights] == [w.shape for w in ours.weights]
        ours.save(folder / "ours.keras")
        read = keras.saving.load_model(folder / "ours.keras")
        close(read(given, training=False), expected, self.tol, "lamina's file")
        theirs.save_weights(folder / "theirs.weights.h5")
        share_weights(ours, ours, "others")
        ours.load_weights(folder / "theirs.weights.h5")
        close(ours.predict_on_batch(x), expected, self.tol, "Keras's weights")
        ours.save_weights(folder / "ours.weights.h5")
        share_weights(theirs, theirs, "others")
        theirs.load_weights(folder / "ours.weights.h5")
        close(theirs(given, training=False), expected, self.tol, "lamina's weights")


def share_weights(theirs: Any, ours: Any, key: str) -> None:
    """The same values, nothing special, for the weights of both; integers as Keras has them."""
    rng = seeded(key)
    values = [
        rng.uniform(0.2, 0.9, w.shape).astype("float32") if _inexact(w) else as_numpy(w)
        for w in theirs.weights
    ]
    theirs.set_weights(values)
    ours.set_weights(values)


def projection(t: Any) -> np.ndarray:
    """Fixed weights for the sum of an output."""
    return seeded(tuple(t.shape)).normal(size=t.shape).astype("float32")


def _inexact(t: Any) -> bool:
    return "float" in str(t.dtype)
