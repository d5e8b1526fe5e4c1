"""Layers that prepare data: learning from data, text, vocabularies, and models that read text.

Expected values marked "Keras" are those of Keras 3.15.1 on TensorFlow, whose hashes and tables
these layers have; the JAX backend lacks them.
"""

import numpy as np
import pytest

import lamina
from lamina import layers

WORDS = ["a", "b", "c", "d"]
TEXT = np.array([["a", "c", "d", "d"], ["d", "z", "b", "z"]])


def equal(got, expected, tolerance=0):
    got = got.numpy() if isinstance(got, lamina.Tensor) else got
    assert got.shape == np.shape(expected)
    if tolerance:
        np.testing.assert_allclose(got, expected, rtol=tolerance)
    else:
        assert got.tolist() == np.asarray(expected).tolist()


# ---- text as input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.astype(object),
        TEXT.astype("S1"),
        TEXT.tolist(),
        TEXT.T.copy().T,  # not contiguous
        TEXT.astype(">U3"),
        [[w.encode() for w in row] for row in TEXT.tolist()],
    ],
    ids=["str", "object", "bytes", "lists", "strided", "swapped", "lists of bytes"],
)
def test_text_comes_in_many_forms(text):
    equal(layers.StringLookup(vocabulary=WORDS)(text), [[1, 3, 4, 4], [4, 0, 2, 0]])


def test_text_goes_through_unicode_and_back():
    words = ["", "naïve", "日本", "🙂 ok", "e\u0301"]
    layer = layers.StringLookup(vocabulary=words, num_oov_indices=0)
    equal(layer(np.array(words)), [0, 1, 2, 3, 4])
    assert layer.get_vocabulary() == words
    back = layers.StringLookup(vocabulary=words, invert=True)(np.array([1, 2, 3, 4, 5, 99]))
    assert isinstance(back, np.ndarray) and back.tolist() == [*words, "[UNK]"]


def test_a_tensor_of_text_says_what_it_is_and_operations_refuse_it():
    x = lamina.ops.convert_to_tensor(TEXT)
    assert x.dtype == "string" and tuple(x.shape) == (2, 4)
    assert x.numpy().tolist() == TEXT.tolist()
    assert "'a'" in repr(x)
    with pytest.raises(TypeError, match="takes no text"):
        lamina.ops.add(x, 1)
    with pytest.raises(TypeError, match=r"Dense '.*': takes no text"):
        layers.Dense(2)(TEXT)
    with pytest.raises(TypeError, match="must hold text"):
        lamina.ops.convert_to_tensor(np.array(["a", 1.5], dtype=object))


# ---- hashes -------------------------------------------------------------------------------------

LONG = "the quick brown fox jumps over the lazy dog twice a day, every day"
PLAIN = np.array(["A", "B", "", "C", "naïve café", LONG])
INTEGERS = np.array([0, 1, -1, 7, 12345678901, -42])


@pytest.mark.parametrize(
    "x,expected,options",
    [  # Keras
        (PLAIN, [564, 528, 263, 7, 218, 491], {}),
        (PLAIN, [530, 55, 0, 584, 570, 606], {"mask_value": ""}),
        (PLAIN, [24, 70, 900, 727, 731, 401], {"salt": [133, 137]}),
        (PLAIN, [819, 238, 907, 862, 973, 576], {"salt": 133}),
        (INTEGERS, [735, 849, 430, 88, 632, 718], {}),
        (INTEGERS, [20, 766, 139, 0, 43, 718], {"mask_value": 7}),
        (INTEGERS, [369, 326, 874, 382, 454, 478], {"salt": [133, 137]}),
        (np.float32([1, 7.9, -1.2]), [849, 88, 430], {}),
    ],
)
def test_hashing_has_the_bins_of_keras(x, expected, options):
    layer = layers.Hashing(num_bins=1000, **options)
    got = layer(x)
    assert got.dtype == "int64"
    equal(got, expected)
    again = layers.Hashing.from_config(layer.get_config())
    equal(again(x), expected)


