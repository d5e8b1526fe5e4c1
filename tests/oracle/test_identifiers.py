"""get(), serialize() and deserialize() of every family."""

import inspect
from operator import attrgetter

import keras
import pytest

import lamina
from oracle.base import normalized, without
from oracle.support import COVERED

# Family -> arguments of the classes that need some.
FAMILIES = {
    "activations": {},
    "initializers": {"Constant": {"value": 0.5}},
    "regularizers": {},
    "constraints": {},
    "losses": {"LossFunctionWrapper": None},
    "metrics": {
        "MeanMetricWrapper": None,
        "IoU": {"num_classes": 3, "target_class_ids": [0, 2]},
        "BinaryIoU": {"target_class_ids": [0, 1]},
        "MeanIoU": {"num_classes": 3},
        "OneHotIoU": {"num_classes": 3, "target_class_ids": [1]},
        "OneHotMeanIoU": {"num_classes": 3},
        "MeanRelativeError": {"normalizer": [1.0, 3.0]},
        "PrecisionAtRecall": {"recall": 0.5},
        "RecallAtPrecision": {"precision": 0.5},
        "SensitivityAtSpecificity": {"specificity": 0.5},
        "SpecificityAtSensitivity": {"sensitivity": 0.5},
    },
    "optimizers": {
        "LossScaleOptimizer": {"inner_optimizer": lambda k: k.optimizers.SGD(0.5)},
        "MultiOptimizer": None,  # made of an OptimizerMap; see test_optimizers.py
        "OptimizerMap": None,
    },
    "optimizers.schedules": {
        "CosineDecay": {"initial_learning_rate": 0.5, "decay_steps": 10},
        "CosineDecayRestarts": {"initial_learning_rate": 0.5, "first_decay_steps": 10},
        "ExponentialDecay": {"initial_learning_rate": 0.5, "decay_steps": 10, "decay_rate": 0.5},
        "InverseTimeDecay": {"initial_learning_rate": 0.5, "decay_steps": 10, "decay_rate": 0.5},
        "OneCycle": None,
        "PiecewiseConstantDecay": {"boundaries": [2, 5], "values": [1.0, 0.5, 0.25]},
        "PolynomialDecay": {"initial_learning_rate": 0.5, "decay_steps": 10},
    },
    "layers": {
        "Dense": {"units": 3, "activation": "relu"},
        "Conv2D": {"filters": 2, "kernel_size": 3, "padding": "same"},
        "BatchNormalization": {"momentum": 0.9},
        "Rescaling": {"scale": 2.0},
    },
}
BASES = {"Loss", "Metric", "Optimizer", "Initializer", "Regularizer", "Constraint"}
WITH_GET = [f for f in FAMILIES if f not in ("layers", "optimizers.schedules")]
# Functions whose object, not the name, Keras serializes as a loss; and arguments it leaves out.
NOT_IN_CONFIGS_OF_KERAS = {"losses", "initializers"}

for family in FAMILIES:
    verbs = ("serialize", "deserialize", *(["get"] if family in WITH_GET else []))
    COVERED.update((family, verb) for verb in verbs)


def of(package, family):
    return attrgetter(family)(package)


def classes():
    for family, arguments in FAMILIES.items():
        for name, cls in sorted(vars(of(keras, family)).items()):
            bases = BASES | {"LearningRateSchedule"}
            known = family == "optimizers" and name == "Muon"
            if inspect.isclass(cls) and name not in bases and cls.__name__ == name:
                if family == "layers" and name not in arguments:
                    continue
                if arguments.get(name, ()) is not None and not known:
                    yield family, name, arguments.get(name, {})


def functions():
    for family in ("activations", "losses", "metrics"):
        for name, f in sorted(vars(of(keras, family)).items()):
            if inspect.isfunction(f) and name not in ("get", "serialize", "deserialize"):
                yield family, name


