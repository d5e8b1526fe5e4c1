"""keras.tree, keras.backend, dtype policies and small helpers of keras.utils."""

import collections
import itertools

import keras
import numpy as np
import pytest

import lamina
from oracle.support import COVERED

Pair = collections.namedtuple("Pair", "first second")
STRUCTURES = [
    1,
    None,
    [],
    [1, (2, 3), {"b": 4, "a": [5, None]}],
    (1,),
    {"b": {"d": 1, "c": 2}, "a": 3},
    collections.OrderedDict([("b", 1), ("a", (2, 3))]),
    Pair(1, [2, Pair(3, 4)]),
    [collections.defaultdict(list, {"z": 1, "y": 2}), collections.deque([1, 2])],
]


COVERED.update(
    {
        *(("tree", n) for n in lamina.tree.__all__),
        *(("backend", n) for n in ("standardize_dtype", "is_float_dtype", "is_int_dtype")),
        ("backend", "result_type"),
        *(("dtype_policies", n) for n in lamina.dtype_policies.__all__),
        *(("mixed_precision", n) for n in lamina.mixed_precision.__all__),
        *(("utils", f"{n}pack_x_y_sample_weight") for n in ("", "un")),
        *(("utils", n) for n in ("standardize_dtype", "get_registered_name", "CustomObjectScope")),
        *(("utils", n) for n in ("get_custom_objects", "get_registered_object")),
        *(("config", n) for n in keras.config.__dict__ if "epoch" in n or "logging" in n),
        ("layers", "InputSpec"),
        ("layers", "Input"),
        ("layers", "InputLayer"),
        ("layers", "Pipeline"),
        *(("utils", f"{n}serialize_keras_object") for n in ("", "de")),
        *(("utils", n) for n in ("register_keras_serializable", "get_source_inputs")),
        *(("utils", n) for n in ("clear_session", "is_keras_tensor")),
    }
)


def result_or_error(f, *args, **kwargs):
    try:
        return f(*args, **kwargs)
    except (ValueError, TypeError) as e:
        return ValueError if isinstance(e, ValueError) else TypeError


def same(path, *args, **kwargs):
    """Both packages give the same value, of the same type, or raise the same kind of error."""
    ours, theirs = lamina, keras
    for name in path.split("."):
        ours, theirs = getattr(ours, name), getattr(theirs, name)
    got = result_or_error(ours, *args, **kwargs)
    expected = result_or_error(theirs, *args, **kwargs)
    assert got == expected and type(got) is type(expected), (path, args)


@pytest.mark.parametrize("s", STRUCTURES, ids=str)
def test_tree(s):
    same("tree.is_nested", s)
    same("tree.flatten", s)
    same("tree.flatten_with_path", s)
    same("tree.lists_to_tuples", s)
    same("tree.map_structure", lambda x: (x, 1), s)
    same("tree.map_structure", lambda x: x * 2, s, none_is_leaf=False)
    same("tree.pack_sequence_as", s, list(range(100, 100 + len(keras.tree.flatten(s)))))
    same("tree.pack_sequence_as", s, list(range(30)))


@pytest.mark.parametrize("a, b", list(itertools.product(STRUCTURES, repeat=2)))
def test_two_trees(a, b):
    same("tree.assert_same_structure", a, b)
    same("tree.assert_same_paths", a, b)
    same("tree.map_structure", lambda x, y: (x, y), a, b)
    if None not in keras.tree.flatten(a):  # Keras refuses None in the shallow structure
        same("tree.map_structure_up_to", a, lambda x: [x], b)


@pytest.mark.parametrize("top_down", [True, False])
def test_traverse(top_down):
    def visit(package, seen):
        def f(x):
            seen.append(x)
            if isinstance(x, tuple):
                return "tuple"
            return package.tree.MAP_TO_NONE if x == 5 else None

        return f

    for s in STRUCTURES:
        seen = [], []
        got = lamina.tree.traverse(visit(lamina, seen[0]), s, top_down)
        assert got == keras.tree.traverse(visit(keras, seen[1]), s, top_down)
        assert seen[0] == seen[1]


def test_shapes():
    for s in [(2, None), [(1, 2), {"a": (3,)}], [2, 3]]:
        same("tree.map_shape_structure", lambda x: ("shape", *x), s)


