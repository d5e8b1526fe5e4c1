"""Optimizers and schedules in a training: captured as well as eager, saved, changed, subclassed."""

import numpy as np
import pytest

import lamina
from lamina import layers, ops, optimizers
from lamina.optimizers import schedules

rng = np.random.default_rng(3)
x = rng.normal(size=(48, 6)).astype("float32")
y = (x @ rng.normal(size=(6, 2))).astype("float32")


def model_with(optimizer, **compile_options):
    lamina.utils.set_random_seed(0)
    model = lamina.Sequential([lamina.Input((6,)), layers.Dense(4, "tanh"), layers.Dense(2)])
    model.compile(optimizer, "mse", **compile_options)
    return model


def fit(model, epochs=3):
    return model.fit(x, y, batch_size=8, epochs=epochs, shuffle=False, verbose=0)


EVERY = {
    name: {"learning_rate": 0.02}
    for name in optimizers._classes
    if name not in ("LossScaleOptimizer", "MultiOptimizer")
}
OPTIONS = [
    {},
    {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 4, "weight_decay": 0.01},
    {"gradient_accumulation_steps": 3, "global_clipnorm": 0.5, "loss_scale_factor": 8.0},
    {"learning_rate": schedules.CosineDecay(0.05, 18, 0.1, warmup_target=0.1, warmup_steps=4)},
]


def wrapped(name, options):
    if name == "LossScaleOptimizer":
        return optimizers.LossScaleOptimizer(optimizers.Adam(0.02, **options), 1024.0, 4)
    if name == "MultiOptimizer":
        parts = {".*kernel": optimizers.Adam(0.02, **options)}
        return optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(0.02), parts))
    return getattr(optimizers, name)(**{**EVERY[name], **options})


@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "averages", "accumulation", "schedule"])
@pytest.mark.parametrize("name", [*EVERY, "LossScaleOptimizer", "MultiOptimizer"])
def test_captured_is_eager_and_a_file_goes_on(name, options, tmp_path):
    if "learning_rate" in options and name in ("LossScaleOptimizer", "MultiOptimizer"):
        options = {}
    captured, eager = model_with(wrapped(name, options)), model_with(wrapped(name, options))
    eager.compile(wrapped(name, options), "mse", run_eagerly=True)
    losses = fit(captured).history["loss"]
    np.testing.assert_allclose(losses, fit(eager).history["loss"], rtol=2e-5)
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0] or name in ("Adadelta", "Ftrl")
    for a, b in zip(captured.get_weights(), eager.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    captured.save(tmp_path / "m.safetensors")
    again = lamina.load(tmp_path / "m.safetensors")
    assert type(again.optimizer) is type(captured.optimizer)
    assert again.optimizer.get_config() == captured.optimizer.get_config()
    for a, b in zip(again.optimizer.variables, captured.optimizer.variables):
        assert a.path == b.path
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert fit(again).history == fit(captured).history


def test_the_learning_rate_is_set_while_training():
    model = model_with(optimizers.SGD(0.1))
    fit(model, 1)
    model.optimizer.learning_rate = 0.0
    before = model.get_weights()
    fit(model, 1)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    model.optimizer.learning_rate.assign(0.1)
    fit(model, 1)
    assert (model.get_weights()[0] != before[0]).any()
    # From here on a schedule: the step is captured anew.
    model.optimizer.learning_rate = schedules.PiecewiseConstantDecay([18, 24], [0.1, 0.1, 0.0])
    assert int(model.optimizer.iterations) == 18
    fit(model, 1)  # the rate at steps 18 to 23, which is 0.1
    before = model.get_weights()
    fit(model, 1)
    assert (model.get_weights()[0] != before[0]).any()  # at step 24 it still holds
    before = model.get_weights()
    fit(model, 1)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    with pytest.raises(TypeError, match="schedule"):
        model.optimizer.learning_rate = 0.1


def test_a_schedule_follows_the_steps_without_a_new_capture():
    seen = []

    class Seen(schedules.LearningRateSchedule):
        calls = 0

        def __call__(self, step):
            Seen.calls += 1
            return 0.1 / (ops.cast(step, "float32") + 1.0)

        def get_config(self):
            return {}

    model = model_with(optimizers.SGD(Seen()))
    spy = lamina.callbacks.LambdaCallback(
        on_train_batch_end=lambda b, logs: seen.append(model.get_weights()[3].copy())
    )
    model.fit(x, y, batch_size=8, epochs=1, verbose=0, callbacks=[spy])
    assert Seen.calls == 1
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1 / 7)
    again = optimizers.deserialize(optimizers.serialize(model.optimizer))
    assert float(again.learning_rate) == pytest.approx(0.1)


