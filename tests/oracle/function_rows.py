"""Functions and small callables of both packages: ops, activations, regularizers, constraints and
initializers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from oracle.base import Row, as_numpy, close, is_float, leaves, resolve
from oracle.layer_rows import _inexact, projection


def op_row(
    name: str,
    *args: Any,
    grad: bool = True,
    tol: float = 1e-5,
    id: str = "",
    namespace: str = "ops",
    **kwargs: Any,
) -> FunctionRow:
    """A row for `ops.name(*args, **kwargs)`: values, kind of dtype, and gradients.

    Args:
        name: Its name, dotted where it is in a part of the namespace: "image.resize".
        args: Arguments: arrays, lists of them, or anything else.
        grad: Whether to compare gradients with respect to the float arrays among args.
        tol: Tolerance, relative and absolute in units of the largest value.
        id: Label of the row; the arguments by default.
        namespace: Where the function is.
        kwargs: Keyword arguments; functions of the package are called.
    """
    return FunctionRow(namespace, name, kwargs, id, tol, list(args), grad)


def activation_row(
    name: str, *args: Any, tol: float = 1e-5, id: str = "", **kwargs: Any
) -> FunctionRow:
    """A row for an activation, at args or at a range around zero."""
    x = np.linspace(-7, 7, 60, dtype="float32").reshape(3, 20)
    return op_row(name, *(args or (x,)), tol=tol, id=id, namespace="activations", **kwargs)


def regularizer_row(name: str, *args: Any, **kwargs: Any) -> CallableRow:
    """A row for a regularizer applied to args."""
    return CallableRow("regularizers", name, kwargs, args=list(args))


def constraint_row(name: str, *args: Any, **kwargs: Any) -> CallableRow:
    """A row for a constraint applied to args."""
    return CallableRow("constraints", name, kwargs, args=list(args), grad=False)


def initializer_row(
    name: str,
    *shape: int,
    exact: bool = False,
    id: str = "",
    config_ignore: Sequence[str] = (),
    **kwargs: Any,
) -> InitializerRow:
    """A row for an initializer.

    Args:
        name: Its name in `keras.initializers`.
        shape: Shape of the draws: some 10,000 values or more, unless exact.
        exact: Whether it uses no random numbers.
        id: Label of the row.
        config_ignore: Keys of the config to leave out.
        kwargs: Constructor arguments.
    """
    return InitializerRow(
        "initializers", name, kwargs, id, shape=shape, exact=exact, config_ignore=config_ignore
    )


@dataclass
class FunctionRow(Row):
    args: list[Any] = field(default_factory=list)
    grad: bool = True

    def checks(self) -> list[Callable]:
        differentiable = self.grad and any(is_float(x) for x in leaves_of(self.args))
        return [self.values_and_gradients] if differentiable else [self.values]

    def function(self, package: Any) -> Callable:
        f, kwargs = self.of(package), resolve(self.kwargs, package)
        return lambda *args: f(*args, **kwargs)

    def values(self) -> None:
        import keras

        import lamina

        ours = self.function(lamina)(*resolve(self.args, lamina))
        close(ours, self.function(keras)(*resolve(self.args, keras)), self.tol)

    def values_and_gradients(self) -> None:
        import keras

        import lamina

        compare_with_gradients(
            self.function(keras),
            self.function(lamina),
            resolve(self.args, keras),
            resolve(self.args, lamina),
            self.tol,
        )


@dataclass
class CallableRow(Row):
    args: list[Any] = field(default_factory=list)
    grad: bool = True

    def checks(self) -> list[Callable]:
        return [self.config, self.values]

    def config(self) -> None:
        import keras

        import lamina

        self.compare_configs(self.make(keras), self.make(lamina))

    def values(self) -> None:
        import keras

        import lamina

        theirs, ours = self.make(keras), self.make(lamina)
        if self.grad:
            compare_with_gradients(theirs, ours, self.args, self.args, self.tol)
        else:
            close(ours(*self.args), theirs(*self.args), self.tol)


@dataclass
class InitializerRow(Row):
    shape: tuple[int, ...] = ()
    exact: bool = False
    config_ignore: Sequence[str] = ()

    def checks(self) -> list[Callable]:
        return [self.config, self.draws]

    def config(self) -> None:
        import keras

        import lamina

        self.compare_configs(self.make(keras), self.make(lamina), self.config_ignore)

    def draws(self) -> None:
        """The same values; of random ones the same mean, deviation, bounds and fourth moment."""
        import keras

        import lamina

        theirs, ours = (as_numpy(self.make(k)(self.shape)) for k in (keras, lamina))
        if self.exact:
            close(ours, theirs, self.tol)
            return
        assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
        spread, n = float(theirs.std()), theirs.size
        # Two draws of n values: their means differ by a deviation of spread * sqrt(2 / n).
        error = 6 * np.sqrt(2 / n)
        assert abs(float(ours.mean()) - float(theirs.mean())) < error * spread
        assert abs(float(ours.std()) / spread - 1) < error
        tails = [float(((x - x.mean()) ** 4).mean()) / spread**4 for x in (ours, theirs)]
        assert abs(tails[0] - tails[1]) < 10 * error, "fourth moment"
        bounds = [float(np.abs(x - x.mean()).max()) / spread for x in (ours, theirs)]
        assert abs(bounds[0] - bounds[1]) < (0.05 if bounds[1] < 2.5 else 1.5), "largest value"


def leaves_of(args: Any) -> list[Any]:
    """The arguments that are not containers."""
    if isinstance(args, (list, tuple)):
        return [leaf for a in args for leaf in leaves_of(a)]
    return [args]


def compare_with_gradients(
    theirs: Callable, ours: Callable, args: list, our_args: list, tol: float
) -> None:
    """Values, and the gradients of a weighted sum of them with respect to the float arrays."""
    import jax

    import lamina

    def rebuilt(args: Any, values: Any) -> Any:
        if isinstance(args, (list, tuple)):
            return type(args)(rebuilt(a, values) for a in args)
        return next(values) if is_float(args) else args

    arrays = [x for x in leaves_of(args) if is_float(x)]

    @jax.jit
    def run(arrays: Any) -> Any:
        def outputs(arrays: Any) -> Any:
            out = theirs(*rebuilt(list(args), iter(arrays)))
            return [t for t in leaves(out) if _inexact(t)], out

        flat, back, out = jax.vjp(outputs, arrays, has_aux=True)
        return out, back([jax.numpy.asarray(projection(t)) for t in flat])[0]

    expected, expected_grads = run([jax.numpy.asarray(x) for x in arrays])
    inputs = [lamina.tensor(x, requires_grad=True) for x in arrays]
    out = ours(*rebuilt(list(our_args), iter(inputs)))
    close(out, expected, tol, "values")
    total = lamina.tensor(0.0)
    for t in leaves(out):
        if _inexact(t):
            total = total + lamina.ops.sum(t * projection(t))
    grads: list[Any] = [None] * len(inputs)
    if total.requires_grad:
        grads = lamina._core.gradients([total], inputs, [], False)
    grads = [np.zeros(x.shape, "float32") if g is None else g for x, g in zip(inputs, grads)]
    close(grads, expected_grads, tol, "gradients")