def test_dtypes():
    names = ["bool", "uint8", "int8", "int16", "int32", "int64"]
    names += ["float16", "bfloat16", "float32", "float64"]
    for d in [*names, None, int, float, bool, np.float16, np.dtype("int8"), "float33", "int"]:
        same("utils.standardize_dtype", d)
        same("backend.standardize_dtype", d)
        same("backend.is_float_dtype", d)
        same("backend.is_int_dtype", d)
    kept = [n for n in names if "64" not in n]  # JAX is set to 32 bits
    for a, b in itertools.product([*kept, int, float], repeat=2):
        same("backend.result_type", a, b)


def test_policies():
    for name in ("float32", "bfloat16", "mixed_bfloat16", "mixed_float16", "float33"):
        ours = result_or_error(lamina.DTypePolicy, name)
        theirs = result_or_error(keras.DTypePolicy, name)
        if not isinstance(theirs, keras.DTypePolicy):
            assert ours is theirs
            continue
        for key in ("name", "compute_dtype", "variable_dtype", "quantization_mode"):
            assert getattr(ours, key) == getattr(theirs, key)
        assert repr(ours) == repr(theirs) and ours.get_config() == theirs.get_config()
        assert lamina.dtype_policies.get(lamina.dtype_policies.serialize(ours)) == ours
        assert lamina.dtype_policies.deserialize(keras.dtype_policies.serialize(theirs)) == ours
    maps = []
    for package in (lamina, keras):
        entries = {"model/dense": package.DTypePolicy("bfloat16"), "conv.*": "float16"}
        maps.append(package.dtype_policies.DTypePolicyMap("float32", entries))
    for path in ("model/dense", "model/conv_1", "other"):
        assert maps[0][path].name == maps[1][path].name
    assert len(maps[0]) == len(maps[1]) and maps[0].name == maps[1].name
    policy = lamina.layers.Dense(2, dtype=lamina.DTypePolicy("mixed_bfloat16")).dtype_policy
    assert policy == lamina.DTypePolicy("mixed_bfloat16")
    assert lamina.mixed_precision.global_policy() == lamina.config.dtype_policy()


def test_batches():
    for args in [(1,), ([1],), (1, 2), (1, 2, 3), ((1, 2), 3)]:
        same("utils.pack_x_y_sample_weight", *args)
    for data in [1, (1,), [1, 2], (1, 2, 3), (1, 2, 3, 4)]:
        same("utils.unpack_x_y_sample_weight", data)


def test_input_spec():
    options = [
        {},
        {"dtype": "float32", "ndim": 3, "axes": {-1: 4}},
        {"shape": (None, 4), "min_ndim": 2, "max_ndim": 3},
        {"ndim": 2, "axes": {3: 1}},
        {"axes": {"a": 1}},
    ]
    for kwargs in options:
        ours = result_or_error(lamina.InputSpec, **kwargs)
        theirs = result_or_error(keras.InputSpec, **kwargs)
        if isinstance(theirs, keras.InputSpec):
            assert repr(ours) == repr(theirs) and ours.get_config() == theirs.get_config()
        else:
            assert ours is theirs
    specs = [{"ndim": 2}, {"min_ndim": 3}, {"max_ndim": 1}, {"axes": {-1: 5}}, {"shape": (3, 4)}]
    specs += [{"dtype": "int32"}, {"shape": (None, 4, 1), "allow_last_axis_squeeze": True}]
    for kwargs in specs:
        results = []
        for package in (lamina, keras):

            class Mine(package.layers.Layer):
                def call(self, x):
                    return x

            layer = Mine()
            layer.input_spec = package.InputSpec(**kwargs)
            results.append(result_or_error(layer, np.ones((3, 4), "float32")) is ValueError)
        assert results[0] == results[1], kwargs