# FarmHash's Fingerprint64 and SipHash-2-4 (key 133, 137) of the first n letters of this text,
# modulo 2^63 - 1, as tf.strings.to_hash_bucket_fast and to_hash_bucket_strong give them: each n
# takes another way through the hash.
SENTENCE = (
    "The quick brown fox jumps over the lazy dog, and then some more text follows here so that "
    "it is long enough to be hashed in full: 0123456789!"
)
HASHES = {
    0: (1936946117179621456, 4928313950774450900),
    1: (1366698271136253306, 8498022623026406050),
    2: (6802249652779214323, 5712310418550073858),
    3: (398699863598724094, 2185041958410692804),
    4: (8425543508670559910, 5931346934894151566),
    5: (8805132910519014279, 225962819529640299),
    7: (8879765114474867592, 5869304491026916241),
    8: (5102859526078303239, 6683232159525880924),
    9: (5536152759197313107, 3096439518308780723),
    12: (6823457500157495688, 6602245860392226260),
    15: (9032017524180936103, 7691215342400502526),
    16: (4320848957565769301, 6136433210981885198),
    17: (5162019803258432958, 5711848058611768383),
    24: (6702341905823656245, 2491335542303021589),
    31: (259718955123041108, 2327654817080119560),
    32: (3916272259504149091, 1362692904404384380),
    33: (8241563171161551831, 1010102425118194626),
    40: (2669959205246199970, 9161082780659901264),
    48: (2473181026660668639, 99675976163103595),
    63: (3647986346779577713, 4561179762737857232),
    64: (6164371426836871592, 5843512763323733726),
    65: (7421868350223048325, 6401232116433759234),
    70: (5224178555051824995, 1096010183780138210),
    96: (1784998306326454364, 2523864290934816702),
    127: (8928749072329326913, 5504579102902266393),
    128: (7373874347760815511, 4049052101513301125),
    129: (450269670676280431, 2461217410742545480),
    140: (8166640615369872824, 509948216527440842),
}


@pytest.mark.parametrize("n", HASHES)
def test_hashes_of_every_length(n):
    text = np.array([SENTENCE[:n]])
    bins = 2**63 - 1
    got = layers.Hashing(bins)(text), layers.Hashing(bins, salt=[133, 137])(text)
    assert tuple(int(v.numpy()[0]) for v in got) == HASHES[n]


@pytest.mark.parametrize(
    "mode,expected",
    [("one_hot", [[[1, 0, 0, 0]] * 3, [[0, 0, 0, 1]] * 3]),
     ("multi_hot", [[1, 0, 0, 0], [0, 0, 0, 1]]), ("count", [[3, 0, 0, 0], [0, 0, 0, 3]])],
)  # fmt: skip
def test_hashing_encodes(mode, expected):
    got = layers.Hashing(4, output_mode=mode)(np.array([["A", "B", "A"], ["C", "C", "D"]]))
    assert got.dtype == "float32"
    equal(got, expected)  # Keras


def test_hashed_crossing_has_the_bins_of_keras():
    a, b = np.array(["A", "B", "A", "B", "A"]), np.array([101, 101, 101, 102, 102])
    c = np.array(["x", "y", "z", "x", "y"])
    layer = layers.HashedCrossing(num_bins=1000)
    equal(layer((a, b)), [891, 754, 891, 576, 523])
    equal(layer((a, b, c)), [95, 814, 114, 878, 107])
    equal(layer((b, -b)), [590, 590, 590, 878, 878])
    equal(layer((a[:, None], b[:, None])), [[891], [754], [891], [576], [523]])
    hot = layers.HashedCrossing(num_bins=5, output_mode="one_hot")
    equal(hot((a[:2], b[:2])), [[0, 1, 0, 0, 0], [0, 0, 0, 0, 1]])


