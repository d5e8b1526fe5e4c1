"""Recurrent layers, their cells and wrappers; masks, states, and cells written in Python."""

import numpy as np
import pytest

from oracle.base import as_numpy, close, leaves, normalized
from oracle.layer_rows import share_weights
from oracle.support import COVERED, layer_row, oracle_tests, real

X, STEP, H, C = real(3, 5, 4), real(3, 4), real(3, 6), real(3, 6)[::-1].copy()


def rows_of(name, **more):
    """What every recurrent layer can do."""
    # Keras's SimpleRNN takes a seed and an activity_regularizer, and forgets them.
    forgets = name == "SimpleRNN"
    more["config_ignore"] = ("seed",) if forgets else ()
    return [
        layer_row(name, X, units=6, **more),
        layer_row(name, X, units=6, return_sequences=True, go_backwards=True, **more),
        layer_row(name, X, units=6, return_state=True, use_bias=False, **more),
        layer_row(name, X, units=6, unroll=True, return_sequences=True, return_state=True, **more),
        layer_row(
            name,
            X,
            units=6,
            kernel_regularizer="l2",
            recurrent_regularizer="l1",
            bias_regularizer="l2",
            kernel_constraint="max_norm",
            recurrent_constraint="unit_norm",
            bias_constraint="non_neg",
            **({} if forgets else {"activity_regularizer": "l2"}),
            **more,
        ),
        layer_row(name, X, units=6, dropout=0.3, recurrent_dropout=0.2, seed_free=False, **more),
    ]


def odd(name):
    return [
        layer_row(name, X, units=6, activation="softsign", recurrent_activation="hard_sigmoid"),
        layer_row(name, X, units=6, activation="relu", return_sequences=True, go_backwards=True),
    ]


def cell(name, *states, **kwargs):
    return layer_row(name, STEP, list(states), train=False, id=f"{kwargs}", **kwargs)


def bidirectional(layer, **kwargs):
    return layer_row("Bidirectional", X, layer=layer, **kwargs)


test_rows = oracle_tests(
    [
        *rows_of("LSTM"),
        *rows_of("GRU"),
        *rows_of("GRU", reset_after=False),
        *rows_of("SimpleRNN"),
        *odd("LSTM"),
        *odd("GRU"),
        layer_row("LSTM", X, units=6, unit_forget_bias=False, bias_initializer="ones"),
        layer_row("GRU", X, units=6, reset_after=False, activation="selu"),
        layer_row("SimpleRNN", X, units=6, activation="relu", config_ignore=("seed",)),
        layer_row("SimpleRNN", X, units=6, activation="silu", config_ignore=("seed",)),
        layer_row("RNN", X, cell=lambda K: K.layers.LSTMCell(6), return_state=True),
        layer_row("RNN", X, cell=lambda K: K.layers.GRUCell(6), return_sequences=True),
        layer_row(
            "RNN",
            X,
            cell=lambda K: [K.layers.LSTMCell(6), K.layers.GRUCell(3), K.layers.SimpleRNNCell(5)],
            return_sequences=True,
            return_state=True,
        ),
        layer_row(
            "RNN",
            X,
            cell=lambda K: K.layers.StackedRNNCells(
                [K.layers.GRUCell(6, activation="elu"), K.layers.LSTMCell(3)]
            ),
            go_backwards=True,
            return_sequences=True,
        ),
        cell("LSTMCell", H, C, units=6),
        cell("GRUCell", H, units=6),
        cell("GRUCell", H, units=6, reset_after=False, use_bias=False),
        cell("SimpleRNNCell", H, units=6, activation="gelu"),
        bidirectional(lambda K: K.layers.LSTM(3)),
        bidirectional(lambda K: K.layers.LSTM(3, return_sequences=True), merge_mode="sum"),
        bidirectional(lambda K: K.layers.GRU(3, return_sequences=True), merge_mode="mul"),
        bidirectional(lambda K: K.layers.GRU(3), merge_mode="ave"),
        bidirectional(
            lambda K: K.layers.LSTM(3, return_sequences=True, return_state=True), merge_mode=None
        ),
        bidirectional(
            lambda K: K.layers.SimpleRNN(3, return_state=True), config_ignore=("seed",)
        ),
        bidirectional(
            lambda K: K.layers.LSTM(3, return_sequences=True),
            backward_layer=lambda K: K.layers.GRU(4, return_sequences=True, go_backwards=True),
        ),
        bidirectional(lambda K: K.layers.RNN(K.layers.LSTMCell(3, activation="relu"))),
        layer_row("TimeDistributed", X, layer=lambda K: K.layers.Dense(3)),
        layer_row("TimeDistributed", real(2, 3, 6, 5, 2), layer=lambda K: K.layers.Conv2D(3, 2)),
        layer_row("TimeDistributed", X, layer=lambda K: K.layers.BatchNormalization()),
        layer_row("TimeDistributed", real(2, 3, 4, 5), layer=lambda K: K.layers.GRU(3)),
        layer_row("ConvLSTM1D", real(2, 3, 6, 2), filters=3, kernel_size=3),
        layer_row("ConvLSTM1D", real(2, 3, 6, 2), filters=3, kernel_size=2, padding="same",
                  strides=2, return_sequences=True, return_state=True),
        layer_row("ConvLSTM2D", real(2, 3, 5, 6, 2), filters=3, kernel_size=(3, 2)),
        layer_row("ConvLSTM2D", real(2, 3, 5, 6, 2), filters=3, kernel_size=3, dilation_rate=2,
                  go_backwards=True, return_sequences=True, use_bias=False),
        layer_row("ConvLSTM2D", real(2, 3, 5, 6, 2), filters=3, kernel_size=2, dropout=0.2,
                  recurrent_dropout=0.3, seed_free=False),
        layer_row("ConvLSTM3D", real(2, 3, 3, 4, 3, 2), filters=2, kernel_size=2,
                  activation="relu", recurrent_activation="hard_sigmoid"),
    ]
)  # fmt: skip

