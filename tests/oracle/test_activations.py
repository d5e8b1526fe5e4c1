"""All activation functions, with their arguments."""

from oracle.support import activation_row, oracle_tests

PLAIN = (
    "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu linear "
    "log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus "
    "softsign sparse_plus sparse_sigmoid squareplus tanh tanh_shrink"
).split()

test_rows = oracle_tests(
    [
        *(activation_row(name) for name in PLAIN),
        activation_row("threshold", threshold=0.5, default_value=-1.0),
        activation_row("relu", negative_slope=0.1, max_value=3.0, threshold=1.0),
        activation_row("relu", negative_slope=0.3),
        activation_row("relu", max_value=2.0),
        activation_row("leaky_relu", negative_slope=0.4),
        activation_row("elu", alpha=0.5),
        activation_row("celu", alpha=0.5),
        activation_row("gelu", approximate=True),
        activation_row("softmax", axis=0),
        activation_row("log_softmax", axis=0),
        activation_row("glu", axis=1),
        # Keras 3.15 is right only where one entry of a row is left; op_table.py has the others.
        activation_row("sparsemax", axis=0),
        activation_row("hard_shrink", threshold=1.5),
        activation_row("soft_shrink", threshold=1.5),
        activation_row("squareplus", b=1.0),
    ]
)
