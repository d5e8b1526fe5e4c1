"""TextVectorization: expected values are those of Keras 3.15.1 on TensorFlow; see
test_preprocessing.py."""

import numpy as np
import pytest

import lamina
from lamina import layers

DOCUMENTS = ["The quick, brown fox!", "the lazy dog.", "Quick quick  dog's day", "fox"]
NEW = np.array(["the QUICK dog-day", "unknown fox (fox)", ""])
WORDS = ["", "[UNK]", "quick", "the", "fox", "lazy", "dogs", "dog", "day", "brown"]
HOT = ["[UNK]", "quick", "the", "fox", "lazy", "dogs"]
IDF = [0.94782364, 0.84729785, 0.84729785, 1.6945957 / 2, 0, 0]
LETTERS = [
    [1, 1, 1, 2, 5, 4, 7, 1, 6, 2, 1, 3, 1, 1, 1, 1],
    [4, 1, 6, 1, 3, 1, 1, 2, 1, 3, 1, 2, 1, 3, 1, 0],
    [0] * 16,
]


@pytest.mark.parametrize(
    "vocabulary,expected,options",
    [
        (WORDS, [[3, 2, 1], [1, 4, 4], [0, 0, 0]], {}),
        (WORDS, [[3, 2], [1, 4], [0, 0]], {"output_sequence_length": 2}),
        (
            WORDS,
            [[3, 2, 1, 0, 0], [1, 4, 4, 0, 0], [0, 0, 0, 0, 0]],
            {"output_sequence_length": 5},
        ),
        (
            [*WORDS[:5], "the quick", "the lazy", "quick quick", "quick dogs"],
            [[3, 2, 1, 5, 1], [1, 4, 4, 1, 1], [0, 0, 0, 0, 0]],
            {"ngrams": 2, "max_tokens": 9},
        ),
        (
            ["", "[UNK]", "the quick", "the lazy", "quick quick", "quick dogs"],
            [[2, 1], [1, 1], [0, 0]],
            {"ngrams": (2,), "max_tokens": 6},
        ),
        (
            ["", "[UNK]", " ", "o", "u", "q", "k", "i"],
            LETTERS,
            {"split": "character", "max_tokens": 8},
        ),
        (
            ["", "[UNK]", "the", "quick", "quick,", "lazy", "fox!", "fox"],
            [[2, 3, 1], [1, 7, 1], [0, 0, 0]],
            {"standardize": "lower", "max_tokens": 8},
        ),
        (
            ["", "[UNK]", "quick", "fox", "the", "lazy", "dogs", "dog"],
            [[4, 1, 1], [1, 3, 3], [0, 0, 0]],
            {"standardize": "strip_punctuation", "max_tokens": 8},
        ),
        (
            ["", "[UNK]", "the", "quick,", "quick", "lazy", "fox!", "fox"],
            [[2, 1, 1], [1, 7, 1], [0, 0, 0]],
            {"standardize": None, "max_tokens": 8},
        ),
        (
            HOT,
            [[1, 1, 1, 0, 0, 0], [1, 0, 0, 1, 0, 0], [0] * 6],
            {"output_mode": "multi_hot", "max_tokens": 6},
        ),
        (
            HOT,
            [[1, 1, 1, 0, 0, 0], [1, 0, 0, 2, 0, 0], [0] * 6],
            {"output_mode": "count", "max_tokens": 6},
        ),
        (
            HOT,
            np.array([[1, 1, 1, 0, 0, 0], [1, 0, 0, 2, 0, 0], [0] * 6]) * IDF,
            {"output_mode": "tf_idf", "max_tokens": 6},
        ),
        (
            [*HOT, "dog", "day", "brown"],
            [[1, 1, 1, *[0] * 9], [1, 0, 0, 2, *[0] * 8], [0] * 12],
            {"output_mode": "count", "max_tokens": 12, "pad_to_max_tokens": True},
        ),
    ],
)
def test_sentences(vocabulary, expected, options, tmp_path):
    layer = layers.TextVectorization(**options)
    layer.adapt(DOCUMENTS)
    assert layer.get_vocabulary() == vocabulary
    for x in (NEW, NEW[:, None], NEW.tolist()):
        np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-6)
    config = layer.get_config()
    again = layers.TextVectorization.from_config(config)
    assert again.get_config() == config
    layer.adapt(np.array([d]) for d in DOCUMENTS)
    assert layer.get_vocabulary() == vocabulary
    # As the head of a model, and from its file.
    text = lamina.Input((1,), dtype="string")
    model = lamina.Model(text, layer(text))
    length = None if options.get("output_mode", "int") == "int" else len(expected[0])
    assert model.output_shape == (None, options.get("output_sequence_length", length))
    np.testing.assert_allclose(model.predict(NEW, verbose=0), expected, rtol=1e-6)
    model.save(tmp_path / "model.safetensors")
    model = lamina.load(tmp_path / "model.safetensors")
    np.testing.assert_allclose(model.predict(NEW, verbose=0), expected, rtol=1e-6)


