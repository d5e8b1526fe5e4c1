"""Attention layers."""

from oracle.support import layer_row, oracle_tests, real

X, QUERY, VALUE, KEY = real(3, 5, 4), real(2, 3, 4), real(2, 6, 5), real(2, 6, 4)
# What lamina does not have yet, or writes in another way.
ATTENTION = ("value_dim", "sliding_window", "use_gate")


def attention(*inputs, **kwargs):
    return layer_row("MultiHeadAttention", *inputs, config_ignore=ATTENTION, **kwargs)


test_rows = oracle_tests(
    [
        attention(QUERY, VALUE, num_heads=2, key_dim=3),
        attention(QUERY, VALUE, KEY, num_heads=2, key_dim=3, output_shape=7),
        attention(X, X, num_heads=2, key_dim=3, use_bias=False, call={"use_causal_mask": True}),
    ]
)
