"""Whether a call is one of training: as it is told, as the layers around it are told, or by the
layer's own default."""

import keras
import numpy as np
import pytest

import lamina
from oracle.support import real

BOTH = (lamina, keras)
X = np.full((64, 3), 2.0, "float32")
PHOTOS = real(8, 6, 6, 3)


def values(k, y):
    return np.asarray(k.ops.convert_to_numpy(y))


def drops(k, y):
    return bool((values(k, y) == 0).any())


def flips(k, y):
    return bool((values(k, y) != PHOTOS).any())


@pytest.mark.parametrize("mode", [{}, {"training": None}, {"training": True}, {"training": False}])
@pytest.mark.parametrize("kind", ["layer", "Sequential", "functional", "nested"])
@pytest.mark.parametrize("name", ["Dropout", "RandomFlip"])
def test_calls(name, kind, mode):
    if kind == "layer" and mode == {"training": None}:
        pytest.skip("None is as good as nothing here; Keras's augmentation takes it for False")
    seen = []
    for k in BOTH:
        dropout = name == "Dropout"
        layer = k.layers.Dropout(0.5, seed=1) if dropout else k.layers.RandomFlip(seed=1)
        x = X if dropout else PHOTOS
        inputs = k.Input(x.shape[1:])
        f = {
            "layer": lambda layer=layer: layer,
            "Sequential": lambda k=k, inputs=inputs, layer=layer: k.Sequential([inputs, layer]),
            "functional": lambda k=k, inputs=inputs, layer=layer: k.Model(inputs, layer(inputs)),
            "nested": lambda k=k, inputs=inputs, layer=layer: k.Sequential(
                [inputs, k.Sequential([layer])]
            ),
        }[kind]()
        seen.append((drops if dropout else flips)(k, f(x, **mode)))
    assert seen[0] == seen[1], seen


@pytest.mark.parametrize("told", [True, False])
def test_told_where_the_model_is_made(told, tmp_path):
    """What a layer of a functional model was told counts where the model is told nothing."""
    for k in BOTH:
        inputs = k.Input((3,))
        model = k.Model(inputs, k.layers.Dropout(0.5)(inputs, training=told))
        models = [model]
        if k is lamina:
            model.save(tmp_path / "model.safetensors")
            models.append(lamina.load_model(tmp_path / "model.safetensors"))
        for m in models:
            assert drops(k, m(X)) is told
            assert drops(k, m(X, training=True)) and not drops(k, m(X, training=False))
            assert not (m.predict(X, verbose=0) == 0).any()


def test_layers_of_ones_own():
    for k in BOTH:

        class Own(k.layers.Layer):
            def __init__(self, k=k, **kwargs):
                super().__init__(**kwargs)
                self.drop, self.flip = k.layers.Dropout(0.5), k.layers.RandomFlip()

            def call(self, x, training=False):
                return self.drop(x)

        assert [drops(k, Own()(X, **m)) for m in ({}, {"training": True})] == [False, True]
