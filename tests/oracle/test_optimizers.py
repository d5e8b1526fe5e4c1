"""Optimizers: each alone, and with every option that all of them have."""

import numpy as np

from oracle.support import COVERED, close, optimizer_row, oracle_tests, real

COVERED.update((n, "LossScaleOptimizer") for n in ("optimizers", "mixed_precision"))

OWN = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
    "Adam": [{}, {"amsgrad": True, "beta_1": 0.8, "beta_2": 0.9}],
    "AdamW": [{}, {"weight_decay": 0.2, "learning_rate": 0.02}],
    "RMSprop": [{}, {"momentum": 0.5, "centered": True, "rho": 0.8}],
    "Adamax": [{}, {"beta_1": 0.8, "beta_2": 0.7, "epsilon": 1e-3}],
    "Nadam": [{}, {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}],
    "Adadelta": [{"learning_rate": 1.0}, {"rho": 0.8, "epsilon": 1e-3}],
    "Adagrad": [{}, {"initial_accumulator_value": 0.5, "epsilon": 1e-3}],
    "Adafactor": [
        {"learning_rate": 0.1},
        {"clip_threshold": 0.5, "beta_2_decay": -0.5, "epsilon_2": 0.1},
        {"relative_step": False, "learning_rate": 0.7},
    ],
    "Ftrl": [
        {"learning_rate": 0.1},
        {
            "learning_rate_power": -0.3,
            "l1_regularization_strength": 0.1,
            "l2_regularization_strength": 0.2,
            "l2_shrinkage_regularization_strength": 0.1,
            "beta": 0.4,
        },
    ],
    "Lion": [{}, {"beta_1": 0.7, "beta_2": 0.8}],
    "Lamb": [{}, {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}],
    "Muon": [
        {},
        {"nesterov": False, "ns_steps": 3, "rms_rate": None, "adam_lr_ratio": 0.5},
        {"exclude_layers": ["ker"], "weight_decay": None, "adam_weight_decay": 0.1},
    ],
    "ScheduleFreeAdamW": [{}, {"warmup_steps": 4, "beta_1": 0.8, "weight_decay": 0.1}],
}
SHARED = [
    {"weight_decay": 0.05, "clipnorm": 0.5},
    {"clipvalue": 0.3, "use_ema": True, "ema_momentum": 0.6},
    {"global_clipnorm": 0.7, "gradient_accumulation_steps": 2},
    {"loss_scale_factor": 4.0, "use_ema": True, "ema_overwrite_frequency": 2},
    {
        "gradient_accumulation_steps": 3,
        "use_ema": True,
        "ema_momentum": 0.5,
        "ema_overwrite_frequency": 2,
        "weight_decay": 0.1,
    },
    {"learning_rate": lambda K: K.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)},
]


def rows():
    for name, choices in OWN.items():
        # Newton's and Schulz's iteration multiplies rounding errors by about 3.4 in each round.
        tol = 5e-5 if name == "Muon" else 1e-5
        for own in choices:
            yield optimizer_row(name, tol=tol, **own)
        for shared in SHARED:
            yield optimizer_row(name, steps=8, tol=tol, **{**choices[-1], **shared})


test_rows = oracle_tests(
    [
        *rows(),
        optimizer_row(
            "MultiOptimizer",
            optimizer_map=lambda K: K.optimizers.OptimizerMap(
                K.optimizers.SGD(0.1, momentum=0.5), {"ker.*": K.optimizers.Adam(0.01)}
            ),
        ),
    ]
)


def test_loss_scale():
    """The scale of the loss: doubled after some good steps, halved where a gradient is infinite."""
    import keras

    import lamina

    start, seen = real(3, 2), ([], [])
    for values, k in zip(seen, (lamina, keras)):
        scaled = k.optimizers.LossScaleOptimizer(
            k.optimizers.SGD(0.1), initial_scale=8.0, dynamic_growth_steps=2
        )
        v = k.Variable(start, name="kernel")
        scaled.build([v])
        assert float(scaled.scale_loss(3.0)) == 24.0
        names = [x.path.split("/")[-1] for x in scaled.variables]
        state, trained = [x.value for x in scaled.variables], [v.value]
        for step in range(8):
            g = np.full((3, 2), np.inf if step == 4 else 8.0 * (step + 1), "float32")
            gradients = [k.ops.convert_to_tensor(g)]
            trained, state = scaled.stateless_apply(state, gradients, trained)
            scale = k.ops.convert_to_numpy(state[names.index("dynamic_scale")])
            values.append((float(scale), np.asarray(k.ops.convert_to_numpy(trained[0]))))
    assert [s for s, _ in seen[0]] == [s for s, _ in seen[1]]
    close([v for _, v in seen[0]], [v for _, v in seen[1]])