COVERED.add(("layers", "StackedRNNCells"))  # as the cell of an RNN


# ---- masks, initial states ----

MASKS = {
    "right": [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]],
    "left": [[0, 0, 1, 1, 1], [0, 0, 0, 0, 1], [1, 1, 1, 1, 1]],
    "gaps": [[0, 1, 0, 1, 1], [1, 0, 0, 0, 1], [0, 1, 1, 0, 0]],
    "nothing": [[0, 0, 0, 0, 0], [1, 1, 0, 1, 0], [0, 0, 0, 0, 0]],
}
LAYERS = {
    "LSTM": (lambda K, **o: K.layers.LSTM(6, **o), [H, C]),
    "GRU": (lambda K, **o: K.layers.GRU(6, **o), [H]),
    "GRU before": (lambda K, **o: K.layers.GRU(6, reset_after=False, **o), [H]),
    "SimpleRNN": (lambda K, **o: K.layers.SimpleRNN(6, **o), [H]),
    "softsign": (lambda K, **o: K.layers.LSTM(6, activation="softsign", **o), [H, C]),
    "stack": (
        lambda K, **o: K.layers.RNN([K.layers.LSTMCell(6), K.layers.GRUCell(6)], **o),
        [[H, C], [H]],
    ),
}
OPTIONS = {
    "last": {"return_state": True},
    "all": {"return_sequences": True, "return_state": True},
    "zeros": {"return_sequences": True, "zero_output_for_mask": True},
    "backwards": {"return_sequences": True, "go_backwards": True, "return_state": True},
}


def packages():
    import keras

    import lamina

    return keras, lamina


def gradients_of(K, layer, x, call):
    """The outputs, and the gradients of x and of the weights."""
    if K.__name__ == "lamina":
        t = K.tensor(x, requires_grad=True)
        out = layer(t, **call)
        total = sum(K.ops.sum(y * weights_of(y)) for y in leaves(out))
        values = [t, *(v.value for v in layer.trainable_weights)]
        return out, K._core.gradients([total], values, [], False)
    import jax

    def loss(trained, x):
        out, _ = layer.stateless_call(trained, [v.value for v in others], x, **call)
        return sum((y * weights_of(y)).sum() for y in leaves(out)), out

    others = layer.non_trainable_variables
    trained = [v.value for v in layer.trainable_variables]
    (weights, inputs), out = jax.grad(loss, (0, 1), has_aux=True)(trained, jax.numpy.asarray(x))
    return out, [inputs, *weights]


