"""Attention: masks, ragged batches, dropout, memory, caches."""

import sys

import numpy as np
import pytest

import lamina
from lamina import _core, layers, ops


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def weighted(out, seed=9):
    return ops.sum(out * normal(*out.shape, seed=seed))


def check_gradients(f, *inputs, h=1e-6):
    """f(*tensors) -> scalar, along one random direction of each input."""
    tensors = [lamina.tensor(x, requires_grad=True) for x in inputs]
    f(*tensors).backward()
    for i, x in enumerate(inputs):
        direction = normal(*x.shape, seed=20 + i)
        sides = [
            float(
                f(*[v + s * h * direction if j == i else v for j, v in enumerate(inputs)]).numpy()
            )
            for s in (1, -1)
        ]
        got = float((tensors[i].grad.numpy() * direction).sum())
        assert got == pytest.approx((sides[0] - sides[1]) / (2 * h), rel=1e-5, abs=1e-7), i


QUERY_MASK = np.array([[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]], bool)
VALUE_MASK = np.array([[1, 1, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 1, 1]], bool)
ATTENTION_MASK = np.random.default_rng(1).random((2, 5, 7)) < 0.6
RESTRICTIONS = {
    "causal": {"use_causal_mask": True},
    "value_mask": {"value_mask": VALUE_MASK},
    "both masks": {"query_mask": QUERY_MASK, "value_mask": VALUE_MASK},
    "everything": {
        "query_mask": QUERY_MASK,
        "value_mask": VALUE_MASK,
        "attention_mask": ATTENTION_MASK,
        "use_causal_mask": True,
    },
}


