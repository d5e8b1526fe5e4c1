"""Rows of layer_table.py: recurrent layers, their cells and wrappers."""

import numpy as np

from layer_table import SEQUENCE, layer, lstm, real
from op_table import conv, sigmoid

# ---- references: every output, and the last states ----


def gru_step(w, x, h, reset_after=True):
    units = w[1].shape[0]
    there, back = x @ w[0], np.zeros(3 * units)
    if len(w) > 2:
        there, back = (there + w[2][0], w[2][1]) if reset_after else (there + w[2], back)
    xz, xr, xn = np.split(there, 3, -1)
    if reset_after:
        hz, hr, hn = np.split(h @ w[1] + back, 3, -1)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        n = np.tanh(xn + r * hn)
    else:
        uz, ur, un = np.split(w[1], 3, -1)
        z, r = sigmoid(xz + h @ uz), sigmoid(xr + h @ ur)
        n = np.tanh(xn + (r * h) @ un)
    return z * h + (1 - z) * n


def run(step, x, *shape):
    h, out = np.zeros((len(x), *shape)), []
    for t in range(x.shape[1]):
        h = step(x[:, t], h)
        out.append(h)
    return np.stack(out, 1)


def gru(w, x, reset_after=True):
    return run(lambda v, h: gru_step(w, v, h, reset_after), x, w[1].shape[0])


def simple(w, x, f=np.tanh):
    return run(lambda v, h: f(v @ w[0] + h @ w[1] + (w[2] if len(w) > 2 else 0)), x, w[1].shape[0])


def relu(x):
    return np.maximum(x, 0)


# ---- layers ----

layer("SimpleRNN", lambda w, x: simple(w, x)[:, -1], SEQUENCE, units=4, bad=(2, 3))
layer(
    "SimpleRNN",
    lambda w, x: simple(w, x[:, ::-1], relu),
    SEQUENCE,
    units=5,
    activation="relu",
    return_sequences=True,
    go_backwards=True,
)
layer(
    "SimpleRNN",
    lambda w, x: [simple(w, x, sigmoid)[:, -1]] * 2,
    SEQUENCE,
    units=3,
    activation="sigmoid",
    use_bias=False,
    return_state=True,
)
layer("GRU", lambda w, x: gru(w, x)[:, -1], SEQUENCE, units=4, bad=(2, 3))
layer("GRU", lambda w, x: gru(w, x), SEQUENCE, units=9, return_sequences=True, use_bias=False)
layer(
    "GRU",
    lambda w, x: [gru(w, x[:, ::-1], False), gru(w, x[:, ::-1], False)[:, -1]],
    SEQUENCE,
    units=5,
    reset_after=False,
    go_backwards=True,
    return_sequences=True,
    return_state=True,
)


def cell(kind, **kwargs):
    def make(dtype):
        from lamina import layers

        return getattr(layers, kind)(3, dtype=dtype, **kwargs)

    return make


def stack(*kinds):
    def make(dtype):
        from lamina import layers

        return layers.StackedRNNCells([getattr(layers, k)(3, dtype=dtype) for k in kinds])

    return make


layer("RNN", lambda w, x: lstm(w, x)[0], SEQUENCE, cell=cell("LSTMCell"), return_sequences=True)
layer(
    "RNN",
    lambda w, x: gru(w, x, False)[:, -1],
    SEQUENCE,
    cell=cell("GRUCell", reset_after=False),
)
layer(
    "RNN",
    lambda w, x: simple(w[3:], lstm(w[:3], x)[0])[:, -1],
    SEQUENCE,
    cell=stack("LSTMCell", "SimpleRNNCell"),
)

# ---- cells ----

STEP, STATE = real(2, 4), real(2, 3) * 0.3