@pytest.mark.parametrize(
    "make,message",
    [
        (lambda: layers.Hashing(0), "num_bins"),
        (lambda: layers.Hashing(3, salt=[1, 2, 3]), "tuple of size 2"),
        (lambda: layers.Hashing(3, output_mode="tf_idf"), "output_mode"),
        (lambda: layers.Hashing(3, dtype="float32"), "integer type"),
        (lambda: layers.HashedCrossing(3, output_mode="count"), "output_mode"),
        (lambda: layers.HashedCrossing(3)([np.array(["a"])]), "at least two inputs"),
        (lambda: layers.HashedCrossing(3)([np.array(["a"]), np.array(["a", "b"])]), "equal shape"),
        (lambda: layers.HashedCrossing(3)([np.ones((2, 3), int)] * 2), "should have shape"),
        (lambda: layers.HashedCrossing(3)([np.ones(2)] * 2), "integer or string"),
    ],
)
def test_hashes_refuse(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# ---- lookups ------------------------------------------------------------------------------------

ONE_HOT = np.eye(5)[[[1, 3, 4, 4], [4, 0, 2, 0]]]
IDF = [0.25, 0.75, 0.6, 0.4]
OTHERS = np.array([["m", "n", "o", "p", "q", "r", "a"]])


@pytest.mark.parametrize(
    "x,expected,options",
    [  # Keras
        (TEXT, [[1, 3, 4, 4], [4, 0, 2, 0]], {}),
        (np.array(["a", "", "z", "d"]), [2, 0, 1, 5], {"mask_token": ""}),
        (OTHERS, [[0, 0, 0, 2, 2, 1, 3]], {"num_oov_indices": 3}),
        (OTHERS, [[2, 1, 0, 0, 1, 1, 3]], {"num_oov_indices": 3, "salt": [133, 137]}),
        (TEXT, ONE_HOT, {"output_mode": "one_hot"}),
        (TEXT, [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1]], {"output_mode": "multi_hot"}),
        (TEXT, [[0, 1, 0, 1, 2], [2, 0, 1, 0, 1]], {"output_mode": "count"}),
        (TEXT, [[0, 1, 0, 1, 1], [0, 0, 1, 0, 1]], {"output_mode": "binary", "mask_token": "z"}),
        (TEXT[1], [1, 0, 1, 0, 1], {"output_mode": "multi_hot"}),
        (
            TEXT,
            [[0, 1, 0, 1, 2, 0, 0], [2, 0, 1, 0, 1, 0, 0]],
            {"output_mode": "count", "max_tokens": 7, "pad_to_max_tokens": True},
        ),
        (
            TEXT,
            np.float32([[0, 0.25, 0, 0.6, 0.8], [1, 0, 0.75, 0, 0.4]]),
            {"output_mode": "tf_idf", "idf_weights": IDF},
        ),
    ],
)
def test_string_lookup_of_a_given_vocabulary(x, expected, options, tmp_path):
    layer = layers.StringLookup(vocabulary=WORDS, **options)
    equal(layer(x), expected, 1e-6)
    config = layer.get_config()
    assert config["vocabulary"] == WORDS
    again = layers.StringLookup.from_config(config)
    assert again.get_config() == config
    equal(again(x), expected, 1e-6)
    if np.ndim(x) < 2:
        return
    # In a model, eager and captured, and from its file.
    start = lamina.Input(x.shape[1:], dtype="string")
    model = lamina.Model(start, layers.StringLookup(vocabulary=WORDS, **options)(start))
    assert model.output_shape == (None, *np.shape(expected)[1:])
    equal(model(x), expected, 1e-6)
    equal(model.predict(x, verbose=0), expected, 1e-6)
    model.save(tmp_path / "model.safetensors")
    equal(lamina.load(tmp_path / "model.safetensors").predict(x, verbose=0), expected, 1e-6)


@pytest.mark.parametrize(
    "x,expected,options",
    [  # Keras
        ([[12, 1138, 42, 42], [42, 7, 36, 7]], [[1, 3, 4, 4], [4, 0, 2, 0]], {}),
        ([[12, 0, 42, 5]], [[2, 0, 5, 1]], {"mask_token": 0}),
        ([[1, 3, 4], [4, 0, 2]], [[12, 1138, 42], [42, -1, 36]], {"invert": True}),
        (
            [[0, 1, 2], [5, 9, 3]],
            [[0, -1, 12], [42, -1, 36]],
            {"invert": True, "mask_token": 0},
        ),
    ],
)
def test_integer_lookup_of_a_given_vocabulary(x, expected, options):
    x = np.array(x)
    layer = layers.IntegerLookup(vocabulary=[12, 36, 1138, 42], **options)
    assert layer(x).dtype == "int64"
    equal(layer(x), expected)
    start = lamina.Input(x.shape[1:], dtype="int64")
    model = lamina.Model(start, layers.IntegerLookup.from_config(layer.get_config())(start))
    equal(model.predict(x, verbose=0), expected)