def weights_of(y):
    return np.cos(np.arange(np.prod(y.shape))).reshape(y.shape).astype("float32")


CASES = [("right", "all", False), ("left", "all", False), ("left", "backwards", False)]
CASES += [(mask, options, False) for mask in ("gaps", "nothing") for options in OPTIONS]
CASES += [(mask, options, True) for mask in ("gaps", "nothing") for options in ("all", "backwards")]


@pytest.mark.parametrize(("mask", "options", "states"), CASES)
@pytest.mark.parametrize("name", LAYERS)
def test_masked_steps(name, mask, options, states):
    make, initial = LAYERS[name]
    made = [make(K, **OPTIONS[options]) for K in packages()]
    results = []
    for K, layer in zip(packages(), made):
        call = {"mask": K.ops.convert_to_tensor(np.array(MASKS[mask], bool))}
        if states:
            call["initial_state"] = K.tree.map_structure(K.ops.convert_to_tensor, initial)
        layer(X)
        if K.__name__ == "lamina":
            share_weights(*made, name)
    for K, layer in zip(packages(), made):
        call = {"mask": K.ops.convert_to_tensor(np.array(MASKS[mask], bool))}
        if states:
            call["initial_state"] = K.tree.map_structure(K.ops.convert_to_tensor, initial)
        results.append(gradients_of(K, layer, X, call))
    close(results[1][0], results[0][0], what="outputs")
    close(results[1][1], results[0][1], what="gradients")
    if mask == "nothing":
        assert not as_numpy(results[1][1][0])[0].any()


@pytest.mark.parametrize(
    ("mask", "merge"), [*((m, "concat") for m in MASKS), ("gaps", "sum"), ("gaps", None)]
)
@pytest.mark.parametrize("name", ["LSTM", "GRU", "softsign"])
def test_masks_in_both_directions(name, mask, merge):
    make, _ = LAYERS[name]
    made = [K.layers.Bidirectional(make(K, return_sequences=True), merge) for K in packages()]
    results = []
    for layer in made:
        layer(X)
    share_weights(*made, name)
    for K, layer in zip(packages(), made):
        call = {"mask": K.ops.convert_to_tensor(np.array(MASKS[mask], bool))}
        results.append(gradients_of(K, layer, X, call))
    close(results[1][0], results[0][0], what="outputs")
    close(results[1][1], results[0][1], what="gradients")


# ---- states between batches ----


@pytest.mark.parametrize("name", [n for n in LAYERS if n != "stack"])  # Keras cannot reset those
def test_stateful(name):
    make, _ = LAYERS[name]
    made = [make(K, stateful=True, return_sequences=True) for K in packages()]
    for layer in made:
        layer(X)
    share_weights(*made, name)
    outputs = []
    for layer in made:
        layer.reset_state()
        out = [as_numpy(layer(X)), as_numpy(layer(X[:, ::-1].copy()))]
        out += [as_numpy(s) for s in leaves(layer.states)]
        layer.reset_state()
        outputs.append([*out, as_numpy(layer(X))])
    close(outputs[1], outputs[0])
    assert len(made[1].weights) == len(made[0].weights)


# ---- a decoder that goes on from an encoder's states; three steps on masked tokens ----


def encoder_and_decoder(K):
    source, target = K.Input((None,), dtype="int32"), K.Input((None,), dtype="int32")
    embedding = K.layers.Embedding(5, 4, mask_zero=True)
    _, *states = K.layers.LSTM(6, return_state=True)(embedding(source))
    x = K.layers.LSTM(6, return_sequences=True)(embedding(target), initial_state=states)
    x = K.layers.Bidirectional(K.layers.GRU(3, return_sequences=True))(x)
    x = K.layers.TimeDistributed(K.layers.Dense(5, activation="softmax"))(x)
    return K.Model([source, target], x)