def test_settings():
    for name in ("interactive_logging", "traceback_filtering"):
        for verb in ("disable", "enable"):
            for package in (lamina, keras):
                getattr(package.config, f"{verb}_{name}")()
            same(f"config.is_{name}_enabled")
    same("config.max_epochs")
    same("config.max_steps_per_epoch")
    same("config.epsilon")
    same("config.image_data_format")
    x = np.ones((8, 2), "float32")
    counts = []
    for package in (lamina, keras):
        model = package.Sequential([package.Input((2,)), package.layers.Dense(1)])
        model.compile("sgd", "mse")
        package.config.set_max_epochs(2)
        package.config.set_max_steps_per_epoch(1)
        history = model.fit(x, x[:, :1], batch_size=2, epochs=5, verbose=0)
        counts.append((len(history.epoch), int(np.asarray(model.optimizer.iterations))))
        package.config.set_max_epochs(None)
        package.config.set_max_steps_per_epoch(None)
    assert counts[0] == counts[1] == (2, 2)


def test_registered_names():
    names = []
    for package in (lamina, keras):

        @package.saving.register_keras_serializable("mine")
        def half(x):
            return x / 2

        def quarter(x):
            return x / 4

        names.append([package.saving.get_registered_name(f) for f in (half, quarter)])
        assert package.utils.get_custom_objects()["mine>half"] is half
        with package.saving.CustomObjectScope({"q": quarter}):
            assert package.saving.get_registered_object("q") is quarter
        assert package.saving.get_registered_object("q") is None
    assert names[0] == names[1] == ["mine>half", "quarter"]


def test_objects_from_keras_configs():
    """What Keras's serialize_keras_object writes, lamina reads."""
    for family, things in {
        "initializers": ["HeNormal", "Zeros", "Constant"],
        "regularizers": ["L2", "L1L2"],
        "constraints": ["MaxNorm", "NonNeg"],
        "losses": ["Huber", "MeanSquaredError"],
        "layers": ["ReLU", "Identity"],
    }.items():
        for name in things:
            config = keras.saving.serialize_keras_object(getattr(getattr(keras, family), name)())
            for key in ("input_axes", "output_axes"):
                config["config"].pop(key, None)
            made = lamina.saving.deserialize_keras_object(config)
            assert type(made) is getattr(getattr(lamina, family), name)


def test_inputs():
    options = [
        {"shape": (3, None)},
        {"shape": (4,), "batch_size": 2, "dtype": "int32", "name": "mine"},
        {"batch_shape": (2, 5, 1)},
        {"shape": (), "name": "scalars"},
    ]
    for kwargs in options:
        tensors = [p.Input(**kwargs) for p in (lamina, keras)]
        layers = [p.layers.InputLayer(**kwargs) for p in (lamina, keras)]
        for ours, theirs in (tensors, layers):
            assert "name" not in kwargs or ours.name == theirs.name == kwargs["name"]
        assert tuple(tensors[0].shape) == tuple(tensors[1].shape)
        assert tensors[0].dtype == tensors[1].dtype
        configs = [la.get_config() for la in layers]
        for key in ("batch_shape", "dtype"):
            shapes = [c[key] if isinstance(c[key], str) else tuple(c[key]) for c in configs]
            assert shapes[0] == shapes[1]
        again = lamina.layers.InputLayer.from_config(configs[1])
        assert again.get_config()["batch_shape"] == configs[0]["batch_shape"]
    for package in (lamina, keras):
        a, b = package.Input((2,)), package.Input((2,))
        sources = package.utils.get_source_inputs(package.layers.Add()([a, b * 2.0]))
        assert [s.name for s in sources] == [a.name, b.name]
        assert package.utils.is_keras_tensor(a) and not package.utils.is_keras_tensor(1.0)
        package.utils.clear_session()
        assert package.layers.Dense(1).name == "dense"


def test_pipeline():
    x = np.arange(24, dtype="float32").reshape(2, 3, 4)
    results = []
    for package in (lamina, keras):
        layers = package.layers
        pipeline = layers.Pipeline([layers.Rescaling(0.5, offset=1.0), layers.Rescaling(2.0)])
        assert len(pipeline.layers) == 2
        y = np.asarray(package.ops.convert_to_numpy(pipeline(x)))
        config = pipeline.get_config()
        again = layers.Pipeline.from_config(config)
        np.testing.assert_array_equal(np.asarray(package.ops.convert_to_numpy(again(x))), y)
        results.append((y, [la["class_name"] for la in config["layers"]]))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-6)
    assert results[0][1] == results[1][1]
