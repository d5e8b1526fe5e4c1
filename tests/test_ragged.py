"""Ragged batches: against the padded and masked run, and against each sequence alone."""

import numpy as np
import pytest

import lamina
from lamina import layers, ops

LENGTHS = [3, 0, 5, 1, 7, 2, 4]
PAD = -9.0


def sequences(features=3, lengths=LENGTHS, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, features)).astype("float32") for n in lengths]


def padded(rows, value=0.0, side="right"):
    return lamina.Ragged(rows).to_padded(value, side).numpy()


def close(a, b, tolerance=2e-6):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


# ---- Ragged


def test_sequences_come_back():
    rows = sequences()
    r = lamina.Ragged(rows)
    assert len(r) == 7 and r.shape == (7, None, 3) and r.dtype == "float32"
    assert r.row_lengths.numpy().tolist() == LENGTHS and r.values.shape == (sum(LENGTHS), 3)
    for given, here, array in zip(rows, r, r.to_list(), strict=True):
        np.testing.assert_array_equal(here.numpy(), given)
        np.testing.assert_array_equal(array, given)
    np.testing.assert_array_equal(r[-1].numpy(), rows[-1])
    assert r[2:5].row_lengths.numpy().tolist() == [5, 1, 7]
    again = lamina.Ragged(r.values, r.row_lengths)
    np.testing.assert_array_equal(again[4].numpy(), rows[4])
    assert repr(r) == "<Ragged of 7 sequences, 22 steps, float32>"
    with pytest.raises(IndexError, match="row 7 of 7"):
        r[7]


def test_padding_on_either_side():
    r = lamina.Ragged([[1, 2, 3], [], [4, 5]])
    assert r.dtype == "int32"
    assert r.to_padded().numpy().tolist() == [[1, 2, 3], [0, 0, 0], [4, 5, 0]]
    assert r.to_padded(9, "left").numpy().tolist() == [[1, 2, 3], [9, 9, 9], [9, 4, 5]]
    assert r.to_padded(length=2).numpy().tolist() == [[1, 2], [0, 0], [4, 5]]
    assert r.to_padded(side="left", length=2).numpy().tolist() == [[2, 3], [0, 0], [4, 5]]
    assert r.to_mask("left").numpy().tolist() == [[True] * 3, [False] * 3, [False, True, True]]
    assert lamina.Ragged([[1, 2], [0.5]]).dtype == "float32"
    assert lamina.Ragged([[1], np.zeros(2, "int64")]).dtype == "int64"
    assert lamina.Ragged([[1], [2]], dtype="float32").dtype == "float32"


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        (([np.zeros((2, 3)), np.zeros((2, 4))],), ValueError, r"row 1 has shape \(2, 4\)"),
        (([np.zeros(2, "float32"), np.zeros(2, "int32")],), TypeError, "row 1 is int32"),
        (([],), ValueError, "at least one sequence"),
        (([1, 2],), ValueError, "scalar for row 0"),
        ((np.zeros((4, 2)), [2, -1, 3]), ValueError, "must not be negative, received -1 for row 1"),
        ((np.zeros((4, 2)), [2, 1]), ValueError, "add up to 3, but values have 4 steps"),
        ((np.zeros((4, 2)), [2.0, 2.0]), ValueError, "must be integers"),
        ((5,), TypeError, "list of sequences"),
        (([["a"], ["b", "c"]],), TypeError, "text"),
    ],
)
def test_bad_sequences_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        lamina.Ragged(*arguments)


# ---- layers and operations


STEPWISE = [
    layers.Dense(4, activation="relu"),
    layers.Activation("tanh"),
    layers.LayerNormalization(),
    layers.RMSNormalization(),
    layers.UnitNormalization(),
    layers.BatchNormalization(),
    layers.Dropout(0.5),
    layers.GaussianNoise(0.5),
    layers.SpatialDropout1D(0.5),
    layers.ReLU(),
    layers.LeakyReLU(),
    layers.ELU(),
    layers.PReLU(shared_axes=[1]),
    layers.Softmax(),
    layers.Rescaling(2.0, 1.0),
    layers.Identity(),
    layers.Normalization(mean=1.0, variance=4.0),
    layers.EinsumDense("abc,cd->abd", (None, 5)),
    layers.SpectralNormalization(layers.Dense(2)),
]


