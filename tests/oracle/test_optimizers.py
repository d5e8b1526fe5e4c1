"""Optimizers."""

from oracle.support import optimizer_row, oracle_tests

EMA = (
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)

test_rows = oracle_tests(
    [
        optimizer_row("SGD", momentum=0.9, nesterov=True, config_ignore=EMA),
        optimizer_row(
            "Adam", learning_rate=0.01, weight_decay=0.1, clipnorm=1.0, config_ignore=EMA
        ),
    ]
)
