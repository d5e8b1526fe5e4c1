"""Recurrent layers: lengths, padding, ragged batches, states, files; values are in layer_table.py
and in oracle/test_recurrent.py."""

import numpy as np
import pytest

import lamina
from lamina import layers, ops

RNG = np.random.default_rng(0)
LENGTHS = [4, 0, 7, 1, 3, 7, 2, 5, 6, 1]
ROWS = [RNG.normal(size=(n, 5)) for n in LENGTHS]


class Leaky(lamina.Layer):
    """A cell of one's own. Its output is not its first state."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units))

    def call(self, inputs, states):
        h = 0.9 * states[0] + 0.1 * ops.tanh(ops.matmul(inputs, self.kernel))
        return 2 * h + 1, [h]


KINDS = {
    "lstm": lambda **o: layers.LSTM(6, **o),
    "gru": lambda **o: layers.GRU(6, **o),
    "gru before": lambda **o: layers.GRU(6, reset_after=False, **o),
    "simple": lambda **o: layers.SimpleRNN(6, activation="relu", **o),
    "stack": lambda dtype=None, **o: layers.RNN(
        [layers.GRUCell(4, dtype=dtype), layers.LSTMCell(6, dtype=dtype)], dtype=dtype, **o
    ),
    "relu": lambda **o: layers.LSTM(6, activation="relu", **o),
    "own cell": lambda dtype=None, **o: layers.RNN(Leaky(6, dtype=dtype), dtype=dtype, **o),
    "mixed stack": lambda dtype=None, **o: layers.RNN(
        [Leaky(4, dtype=dtype), layers.GRUCell(6, dtype=dtype)], dtype=dtype, **o
    ),
    "both ways": lambda dtype=None, **o: layers.Bidirectional(
        layers.GRU(6, dtype=dtype, **o), dtype=dtype
    ),
    "own cell both ways": lambda dtype=None, **o: layers.Bidirectional(
        layers.RNN(Leaky(6, dtype=dtype), dtype=dtype, **o), dtype=dtype
    ),
    "penalties both ways": lambda dtype=None, **o: layers.Bidirectional(
        layers.GRU(6, activity_regularizer="l2", dtype=dtype, **o), dtype=dtype
    ),
    "two kinds": lambda dtype=None, **o: layers.Bidirectional(
        layers.LSTM(6, dtype=dtype, **o),
        backward_layer=layers.GRU(6, go_backwards=True, dtype=dtype, **o),
        dtype=dtype,
    ),
}


def padded(steps, side):
    """All rows as one array, and its mask."""
    x, mask = RNG.normal(size=(len(ROWS), steps, 5)), np.zeros((len(ROWS), steps), bool)
    for i, row in enumerate(ROWS):
        places = slice(0, len(row)) if side == "right" else slice(steps - len(row), steps)
        if side == "gaps":
            places = np.sort(np.random.default_rng(i).permutation(steps)[: len(row)])
        x[i, places], mask[i, places] = row, True
    return x, mask


def started(kind, **options):
    layer = KINDS[kind](dtype="float64", **options)
    layer(np.zeros((1, 1, 5)))
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=w.shape) * 0.5 for w in layer.weights])
    return layer


def gradients(layer, x, pick, **call):
    """The real outputs, and the gradients of the real steps and of the weights."""
    t = lamina.tensor(x, requires_grad=True)
    y = layer(t, **call)
    out = pick(y)
    weights = np.cos(np.arange(np.prod(out.shape))).reshape(out.shape)
    grads = lamina._core.gradients(
        [ops.sum(out * weights)], [t, *(v.value for v in layer.trainable_weights)], [], False
    )
    return out.numpy(), pick(grads[0], True).numpy(), [g.numpy() for g in grads[1:]]


@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_nothing(kind, sequences):
    layer = started(kind, return_sequences=sequences)
    results = []
    for steps, side in ((7, "right"), (7, "left"), (15, "right"), (31, "left"), (12, "gaps")):
        x, mask = padded(steps, side)

        def pick(t, always=False, mask=mask):
            return t[mask] if sequences or always else t

        results.append(gradients(layer, x, pick, mask=mask))
    for y, gx, weights in results[1:]:
        np.testing.assert_allclose(y, results[0][0], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(gx, results[0][1], rtol=1e-10, atol=1e-12)
        for a, b in zip(weights, results[0][2]):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_each_row_is_as_if_it_were_alone(kind):
    layer = started(kind, return_sequences=True)
    x, mask = padded(9, "right")
    y = layer(x, mask=mask).numpy()
    for i, row in enumerate(ROWS):
        if len(row):
            np.testing.assert_allclose(y[i, : len(row)], layer(row[None]).numpy()[0], rtol=1e-12)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_ragged_batch_gives_what_a_padded_one_gives(kind, sequences, backwards):
    if backwards and ("both ways" in kind or kind == "two kinds"):
        return
    options = {"go_backwards": True} if backwards else {}
    layer = started(kind, return_sequences=sequences, **options)
    x, mask = padded(9, "left" if backwards else "right")
    expected = layer(x, mask=mask).numpy()
    ragged = lamina.Ragged([r.astype("float64") for r in ROWS])
    got = layer(ragged)
    if not sequences:
        np.testing.assert_allclose(got.numpy(), expected, rtol=1e-12, atol=1e-12)
        return
    rows = lamina.Ragged(got).to_list()
    for i, row in enumerate(rows):
        np.testing.assert_allclose(row, expected[i, : LENGTHS[i]], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_with_lengths(kind):
    layer = started(kind, return_sequences=True)
    x, mask = padded(8, "gaps")
    weights = RNG.normal(size=layer(x).shape)

    def value(x):
        return float((layer(x, mask=mask).numpy() * weights).sum())

    t = lamina.tensor(x, requires_grad=True)
    ops.sum(layer(t, mask=mask) * weights).backward()
    direction, h = RNG.normal(size=x.shape), 1e-6
    slope = (value(x + h * direction) - value(x - h * direction)) / (2 * h)
    assert float((t.grad.numpy() * direction).sum()) == pytest.approx(slope, rel=1e-6)
    assert not t.grad.numpy()[~mask].any()


@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_masked_steps_of_a_ragged_batch(kind, sequences):
    layer = started(kind, return_sequences=sequences)
    before = layers.Dense(5, dtype="float64")  # whose gradient tells of that of the inputs
    keep = np.arange(sum(LENGTHS)) % 3 != 0
    ends = np.cumsum(LENGTHS)
    results = []
    for single in (False, True):
        if single:
            parts = [(row, keep[end - len(row) : end]) for row, end in zip(ROWS, ends)]
            outs = [layer(before(row[real][None]))[0] for row, real in parts if real.any()]
        else:
            y = layer(before(lamina.Ragged(ROWS)), mask=keep[None])
            outs = [y[0, np.flatnonzero(keep)] if sequences else y[np.array(LENGTHS) > 0]]
        out = outs[0] if len(outs) == 1 else (ops.concatenate if sequences else ops.stack)(outs)
        if not sequences and not single:
            some = [keep[end - n : end].any() for n, end in zip(LENGTHS, ends) if n]
            out = out[np.array(some)]
        weights = np.cos(np.arange(np.prod(out.shape))).reshape(out.shape)
        variables = [*before.trainable_weights, *layer.trainable_weights]
        grads = lamina._core.gradients(
            [ops.sum(out * weights)], [v.value for v in variables], [], False
        )
        results.append([out.numpy(), *(g.numpy() for g in grads)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("sequences", [False, True])
def test_films_of_different_lengths(sequences):
    films = [RNG.normal(size=(n, 5, 4, 2)) for n in (3, 0, 5, 1)]
    layer = layers.ConvLSTM2D(3, 2, return_sequences=sequences, dtype="float64")
    got = layer(lamina.Ragged(films))
    got = lamina.Ragged(got).to_list() if sequences else got.numpy()
    for film, y in zip(films, got, strict=True):
        if len(film):
            np.testing.assert_allclose(y, layer(film[None]).numpy()[0], rtol=1e-12, atol=1e-14)
        else:
            assert not np.asarray(y).any()


def test_masked_images():
    """Keras on JAX mixes up the axes here."""
    x, mask = RNG.normal(size=(4, 5, 6, 2)), RNG.integers(0, 2, (4, 5)).astype(bool)
    layer = layers.ConvLSTM1D(3, 2, return_sequences=True, dtype="float64")
    y = layer(x, mask=mask).numpy()
    for i in range(4):
        if mask[i].any():
            np.testing.assert_allclose(y[i, mask[i]], layer(x[i : i + 1, mask[i]]).numpy()[0])
        before = np.concatenate([np.zeros((1, 5, 3)), y[i, :-1]])
        np.testing.assert_array_equal(y[i, ~mask[i]], before[~mask[i]])


def test_a_row_without_steps_keeps_its_state():
    x, mask = RNG.normal(size=(3, 4, 5)).astype("float32"), np.zeros((3, 4), bool)
    state = RNG.normal(size=(3, 6)).astype("float32")
    layer = layers.GRU(6, return_sequences=True, return_state=True)
    y, h = layer(x, mask=mask, initial_state=[state])
    np.testing.assert_array_equal(h.numpy(), state)
    np.testing.assert_array_equal(y.numpy(), np.repeat(state[:, None], 4, 1))
    layer = layers.GRU(6, return_sequences=True, zero_output_for_mask=True)
    assert not layer(x, mask=mask, initial_state=[state]).numpy().any()


def test_the_mask_of_outputs():
    x, mask = padded(6 + 1, "right")
    for backwards in (False, True):
        y = layers.LSTM(3, return_sequences=True, go_backwards=backwards)(x, mask=mask)
        expected = mask[:, ::-1] if backwards else mask
        np.testing.assert_array_equal(y._keras_mask.numpy(), expected)
    assert layers.LSTM(3)(x, mask=mask)._keras_mask is None
    # A stack of layers that go back does not depend on padding.
    stack = lamina.Sequential(
        [
            lamina.Input((None, 5)),
            layers.Masking(mask_value=9.0),
            layers.LSTM(4, return_sequences=True, go_backwards=True),
            layers.GRU(3),
        ]
    )
    results = []
    for steps in (7, 20):
        x, mask = padded(steps, "right")
        x[~mask] = 9.0
        results.append(stack(x.astype("float32")).numpy())
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5, atol=1e-6)


def test_same_bits_with_lengths_for_any_number_of_threads():
    before = lamina.config.num_threads()
    lengths = np.random.default_rng(3).integers(0, 40, 70)
    x = np.random.default_rng(4).normal(size=(70, 40, 24)).astype("float32")
    mask = np.arange(40) < lengths[:, None]
    y = np.random.default_rng(5).normal(size=(70, 64)).astype("float32")
    for make in (
        lambda: layers.Bidirectional(layers.LSTM(32, dropout=0.2)),
        lambda: layers.Bidirectional(layers.GRU(32)),
        lambda: layers.GRU(64, recurrent_dropout=0.3, dropout=0.1),
        lambda: layers.RNN([layers.SimpleRNNCell(30), layers.LSTMCell(64)]),
    ):
        seen = set()
        try:
            for threads in (1, 2, 4):
                lamina.config.set_num_threads(threads)
                lamina.utils.set_random_seed(0)
                inputs = lamina.Input((None, 24))
                model = lamina.Model(inputs, make()(layers.Masking()(inputs)))
                model.compile(lamina.optimizers.SGD(0.1), "mse")
                model.fit(x * mask[..., None], y, batch_size=35, epochs=2, verbose=0)
                seen.add(b"".join(w.tobytes() for w in model.get_weights()))
        finally:
            lamina.config.set_num_threads(before)
        assert len(seen) == 1


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("kind", ["lstm", "gru", "gru before"])
def test_dropout_is_the_same_for_all_steps(kind, eager):
    x = np.ones((64, 30, 5), "float32")
    layer = KINDS[kind](dropout=0.5, recurrent_dropout=0.4, seed=3)
    model = lamina.Sequential([lamina.Input((30, 5)), layer])
    model.compile("sgd", "mse", run_eagerly=eager)
    before = model.get_weights()
    model.fit(x, np.ones((64, 6), "float32"), verbose=0)
    assert any((a != b).any() for a, b in zip(before, model.get_weights()))
    once, again = (layer(x, training=True).numpy() for _ in range(2))
    assert np.isfinite(once).all() and (once != again).any()
    np.testing.assert_array_equal(layer(x).numpy()[0], layer(x).numpy()[1])


def test_recurrent_dropout_drops_a_share():
    """With weights that copy the state, what is dropped is dropped from the first step on."""
    layer = layers.SimpleRNN(400, activation="relu", recurrent_dropout=0.4, use_bias=False, seed=1)
    layer.build((None, 3, 1))
    layer.set_weights([np.zeros((1, 400), "float32"), np.eye(400, dtype="float32")])
    state = np.ones((50, 400), "float32")
    y = layer(np.zeros((50, 3, 1), "float32"), initial_state=[state], training=True).numpy()
    assert (y == 0).mean() == pytest.approx(0.4, abs=0.02)
    np.testing.assert_allclose(y[y > 0], (1 / 0.6) ** 3, rtol=1e-5)


@pytest.mark.parametrize("both", [False, True])
def test_states_go_from_step_to_step_of_fit_and_predict(both):
    """Captured as eagerly; in Keras on JAX they do not outlast a step of fit()."""
    x, y = RNG.normal(size=(6, 5, 4)).astype("float32"), np.ones((6, 12), "float32")
    results = []
    for eager in (False, True):
        lamina.utils.set_random_seed(0)
        inputs = lamina.Input(batch_shape=(3, 5, 4))
        layer = layers.GRU(6 if both else 12, stateful=True)
        model = lamina.Model(inputs, (layers.Bidirectional(layer) if both else layer)(inputs))
        model.compile(lamina.optimizers.SGD(0.1), "mse", run_eagerly=eager)
        history = model.fit(x, y, 3, epochs=2, shuffle=False, verbose=0).history["loss"]
        model.reset_state()
        results.append([model.predict(x, 3, verbose=0) for _ in range(2)])
        results[-1].append(np.array(history))
        model.reset_state()
        results[-1].append(model.predict(x, 3, verbose=0))
    for a, b in zip(*results):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    first, second, _, again = results[0]
    np.testing.assert_array_equal(first, again)
    assert (first[:3] != second[:3]).any()


def test_errors_name_the_layer():
    layer = layers.LSTM(3, name="memory")
    layer(np.zeros((2, 4, 5), "float32"))
    with pytest.raises(ValueError, match=r"LSTM 'memory'.*mask of shape \(2, 4\)"):
        layer(np.zeros((2, 4, 5), "float32"), mask=np.ones((2, 3), bool))
    with pytest.raises(ValueError, match=r"LSTM 'memory'.*2 initial states, received 1"):
        layer(np.zeros((2, 4, 5), "float32"), initial_state=[np.zeros((2, 3), "float32")])
    with pytest.raises(ValueError, match=r"LSTM 'memory'.*shape \(2, 3\), received \(2, 4\)"):
        layer(np.zeros((2, 4, 5), "float32"), initial_state=[np.zeros((2, 4), "float32")] * 2)
    kept = layers.GRU(3, stateful=True, name="kept")
    kept(np.zeros((2, 4, 5), "float32"))
    with pytest.raises(ValueError, match=r"GRU 'kept'.*Expected 2 sequences, received 3"):
        kept(np.zeros((3, 4, 5), "float32"))
    with pytest.raises(ValueError, match=r"stateful.*batch_size"):
        layers.GRU(3, stateful=True)(lamina.Input((4, 5)))
    with pytest.raises(ValueError, match=r"RNN: argument 'cell' must have a state_size"):
        layers.RNN(layers.Dense(3))
    with pytest.raises(ValueError, match="different go_backwards"):
        layers.Bidirectional(layers.GRU(3), backward_layer=layers.GRU(3))
    with pytest.raises(ValueError, match=r"LSTMCell 'one'.*2 states"):
        layers.LSTMCell(3, name="one")(np.zeros((2, 5), "float32"), np.zeros((2, 3), "float32"))


class Kept(layers.LSTM):
    """A class derived from a layer of the library."""

    def call(self, sequences, initial_state=None, mask=None, training=None):
        return 2 * super().call(sequences, initial_state=initial_state, mask=mask)


def test_a_class_derived_from_a_layer(tmp_path):
    x = RNG.normal(size=(3, 4, 5)).astype("float32")
    layer = Kept(3, stateful=True)
    assert [w.path.split("/")[-1] for w in layer.weights] == []
    first, second = layer(x).numpy(), layer(x).numpy()
    assert (first != second).any()
    layer.reset_state()
    np.testing.assert_array_equal(layer(x).numpy(), first)
    assert layer.weights[0].path.split("/")[-2:] == ["lstm_cell", "kernel"]


def test_changed_options_count():
    x = RNG.normal(size=(3, 4, 5)).astype("float32")
    layer = layers.GRU(3)
    assert layer(x).shape == (3, 3)
    layer.return_sequences = True
    assert layer(x).shape == (3, 4, 3)


def test_a_gradient_that_vanishes_ends_in_zero():
    """tanh'(0) = 1, so each step back takes a tenth of the gradient, down to the least number that
    is normal. Smaller ones would cost x86 a hundred times the time of others."""
    identity = lamina.initializers.Identity
    layer = layers.SimpleRNN(32, kernel_initializer=identity(), recurrent_initializer=identity(0.1))
    x = lamina.tensor(np.zeros((4, 45, 32), "float32"), requires_grad=True)
    (gradient,) = lamina._core.gradients([ops.sum(layer(x))], [x])
    want = 0.1 ** np.arange(44.0, -1, -1)
    want[want < np.finfo("float32").tiny] = 0
    np.testing.assert_allclose(gradient.numpy()[1, :, 3], want, rtol=1e-5, atol=0)