layer(
    "SimpleRNNCell",
    lambda w, x, h: [np.tanh(x @ w[0] + h @ w[1] + w[2])] * 2,
    STEP,
    STATE,
    apart=True,
    units=3,
)
layer(
    "GRUCell",
    lambda w, x, h: [gru_step(w, x, h)] * 2,
    STEP,
    STATE,
    apart=True,
    units=3,
)
layer(
    "LSTMCell",
    lambda w, x, h, c: lstm_step(w, x, h, c),
    STEP,
    STATE,
    STATE[::-1],
    apart=True,
    units=3,
)


def lstm_step(w, x, h, c):
    i, f, g, o = np.split(x @ w[0] + h @ w[1] + w[2], 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return [h, h, c]


def stacked_step(w, x, h, g):
    h = np.tanh(x @ w[0] + h @ w[1] + w[2])
    y = gru_step(w[3:], h, g)
    return [y, h, y]


layer(
    "StackedRNNCells",
    lambda w, x, h, g: stacked_step(w, x, h, g),
    STEP,
    STATE,
    STATE[::-1],
    apart=True,
    cells=lambda dtype: stack("SimpleRNNCell", "GRUCell")(dtype).cells,
)

# ---- wrappers ----


def gru_layer(dtype):
    from lamina import layers

    return layers.GRU(3, return_sequences=True, dtype=dtype)


def relu_layer(dtype):
    from lamina import layers

    return layers.SimpleRNN(3, activation="sigmoid", return_sequences=True, dtype=dtype)


def ways(run, w, x):
    half = len(w) // 2
    return run(w[:half], x), run(w[half:], x[:, ::-1])[:, ::-1]


layer(
    "Bidirectional",
    lambda w, x: np.multiply(*ways(gru, w, x)),
    SEQUENCE,
    layer=gru_layer,
    merge_mode="mul",
)
layer(
    "Bidirectional",
    lambda w, x: sum(ways(lambda v, y: simple(v, y, sigmoid), w, x)) / 2,
    SEQUENCE,
    layer=relu_layer,
    merge_mode="ave",
)
layer(
    "Bidirectional",
    lambda w, x: list(ways(gru, w, x)),
    SEQUENCE,
    layer=gru_layer,
    merge_mode=None,
)


def dense_layer(dtype):
    from lamina import layers

    return layers.Dense(5, dtype=dtype)


layer("TimeDistributed", lambda w, x: x @ w[0] + w[1], SEQUENCE, layer=dense_layer, bad=(2, 3))

# ---- convolutions ----


def conv_lstm(w, x):
    """2-D, input "valid", states "same"."""
    h = c = 0
    for t in range(x.shape[1]):
        z = conv(x[:, t], w[0]) + w[2]
        if t:
            z = z + conv(h, w[1], 1, ((1, 1), (1, 1)))
        i, f, g, o = np.split(z, 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    return h


layer(
    "ConvLSTM2D",
    conv_lstm,
    real(2, 3, 5, 6, 2),
    filters=3,
    kernel_size=3,
    bad=(2, 3, 5, 6),
)


def one_by_one(w, x):
    """Kernels of one pixel: an LSTM at each place."""
    inner = [v.reshape(v.shape[-2:]) if v.ndim > 1 else v for v in w]
    pixels = np.moveaxis(x, 1, -2).reshape(-1, x.shape[1], x.shape[-1])
    y = lstm(inner, pixels)[0]
    y = y.reshape(len(x), *x.shape[2:-1], x.shape[1], y.shape[-1])
    return np.moveaxis(y, -2, 1)


layer(
    "ConvLSTM1D",
    one_by_one,
    real(2, 3, 4, 2),
    filters=3,
    kernel_size=1,
    return_sequences=True,
    bad=(2, 3, 4),
)
layer(
    "ConvLSTM3D",
    lambda w, x: one_by_one(w, x[:, ::-1])[:, -1],
    real(2, 3, 2, 3, 2, 2),
    filters=2,
    kernel_size=1,
    go_backwards=True,
)