def test_one_cycle():
    s = schedules.OneCycle(0.5, 200, warmup_fraction=0.25, initial_divisor=10, final_divisor=100)
    first, last = 0.05, 0.0005
    for step in (0, 1, 20, 49, 50, 51, 120, 199, 200, 500):
        t = min(step, 200)
        if t < 50:
            expected = 0.5 + (first - 0.5) * (1 + np.cos(np.pi * t / 50)) / 2
        else:
            expected = last + (0.5 - last) * (1 + np.cos(np.pi * (t - 50) / 150)) / 2
        assert float(s(step)) == pytest.approx(expected, rel=1e-6)
    linear = schedules.OneCycle(0.5, 200, 0.25, 10, 100, annealing="linear")
    assert float(linear(25)) == pytest.approx((first + 0.5) / 2, rel=1e-6)
    assert schedules.deserialize(schedules.serialize(s)).get_config() == s.get_config()
    with pytest.raises(ValueError, match="annealing"):
        schedules.OneCycle(0.5, 200, annealing="none")
    with pytest.raises(ValueError, match="warmup_fraction"):
        schedules.OneCycle(0.5, 200, 1.5)


def test_optimizer_of_ones_own(tmp_path):
    class Momentum(optimizers.Optimizer):
        def __init__(self, learning_rate=0.1, momentum=0.9, **kwargs):
            super().__init__(learning_rate=learning_rate, **kwargs)
            self.momentum = momentum

        def build(self, variables):
            super().build(variables)
            self.momentums = self.add_optimizer_variables(variables, "momentum")

        def update_step(self, gradient, variable, learning_rate):
            m = self.momentums[self._get_variable_index(variable)]
            self.assign(m, m * self.momentum - gradient * learning_rate)
            self.assign_add(variable, m)

        def get_config(self):
            return {**super().get_config(), "momentum": self.momentum}

    mine, theirs = model_with(Momentum(0.05)), model_with(optimizers.SGD(0.05, momentum=0.9))
    np.testing.assert_allclose(fit(mine).history["loss"], fit(theirs).history["loss"], rtol=1e-5)
    assert mine.optimizer.variables[2].path.startswith("momentum/sequential")
    assert mine.optimizer.variables[2].name.endswith("kernel_momentum")
    assert mine.optimizer.momentum == 0.9 and mine.optimizer.weight_decay is None
    mine.save(tmp_path / "m.safetensors")
    again = lamina.load(tmp_path / "m.safetensors")
    assert fit(again).history == fit(mine).history
    lazy = Momentum(0.05, clipnorm=1.0, gradient_accumulation_steps=2, use_ema=True)
    fit(model_with(lazy))
    assert int(lazy.iterations) == 9

    class Nothing(optimizers.Optimizer):
        pass

    with pytest.raises(NotImplementedError, match="update_step"):
        fit(model_with(Nothing(0.1)))


def test_state_and_stateless():
    a, b = lamina.Variable(np.ones(3, "float32"), name="a"), lamina.Variable([2.0], name="b")
    o = optimizers.Adam(0.1)
    o.build([a, b])
    values = [v.numpy() for v in o.variables]
    new, state = o.stateless_apply(values, [np.ones(3, "float32"), [1.0]], [a.numpy(), b.numpy()])
    np.testing.assert_array_equal(a.numpy(), 1)
    o.apply([np.ones(3, "float32"), [1.0]])
    np.testing.assert_array_equal(a.numpy(), new[0].numpy())
    fresh = optimizers.Adam(0.1)
    with pytest.raises(ValueError, match="build"):
        fresh.set_weights(values)
    fresh.build([a, b])
    fresh.set_weights([s.numpy() for s in state])
    assert int(fresh.iterations) == 1
    store = {}
    fresh.save_own_variables(store)
    o.load_own_variables(store)
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        o.apply([np.ones(3, "float32"), None], [a, b])


def test_loss_scale_finds_its_scale():
    v = lamina.Variable(np.ones(2, "float32"))
    o = optimizers.LossScaleOptimizer(optimizers.SGD(0.5), 8.0, dynamic_growth_steps=2)
    assert float(o.scale_loss(1.0)) == 8.0 and o.dynamic_scale == 8.0
    o.apply([np.full(2, 8.0, "float32")], [v])
    np.testing.assert_allclose(v.numpy(), 0.5)
    o.apply([np.full(2, np.inf, "float32")], [v])
    np.testing.assert_allclose(v.numpy(), 0.5)
    assert float(o.dynamic_scale) == 4.0 and int(o.iterations) == 1
    for _ in range(2):
        o.apply([np.zeros(2, "float32")], [v])
    assert float(o.dynamic_scale) == 8.0 and int(o.step_counter) == 0
    assert float(o.learning_rate) == 0.5 and isinstance(o.inner_optimizer, optimizers.SGD)
    with pytest.raises(ValueError, match="clipnorm"):
        optimizers.LossScaleOptimizer.from_config({**o.get_config(), "clipnorm": 1.0})


def test_averages_are_in_the_model_at_the_end():
    model = model_with(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.7))
    variables = model.trainable_variables
    averages = None

    def average(batch, logs):
        nonlocal averages
        now = [v.numpy() for v in variables]
        averages = now if averages is None else [0.7 * a + 0.3 * v for a, v in zip(averages, now)]

    every = lamina.callbacks.LambdaCallback(on_train_batch_end=average)
    model.fit(x, y, batch_size=8, epochs=2, verbose=0, callbacks=[every])
    for a, v in zip(averages, model.get_weights()):
        np.testing.assert_allclose(a, v, rtol=1e-5, atol=1e-6)