@pytest.mark.parametrize("eager", [False, True])
def test_encoder_and_decoder_in_training(eager, tmp_path):
    rng = np.random.default_rng(3)
    x = [rng.integers(1, 5, (4, 6)), rng.integers(1, 5, (4, 7))]
    x = [np.where(np.arange(v.shape[1]) < rng.integers(1, 7, (4, 1)), v, 0) for v in x]
    y = rng.integers(0, 5, (4, 7))
    models, results = [encoder_and_decoder(K) for K in packages()], []
    share_weights(*models, "decoder")
    for K, model in zip(packages(), models):
        model.compile(
            K.optimizers.SGD(0.1),
            "sparse_categorical_crossentropy",
            run_eagerly=eager and K is packages()[1],
        )
        history = model.fit(x, y, 4, epochs=3, shuffle=False, verbose=0).history
        results.append([np.float32(history["loss"]), model.predict_on_batch(x)])
    close(results[1], results[0])
    close(models[1].get_weights(), models[0].get_weights())
    _, lamina = packages()
    models[1].save(tmp_path / "m.safetensors")
    again = lamina.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict_on_batch(x), models[1].predict_on_batch(x))


# ---- cells written in Python ----


def cells_of(K):
    class Plain(K.layers.Layer):
        """A cell with one state."""

        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = self.state_size = units

        def build(self, input_shape):
            self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")
            self.back = self.add_weight((self.units, self.units), name="back")

        def call(self, inputs, states):
            y = K.ops.tanh(K.ops.matmul(inputs, self.kernel) + K.ops.matmul(states[0], self.back))
            return y, [y]

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    class Leaky(K.layers.Layer):
        """Two states of different sizes, an output of a third, and a first state of its own."""

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.state_size, self.output_size = [4, 3], 7

        def build(self, input_shape):
            self.kernel = self.add_weight((input_shape[-1] + 7, 14), name="kernel")

        def get_initial_state(self, batch_size=None):
            return [K.ops.ones((batch_size, 4)), K.ops.zeros((batch_size, 3))]

        def call(self, inputs, states, training=False):
            a, b = states
            z = K.ops.matmul(K.ops.concatenate([inputs, a, b], -1), self.kernel)
            y, a2, b2 = z[:, :7], z[:, 7:11], z[:, 11:]
            return K.ops.tanh(y), [0.5 * a + K.ops.sin(a2), b + K.ops.sigmoid(b2)]

    return Plain, Leaky


PYTHON = {
    "plain": lambda K, P, Q, **o: K.layers.RNN(P(6), **o),
    "leaky": lambda K, P, Q, **o: K.layers.RNN(Q(), **o),
    "stack": lambda K, P, Q, **o: K.layers.RNN([P(6), K.layers.LSTMCell(4), Q()], **o),
    "both ways": lambda K, P, Q, **o: K.layers.Bidirectional(K.layers.RNN(P(6), **o)),
}


@pytest.mark.parametrize("options", ["last", "all", "backwards"])
@pytest.mark.parametrize("mask", [None, "gaps"])
@pytest.mark.parametrize("name", PYTHON)
def test_cells_written_in_python(name, mask, options):
    if mask and name in ("leaky", "stack"):
        pytest.skip("Keras puts the first state in the place of an output of another size")
    if options == "backwards" and name == "both ways":
        pytest.skip("both layers would go back")
    made, results = [], []
    for K in packages():
        scope = K.saving.custom_object_scope({c.__name__: c for c in cells_of(K)})
        with scope:
            made.append(PYTHON[name](K, *cells_of(K), **OPTIONS[options]))
            made[-1](X)
    share_weights(*made, name)
    for K, layer in zip(packages(), made):
        call = {"mask": K.ops.convert_to_tensor(np.array(MASKS[mask], bool))} if mask else {}
        results.append(gradients_of(K, layer, X, call))
    close(results[1][0], results[0][0], what="outputs")
    close(results[1][1], results[0][1], what="gradients")
    structures = [
        str(K.tree.map_structure(lambda t: 0, out)) for K, (out, _) in zip(packages(), results)
    ]
    assert structures[1].replace("(", "[").replace(")", "]").replace(",]", "]") == structures[
        0
    ].replace("(", "[").replace(")", "]").replace(",]", "]")


