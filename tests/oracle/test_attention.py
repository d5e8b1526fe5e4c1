"""Attention layers against Keras; attention itself against PyTorch's."""

import importlib.util

import numpy as np
import pytest

from oracle.base import as_numpy, close
from oracle.layer_rows import share_weights
from oracle.support import layer_row, oracle_tests, real

X, QUERY, VALUE, KEY = real(3, 5, 4), real(2, 3, 4), real(2, 6, 4), real(2, 6, 4)
DEEP, DEEP_VALUE = real(2, 3, 4, 6), real(2, 3, 5, 6)
RNG = np.random.default_rng(0)
MASK = RNG.random((2, 3, 6)) < 0.6
MASK[..., 0] = True  # every query sees a key
ROWS, COLUMNS = np.array([[1, 1, 0], [1, 1, 1]], bool), RNG.random((2, 6)) < 0.6
COLUMNS[:, 0] = True


def masks(K):
    return [K.ops.convert_to_tensor(ROWS), K.ops.convert_to_tensor(COLUMNS)]


SCORES = {"return_attention_scores": True}
CAUSAL = {"use_causal_mask": True}
multi = {"num_heads": 2, "key_dim": 3}
grouped = {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}

test_rows = oracle_tests(
    [
        layer_row("Attention", [QUERY, VALUE]),
        layer_row("Attention", [QUERY, VALUE, KEY], use_scale=True),
        layer_row("Attention", [QUERY, VALUE], score_mode="concat", id="concat"),
        layer_row("Attention", [QUERY, VALUE, KEY], use_scale=True, score_mode="concat"),
        layer_row("Attention", [QUERY, VALUE], call=SCORES | CAUSAL, id="scores"),
        layer_row("Attention", [QUERY, VALUE], call={"mask": masks}, id="masks"),
        layer_row("Attention", [QUERY, VALUE], call={"mask": masks} | CAUSAL | SCORES, id="both"),
        layer_row("Attention", [QUERY, VALUE], dropout=0.3, seed_free=False),
        layer_row("AdditiveAttention", [QUERY, VALUE]),
        layer_row("AdditiveAttention", [QUERY, VALUE, KEY], use_scale=False),
        layer_row("AdditiveAttention", [QUERY, VALUE], call={"mask": masks} | CAUSAL | SCORES),
        layer_row("MultiHeadAttention", QUERY, VALUE, **multi),
        layer_row("MultiHeadAttention", QUERY, VALUE, KEY, output_shape=7, **multi),
        layer_row("MultiHeadAttention", QUERY, VALUE, use_gate=True, **multi),
        # With another value_dim Keras on JAX can only compute the scores too.
        layer_row("MultiHeadAttention", QUERY, VALUE, KEY, value_dim=5, call=SCORES, **multi),
        layer_row(
            "MultiHeadAttention", QUERY, VALUE, use_gate=True, value_dim=5, call=SCORES, **multi
        ),
        layer_row("MultiHeadAttention", QUERY, VALUE, use_bias=False, output_shape=(3, 2), **multi),
        layer_row("MultiHeadAttention", X, X, sliding_window=2, **multi),
        layer_row("MultiHeadAttention", X, X, sliding_window=2, call=CAUSAL, id="band", **multi),
        layer_row("MultiHeadAttention", QUERY, VALUE, call=CAUSAL | SCORES, id="scores", **multi),
        layer_row(
            "MultiHeadAttention", QUERY, VALUE, call={"attention_mask": MASK}, id="mask", **multi
        ),
        layer_row(
            "MultiHeadAttention",
            QUERY,
            VALUE,
            call={"attention_mask": MASK, "value_mask": COLUMNS} | CAUSAL,
            id="masks",
            **multi,
        ),
        layer_row("MultiHeadAttention", QUERY, VALUE, dropout=0.3, seed_free=False, **multi),
        layer_row("MultiHeadAttention", DEEP, DEEP_VALUE, attention_axes=2, **multi),
        layer_row("MultiHeadAttention", DEEP, DEEP, attention_axes=(-3,), call=SCORES, **multi),
        layer_row("MultiHeadAttention", DEEP, DEEP_VALUE, call=SCORES, id="two axes", **multi),
        layer_row(
            "MultiHeadAttention",
            QUERY,
            VALUE,
            kernel_regularizer="l2",
            activity_regularizer="l1",
            bias_constraint="non_neg",
            kernel_initializer="he_normal",
            **multi,
        ),
        layer_row("GroupQueryAttention", QUERY, VALUE, **grouped),
        layer_row("GroupQueryAttention", QUERY, VALUE, KEY, use_gate=True, **grouped),
        layer_row("GroupQueryAttention", X, X, sliding_window=2, call=CAUSAL, **grouped),
        layer_row("GroupQueryAttention", QUERY, VALUE, call=CAUSAL | SCORES, id="s", **grouped),
        layer_row(
            "GroupQueryAttention",
            QUERY,
            VALUE,
            call={"attention_mask": MASK, "query_mask": ROWS, "value_mask": COLUMNS},
            id="masks",
            **grouped,
        ),
        layer_row("GroupQueryAttention", QUERY, VALUE, dropout=0.2, seed_free=False, **grouped),
    ]
)