def test_weight_decay_leaves_some_variables():
    for name in ("SGD", "AdamW", "Lion", "Lamb"):
        o = getattr(optimizers, name)(0.1, weight_decay=0.5)
        a, b, c = (lamina.Variable([1.0], name=n) for n in ("kernel", "bias", "gamma"))
        o.exclude_from_weight_decay(var_list=[c], var_names=["^bi"])
        o.apply([[0.0], [0.0], [0.0]], [a, b, c])
        assert [round(float(v.numpy()[0]), 4) for v in (a, b, c)] == [0.95, 1.0, 1.0], name
        with pytest.raises(ValueError, match="before the optimizer is built"):
            o.exclude_from_weight_decay(var_names=["bias"])


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: optimizers.Adam(0.1, clipnorm=1.0, clipvalue=1.0), "only one of"),
        (lambda: optimizers.Adam(0.1, gradient_accumulation_steps=1), "integer >= 2"),
        (lambda: optimizers.Adam(0.1, use_ema=True, ema_momentum=1.5), r"\[0, 1\]"),
        (lambda: optimizers.Adam(0.1, use_ema=True, ema_overwrite_frequency=0), ">= 1"),
        (lambda: optimizers.Adam("fast"), "learning_rate"),
        (lambda: optimizers.Lion(0.1, beta_1=0.0), "beta_1"),
        (lambda: optimizers.Ftrl(0.1, learning_rate_power=0.5), "negative or zero"),
        (lambda: optimizers.Ftrl(0.1, l1_regularization_strength=-1.0), "positive or zero"),
        (lambda: optimizers.get("adamm"), "optimizer identifier: adamm; there are"),
        (lambda: optimizers.get(3), "Could not interpret"),
        (lambda: schedules.CosineDecay(0.1, 0), "must be > 0"),
        (lambda: schedules.PiecewiseConstantDecay([1], [1.0]), "one fewer"),
        (lambda: optimizers.Adam(0.1).apply([[1.0]]), "build"),
        (lambda: optimizers.Adam(0.1).apply([None], [lamina.Variable([1.0])]), "no gradients"),
        (
            lambda: (
                optimizers.OptimizerMap(optimizers.SGD())["x"].get_config()
                and optimizers.OptimizerMap(optimizers.SGD(), {"a": 1})
            ),
            "Optimizer",
        ),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_other_variables_need_another_optimizer():
    a, b = lamina.Variable([1.0], name="a"), lamina.Variable([1.0], name="b")
    o = optimizers.SGD(0.1)
    o.apply([[1.0]], [a])
    with pytest.raises(ValueError, match="unknown variable 'b'"):
        o.apply([[1.0]], [b])
    with pytest.raises(TypeError, match="missing argument 'decay_steps'"):
        schedules.CosineDecay(0.1)
    with pytest.raises(NotImplementedError, match="must override"):
        schedules.LearningRateSchedule()(0)


def test_a_function_gives_the_rate():
    rate = [0.5]
    o = optimizers.SGD(learning_rate=lambda: rate[0])
    v = lamina.Variable([1.0])
    o.apply([[1.0]], [v])
    np.testing.assert_allclose(v.numpy(), [0.5])
    rate[0] = 0.25
    assert float(o.learning_rate) == 0.25


def test_several_optimizers():
    chosen = optimizers.MultiOptimizer(lambda v: slow if v.name == "bias" else fast)
    slow, fast = optimizers.SGD(0.0), optimizers.SGD(0.1)
    model = model_with(chosen)
    before = model.get_weights()
    fit(model, 1)
    after = model.get_weights()
    np.testing.assert_array_equal(after[1], before[1])
    assert (after[0] != before[0]).any()
    assert {o.name for o in chosen.optimizers} == {slow.name, fast.name}
    with pytest.raises(AttributeError):
        _ = chosen.learning_rate
    reduce = lamina.callbacks.LearningRateScheduler(lambda epoch: 0.05)
    logs = model.fit(x, y, verbose=0, callbacks=[reduce]).history
    assert f"learning_rate_{fast.name}" in logs and float(slow.learning_rate) == np.float32(0.05)
    with pytest.raises(NotImplementedError, match="OptimizerMap"):
        chosen.get_config()


def test_an_average_of_no_gradient_ends_in_zero():
    """Else it would stay among the least numbers, with which x86 takes a hundred times as long."""
    optimizer = optimizers.SGD(1.0, momentum=0.9)
    weight = lamina.Variable(np.ones((40, 40), "float32"))
    optimizer.build([weight])
    optimizer.apply([np.full((40, 40), 1e-30, "float32")])
    for _ in range(200):  # 0.9^200 is 7e-10
        optimizer.apply([np.zeros((40, 40), "float32")])
    (momentum,) = [v for v in optimizer.variables if tuple(v.shape) == (40, 40)]
    assert not momentum.numpy().any()