@pytest.mark.parametrize("layer", STEPWISE, ids=lambda layer: layer.name)
def test_steps_are_as_when_alone(layer):
    rows = sequences()
    out = layer(lamina.Ragged(rows))
    assert out.row_lengths.numpy().tolist() == LENGTHS
    assert out._keras_mask.numpy().all() and out._keras_mask.shape == (1, sum(LENGTHS))
    for row, y in zip(rows, lamina.Ragged(out), strict=True):
        close(y.numpy(), layer(row[None]).numpy()[0] if len(row) else np.zeros_like(y.numpy()))


def test_an_embedding_takes_index_lists():
    layer = layers.Embedding(10, 4, mask_zero=True)
    out = layer(lamina.Ragged([[1, 0, 3], [5]]))
    assert out.row_lengths.numpy().tolist() == [3, 1]
    assert out._keras_mask.numpy().tolist() == [[True] * 4]  # no step is padding


def test_integers_in_the_place_of_others():
    x = lamina.Ragged([[3, 1], [], [2]])
    for layer in (
        layers.IntegerLookup(vocabulary=[1, 2, 3]),
        layers.Hashing(5),
        layers.Discretization([1.5, 2.5]),
    ):
        out = layer(x)
        assert out.row_lengths.numpy().tolist() == [2, 0, 1]
        np.testing.assert_array_equal(
            out.numpy()[0], np.ravel(layer(np.array([[3, 1, 2]])).numpy())
        )


def test_merging():
    a, b = lamina.Ragged(sequences()), lamina.Ragged(sequences(seed=1))
    for layer in (layers.Add(), layers.Multiply(), layers.Maximum(), layers.Concatenate()):
        out = layer([a, b])
        assert out.row_lengths.numpy().tolist() == LENGTHS
        close(
            lamina.Ragged(out)[4].numpy(),
            layer([a[4].numpy()[None], b[4].numpy()[None]]).numpy()[0],
        )
    each = np.arange(21, dtype="float32").reshape(7, 3)  # a vector for each sequence
    close(lamina.Ragged(layers.Add()([a, each]))[4].numpy(), a[4].numpy() + each[4])
    with pytest.raises(ValueError, match="same row lengths"):
        layers.Add()([a, lamina.Ragged(sequences(lengths=LENGTHS[::-1]))])
    with pytest.raises(ValueError, match="along their features"):
        layers.Concatenate(axis=1)([a, b])
    with pytest.raises(ValueError, match="all inputs must be ragged"):
        layers.Concatenate()([a, np.zeros((1, 22, 3), "float32")])


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv1D(2, 3),
        layers.MaxPooling1D(2),
        layers.Flatten(),
        layers.Reshape((-1,)),
        layers.Permute((2, 1)),
        layers.ZeroPadding1D(1),
        layers.UpSampling1D(2),
        layers.GroupNormalization(1),
        layers.Lambda(lambda x: x),
    ],
    ids=lambda layer: layer.name,
)
def test_layers_that_would_mix_sequences_refuse_them(layer):
    with pytest.raises(NotImplementedError, match=f"'{layer.name}': ragged input is not supported"):
        layer(lamina.Ragged(sequences()))


def test_axes_that_would_mix_steps_are_refused():
    x = lamina.Ragged(sequences())
    for layer in (layers.Softmax(axis=1), layers.UnitNormalization(axis=1)):
        with pytest.raises(ValueError, match="ragged input has its steps on axis 1"):
            layer(x)
    with pytest.raises(ValueError, match="noise_shape"):
        layers.Dropout(0.5, noise_shape=(None, 1, None))(x)


