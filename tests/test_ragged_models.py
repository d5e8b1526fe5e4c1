"""Whole models on ragged batches: the same model on padded, masked arrays, and each row alone."""

import numpy as np
import pytest

import lamina
from lamina import layers, ops

LENGTHS = [3, 6, 1, 9, 2, 5, 4]
VOCABULARY = 12


def tokens(lengths=LENGTHS, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(1, VOCABULARY, n).astype("int32") for n in lengths]


def padded(rows):
    return lamina.Ragged(rows).to_padded().numpy()


def close(a, b, tolerance=1e-5):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def embedded():
    x = lamina.Input((None,), dtype="int32")
    return x, layers.Embedding(VOCABULARY, 8, mask_zero=True)(x)


def recurrent(kind="LSTM", sequences=False, both=True):
    x, h = embedded()
    layer = getattr(layers, kind)(6, return_sequences=sequences)
    h = (layers.Bidirectional(layer) if both else layer)(h)
    return lamina.Model(x, layers.Dense(2)(h))


class Leaky(lamina.Layer):
    """A cell of one's own."""

    state_size = 6

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], 6))

    def call(self, inputs, states):
        h = 0.9 * states[0] + 0.1 * ops.tanh(ops.matmul(inputs, self.kernel))
        return h, [h]


class Derived(layers.LSTM):
    """Made of a layer of the library whose cell runs step by step."""

    def __init__(self, **kwargs):
        super().__init__(6, activation="relu", **kwargs)


def derived():
    x, h = embedded()
    return lamina.Model(x, layers.Dense(2)(Derived()(h)))


def own_cell(sequences=False):
    x, h = embedded()
    h = layers.RNN([Leaky(), layers.GRUCell(4)], return_sequences=True)(h)
    h = layers.Bidirectional(layers.RNN(Leaky(), return_sequences=sequences))(h)
    return lamina.Model(x, layers.Dense(2)(h))


def stacked():
    x, h = embedded()
    h = layers.Bidirectional(layers.GRU(5, return_sequences=True), merge_mode="sum")(h)
    h = layers.LSTM(6, return_sequences=True, go_backwards=True)(h)
    return lamina.Model(x, layers.Dense(2)(layers.LSTM(4)(h)))


def transformer(causal=False, sequences=False):
    x, h = embedded()
    for _ in range(2):
        a = layers.MultiHeadAttention(2, 4)(h, h, use_causal_mask=causal)
        h = layers.LayerNormalization()(layers.Add()([h, a]))
        f = layers.Dense(8)(layers.Dense(16, activation="relu")(h))
        h = layers.LayerNormalization()(layers.Add()([h, f]))
    if not sequences:
        h = layers.GlobalAveragePooling1D()(h)
    return lamina.Model(x, layers.Dense(2)(h))


MODELS = {
    "lstm": lambda: recurrent("LSTM"),
    "gru": lambda: recurrent("GRU"),
    "simple_rnn": lambda: recurrent("SimpleRNN"),
    "forward": lambda: recurrent("LSTM", both=False),
    "stacked": stacked,
    "own_cell": own_cell,
    "derived": derived,
    "transformer": transformer,
    "causal": lambda: transformer(causal=True),
}
STEPWISE = {
    "lstm_steps": lambda: recurrent("LSTM", sequences=True),
    "gru_steps": lambda: recurrent("GRU", sequences=True, both=False),
    "own_cell_steps": lambda: own_cell(sequences=True),
    "causal_steps": lambda: transformer(causal=True, sequences=True),
}


def compiled(build, seed=1):
    lamina.utils.set_random_seed(seed)
    model = build()
    model.compile(lamina.optimizers.SGD(0.1), "mse", metrics=["mae"])
    return model


@pytest.mark.parametrize("name", [*MODELS, *STEPWISE])
def test_a_model_gives_each_row_what_it_gives_it_alone(name):
    model = compiled((MODELS | STEPWISE)[name])
    rows = tokens()
    together = model.predict(rows, batch_size=3, verbose=0)
    for row, y in zip(rows, together, strict=True):
        close(y, model(row[None]).numpy()[0])
    out = model.predict(padded(rows), batch_size=3, verbose=0)
    for y, z in zip(together, out, strict=True):
        close(y, z[: len(y)] if name in STEPWISE else z)