@pytest.mark.parametrize(
    "x,expected,options",
    [  # Keras
        ([100, 301, -7, 1102, 10, 2003], [0, 1, 1, 2, 4, 3], {}),
        ([100, 300, 700, 1100, 1700, 2000, 10], [3, 3, 2, 2, 0, 1, 4], {"oov_method": "farmhash"}),
        (
            [100, 300, 700, 1100, 1700, 2000, 10],
            [2, 2, 1, 2, 1, 0, 4],
            {"oov_method": "farmhash", "salt": 133},
        ),
    ],
)
def test_unknown_integers_choose_among_indices(x, expected, options):
    layer = layers.IntegerLookup(vocabulary=[10, 20, 30], num_oov_indices=4, **options)
    equal(layer(np.array(x)), expected)


def test_inverse_lookup_gives_text():
    inverse = layers.StringLookup(vocabulary=WORDS, invert=True)
    got = inverse(np.array([[1, 3, 4], [4, 0, 2]]))
    assert got.dtype == object and got.tolist() == [["a", "c", "d"], ["d", "[UNK]", "b"]]
    masked = layers.StringLookup(vocabulary=WORDS, invert=True, mask_token="")
    equal(masked(np.array([[0, 1, 2], [5, 9, 3]])), [["", "[UNK]", "a"], ["d", "[UNK]", "b"]])
    with pytest.raises(ValueError, match="call it on the predictions"):
        inverse(lamina.Input((3,), dtype="int64"))


def test_adapt_learns_a_vocabulary_of_words():
    layer = layers.StringLookup(max_tokens=4)
    layer.adapt(np.array([["b", "a", "b"], ["c", "d", "c"], ["e", "b", "[UNK]"]]))
    assert layer.get_vocabulary() == ["[UNK]", "b", "c", "e"]  # Keras
    layer = layers.StringLookup(mask_token="")
    layer.adapt(["b", "a", "b", "", "c"])
    assert layer.get_vocabulary() == ["", "[UNK]", "b", "c", "a"]
    assert layer.get_vocabulary(include_special_tokens=False) == ["b", "c", "a"]
    assert layer.vocabulary_size() == 5
    batches = [np.array(["x", "y"]), (np.array(["x", "w"]), 1)]
    for source in (lambda: iter(batches), lambda: (b for b in batches)):
        layer.adapt(source())
        assert layer.get_vocabulary(include_special_tokens=False) == ["x", "y", "w"]
    layer.adapt(iter(batches), steps=1)
    assert layer.get_vocabulary(include_special_tokens=False) == ["y", "x"]


def test_adapt_learns_a_vocabulary_of_integers():
    layer = layers.IntegerLookup(max_tokens=4)
    data = np.array([[5, 5, 9], [10, 9, 5], [2, 10, -1]])
    layer.adapt(data)
    assert layer.get_vocabulary() == [-1, 5, 10, 9]  # Keras; 10 after 9 in order of text
    layer = layers.IntegerLookup(output_mode="tf_idf")
    layer.adapt(data)
    equal(
        layer(np.array([[5, 5, 9], [10, 0, 2]])),
        [[0, 1.3862944, 0, 0.6931472, 0], [0.7489331, 0, 0.6931472, 0, 0.9162908]],
        1e-6,
    )


def test_adapt_learns_idf_weights():
    data = np.array([["b", "a", "b"], ["c", "d", "c"], ["e", "b", "a"]])
    layer = layers.StringLookup(output_mode="tf_idf")
    layer.adapt(data)
    x = np.array([["a", "b", "b"], ["c", "q", "e"]])
    expected = [[0, 1.3862944, 0, 0.6931472, 0, 0], [0.8270333, 0, 0.9162908, 0, 0.9162908, 0]]
    equal(layer(x), expected, 1e-6)  # Keras
    padded = layers.StringLookup(output_mode="tf_idf", max_tokens=8, pad_to_max_tokens=True)
    padded.adapt(data[:2])
    expected = [[0, 0, 2, 0, 1, 0, 0, 0], [2, 1, 0, 0, 0, 0, 0, 0]]
    equal(padded(x), np.array(expected) * np.log(2), 1e-6)