def test_words_that_are_split_already():
    data = np.array([["A b", "c"], ["c", "d"]])
    layer = layers.TextVectorization(split=None)
    layer.adapt(data)
    assert layer.get_vocabulary() == ["", "[UNK]", "c", "d", "a b"]
    x = np.array([["c", "a b"], ["x", ""]])
    assert layer(x).numpy().tolist() == [[2, 4], [1, 0]]
    layer = layers.TextVectorization(split=None, output_sequence_length=3)
    layer.adapt(data)
    assert layer(x).numpy().tolist() == [[2, 4, 0], [1, 0, 0]]
    layer = layers.TextVectorization(split=None, ngrams=2)
    layer.adapt(data)
    assert layer.get_vocabulary() == ["", "[UNK]", "c", "d", "c d", "a b c", "a b"]
    assert layer(np.array([["c", "d"], ["x", ""]])).numpy().tolist() == [[2, 3, 4], [1, 0, 1]]


def test_a_given_vocabulary():
    layer = layers.TextVectorization(vocabulary=["fox", "dog"])
    assert layer(NEW[:, None]).numpy().tolist() == [[1, 1, 1], [1, 2, 2], [0, 0, 0]]
    assert layer("the fox").numpy().tolist() == [1, 2]
    layer = layers.TextVectorization(
        vocabulary=["fox", "dog"], output_mode="tf_idf", idf_weights=[0.5, 2.0]
    )
    assert layer(NEW).numpy().tolist() == [[3.75, 0, 0], [1.25, 1, 0], [0, 0, 0]]
    layer = layers.TextVectorization()
    layer.set_vocabulary(["", "[UNK]", "fox"])
    assert layer.vocabulary_size() == 3 and layer("fox").numpy().tolist() == [2]


def test_functions_of_ones_own():
    layer = layers.TextVectorization(
        standardize=lambda x: np.char.replace(x, "-", " "),
        split=lambda x: [s.lower().split() for s in x],
    )
    layer.adapt(["b-A", "a"])
    assert layer.get_vocabulary() == ["", "[UNK]", "a", "b"]
    assert layer(["a-B-c", "x"]).numpy().tolist() == [[2, 3, 1], [1, 0, 0]]


def test_a_classifier_of_sentences(tmp_path):
    texts = np.array(["good film", "bad film", "so good", "so bad", "good", "bad"] * 4)
    y = np.array([1, 0, 1, 0, 1, 0] * 4, "float32")[:, None]
    words = layers.TextVectorization(output_sequence_length=3)
    words.adapt(texts)
    lamina.utils.set_random_seed(0)
    model = lamina.Sequential(
        [
            lamina.Input((1,), dtype="string"),
            words,
            layers.Embedding(words.vocabulary_size(), 4),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(lamina.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    model.fit(texts, y, epochs=20, batch_size=8, verbose=0)
    assert model.evaluate(texts, y, verbose=0)[1] == 1
    model.save(tmp_path / "model.safetensors")
    again = lamina.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(texts, verbose=0), model.predict(texts, verbose=0))


@pytest.mark.parametrize("length", [None, 2])
def test_ragged_rows(length, tmp_path):
    layer = layers.TextVectorization(ragged=True, output_sequence_length=length)
    layer.adapt(DOCUMENTS)
    expected = [[3, 2, 1][:length], [1, 4, 4][:length], []]
    for x in (NEW, NEW[:, None]):
        found = lamina.Ragged(layer(x))
        assert [row.tolist() for row in found.to_list()] == expected
    lamina.utils.set_random_seed(0)
    text = lamina.Input((1,), dtype="string")
    x = layers.Embedding(layer.vocabulary_size(), 4)(layer(text))
    model = lamina.Model(text, layers.GlobalAveragePooling1D()(x))
    assert model.output_shape == (None, 4)
    table = model.get_weights()[0]
    some = NEW[:2]
    means = [table[row].mean(0) for row in expected[:2]]
    np.testing.assert_allclose(model.predict(some, verbose=0), means, rtol=1e-6)
    model.save(tmp_path / "model.safetensors")
    again = lamina.load(tmp_path / "model.safetensors")
    np.testing.assert_allclose(again.predict(some, verbose=0), means, rtol=1e-6)


def vectorization(**options):
    return layers.TextVectorization(**options)


@pytest.mark.parametrize(
    "make,error,message",
    [
        (lambda: vectorization(standardize="upper"), ValueError, "standardize"),
        (lambda: vectorization(split="words"), ValueError, "split"),
        (lambda: vectorization(ngrams="2"), ValueError, "ngrams"),
        (lambda: vectorization(output_mode="hot"), ValueError, "output_mode"),
        (
            lambda: vectorization(output_mode="count", output_sequence_length=3),
            ValueError,
            "output_sequence_length",
        ),
        (lambda: vectorization(ragged=True, output_mode="count"), ValueError, "ragged"),
        (lambda: vectorization()(np.array([["a", "b"]])), ValueError, "last shape dimension"),
        (lambda: vectorization()(np.ones(3)), TypeError, "expected text"),
        (lambda: vectorization().adapt(np.ones(3)), TypeError, "expected text"),
        (lambda: vectorization(vocabulary=["a"]).adapt(["b"]), ValueError, "static vocabulary"),
    ],
)
def test_refusals(make, error, message):
    with pytest.raises(error, match=message):
        make()