@pytest.mark.parametrize("name", [*MODELS, *STEPWISE])
def test_training_is_that_of_padded_arrays(name):
    build, stepwise = (MODELS | STEPWISE)[name], name in STEPWISE
    rng = np.random.default_rng(2)
    rows = tokens()
    y = [rng.normal(size=(n, 2)).astype("float32") for n in LENGTHS] if stepwise else None
    y = y or rng.normal(size=(7, 2)).astype("float32")
    weights = rng.uniform(0.5, 2, 7).astype("float32")
    a, b = compiled(build), compiled(build)
    how = {"batch_size": 3, "epochs": 2, "shuffle": False, "verbose": 0, "sample_weight": weights}
    first = a.fit(rows, y, **how).history
    second = b.fit(padded(rows), padded(y) if stepwise else y, **how).history
    for key in first:
        close(first[key], second[key])
    for v, w in zip(a.get_weights(), b.get_weights(), strict=True):
        close(v, w, 2e-5)


@pytest.mark.parametrize(
    "name", ["lstm", "gru", "stacked", "own_cell", "lstm_steps", "gru_steps", "own_cell_steps"]
)
def test_a_row_without_steps(name):
    model = compiled((MODELS | STEPWISE)[name])
    rows = tokens([0, 3, 0, 5, 0])
    out = model.predict(rows, verbose=0)
    for row, y in zip(rows, out, strict=True):
        if len(row):
            close(y, model(row[None]).numpy()[0])
        elif name in STEPWISE:
            assert y.shape == (0, 2)
        else:
            assert np.isfinite(y).all()
    y = [np.ones((len(r), 2), "float32") for r in rows]
    model.fit(rows, y if name in STEPWISE else np.ones((5, 2), "float32"), verbose=0)
    assert all(np.isfinite(w).all() for w in model.get_weights())
    nothing = model.predict([np.zeros(0, "int32")] * 2, verbose=0)
    assert len(nothing) == 2


@pytest.mark.parametrize("name", ["lstm", "gru", "own_cell", "transformer"])
def test_bits_do_not_depend_on_threads(name):
    rng = np.random.default_rng(0)
    rows = tokens(rng.integers(1, 60, 40).tolist())
    y = rng.normal(size=(40, 2)).astype("float32")
    before = lamina.config.num_threads()
    results = []
    try:
        for threads in (1, 2, 4):
            lamina.config.set_num_threads(threads)
            model = compiled(MODELS[name])
            model.fit(rows, y, batch_size=16, epochs=2, verbose=0)
            results.append(model.get_weights())
    finally:
        lamina.config.set_num_threads(before)
    for a, b, c in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def attended(h):
    a = layers.MultiHeadAttention(2, 4)(h, h)
    return layers.LayerNormalization()(layers.Add()([layers.Dense(3)(h), a]))


def two_inputs(kind, **options):
    return lambda h: getattr(layers, kind)(**options)([h, h])


GAPS = {
    "gru": lambda h: layers.GRU(4)(h),
    "both": lambda h: layers.Bidirectional(layers.LSTM(4, activation="relu"))(h),
    "mean": lambda h: layers.GlobalAveragePooling1D()(h),
    "attended": lambda h: layers.GlobalAveragePooling1D()(attended(h)),
}
STEPS_WITH_GAPS = {
    "gru_steps": lambda h: layers.GRU(4, return_sequences=True)(h),
    "attended_steps": attended,
    "causal": lambda h: layers.MultiHeadAttention(2, 4)(h, h, use_causal_mask=True),
    "encoder": lambda h: layers.TransformerEncoder(8, 2)(layers.Dense(4)(h)),
    "each_step": lambda h: layers.TimeDistributed(layers.Dense(2))(h),
    "dot": two_inputs("Attention"),
    "concat": two_inputs("Attention", score_mode="concat"),
    "additive": two_inputs("AdditiveAttention"),
}