def test_operations_that_keep_steps_apart_keep_row_lengths():
    x = layers.Identity()(lamina.Ragged(sequences()))
    for y in (
        x * 2 + 1,
        ops.relu(x),
        x + x,
        ops.cast(x, "float64"),
        x @ np.ones((3, 2), "float32"),
    ):
        assert y.row_lengths is not None and y._keras_mask is not None
    for y in (ops.sum(x, 1), ops.transpose(x), x[0], ops.reshape(x, (2, 11, 3))):
        assert y.row_lengths is None


def test_layers_of_ones_own_opt_in():
    class Twice(layers.Layer):
        def call(self, x):
            return 2 * x

    x = lamina.Ragged(sequences())
    with pytest.raises(NotImplementedError, match="Twice"):
        Twice()(x)
    layer = Twice()
    layer.supports_ragged = True
    assert layer(x).row_lengths is not None


def test_functions_carry_row_lengths_in_and_out():
    layer = layers.GlobalAveragePooling1D()

    @lamina.function
    def both(x):
        return layer(x), x + 1

    x = lamina.Ragged(sequences())
    for _ in range(2):
        mean, more = both(x.batch())
        close(mean.numpy()[4], x[4].numpy().mean(0))
        assert more.row_lengths.numpy().tolist() == LENGTHS
    assert both(padded(sequences()))[1].row_lengths is None


# ---- pooling


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("kind, reduce", [("Average", np.mean), ("Max", np.max)])
def test_pooling_over_each_sequence(kind, reduce, keepdims):
    rows = sequences()
    layer = getattr(layers, f"Global{kind}Pooling1D")(keepdims=keepdims)
    out = layer(lamina.Ragged(rows))
    assert out.row_lengths is None and out._keras_mask is None
    expected = [reduce(r, 0) if len(r) else np.zeros(3) for r in rows]
    close(out.numpy().reshape(7, 3), np.stack(expected))
    assert out.shape == ((7, 1, 3) if keepdims else (7, 3))


def test_pooling_of_one_sequence_is_no_ragged_batch():
    out = layers.GlobalAveragePooling1D()(lamina.Ragged([np.ones((3, 3), "float32")]))
    assert out.shape == (1, 3) and out.row_lengths is None


# ---- models


def stepwise(ragged, extra=(), outputs=2, seed=3):
    """A model with an output for each step; padded, it masks the steps of PAD."""
    lamina.utils.set_random_seed(seed)
    x = lamina.Input((None, 3))
    h = x if ragged else layers.Masking(PAD)(x)
    h = layers.Dense(8, activation="tanh", kernel_regularizer="l2")(h)
    for layer in extra:
        h = layer()(h)
    return lamina.Model(x, layers.Dense(outputs)(h))


def pair(build=stepwise, loss="mse", **kwargs):
    models = build(True, **kwargs), build(False, **kwargs)
    models[1].set_weights(models[0].get_weights())
    for m in models:
        m.compile(lamina.optimizers.SGD(0.1), loss=loss, metrics=["mae"], weighted_metrics=["mse"])
    return models


def clone(model):
    """The same model, compiled for labels."""
    loss = lamina.losses.SparseCategoricalCrossentropy(from_logits=True)
    again = stepwise(True)
    again.set_weights(model.get_weights())
    again.compile("sgd", loss, metrics=["accuracy"])
    return again


def same_weights(a, b, tolerance=2e-6):
    for v, w in zip(a.get_weights(), b.get_weights(), strict=True):
        close(v, w, tolerance)