def test_a_python_cell_trains_as_in_keras(tmp_path):
    models, results, classes = [], [], [cells_of(K) for K in packages()]
    for K, (plain, _) in zip(packages(), classes):
        inputs = K.Input((5, 4))
        x = K.layers.RNN([plain(6), K.layers.GRUCell(3)], return_sequences=True)(inputs)
        models.append(K.Model(inputs, K.layers.Flatten()(x)))
    share_weights(*models, "python cell")
    y = real(3, 15)
    for K, model in zip(packages(), models):
        model.compile(K.optimizers.SGD(0.1), "mse")
        history = model.fit(X, y, 3, epochs=3, shuffle=False, verbose=0).history
        results.append([np.float32(history["loss"]), model.predict_on_batch(X)])
    close(results[1], results[0])
    _, lamina = packages()
    models[1].save(tmp_path / "m.safetensors")
    again = lamina.load_model(tmp_path / "m.safetensors", custom_objects={"Plain": classes[1][0]})
    np.testing.assert_array_equal(again.predict_on_batch(X), models[1].predict_on_batch(X))


def test_what_cells_and_layers_say_of_themselves():
    for K in packages():
        cell = K.layers.StackedRNNCells([K.layers.LSTMCell(3), K.layers.GRUCell(4)])
        assert [list(s) if isinstance(s, (list, tuple)) else [s] for s in cell.state_size] == [
            [3, 3],
            [4],
        ]
        assert cell.output_size == 4 and len(cell.cells) == 2
        states = cell.get_initial_state(batch_size=2)
        assert [tuple(t.shape) for t in leaves(states)] == [(2, 3), (2, 3), (2, 4)]
        layer = K.layers.RNN(cell)
        assert layer.cell is cell
        assert K.layers.GRU(5).cell.units == 5 and list(K.layers.LSTM(5).state_size) == [5, 5]
        both = K.layers.Bidirectional(K.layers.LSTM(3, name="inner"), name="outer")
        both(X)
        assert both.forward_layer.name == "forward_inner"
        assert both.backward_layer.name == "backward_inner" and both.backward_layer.go_backwards
        assert both.weights[0].path == "outer/forward_inner/lstm_cell/kernel"
        _, [_, c] = K.layers.LSTMCell(6)(STEP, [H, C])
        assert tuple(c.shape) == (3, 6)


def test_configs_read_each_other():
    keras, lamina = packages()
    for make in (
        lambda K: K.layers.RNN([K.layers.GRUCell(3), K.layers.LSTMCell(4)], go_backwards=True),
        lambda K: K.layers.Bidirectional(K.layers.GRU(3), merge_mode=None),
        lambda K: K.layers.TimeDistributed(K.layers.Dense(3)),
    ):
        theirs, ours = make(keras), make(lamina)
        assert normalized(ours.get_config()) == normalized(theirs.get_config())


# ---- PyTorch ----


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_against_pytorch(name):
    torch = pytest.importorskip("torch")
    _, lamina = packages()
    theirs = getattr(torch.nn, name)(4, 6, batch_first=True, bidirectional=True)
    ours = lamina.layers.Bidirectional(getattr(lamina.layers, name)(6, return_sequences=True))
    ours(X)
    order = [0, 1, 2, 3] if name == "LSTM" else [1, 0, 2]  # GRU of PyTorch: r, z, n

    def gates(w):
        return np.concatenate([np.split(w, len(order))[i] for i in order]).T

    weights = []
    for suffix in ("", "_reverse"):
        kernel, back, b, c = (
            getattr(theirs, f"{k}_l0{suffix}").detach().numpy()
            for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        bias = gates(b + c) if name == "LSTM" else np.stack([gates(b), gates(c)])
        weights += [gates(kernel), gates(back), bias]
    ours.set_weights(weights)
    lengths = np.array([3, 5, 1])
    mask = np.arange(5) < lengths[:, None]
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(X), torch.tensor(lengths), batch_first=True, enforce_sorted=False
    )
    expected, _ = torch.nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)
    close(ours(X, mask=mask).numpy(), expected.detach().numpy())
