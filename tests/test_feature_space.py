"""Columns of a table as inputs."""

import numpy as np
import pytest

import lamina

Space = lamina.utils.FeatureSpace
TABLE = {
    "age": np.array([10.0, 20.0, 30.0, 40.0], "float32"),
    "kind": np.array(["cat", "dog", "cat", "bird"]),
    "code": np.array([7, 7, 3, 5]),
}


def test_kinds():
    space = Space(
        {
            "age": "float_normalized",
            "kind": "string_categorical",
            "code": Space.integer_categorical(num_oov_indices=1, output_mode="int"),
        },
        output_mode="dict",
    )
    with pytest.raises(ValueError, match="need to call"):
        space(TABLE)
    space.adapt(TABLE)
    out = {k: v.numpy() for k, v in space(TABLE).items()}
    z = (TABLE["age"] - 25) / np.sqrt(125)
    np.testing.assert_allclose(out["age"][:, 0], z, rtol=1e-6)
    # The most frequent first, then those that sort last; index 0 is for what is unknown.
    assert out["kind"].tolist() == [[0, 1, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
    assert out["code"][:, 0].tolist() == [1, 1, 3, 2]


def test_one_matrix_and_crosses():
    space = Space(
        {"age": Space.float_rescaled(0.1), "kind": "string_hashed", "code": "integer_categorical"},
        crosses=[("kind", "code")],
        crossing_dim=8,
        hashing_dim=5,
    )
    space.adapt([TABLE])
    out = space(TABLE).numpy()
    assert out.shape == (4, 1 + 4 + 5 + 8)
    np.testing.assert_allclose(out[:, 0], [1, 2, 3, 4], rtol=1e-6)  # names in order: age first
    np.testing.assert_array_equal(out[:, 1:].sum(1), [3, 3, 3, 3])
    single = space({"age": 10.0, "kind": "cat", "code": 7}).numpy()
    np.testing.assert_array_equal(single, out[0])


def test_bins():
    space = Space({"age": Space.float_discretized(3, bin_boundaries=[15.0, 35.0])})
    out = space({"age": TABLE["age"]}).numpy()
    assert out.tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]


def test_in_a_model():
    space = Space({"age": "float_normalized", "kind": "string_categorical"})
    space.adapt(TABLE)
    inputs, encoded = space.get_inputs(), space.get_encoded_features()
    model = lamina.Model(list(inputs.values()), lamina.layers.Dense(1)(encoded))
    model.compile("sgd", "mse")
    data = {k: TABLE[k][:, None] for k in inputs}
    model.fit(data, np.ones((4, 1)), verbose=0)
    direct = model.get_layer(index=-1)(space(TABLE)).numpy()
    np.testing.assert_allclose(model.predict(data, verbose=0), direct, rtol=1e-6)


def test_config():
    space = Space({"age": "float", "code": "integer_hashed"}, crosses=[("age", "code")])
    again = Space.from_config(space.get_config())
    assert again.get_config() == space.get_config()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"features": {}}, "cannot be None or empty"),
        ({"features": {"a": "colour"}}, "Invalid feature type"),
        ({"features": {"a": "float"}, "output_mode": "list"}, "output_mode"),
        ({"features": {"a": "float"}, "crosses": [("a", "b")]}, "unknown features"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        Space(**arguments)


def test_wrong_use():
    space = Space({"code": Space.integer_hashed(4, output_mode="int")})
    with pytest.raises(ValueError, match="has not been encoded"):
        space.get_encoded_features()
    with pytest.raises(ValueError, match="with a dict"):
        Space({"a": "float"})([1.0])
    with pytest.raises(ValueError, match="can only be called on"):
        Space({"a": "float_normalized"}).adapt(3)