@pytest.mark.parametrize("batch_size", [7, 3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("extra", [(), (layers.BatchNormalization,)])
def test_training_is_that_of_the_padded_model(batch_size, weighted, extra):
    rows, targets = sequences(), sequences(2, seed=1)
    w = np.linspace(0.5, 2, 7).astype("float32") if weighted else None
    a, b = pair(extra=extra)
    how = {"epochs": 3, "batch_size": batch_size, "shuffle": False, "verbose": 0}
    first = a.fit(rows, targets, sample_weight=w, **how).history
    second = b.fit(padded(rows, PAD), padded(targets), sample_weight=w, **how).history
    assert first.keys() == second.keys()
    for key in first:
        close(first[key], second[key], 1e-5)
    same_weights(a, b, 1e-5)
    close(
        a.evaluate(rows, targets, sample_weight=w, batch_size=batch_size, verbose=0),
        b.evaluate(
            padded(rows, PAD), padded(targets), sample_weight=w, batch_size=batch_size, verbose=0
        ),
        1e-5,
    )
    given = a.predict(rows, batch_size=batch_size, verbose=0)
    together = b.predict(padded(rows, PAD), batch_size=batch_size, verbose=0)
    assert [len(y) for y in given] == LENGTHS
    for y, z in zip(given, together, strict=True):
        close(y, z[: len(y)], 1e-5)


def test_sparse_targets_and_weights_of_steps():
    rows = sequences()
    rng = np.random.default_rng(2)
    labels = [rng.integers(0, 2, n) for n in LENGTHS]
    weights = [rng.uniform(size=n).astype("float32") for n in LENGTHS]
    loss = lamina.losses.SparseCategoricalCrossentropy(from_logits=True)
    a, b = stepwise(True), stepwise(False)
    b.set_weights(a.get_weights())
    for m in (a, b):
        m.compile("sgd", loss, metrics=["accuracy"])
    how = {"shuffle": False, "verbose": 0, "batch_size": 4, "epochs": 2}
    first = a.fit(rows, labels, sample_weight=weights, **how).history
    second = b.fit(padded(rows, PAD), padded(labels), sample_weight=padded(weights), **how).history
    for key in first:
        close(first[key], second[key], 1e-5)
    same_weights(a, b)
    # The weight of a class is that of its steps, whichever way the data comes.
    classes = {0: 1.0, 1: 3.0}
    each = [np.where(v == 1, 3, 1).astype("float32") * u for v, u in zip(labels, weights)]
    losses = [
        m.fit(*data, shuffle=False, verbose=0, batch_size=7, **options).history["loss"]
        for m, data, options in (
            (clone(a), (rows, labels), {"class_weight": classes, "sample_weight": weights}),
            (clone(a), (rows, labels), {"sample_weight": each}),
        )
    ]
    losses.append([clone(a).train_on_batch(rows, labels, weights, classes)[0]])
    close(losses[0], losses[1])
    close(losses[0], losses[2])


def pooled(ragged, kind="Average"):
    lamina.utils.set_random_seed(4)
    x = lamina.Input((None, 3))
    h = x if ragged else layers.Masking(PAD)(x)
    h = layers.Dense(8, activation="tanh")(h)
    h = getattr(layers, f"Global{kind}Pooling1D")()(h)
    return lamina.Model(x, layers.Dense(2)(h))


def test_training_after_pooling_is_that_of_the_padded_model():
    lengths = [3, 2, 5, 1, 7, 2, 4]  # a mean over no step is 0 / 0 in the padded model
    rows, y = sequences(lengths=lengths), np.random.default_rng(1).normal(size=(7, 2))
    a, b = pair(pooled)
    how = {"epochs": 3, "batch_size": 3, "shuffle": False, "verbose": 0}
    first = a.fit(rows, y, **how).history
    second = b.fit(padded(rows, PAD), y, **how).history
    for key in first:
        close(first[key], second[key], 1e-5)
    same_weights(a, b)
    out = a.predict(rows, verbose=0)
    assert out.shape == (7, 2)
    for row, v in zip(rows, out, strict=True):
        close(a.predict(row[None], verbose=0)[0], v)


@pytest.mark.parametrize("kind", ["Average", "Max"])
def test_gradients_after_pooling_are_those_of_sequences_alone(kind):
    rows = sequences(lengths=[3, 2, 5])
    m = pooled(True, kind)

    def gradients(x):
        loss = lamina.value_and_grad(lambda weights: ops.sum(ops.square(m(x))))
        return [g.numpy() for g in loss(m.trainable_weights)[1]]

    alone = [gradients(row[None]) for row in rows]
    for together, *apart in zip(gradients(lamina.Ragged(rows)), *alone, strict=True):
        close(together, sum(apart), 1e-5)


def test_any_form_of_sequences_is_taken():
    rows = sequences()
    m = stepwise(True)
    expected = m.predict(lamina.Ragged(rows), verbose=0)
    objects = np.empty(7, object)
    objects[:] = rows
    for x in (rows, tuple(rows), objects, [ops.convert_to_tensor(r) for r in rows]):
        for a, b in zip(m.predict(x, verbose=0), expected, strict=True):
            np.testing.assert_array_equal(a, b)
    for a, b in zip(m.predict_on_batch(rows), expected, strict=True):
        np.testing.assert_array_equal(a, b)
    out = m(rows)
    close(lamina.Ragged(out)[4].numpy(), expected[4])
    tokens = lamina.Sequential([layers.Embedding(9, 4), layers.GlobalAveragePooling1D()])
    lists = [[1, 2, 3], [4], [], [5, 6]]
    one = tokens.predict(lists, verbose=0)
    assert one.shape == (4, 4) and np.all(one[2] == 0)
    objects = np.empty(4, object)
    objects[:] = lists
    np.testing.assert_array_equal(tokens.predict(objects, verbose=0), one)


def test_lists_of_equal_arrays_are_sequences_too():
    m = stepwise(True)
    out = m.predict([np.ones((4, 3), "float32"), np.zeros((4, 3), "float32")], verbose=0)
    assert isinstance(out, list) and [y.shape for y in out] == [(4, 2), (4, 2)]


def test_several_inputs():
    steps, whole = lamina.Input((None, 3), name="steps"), lamina.Input((2,), name="whole")
    h = layers.GlobalAveragePooling1D()(layers.Dense(4)(steps))
    m = lamina.Model([steps, whole], layers.Dense(1)(layers.Concatenate()([h, whole])))
    m.compile("sgd", "mse")
    rows, dense, y = sequences(), np.ones((7, 2), "float32"), np.ones((7, 1), "float32")
    out = m.predict([rows, dense], batch_size=2, verbose=0)
    assert out.shape == (7, 1)
    np.testing.assert_array_equal(
        m.predict({"whole": dense, "steps": lamina.Ragged(rows)}, batch_size=2, verbose=0), out
    )
    m.fit([rows, dense], y, verbose=0)
    with pytest.raises(ValueError, match="same number of samples"):
        m.fit([rows[:5], dense], y, verbose=0)


def test_two_ragged_inputs():
    a, b = lamina.Input((None, 3)), lamina.Input((None, 3))
    m = lamina.Model([a, b], layers.Dense(1)(layers.Add()([a, b])))
    x, z = sequences(), sequences(seed=5)
    out = m.predict([x, z], batch_size=3, verbose=0)
    for i, y in enumerate(out):
        close(y, m([x[i][None], z[i][None]]).numpy()[0] if len(x[i]) else y)
    with pytest.raises(ValueError, match="same row lengths"):
        m.predict([x, sequences(lengths=LENGTHS[::-1])], verbose=0)
    apart = lamina.Model(
        [a, b],
        layers.Add()([layers.GlobalAveragePooling1D()(a), layers.GlobalAveragePooling1D()(b)]),
    )
    other = sequences(lengths=LENGTHS[::-1])
    close(apart.predict([x, other], batch_size=2, verbose=0)[0], x[0].mean(0) + other[0].mean(0))


def test_inputs_say_what_they_take():
    x = lamina.Input((None, 3), batch_size=7, ragged=True)
    m = lamina.Model(x, layers.GlobalAveragePooling1D()(x))
    assert m(lamina.Ragged(sequences())).shape == (7, 3)
    with pytest.raises(ValueError, match="must have 7 samples, received 2"):
        m(lamina.Ragged(sequences(lengths=[1, 2])))
    x = lamina.Input((4, 3))
    with pytest.raises(ValueError, match="a length of None takes ragged batches"):
        lamina.Model(x, layers.Dense(1)(x)).predict(sequences(), verbose=0)


def test_targets_must_fit():
    rows = sequences()
    m = stepwise(True)
    m.compile("sgd", "mse")
    with pytest.raises(ValueError, match="its targets must be ragged with the same row lengths"):
        m.fit(rows, np.zeros((7, 2), "float32"), verbose=0)
    with pytest.raises(ValueError, match="other row lengths"):
        m.fit(rows, lamina.Ragged(sequences(2, LENGTHS[::-1])), verbose=0)
    p = pooled(True)
    p.compile("sgd", "mse")
    with pytest.raises(ValueError, match="received ragged targets, one for each step"):
        p.fit(rows, lamina.Ragged(sequences(2)), verbose=0)


def test_shuffling_batches_and_held_out_sequences():
    rng = np.random.default_rng(0)
    rows = sequences(lengths=rng.integers(0, 40, 101).tolist())
    y = np.stack([r.sum(0)[:2] if len(r) else np.zeros(2, "float32") for r in rows])
    results = []
    for eager in (False, False, True):
        lamina.utils.set_random_seed(7)
        m = pooled(True)
        m.compile("adam", "mse", run_eagerly=eager)
        h = m.fit(rows, y, batch_size=16, epochs=3, validation_split=0.2, verbose=0).history
        results.append((h, m.get_weights()))
    assert results[0][0] == results[1][0]
    for a, b, c in zip(*(r[1] for r in results), strict=True):
        np.testing.assert_array_equal(a, b)
        close(a, c, 1e-5)
    for key in results[0][0]:
        close(results[0][0][key], results[2][0][key], 1e-4)


def test_one_batch_at_a_time_and_generators():
    rows, targets = sequences(), sequences(2, seed=1)
    a, b = pair()
    for _ in range(2):
        first = a.train_on_batch(rows, targets)
        second = b.train_on_batch(padded(rows, PAD), padded(targets))
        close(first, second, 1e-5)
    close(
        a.test_on_batch(lamina.Ragged(rows), lamina.Ragged(targets)),
        b.test_on_batch(padded(rows, PAD), padded(targets)),
        1e-5,
    )
    same_weights(a, b)

    def batches():
        for i in range(0, 6, 2):
            yield lamina.Ragged(rows[i : i + 2]), lamina.Ragged(targets[i : i + 2])

    a.fit(batches(), verbose=0)
    for i in range(0, 6, 2):
        b.train_on_batch(padded(rows[i : i + 2], PAD), padded(targets[i : i + 2]))
    same_weights(a, b)
    out = a.predict((x for x, _ in batches()), verbose=0)
    assert [len(y) for y in out] == LENGTHS[:6]


def test_activity_is_counted_over_steps_that_are_there():
    rows = sequences()
    layer = layers.Dense(2, activity_regularizer="l2", bias_initializer="ones")
    batch = lamina.Ragged(rows).batch()
    more = ops.pad(batch, ((0, 0), (0, 10), (0, 0)))
    more.row_lengths = batch.row_lengths
    more._keras_mask = ops.arange(32)[None] < 22
    y = layer(more).numpy()[:, :22]
    close(float(layer.losses[0]), 0.01 * np.square(y).sum() / 7, 1e-5)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_bits_on_any_number_of_threads(threads):
    rng = np.random.default_rng(0)
    rows = sequences(16, rng.integers(0, 200, 64).tolist())
    y = rng.normal(size=(64, 2)).astype("float32")

    def train(n):
        before = lamina.config.num_threads()
        lamina.config.set_num_threads(n)
        try:
            lamina.utils.set_random_seed(1)
            x = lamina.Input((None, 16))
            h = layers.Dropout(0.3)(layers.Dense(64, activation="relu")(x))
            m = lamina.Model(x, layers.Dense(2)(layers.GlobalMaxPooling1D()(h)))
            m.compile("adam", "mse")
            m.fit(rows, y, batch_size=16, epochs=2, verbose=0)
            return m.get_weights()
        finally:
            lamina.config.set_num_threads(before)

    for a, b in zip(train(threads), train(4), strict=True):
        np.testing.assert_array_equal(a, b)


def test_files_know_nothing_of_it(tmp_path):
    rows, y = sequences(), np.ones((7, 2), "float32")
    m = pooled(True)
    m.compile("adam", "mse")
    m.fit(rows, y, verbose=0)
    m.save(tmp_path / "m.safetensors")
    again = lamina.load_model(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(rows, verbose=0), m.predict(rows, verbose=0))
    x = np.ones((2, 5, 3), "float32")  # and takes padded arrays as before
    np.testing.assert_array_equal(again.predict(x, verbose=0), m.predict(x, verbose=0))
    s = lamina.Sequential([layers.Dense(3), layers.GlobalAveragePooling1D()])
    s.compile("sgd", "mse")
    s.fit(rows, np.ones((7, 3), "float32"), verbose=0)
    assert s.inputs[0].shape == (None, None, 3)


def test_text_makes_ragged_batches():
    words = layers.TextVectorization(vocabulary=["a", "b", "c"], ragged=True)
    x = np.array([["a b"], ["c"], ["c b a"]])
    y = np.array([[0.0], [1.0], [1.0]], "float32")
    m = lamina.Sequential(
        [words, layers.Embedding(6, 4), layers.GlobalAveragePooling1D(), layers.Dense(1)]
    )
    m.compile("adam", "mse")
    m.fit(x, y, batch_size=2, verbose=0)
    out = m.predict(x, batch_size=2, verbose=0)
    close(out[2], m.predict(x[2:], verbose=0)[0])
    steps = lamina.Sequential([words, layers.Embedding(6, 4)])
    assert [len(r) for r in steps.predict(x, batch_size=2, verbose=0)] == [2, 1, 3]


# ---- every layer


def stepwise_rows():
    """Rows of the layer table whose inputs are sequences of equal lengths."""
    from layer_table import ROWS

    return [
        r
        for r in ROWS
        if all(x.ndim == 3 and x.dtype == np.float64 for x in r.inputs)
        and len({x.shape[:2] for x in r.inputs}) == 1
    ]


@pytest.mark.parametrize("row", stepwise_rows(), ids=lambda r: r.id)
def test_every_layer_keeps_rows_apart_or_refuses(row):
    layer = row.make("float32")
    inputs = [x.astype("float32") for x in row.inputs]
    row.call(layer, inputs)  # builds it
    n, steps = inputs[0].shape[:2]
    lengths = [max(steps - i, 0) for i in range(n)]
    parts = [[x[i, :m] for i, m in enumerate(lengths)] for x in inputs]

    def roomy(rows):
        """A batch with unused slots, whose values must not matter."""
        r = lamina.Ragged(rows)
        more = ops.pad(r.values, ((0, 3), (0, 0)), constant_values=7.0)[None]
        more.row_lengths = r.row_lengths
        more._keras_mask = ops.arange(more.shape[1])[None] < sum(lengths)
        return more

    batches = [roomy(rows) for rows in parts]
    for b in batches[1:]:
        b.row_lengths = batches[0].row_lengths
    try:
        together = row.call(layer, batches)
    except (NotImplementedError, ValueError) as e:
        assert "ragged" in str(e)  # by name: of the layer or of one inside it
        return
    assert layer.supports_ragged
    together = list(together) if isinstance(together, (list, tuple)) else [together]
    for i, m in enumerate(lengths):
        if not m:
            continue
        alone = row.call(layer, [x[i][None] for x in parts])
        alone = list(alone) if isinstance(alone, (list, tuple)) else [alone]
        for a, b in zip(alone, together, strict=True):
            rows = b if b.row_lengths is None else lamina.Ragged(b)
            close(rows[i].numpy(), a.numpy()[0], 1e-5)


def test_learned_positions_need_none_for_slots_left_over():
    tokens = lamina.Input((None,), dtype="int32")
    x = layers.Embedding(9, 4)(tokens)
    model = lamina.Model(tokens, layers.PositionEmbedding(5)(x))
    rows = [np.full(n, 1, "int32") for n in [*[5, 2, 1, 4] * 40, 1]]  # 481 steps in 512
    table = model.get_weights()[1]
    for row, found in zip(rows, model.predict(rows, batch_size=161, verbose=0)):
        np.testing.assert_array_equal(found, table[: len(row)])