@pytest.mark.parametrize("family, name, kwargs", list(classes()))
def test_objects(family, name, kwargs):
    """Described and made again, also from Keras's description."""
    made = []
    for package in (lamina, keras):
        given = {k: v(package) if callable(v) else v for k, v in kwargs.items()}
        made.append(attrgetter(f"{family}.{name}")(package)(**given))
    ours, theirs = made
    module = of(lamina, family)
    again = module.deserialize(module.serialize(ours))
    assert type(again) is type(ours) and again.get_config() == ours.get_config()
    described = without(of(keras, family).serialize(theirs), {"quantization_config"})
    again = module.deserialize(described)
    assert type(again) is type(ours)
    ignore = ("config", "name") if family in NOT_IN_CONFIGS_OF_KERAS else ()
    assert normalized(again.get_config(), ignore) == normalized(ours.get_config(), ignore)
    if family in WITH_GET:
        assert type(module.get(described)) is type(ours)
        assert module.get(ours) is ours


@pytest.mark.parametrize("family, name", list(functions()))
def test_functions(family, name):
    modules = [of(p, family) for p in (lamina, keras)]
    ours, theirs = (getattr(m, name) for m in modules)
    assert ours.__name__ == theirs.__name__ == modules[0].serialize(ours)
    if family == "metrics":  # where a class has the name too
        made, expected = (m.deserialize(name) for m in modules)
        assert type(made).__name__ == type(expected).__name__ or expected == name
    else:
        assert modules[0].deserialize(modules[1].serialize(theirs)) is ours


@pytest.mark.parametrize("family", WITH_GET)
def test_every_spelling(family):
    """Names that Keras's get() knows give the same thing in lamina."""
    ours, theirs = of(lamina, family), of(keras, family)
    words = {*vars(theirs), "accuracy", "acc", "mse", "MSE", "kld", "bce", "log_cosh", "logcosh"}
    words |= {w.lower() for w in words} | {"he_normal", "l1_l2", "max_norm", "adamw", "one", "auc"}
    for word in sorted(w for w in words if not w.startswith("_")):
        try:
            expected = theirs.get(word)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
        if inspect.isclass(expected) or type(expected).__name__ in {*BASES, "NoneType"}:
            continue
        got = ours.get(word)
        if inspect.isfunction(expected):
            assert got.__name__ == expected.__name__, word
        else:
            assert type(got).__name__ == type(expected).__name__, word


@pytest.mark.parametrize("family", WITH_GET)
def test_none_classes_and_objects(family):
    for package in (lamina, keras):
        module = of(package, family)
        got = module.get(None)
        assert got is (module.linear if family == "activations" else None)
    if family in ("losses", "metrics", "initializers", "regularizers", "constraints"):
        cls = {"losses": "Huber", "metrics": "Mean", "initializers": "Zeros"}.get(family)
        cls = cls or {"regularizers": "L2", "constraints": "NonNeg"}[family]
        for package in (lamina, keras):
            known = getattr(of(package, family), cls)
            assert isinstance(of(package, family).get(known), known)


@pytest.mark.parametrize("bad", ["nope", 3, [1], {"class_name": "nope", "config": {}}], ids=str)
@pytest.mark.parametrize("family", WITH_GET)
def test_what_names_nothing(family, bad):
    for package in (lamina, keras):
        with pytest.raises((ValueError, TypeError)) as error:
            of(package, family).get(bad)
        if package is lamina:
            kind = {"losses": "loss"}.get(family, family[:-1])
            assert f"Could not interpret {kind}" in str(error.value)
            assert "identifier: " in str(error.value)
            assert isinstance(error.value, ValueError)


def test_layers_that_are_unknown():
    for package in (lamina, keras):
        for bad in ({"class_name": "nope", "config": {}}, "Dense", 3):
            with pytest.raises((ValueError, TypeError)):
                package.layers.deserialize(bad)


@pytest.mark.parametrize("family", FAMILIES)
def test_custom_objects(family):
    """A class of one's own is found among the custom objects."""
    base = {
        "initializers": "Zeros",
        "regularizers": "L2",
        "constraints": "NonNeg",
        "losses": "Huber",
        "metrics": "Mean",
        "optimizers": "SGD",
        "optimizers.schedules": "ExponentialDecay",
        "layers": "Dense",
    }.get(family)
    for package in (lamina, keras):
        module = of(package, family)
        if base is None:

            def half(x):
                return x / 2

            assert module.deserialize("half", custom_objects={"half": half}) is half
            continue
        cls = type("Mine", (getattr(module, base),), {})
        config = getattr(module, base)(**FAMILIES[family].get(base, {})).get_config()
        if family == "losses":
            config = {}
        made = module.deserialize({"class_name": "Mine", "config": config}, {"Mine": cls})
        assert type(made) is cls
