"""Learning-rate schedules."""

from oracle.support import oracle_tests, schedule_row

test_rows = oracle_tests(
    [
        schedule_row("ExponentialDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.7),
        schedule_row(
            "ExponentialDecay",
            initial_learning_rate=0.1,
            decay_steps=10,
            decay_rate=0.7,
            staircase=True,
        ),
        schedule_row("InverseTimeDecay", initial_learning_rate=0.1, decay_steps=7, decay_rate=0.5),
        schedule_row(
            "InverseTimeDecay",
            initial_learning_rate=0.1,
            decay_steps=7,
            decay_rate=0.5,
            staircase=True,
        ),
        schedule_row("PiecewiseConstantDecay", boundaries=[3, 10], values=[1.0, 0.5, 0.1]),
        schedule_row("PiecewiseConstantDecay", boundaries=[100], values=[0.5, 0.1]),
        schedule_row("PolynomialDecay", initial_learning_rate=0.1, decay_steps=100),
        schedule_row(
            "PolynomialDecay",
            initial_learning_rate=0.1,
            decay_steps=10,
            end_learning_rate=0.01,
            power=2.0,
            cycle=True,
        ),
        schedule_row("CosineDecay", initial_learning_rate=0.1, decay_steps=100, alpha=0.1),
        schedule_row(
            "CosineDecay",
            initial_learning_rate=0.01,
            decay_steps=90,
            alpha=0.05,
            warmup_target=0.1,
            warmup_steps=10,
        ),
        # In float32 Keras loses up to 1e-5 of the cosine's argument after many periods.
        schedule_row(
            "CosineDecayRestarts", initial_learning_rate=0.1, first_decay_steps=10, tol=1e-5
        ),
        schedule_row(
            "CosineDecayRestarts",
            0, 1, 5, 9, 12, 40, 77, 200,
            initial_learning_rate=0.1,
            first_decay_steps=10,
            t_mul=1.5,
            m_mul=0.8,
            alpha=0.1,
            tol=1e-5,
        ),
        schedule_row(
            "CosineDecayRestarts",
            0, 3, 7, 8, 13, 50,
            initial_learning_rate=0.1,
            first_decay_steps=7,
            t_mul=1.0,
            m_mul=0.9,
            tol=1e-5,
        ),
    ]
)  # fmt: skip