def test_set_vocabulary(tmp_path):
    layer = layers.StringLookup(output_mode="tf_idf")
    layer.set_vocabulary(["[UNK]", *WORDS], idf_weights=[0.9, *IDF])
    equal(layer(TEXT), [[0, 0.25, 0, 0.6, 0.8], [1.8, 0, 0.75, 0, 0.4]], 1e-6)  # Keras
    path = tmp_path / "words.txt"
    path.write_text("\n".join(WORDS))
    for layer in (layers.StringLookup(), layers.StringLookup(vocabulary=str(path))):
        layer.set_vocabulary(str(path))
        assert layer.get_vocabulary() == ["[UNK]", *WORDS]
        assert layer.get_config()["vocabulary"] is None
    path.write_text("7\n3\n")
    assert layers.IntegerLookup(vocabulary=str(path)).get_vocabulary() == [-1, 7, 3]
    layer = layers.IntegerLookup()
    layer.set_vocabulary(np.array([5, 4]))
    assert layer.get_vocabulary() == [-1, 5, 4]


def lookup(**options):
    return layers.StringLookup(**options)


@pytest.mark.parametrize(
    "make,error,message",
    [
        (lambda: lookup(vocabulary=["a", "a"]), ValueError, "at least one repeated term.*'a'"),
        (lambda: lookup(vocabulary=WORDS, max_tokens=3), ValueError, "larger than the maximum"),
        (lambda: lookup(vocabulary=["a", ""], mask_token=""), ValueError, "reserved mask token"),
        (lambda: lookup(vocabulary=["a", "[UNK]"], invert=True), ValueError, "reserved OOV token"),
        (lambda: lookup(vocabulary=[]), ValueError, "empty vocabulary"),
        (lambda: lookup(vocabulary="no such file"), ValueError, "does not exist"),
        (lambda: lookup(max_tokens=1), ValueError, "greater than 1"),
        (lambda: lookup(num_oov_indices=-1), ValueError, "num_oov_indices"),
        (lambda: lookup(pad_to_max_tokens=True), ValueError, "must set `max_tokens`"),
        (lambda: lookup(output_mode="hot"), ValueError, "output_mode"),
        (lambda: lookup(invert=True, output_mode="count"), ValueError, "invert"),
        (lambda: lookup(idf_weights=[1.0]), ValueError, "idf_weights"),
        (lambda: lookup(vocabulary=WORDS, output_mode="tf_idf"), ValueError, "must also be prov"),
        (lambda: lookup(sparse=True), NotImplementedError, "sparse"),
        (lambda: lookup(vocabulary=WORDS).adapt(["b"]), ValueError, "static vocabulary"),
        (lambda: lookup(output_mode="count")(TEXT), RuntimeError, "set the layer's vocabulary"),
        (lambda: lookup()(np.ones(3)), TypeError, "expected text"),
        (lambda: lookup().adapt(np.ones(3)), TypeError, "expected text"),
        (
            lambda: lookup(vocabulary=WORDS, num_oov_indices=0)(TEXT),
            ValueError,
            "OOV value 'z'.*num_oov_indices=1",
        ),
        (
            lambda: layers.IntegerLookup(vocabulary=[1], num_oov_indices=0)(np.array([1, 2])),
            ValueError,
            "OOV value 2.*num_oov_indices=1",
        ),
        (lambda: layers.IntegerLookup(salt=3), ValueError, "farmhash"),
        (lambda: layers.IntegerLookup()(TEXT), TypeError, "takes no text"),
        (lambda: layers.Dense(2).get_vocabulary(), AttributeError, "get_vocabulary"),
    ],
)
def test_lookups_refuse(make, error, message):
    with pytest.raises(error, match=message):
        make()


# ---- adapt of numbers ---------------------------------------------------------------------------


class Sequence:
    """A dataset of the kind that has a length and items, but is no iterable."""

    def __init__(self, batches):
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, i):
        return self.batches[i], np.zeros(len(self.batches[i]))