def reference(layer, q, v, query_mask=None, value_mask=None, attention_mask=None, causal=False):
    """The layer in NumPy, with the whole matrix."""
    wq, bq, wk, bk, wv, bv, wo, bo = (w.numpy() for w in layer.weights)
    q = np.einsum("btd,dhk->bthk", q, wq) + bq
    k, v = (np.einsum("btd,dhk->bthk", v, w) + b for w, b in ((wk, bk), (wv, bv)))
    if wk.shape[1] != wq.shape[1]:
        k, v = (np.repeat(x, wq.shape[1] // wk.shape[1], 2) for x in (k, v))
    s = np.einsum("bthk,bshk->bhts", q, k) / np.sqrt(q.shape[-1])
    keep = np.ones(s.shape, bool)
    t, n = s.shape[2:]
    if query_mask is not None:
        keep &= query_mask[:, None, :, None]
    if value_mask is not None:
        keep &= value_mask[:, None, None]
    if attention_mask is not None:
        keep &= attention_mask[:, None]
    if causal:
        keep &= np.tri(t, n, dtype=bool)
    if getattr(layer, "sliding_window", None):
        keep &= abs(np.arange(t)[:, None] - np.arange(n)) < layer.sliding_window
    s = np.where(keep, s, -1e30)
    p = np.exp(s - s.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    return np.einsum("bthk,hko->bto", np.einsum("bhts,bshk->bthk", p, v), wo) + bo, p


def heads_layer(kind, **kwargs):
    if kind == "multi":
        return layers.MultiHeadAttention(2, 3, dtype="float64", **kwargs)
    return layers.GroupQueryAttention(3, 4, 2, dtype="float64", **kwargs)


@pytest.mark.parametrize("window", [None, 2])
@pytest.mark.parametrize("kind", ["multi", "groups"])
@pytest.mark.parametrize("name", RESTRICTIONS)
def test_masks(name, kind, window):
    q, v = normal(2, 5, 4), normal(2, 7, 4, seed=1)
    layer = heads_layer(kind, sliding_window=window)
    call = RESTRICTIONS[name]
    out, scores = layer(q, v, return_attention_scores=True, **call)
    other = {k: x for k, x in call.items() if k != "use_causal_mask"}
    expected, shares = reference(layer, q, v, **other, causal="use_causal_mask" in call)
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(scores.numpy(), shares, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(layer(q, v, **call).numpy(), out.numpy())
    check_gradients(lambda q, v: weighted(layer(q, v, **call)), q, v)


@pytest.mark.parametrize("name", ["causal", "both masks"])
def test_second_derivatives(name):
    q, v = normal(2, 5, 4), normal(2, 7, 4, seed=1)
    layer = heads_layer("groups", sliding_window=4)

    def slope(q, v):
        q, v = (lamina.tensor(x, requires_grad=True) if isinstance(x, np.ndarray) else x
                for x in (q, v))  # fmt: skip
        out = weighted(layer(q, v, **RESTRICTIONS[name]))
        g = _core.gradients([out], [q, v], [], True)
        return weighted(g[0], 3) + weighted(g[1], 4)

    check_gradients(slope, q, v)


def test_masks_that_come_with_the_inputs():
    tokens = np.array([[3, 1, 4, 0], [1, 5, 0, 0]])
    embed = layers.Embedding(6, 4, mask_zero=True, dtype="float64")
    layer = heads_layer("multi")
    x = embed(tokens)
    out = layer(x, x)
    expected, _ = reference(layer, x.numpy(), x.numpy(), tokens != 0, tokens != 0)
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-10)
    np.testing.assert_array_equal(out._keras_mask.numpy(), tokens != 0)
    plain = layers.Attention(dtype="float64")
    out = plain([x, x])
    assert (out.numpy()[tokens == 0] == 0).all()
    by_hand = plain([x.numpy(), x.numpy()], mask=[tokens != 0, tokens != 0])
    np.testing.assert_array_equal(by_hand.numpy(), out.numpy())


@pytest.mark.parametrize("kind", ["dot", "concat", "additive"])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_attention_of_one_head(kind, causal, masked):
    q, v = normal(2, 5, 4), normal(2, 7, 4, seed=1)
    layer = (
        layers.AdditiveAttention(dtype="float64")
        if kind == "additive"
        else layers.Attention(True, kind, dtype="float64")
    )
    call = {"use_causal_mask": causal, "mask": [QUERY_MASK, VALUE_MASK] if masked else None}
    out, shares = layer([q, v], return_attention_scores=True, **call)
    w = [x.numpy() for x in layer.weights]
    if kind == "dot":
        s = w[0] * q @ v.swapaxes(1, 2)
    elif kind == "concat":
        s = w[1] * np.tanh(w[0] * (q[:, :, None] + v[:, None])).sum(-1)
    else:
        s = (w[0] * np.tanh(q[:, :, None] + v[:, None])).sum(-1)
    if masked:
        s = np.where(VALUE_MASK[:, None], s, -1e30)
    if causal:
        s = np.where(np.tri(5, 7, dtype=bool), s, -1e30)
    p = np.exp(s - s.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    expected = p @ v
    if masked:
        expected[~QUERY_MASK] = 0
    np.testing.assert_allclose(shares.numpy(), p, rtol=1e-10, atol=1e-12)
    for got in (out, layer([q, v], **call)):
        np.testing.assert_allclose(got.numpy(), expected, rtol=1e-10, atol=1e-12)
    check_gradients(lambda q, v: weighted(layer([q, v], **call)), q, v)


# ---- ragged batches ----


def ragged(lengths, features, seed=0):
    """Values of a ragged batch, two slots left over, and lengths."""
    return normal(1, sum(lengths) + 2, features, seed=seed), np.array(lengths)


def tensor_of(values, lengths):
    t = lamina.tensor(values) if isinstance(values, np.ndarray) else values
    mask = np.arange(t.shape[1])[None] < lengths.sum()
    t = t * 1.0
    t._keras_mask = lamina.tensor(mask)
    t.row_lengths = lengths
    return t


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("kind", ["multi", "groups"])
def test_ragged_self_attention_stays_in_its_sequences(kind, causal):
    lengths = [3, 1, 40, 7]
    layer = heads_layer(kind)
    values, rows = ragged(lengths, 4)
    t = tensor_of(values, rows)
    out = layer(t, t, use_causal_mask=causal)
    assert out.row_lengths.numpy().tolist() == lengths
    start = 0
    for n in lengths:
        x = values[:, start : start + n]
        expected = layer(x, x, use_causal_mask=causal).numpy()
        np.testing.assert_allclose(
            out.numpy()[:, start : start + n], expected, rtol=1e-9, atol=1e-12
        )
        start += n

    def value(x):
        t = tensor_of(x, rows)
        y = layer(t, t, use_causal_mask=causal)
        return ops.sum(y[:, :-2] * normal(1, values.shape[1] - 2, 4, seed=5))

    check_gradients(value, values)


def test_ragged_cross_attention():
    (q, rows), (v, others) = ragged([3, 2, 5], 4), ragged([6, 1, 4], 4, 7)
    layer = heads_layer("multi")
    out = layer(tensor_of(q, rows), tensor_of(v, others)).numpy()
    starts, at = np.cumsum(rows) - rows, np.cumsum(others) - others
    for i in range(3):
        mine, theirs = slice(starts[i], starts[i] + rows[i]), slice(at[i], at[i] + others[i])
        np.testing.assert_allclose(
            out[:, mine], layer(q[:, mine], v[:, theirs]).numpy(), rtol=1e-9, atol=1e-12
        )

    def value(q, v):
        y = layer(tensor_of(q, rows), tensor_of(v, others))
        return ops.sum(y[:, :-2] * normal(1, q.shape[1] - 2, 4, seed=5))

    check_gradients(value, q, v)
    with pytest.raises(ValueError, match="ragged"):
        layer(tensor_of(q, rows), v)


@pytest.mark.parametrize("name", ["PositionEmbedding", "RotaryEmbedding", "SinePositionEncoding"])
def test_positions_begin_anew_in_each_sequence(name):
    make = {"sequence_length": 9} if name == "PositionEmbedding" else {}
    layer = getattr(layers, name)(**make, dtype="float64")
    values, rows = ragged([3, 5, 2], 4)
    out = layer(tensor_of(values, rows)).numpy()
    start = 0
    for n in rows:
        np.testing.assert_allclose(
            out[:, start : start + n], layer(values[:, start : start + n]).numpy(), atol=1e-7
        )
        start += n


def test_a_ragged_transformer_trains_as_one_of_padded_sequences():
    lengths = [5, 2, 7, 3]
    rng = np.random.default_rng(0)
    sequences = [rng.integers(1, 9, n) for n in lengths]
    tokens = lamina.Input((None,), dtype="int32")
    x = layers.Embedding(9, 8, mask_zero=True)(tokens)
    x = layers.Add()([x, layers.PositionEmbedding(8)(x)])
    x = layers.TransformerEncoder(16, 2)(x)
    x = layers.TransformerDecoder(16, 2, normalize_first=True)(x)
    model = lamina.Model(tokens, layers.Dense(3)(x))
    weights = [rng.normal(size=w.shape) * 0.3 for w in model.get_weights()]
    padded = np.zeros((4, 7), "int32")
    for row, s in zip(padded, sequences):
        row[: len(s)] = s
    model.set_weights(weights)
    expected = model.predict(padded, verbose=0)
    got = model.predict(_core.Ragged(sequences), verbose=0)
    for i, n in enumerate(lengths):
        np.testing.assert_allclose(np.asarray(got[i]), expected[i, :n], rtol=1e-4, atol=1e-5)


# ---- dropout ----


def dropped(seed, q, k, v, rate=0.4, training=True, **kwargs):
    layer = layers.Attention(dropout=rate, seed=seed, dtype="float64")
    return layer([q, v, k], training=training, **kwargs)


def test_dropout_drops_its_share_and_keeps_the_mean():
    q, k = np.zeros((40, 50, 2)), np.zeros((40, 300, 2))
    v = np.broadcast_to(np.eye(300), (40, 300, 300))  # the output is the attention
    p = dropped(3, q, k, v).numpy() * 300
    assert set(np.unique(p.round(9))) == {0, round(1 / 0.6, 9)}
    assert (p == 0).mean() == pytest.approx(0.4, abs=0.003)
    for axis in range(3):  # no pattern along any axis
        others = tuple(a for a in range(3) if a != axis)
        assert (p == 0).mean(others).std() == pytest.approx(
            np.sqrt(0.24 / (p.size / p.shape[axis])), rel=0.4
        )
    layer = layers.Attention(dropout=0.4, seed=3, dtype="float64")
    first, second = (layer([q, v, k], training=True).numpy() for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(first * 300, p)
    even = dropped(3, q, k, v, training=False).numpy()
    np.testing.assert_allclose(even, 1 / 300, rtol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_the_backward_pass_drops_the_same(causal):
    q, k, v = normal(2, 30, 4), normal(2, 140, 4, seed=1), normal(2, 140, 3, seed=2)
    check_gradients(lambda q, k, v: weighted(dropped(5, q, k, v, use_causal_mask=causal)), q, k, v)


def test_second_derivatives_with_dropout():
    q, k, v = normal(1, 5, 4), normal(1, 6, 4, seed=1), normal(1, 6, 3, seed=2)

    def slope(*inputs):
        xs = [lamina.tensor(x, requires_grad=True) if isinstance(x, np.ndarray) else x
              for x in inputs]  # fmt: skip
        g = _core.gradients([weighted(dropped(5, *xs))], xs, [], True)
        return sum(weighted(t, i) for i, t in enumerate(g))

    check_gradients(slope, q, k, v)


def test_captured_dropout_trains_as_eager_does():
    x, y = normal(4, 6, 8).astype("float32"), normal(4, 6, 8, seed=1).astype("float32")
    results = []
    for eager in (False, True):
        lamina.utils.set_random_seed(1)
        i = lamina.Input((6, 8))
        model = lamina.Model(i, layers.TransformerDecoder(16, 2, dropout=0.3)(i))
        model.compile(lamina.optimizers.SGD(0.1), "mse", run_eagerly=eager)
        losses = model.fit(x, y, batch_size=2, epochs=3, verbose=0).history["loss"]
        results.append((losses, model.get_weights()))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-5)
    for a, b in zip(results[0][1], results[1][1]):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


# ---- memory ----


def peak_of(f):
    """Bytes that the process had at most while f() ran, above those before."""

    def status(key):
        with open("/proc/self/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(key)) * 1024

    with open("/proc/self/clear_refs", "w") as reset:
        reset.write("5")
    before = status("VmRSS")
    f()
    return status("VmHWM") - before


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
def test_long_sequences_train_in_memory_that_grows_with_their_length():
    def train(length):
        x = normal(1, length, 512).astype("float32")
        i = lamina.Input((length, 512))
        mask = np.ones((1, length), bool)
        layer = layers.MultiHeadAttention(8, 64, dropout=0.1)
        m = lamina.Input((length,), dtype="bool")
        model = lamina.Model([i, m], layer(i, i, value_mask=m, query_mask=m, use_causal_mask=True))
        model.compile(lamina.optimizers.SGD(0.1), "mse")
        return peak_of(lambda: model.train_on_batch([x, mask], x))

    short, long = train(2048), train(8192)
    assert long < 2e9  # one (T, S) matrix of all heads alone has 2.1e9 bytes
    assert long < 5 * max(short, 60e6)


# ---- step by step ----


def language_model(kind="decoder", **kwargs):
    tokens = lamina.Input((None,), dtype="int32")
    x = layers.Embedding(11, 8)(tokens)
    if kind == "rotary":
        y = layers.RotaryEmbedding()(x)
        x = layers.Add()([x, layers.GroupQueryAttention(4, 4, 2, sliding_window=5)(
            y, x, use_causal_mask=True)])  # fmt: skip
    elif kind == "decoder":
        x = layers.Add()([x, layers.PositionEmbedding(32)(x)])
        for _ in range(2):
            x = layers.TransformerDecoder(16, 2, **kwargs)(x)
    else:
        x = layers.Add()([x, layers.SinePositionEncoding()(x)])
        x = layers.LayerNormalization()(layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True))
    model = lamina.Model(tokens, layers.Dense(11)(x))
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape) * 0.5 for w in model.get_weights()])
    return model


TOKENS = np.random.default_rng(3).integers(0, 11, (2, 20))


@pytest.mark.parametrize("kind", ["decoder", "rotary", "sines"])
def test_decoding_step_by_step_equals_the_whole(kind):
    model = language_model(kind)
    whole = model(TOKENS).numpy()
    decoder = lamina.models.CachedDecoder(model, max_length=20, batch_size=2)
    for _ in range(2):
        got = [decoder(TOKENS[:, :7]).numpy()]
        got += [decoder(TOKENS[:, i : i + 1]).numpy() for i in range(7, 20)]
        np.testing.assert_allclose(np.concatenate(got, 1), whole, rtol=1e-4, atol=1e-5)
        assert decoder.position == 20
        decoder.reset()
    decoder(TOKENS[:, :9])
    decoder.position = 5
    step = decoder(TOKENS[:, 5:6]).numpy()
    np.testing.assert_allclose(step, whole[:, 5:6], rtol=1e-4, atol=1e-5)
    decoder.reorder(np.array([1, 0]))
    step = decoder(TOKENS[::-1, 6:7]).numpy()
    np.testing.assert_allclose(step, whole[::-1, 6:7], rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="max_length"):
        decoder(TOKENS[:, :14])


def test_decoding_with_an_encoder_and_masks():
    source = lamina.Input((6, 8))
    tokens = lamina.Input((None,), dtype="int32")
    x = layers.Embedding(11, 8, mask_zero=True)(tokens)
    x = layers.TransformerDecoder(16, 2)(x, layers.Masking()(source))
    model = lamina.Model([tokens, source], layers.Dense(11)(x))
    contexts = normal(2, 2, 6, 8).astype("float32")
    contexts[:, 0, 4:] = 0
    padded = TOKENS.copy()
    padded[0, :3] = 0
    padded[:, 3:] = np.maximum(padded[:, 3:], 1)
    decoder = lamina.models.CachedDecoder(model, 20, 2, context=contexts[0])
    for context in contexts:
        whole = model([padded, context]).numpy()
        decoder.reset(context)
        got = [decoder(padded[:, :4]).numpy()]
        got += [decoder(padded[:, i : i + 1]).numpy() for i in range(4, 20)]
        got = np.concatenate(got, 1)
        np.testing.assert_allclose(got[:, 3:], whole[:, 3:], rtol=1e-4, atol=1e-5)


def test_what_cannot_run_step_by_step_is_refused():
    x = lamina.Input((None, 8))
    both = layers.TransformerEncoder(16, 2, name="all")(x)
    decoder = lamina.models.CachedDecoder(lamina.Model(x, both), 20)
    with pytest.raises(ValueError, match="cannot run step by step"):
        decoder(np.zeros((1, 1, 8), "float32"))
    conv = lamina.Model(x, layers.Conv1D(8, 3, padding="causal", name="conv")(x))
    with pytest.raises(ValueError, match="Conv1D 'conv': mixes the steps"):
        lamina.models.CachedDecoder(conv, 20)


@pytest.mark.parametrize("captured", [False, True])
def test_caches_as_arguments(captured):
    """As in KerasHub: the cache goes in and comes back."""
    layer = layers.CachedMultiHeadAttention(2, 4)
    x = normal(2, 10, 8).astype("float32")
    whole = layer(x, x, use_causal_mask=True).numpy()

    def step(x, cache, index):
        return layer(x, x, cache=cache, cache_update_index=index, use_causal_mask=True)

    run = lamina.function(step) if captured else step
    cache = lamina.tensor(np.zeros((2, 2, 12, 2, 4), "float32"))
    got = []
    for first, n in ((0, 4), *((i, 1) for i in range(4, 10))):
        y, cache = run(x[:, first : first + n], cache, np.array(first))
        got.append(y.numpy())
    np.testing.assert_allclose(np.concatenate(got, 1), whole, rtol=1e-4, atol=1e-5)
    again = layer(x[:, 9:], x[:, 9:], cache=cache[:, :, :10])[0]
    np.testing.assert_allclose(again.numpy(), whole[:, 9:], rtol=1e-4, atol=1e-5)
    with pytest.raises(IndexError, match="do not fit a cache of length 12"):
        step(x, cache, 3)
    block = layers.TransformerDecoder(16, 2)
    expected = block(x).numpy()
    cache = lamina.ops.zeros((2, 2, 10, 2, 4))
    got = []
    for i in range(10):
        y, cache = block(
            x[:, i : i + 1], self_attention_cache=cache, self_attention_cache_update_index=i
        )
        got.append(y.numpy())
    np.testing.assert_allclose(np.concatenate(got, 1), expected, rtol=1e-4, atol=1e-5)


def test_shapes_one_by_one():
    layer = layers.MultiHeadAttention(2, 3, output_shape=7)
    layer.build((None, 3, 4), (None, 6, 5))
    assert layer.weights[2].shape == (5, 2, 3)
    assert layer.compute_output_shape((None, 3, 4), value_shape=(None, 6, 5)) == (None, 3, 7)
    again = layers.MultiHeadAttention(2, 3)
    again.build(query_shape=(2, 3, 4), value_shape=(2, 6, 4))
    assert again.built


def test_arguments_by_keyword_and_position():
    q, v, k = (normal(2, n, 4, seed=n).astype("float32") for n in (3, 6, 6))
    mask = np.random.default_rng(0).random((2, 3, 6)) < 0.7
    layer = layers.MultiHeadAttention(2, 3)
    expected = layer(q, v, k, attention_mask=mask).numpy()
    for out in (
        layer(query=q, value=v, key=k, attention_mask=mask),
        layer(q, key=k, value=v, attention_mask=mask),
        layer(q, v, k, None, None, None, mask),
    ):
        np.testing.assert_array_equal(out.numpy(), expected)

    class Own(lamina.Layer):
        def call(self, query, value):
            return query + ops.sum(value)

    np.testing.assert_allclose(Own()(query=q, value=v).numpy(), q + v.sum(), rtol=1e-5)
    with pytest.raises(ValueError, match="argument 'value' is missing"):
        layer(q, key=k)
    with pytest.raises(ValueError, match="needs a query and a value"):
        layer(q)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: layers.MultiHeadAttention(0, 4), "num_heads"),
        (lambda: layers.MultiHeadAttention(2, 4, dropout=1.0), "dropout"),
        (lambda: layers.MultiHeadAttention(2, 4, sliding_window=0), "sliding_window"),
        (lambda: layers.GroupQueryAttention(4, 3, 2), "divisible"),
        (lambda: layers.Attention(score_mode="cosine"), "score_mode"),
        (lambda: layers.TransformerEncoder(0, 2), "intermediate_dim"),
        (lambda: layers.TransformerEncoder(8, 9)(np.ones((1, 2, 4), "float32")), "num_heads"),
        (lambda: layers.PositionEmbedding(0), "sequence_length"),
    ],
)
def test_wrong_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