def block(K, x, first, other=None):
    """A transformer block as its description says, in layers of Keras."""
    layers = K.layers
    weights = []

    def residual(x, norm, f):
        y = x + f(norm(x) if first else x)
        return y if first else norm(y)

    def attended(x, value=None, causal=False):
        attend = layers.MultiHeadAttention(2, 3)
        norm = layers.LayerNormalization(epsilon=1e-5)
        weights.extend([attend, norm])
        return residual(
            x, norm, lambda t: attend(t, t if value is None else value, use_causal_mask=causal)
        )

    x = attended(x, causal=other is not None)
    if other is not None:
        x = attended(x, other)
    norm = layers.LayerNormalization(epsilon=1e-5)
    inner, outer = layers.Dense(5, activation="relu"), layers.Dense(6)
    x = residual(x, norm, lambda t: outer(inner(t)))
    weights += [norm, inner, outer] if other is None else [inner, outer, norm]
    return x, [w for layer in weights for w in layer.weights]


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("kind", ["TransformerEncoder", "TransformerDecoder"])
def test_blocks_train_as_layers_of_keras_do(kind, first):
    import keras

    import lamina

    x, other = real(4, 3, 6), real(4, 7, 6)
    two = kind == "TransformerDecoder"
    shapes = [(3, 6), (7, 6)] if two else [(3, 6)]
    inputs = [keras.Input(s) for s in shapes]
    out, weights = block(keras, inputs[0], first, inputs[1] if two else None)
    theirs = keras.Model(inputs, out)
    inputs = [lamina.Input(s) for s in shapes]
    layer = getattr(lamina.layers, kind)(5, 2, normalize_first=first)
    ours = lamina.Model(inputs, layer(*inputs))
    assert [w.shape for w in layer.weights] == [tuple(w.shape) for w in weights]
    rng = np.random.default_rng(1)
    values = [rng.normal(size=w.shape).astype("float32") * 0.5 for w in weights]
    for w, v in zip(weights, values):
        w.assign(v)
    layer.set_weights(values)
    data = [x, other] if two else x
    target = real(4, 3, 6) * 0.3
    losses = []
    for model, package in ((theirs, keras), (ours, lamina)):
        model.compile(package.optimizers.SGD(0.05), "mse")
        history = model.fit(data, target, 4, epochs=3, shuffle=False, verbose=0)
        losses.append(history.history["loss"])
    close(np.float32(losses[1]), np.float32(losses[0]), 1e-5, "losses")
    close([w.numpy() for w in layer.weights], [as_numpy(w) for w in weights], 1e-5, "weights")


@pytest.mark.parametrize("kind", ["MultiHeadAttention", "GroupQueryAttention", "Attention"])
def test_masks_of_embeddings(kind):
    """In a model whose inputs carry masks: values and three steps of training."""
    import keras

    import lamina

    tokens = np.array([[1, 2, 3, 0, 0], [2, 2, 0, 0, 0], [3, 1, 2, 1, 0], [1, 1, 1, 1, 1]], "int32")
    models = []
    for K in (keras, lamina):
        i = K.Input((5,), dtype="int32")
        x = K.layers.Embedding(4, 6, mask_zero=True)(i)
        if kind == "Attention":
            x = K.layers.Attention(use_scale=True)([x, x], use_causal_mask=True)
        else:
            args = multi if kind == "MultiHeadAttention" else grouped
            x = getattr(K.layers, kind)(**args)(x, x, use_causal_mask=True)
        x = K.layers.GlobalAveragePooling1D()(x)
        models.append(K.Model(i, K.layers.Dense(2)(x)))
    share_weights(*models, kind)
    for model in models:
        model.set_weights([0.3 * w for w in model.get_weights()])
    close(models[1].predict(tokens, verbose=0), models[0].predict(tokens, verbose=0), 1e-5)
    for model, K in zip(models, (keras, lamina)):
        model.compile(K.optimizers.SGD(0.05), "mse")
        model.fit(tokens, real(4, 2), 4, epochs=3, shuffle=False, verbose=0)
    close(models[1].get_weights(), models[0].get_weights(), 1e-5)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs PyTorch")
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("groups", [1, 2])
def test_attention_agrees_with_pytorch(causal, masked, groups):
    import torch

    import lamina

    if causal and masked:
        pytest.skip("PyTorch takes one or the other")
    rng = np.random.default_rng(0)
    q, k, v, g = (
        rng.normal(size=s).astype("float32")
        for s in ((2, 50, 4, 8), (2, 50, 4 // groups, 8), (2, 50, 4 // groups, 8), (2, 50, 4, 8))
    )
    mask = rng.random((2, 1, 50, 50)) < 0.5 if masked else None
    theirs = [torch.tensor(x, requires_grad=True) for x in (q, k, v)]
    out = torch.nn.functional.scaled_dot_product_attention(
        *(t.transpose(1, 2) for t in theirs),
        attn_mask=None if mask is None else torch.tensor(mask),
        is_causal=causal,
        enable_gqa=groups > 1,
    ).transpose(1, 2)
    (out * torch.tensor(g)).sum().backward()
    ours = [lamina.tensor(x, requires_grad=True) for x in (q, k, v)]
    got = lamina.ops.dot_product_attention(*ours, mask=mask, is_causal=causal)
    lamina.ops.sum(got * g).backward()
    close(got, out.detach().numpy(), 1e-5, "output")
    for a, b in zip(ours, theirs):
        close(a.grad, b.grad.numpy(), 1e-5, "gradients")