@pytest.mark.parametrize("axis", [-1, None, 1, (1, 2)])
def test_normalization_adapts_to_arrays_and_batches(axis):
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(50, 4, 3)) * [1, 5, 0.1] + [100, 0, -3]).astype("float32")
    batches = np.split(x, [7, 20, 21])
    over = {-1: (0, 1), None: (0, 1, 2), 1: (0, 2), (1, 2): 0}[axis]
    mean, variance = (f(x.astype("float64"), axis=over, keepdims=True) for f in (np.mean, np.var))
    for data in (x, lamina.tensor(x), batches, (b for b in batches), Sequence(batches)):
        layer = layers.Normalization(axis=axis)
        layer.adapt(data)
        np.testing.assert_allclose(layer.mean, mean, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer.variance, variance, rtol=1e-4)
        np.testing.assert_allclose(layer(x), (x - mean) / np.sqrt(variance), atol=3e-3)
    first = layers.Normalization(axis=axis)
    first.adapt(iter(batches), steps=1)
    np.testing.assert_allclose(first.mean, batches[0].mean(over, keepdims=True), rtol=1e-3)


def test_normalization_in_a_model_follows_a_later_adapt(tmp_path):
    x = np.float32([[1, 10], [3, 30]])
    layer = layers.Normalization()
    model = lamina.Sequential([lamina.Input((2,)), layer])
    for data in (x, 2 * x):
        layer.adapt(data)
        expected = (x - data.mean(0)) / data.std(0)
        np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-5)
    model.save(tmp_path / "model.safetensors")
    again = lamina.load(tmp_path / "model.safetensors")
    np.testing.assert_allclose(again.predict(x, verbose=0), expected, rtol=1e-5)


def test_learned_bins_and_integers_in_a_model_follow_a_later_adapt(tmp_path):
    bins, numbers = layers.Discretization(num_bins=2), layers.IntegerLookup()
    a, b = lamina.Input((1,)), lamina.Input((1,), dtype="int64")
    bins.adapt(np.arange(10.0))
    numbers.adapt(np.array([4, 4, 7]))
    model = lamina.Model([a, b], [bins(a), numbers(b)])
    data = [np.float32([[3], [30]]), np.array([[4], [7]])]
    equal(np.hstack(model.predict(data, verbose=0)), [[0, 1], [1, 2]])
    bins.adapt(np.arange(100.0))
    numbers.adapt(np.array([7, 7, 4]))
    equal(np.hstack(model.predict(data, verbose=0)), [[0, 2], [0, 1]])
    model.save(tmp_path / "model.safetensors")
    again = lamina.load(tmp_path / "model.safetensors")
    equal(np.hstack(again.predict(data, verbose=0)), [[0, 2], [0, 1]])


WAVE = np.sin(np.arange(1000) * 0.37).astype("float32") * 3


@pytest.mark.parametrize(
    "num_bins,epsilon,whole,batches",
    [  # Keras
        (4, 0.01, [-2.1168499, 0.0144228, 2.1117313], [-2.1129386, 0.0510944, 2.117147]),
        (
            5,
            0.1,
            [-2.4340312, -0.930825, 0.9433958, 2.4177616],
            [-2.1384063, -0.9502383, 0.9861319, 2.3940499],
        ),
        (3, 0.3, [-1.759071, 0.9433951], [-1.4694539, 1.3083981]),
    ],
)
def test_discretization_learns_quantiles(num_bins, epsilon, whole, batches):
    layer = layers.Discretization(num_bins=num_bins, epsilon=epsilon)
    layer.adapt(WAVE)
    np.testing.assert_allclose(layer.bin_boundaries, whole, rtol=1e-4)
    layer.adapt([WAVE[:100], WAVE[100:103], WAVE[103:]])
    np.testing.assert_allclose(layer.bin_boundaries, batches, rtol=1e-4)
    again = layers.Discretization.from_config(layer.get_config())
    equal(again(WAVE), np.digitize(WAVE, np.float32(layer.bin_boundaries)))
    assert again(WAVE).dtype == "int32"


def test_discretization_of_few_values():
    x = np.array([[-1.5, 1.0, 3.4, 0.5], [0.0, 3.0, 1.3, 0.0]])
    layer = layers.Discretization(num_bins=4)
    layer.adapt(x)
    equal(layer(x), [[0, 2, 3, 2], [1, 3, 3, 1]])  # Keras
    layer.adapt(np.array([1.0, 2.0]))
    assert layer.bin_boundaries == [1.0]  # Keras