@pytest.mark.parametrize("name", [*GAPS, *STEPS_WITH_GAPS])
def test_masked_steps_inside_of_rows(name):
    """The same as in padded arrays: Masking leaves out steps, wherever they lie."""
    rng = np.random.default_rng(3)
    rows = [rng.normal(size=(n, 3)).astype("float32") for n in LENGTHS]
    for row in rows[::2]:
        row[len(row) // 2] = 0
    real = [np.abs(row).sum(1) > 0 for row in rows]
    stepwise = name in STEPS_WITH_GAPS
    y = [rng.normal(size=(n, 2)).astype("float32") for n in LENGTHS]
    results = []
    for data in (rows, padded(rows)):
        lamina.utils.set_random_seed(1)
        x = lamina.Input((None, 3))
        h = (GAPS | STEPS_WITH_GAPS)[name](layers.Masking()(x))
        model = lamina.Model(x, layers.Dense(2)(h))
        model.compile(lamina.optimizers.SGD(0.1), "mse", metrics=["mae"])
        out = model.predict(data, batch_size=3, verbose=0)
        target = np.array([r[0] for r in y])
        if stepwise:
            out = [o[: len(k)][k] for o, k in zip(out, real, strict=True)]
            target = y if data is rows else padded(y)
        history = model.fit(data, target, batch_size=3, epochs=2, shuffle=False, verbose=0).history
        results.append((out, history, model.get_weights()))
    (a, first, v), (b, second, w) = results
    for left, right in zip([*a, *v], [*b, *w], strict=True):
        close(left, right, 2e-5)
    for key in first:
        close(first[key], second[key])


@pytest.mark.parametrize("kind", ["AdditiveAttention", "Attention"])
def test_what_a_ragged_batch_cannot_attend_to(kind):
    layer = getattr(layers, kind)(
        **({} if kind == "AdditiveAttention" else {"score_mode": "concat"})
    )
    rows = lamina.Ragged([np.ones((n, 3), "float32") for n in (2, 4)])
    for other in (np.ones((2, 4, 3), "float32"), lamina.Ragged([np.ones((6, 3), "float32")])):
        for pair in ([rows, other], [other, rows]):
            with pytest.raises(ValueError, match="another one of as many sequences"):
                layer(pair)


def test_nothing_but_rows_without_steps():
    nothing = lamina.Ragged([np.zeros((0, 3), "float32")] * 2)
    for layer in (layers.LSTM(4, activation="relu"), layers.RNN(Leaky()), layers.LSTM(4)):
        assert not layer(nothing).numpy().any()


def test_captured_and_eager_agree():
    results = []
    rows, y = tokens(), np.ones((7, 2), "float32")
    for eager in (False, True):
        model = compiled(transformer)
        model.compile("sgd", "mse", run_eagerly=eager)
        model.fit(rows, y, batch_size=3, epochs=2, verbose=0)
        results.append(model.get_weights())
    for a, b in zip(*results, strict=True):
        close(a, b)


def test_one_ragged_batch_attends_to_another():
    query, value = lamina.Input((None, 4)), lamina.Input((None, 4))
    out = layers.MultiHeadAttention(2, 3)(query, value)
    model = lamina.Model([query, value], out)
    rng = np.random.default_rng(0)
    a = [rng.normal(size=(n, 4)).astype("float32") for n in (2, 5, 3)]
    b = [rng.normal(size=(n, 4)).astype("float32") for n in (4, 1, 6)]
    for i, y in enumerate(model.predict([a, b], batch_size=2, verbose=0)):
        close(y, model([a[i][None], b[i][None]]).numpy()[0])


def test_layers_in_a_subclassed_model():
    class Tagger(lamina.Model):
        def __init__(self):
            super().__init__()
            self.embedding = layers.Embedding(VOCABULARY, 8)
            self.attention = layers.MultiHeadAttention(2, 4)
            self.norm = layers.LayerNormalization()
            self.head = layers.Dense(3)

        def call(self, x):
            h = self.embedding(x)
            return self.head(self.norm(h + ops.relu(self.attention(h, h))))

    model = Tagger()
    rows = tokens()
    out = model.predict(rows, verbose=0)
    for row, y in zip(rows, out, strict=True):
        close(y, model(row[None]).numpy()[0])
    model.compile("adam", lamina.losses.SparseCategoricalCrossentropy(from_logits=True))
    labels = [np.zeros(n, "int32") for n in LENGTHS]
    history = model.fit(rows, labels, epochs=10, verbose=0).history["loss"]
    assert history[-1] < history[0]
