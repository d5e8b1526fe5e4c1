"""Recurrent and attention layers."""

from oracle.support import layer_row, oracle_tests, real

X, QUERY, VALUE, KEY = real(3, 5, 4), real(2, 3, 4), real(2, 6, 5), real(2, 6, 4)
# What lamina does not have yet, or writes in another way.
LSTM = ("zero_output_for_mask",)
BOTH = ("zero_output_for_mask", "backward_layer")
ATTENTION = ("value_dim", "sliding_window", "use_gate")


def lstm(*inputs, **kwargs):
    return layer_row("LSTM", *inputs, config_ignore=LSTM, **kwargs)


def attention(*inputs, **kwargs):
    return layer_row("MultiHeadAttention", *inputs, config_ignore=ATTENTION, **kwargs)


test_rows = oracle_tests(
    [
        lstm(X, units=6),
        lstm(X, units=6, return_sequences=True, go_backwards=True),
        lstm(X, units=6, return_state=True, use_bias=False),
        lstm(X, units=6, activation="softsign", recurrent_activation="hard_sigmoid"),
        layer_row("Bidirectional", X, layer=lambda K: K.layers.LSTM(3), config_ignore=BOTH),
        layer_row(
            "Bidirectional",
            X,
            layer=lambda K: K.layers.LSTM(3, return_sequences=True),
            merge_mode="sum",
            config_ignore=BOTH,
        ),
        attention(QUERY, VALUE, num_heads=2, key_dim=3),
        attention(QUERY, VALUE, KEY, num_heads=2, key_dim=3, output_shape=7),
        attention(X, X, num_heads=2, key_dim=3, use_bias=False, call={"use_causal_mask": True}),
    ]
)