@pytest.mark.parametrize(
    "make,error,message",
    [
        (lambda: layers.Normalization(mean=1.0), ValueError, "both `mean` and `variance`"),
        (lambda: layers.Normalization(mean=[1.0], variance=1.0), ValueError, "same shape"),
        (
            lambda: layers.Normalization(mean=[[1.0]], variance=[[1.0]]),
            ValueError,
            "rank of `mean`",
        ),
        (lambda: layers.Normalization(axis=3)(np.ones((2, 3))), ValueError, "`axis` values"),
        (lambda: layers.Normalization()(lamina.Input((None,))), ValueError, "known shape"),
        (lambda: layers.Normalization().adapt(3), TypeError, "array or an iterable"),
        (lambda: layers.Normalization().adapt([]), ValueError, "no batches"),
        (
            lambda: layers.Normalization().adapt([np.ones((2, 3)), np.ones((2, 4))]),
            ValueError,
            "incompatible shape",
        ),
        (lambda: layers.Discretization(), ValueError, "either `num_bins` or `bin_boundaries`"),
        (lambda: layers.Discretization(num_bins=-1), ValueError, "greater than or equal to 0"),
        (lambda: layers.Discretization(num_bins=3)(np.ones(2)), ValueError, "call `adapt"),
        (lambda: layers.Discretization([1.0]).adapt(np.ones(2)), ValueError, "use `num_bins`"),
        (lambda: layers.Discretization([1.0], output_mode="x"), ValueError, "output_mode"),
        (lambda: layers.CategoryEncoding(), ValueError, "num_tokens must be set"),
        (lambda: layers.CategoryEncoding(0), ValueError, ">= 1"),
        (lambda: layers.CategoryEncoding(2, output_mode="int"), ValueError, "output_mode"),
        (
            lambda: layers.CategoryEncoding(2)(np.array([1]), count_weights=np.array([1.0])),
            ValueError,
            "count_weights",
        ),
        (lambda: layers.Dense(2).adapt(np.ones(2)), AttributeError, "adapt"),
    ],
)
def test_layers_of_numbers_refuse(make, error, message):
    with pytest.raises(error, match=message):
        make()


# ---- models that read text ----------------------------------------------------------------------


def text_model(words):
    text, size = lamina.Input((3,), dtype="string", name="text"), lamina.Input((1,), name="size")
    kind = lamina.Input((1,), dtype="string", name="kind")
    h = layers.Flatten()(layers.Embedding(20, 4)(words(text)))
    cross = layers.HashedCrossing(8, output_mode="one_hot")
    number = lamina.Input((1,), dtype="int64", name="number")
    h = layers.Concatenate()([h, size, cross([kind, number]), layers.Hashing(5)(kind)])
    return lamina.Model([text, size, kind, number], layers.Dense(1)(h))


def text_data(n=40):
    rng = np.random.default_rng(2)
    x = {
        "text": rng.choice(["red", "green", "blue", "grey"], size=(n, 3)),
        "size": rng.normal(size=(n, 1)).astype("float32"),
        "kind": rng.choice(["old", "new"], size=n).astype(object),
        "number": rng.integers(0, 3, size=(n, 1)),
    }
    y = (x["text"] == "red").sum(1, keepdims=True).astype("float32")
    return x, y


def test_a_model_that_reads_text_trains_and_comes_back_from_its_file(tmp_path):
    x, y = text_data()
    results = []
    for eager in (False, True):
        lamina.utils.set_random_seed(0)
        words = layers.StringLookup()
        words.adapt(x["text"])
        model = text_model(words)
        model.compile("adam", "mse", run_eagerly=eager)
        history = model.fit(x, y, batch_size=8, epochs=3, validation_split=0.2, verbose=0).history
        assert history["loss"][-1] < history["loss"][0]
        results.append([history["loss"], history["val_loss"], model.evaluate(x, y, verbose=0)])
        results[-1].append(model.predict(x, verbose=0))
    for a, b in zip(*results):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(x), model.predict(x, verbose=0), rtol=1e-5)
    np.testing.assert_allclose(model(list(x.values())), model.predict(x, verbose=0), rtol=1e-5)
    path = tmp_path / "model.safetensors"
    model.save(path)
    again = lamina.load(path)
    np.testing.assert_array_equal(again.predict(x, verbose=0), results[1][3])
    assert again.layers[0].get_vocabulary() == words.get_vocabulary()
    batches = [({k: v[i : i + 8] for k, v in x.items()}, y[i : i + 8]) for i in range(0, 40, 8)]
    for trained in (model, again):
        trained.fit((b for b in batches), epochs=1, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    model.summary(print_fn=lambda text: None)


@pytest.mark.parametrize("with_input", [False, True])
def test_a_sequential_model_that_reads_text(with_input, tmp_path):
    x = np.array(["a b", "b c", "c a"])[:, None]
    words = layers.StringLookup(output_mode="multi_hot")
    words.adapt(x)
    start = [lamina.Input((1,), dtype="string")] if with_input else []
    model = lamina.Sequential([*start, words, layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(x, np.ones((3, 2), "float32"), epochs=2, verbose=0)
    expected = model.predict(x, verbose=0)
    np.testing.assert_allclose(model(x), expected, rtol=1e-6)
    model.save(tmp_path / "model.safetensors")
    again = lamina.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(x, verbose=0), expected)


def test_a_custom_layer_keeps_the_vocabulary_inside(tmp_path):
    @lamina.saving.register_keras_serializable()
    class Reader(lamina.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.words = layers.StringLookup(
                output_mode="multi_hot", max_tokens=6, pad_to_max_tokens=True, name="words"
            )

        def call(self, x):
            return self.words(x) * 2.0

    reader = Reader()
    reader.words.adapt(TEXT)
    model = lamina.Sequential([lamina.Input((4,), dtype="string"), reader])
    expected = model.predict(TEXT, verbose=0)
    assert reader.words.get_vocabulary() == ["[UNK]", "d", "z", "c", "b", "a"]
    equal(expected, [[0, 2, 0, 2, 0, 2], [0, 2, 2, 0, 2, 0]])
    model.save(tmp_path / "model.safetensors")
    equal(lamina.load(tmp_path / "model.safetensors").predict(TEXT, verbose=0), expected)


def test_models_refuse_text_where_it_cannot_go():
    text = lamina.Input((3,), dtype="string")
    with pytest.raises(TypeError, match="takes no text"):
        layers.Dense(2)(text)
    x = lamina.Input((3,))
    model = lamina.Model(x, layers.Dense(2)(x))
    model.compile("sgd", "mse")
    words = np.array([["a", "b", "c"]])
    with pytest.raises(ValueError, match="must be numbers, received string"):
        model.predict(words, verbose=0)
    with pytest.raises(TypeError, match="y: expected numbers, received text"):
        model.fit(np.ones((1, 3), "float32"), words, verbose=0)
    reads = lamina.Model(text, layers.StringLookup(vocabulary=["a"])(text))
    with pytest.raises(ValueError, match="must be text, received"):
        reads.predict(np.ones((1, 3)), verbose=0)
    with pytest.raises(ValueError, match="cannot be part of a captured function"):
        lamina.function(layers.Hashing(3))(lamina.ops.convert_to_tensor(words))


# ---- Pipeline -----------------------------------------------------------------------------------


def test_a_pipeline_holds_these_layers_and_trains_by_default():
    scale = layers.Normalization()
    scale.adapt(np.float32([[1.0], [3.0]]))
    pipeline = layers.Pipeline([scale, layers.Dropout(0.5, seed=1)], name="prepare")
    assert pipeline.layers == [scale, pipeline.layers[1]] and pipeline.name == "prepare"
    x = np.full((50, 1), 3.0, "float32")
    assert set(np.unique(pipeline(x).numpy())) == {0.0, 2.0}
    assert (pipeline(x, training=False).numpy() == 1).all()
    again = layers.Pipeline.from_config(pipeline.get_config())
    assert [type(la) for la in again.layers] == [type(la) for la in pipeline.layers]
    words = layers.Pipeline([layers.StringLookup(vocabulary=WORDS), layers.CategoryEncoding(5)])
    equal(words(TEXT), [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1]])
