"""Greedy decoding, sampling and beam search: values by hand, and by trying every sequence."""

import itertools

import numpy as np
import pytest

import lamina
from lamina import decoding, layers

VOCABULARY, END = 4, 3


def table_model(seed):
    """Logits that depend on the last two tokens."""
    table = np.random.default_rng(seed).normal(size=(VOCABULARY, VOCABULARY, VOCABULARY)) * 2

    def next(tokens):
        t = np.asarray(tokens)
        return table[t[:, -2] if t.shape[1] > 1 else 0, t[:, -1]]

    return next


def log_softmax(x):
    x = x - x.max()
    return x - np.log(np.exp(x).sum())


def every_sequence(next, prompt, length, penalty):
    """(tokens, score) of all sequences up to a length, best first."""
    found = []
    for n in range(1, length + 1):
        for tokens in itertools.product(range(VOCABULARY), repeat=n):
            if END in tokens[:-1] or (n < length and tokens[-1] != END):
                continue
            score, so_far = 0.0, list(prompt)
            for t in tokens:
                score += log_softmax(next(np.array([so_far]))[0])[t]
                so_far.append(t)
            found.append(([t for t in tokens if t != END], score / n**penalty))
    return sorted(found, key=lambda s: -s[1])


@pytest.mark.parametrize("penalty", [0.0, 0.7, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_what_trying_everything_finds(seed, penalty):
    next = table_model(seed)
    expected = every_sequence(next, [1, 0], 4, penalty)[:10]
    found = decoding.beam_search(next, [1, 0], 4, END, None, 81, 10, penalty)
    assert [t for t, _ in found] == [t for t, _ in expected]
    np.testing.assert_allclose([s for _, s in found], [s for _, s in expected], rtol=1e-6)


def plain_beam(next, prompt, length, width):
    """The textbook's search, with an end that goes on for free."""
    live = [(0.0, list(prompt), False)]
    for _ in range(length):
        grown = []
        for score, tokens, ended in live:
            if ended:
                grown.append((score, tokens, True))
                continue
            p = log_softmax(next(np.array([tokens]))[0])
            grown += [(score + p[t], [*tokens, t], t == END) for t in range(VOCABULARY)]
        live = sorted(grown, key=lambda s: -s[0])[:width]
    return live[0]


@pytest.mark.parametrize("seed", range(8))
def test_a_narrow_beam_is_at_least_the_textbooks(seed):
    next = table_model(seed)
    ((tokens, score),) = decoding.beam_search(next, [0], 6, END, beam_width=2)
    assert score >= plain_beam(next, [0], 6, 2)[0] - 1e-6
    assert score <= every_sequence(next, [0], 6, 0)[0][1] + 1e-6
    # The score is that of the tokens.
    so_far, total = [0], 0.0
    for t in tokens + [END] * (len(tokens) < 6):
        total += log_softmax(next(np.array([so_far]))[0])[t]
        so_far.append(t)
    assert score == pytest.approx(total, rel=1e-6)


def test_a_beam_of_one_without_an_end_is_greedy():
    next = table_model(0)
    tokens = decoding.greedy(next, [2], 7)
    assert len(tokens) == 7
    assert decoding.beam_search(next, [2], 7, beam_width=1)[0][0] == tokens


def test_rows_are_independent():
    next, prompt = table_model(1), [[0, 1], [2, 0], [1, 1]]
    for f in (decoding.greedy, decoding.beam_search):
        assert f(next, prompt, 6, END) == [f(next, p, 6, END) for p in prompt]
    assert decoding.greedy(next, [0], 0) == []


def test_greedy_by_hand():
    steps = np.array([[0, 5, 1, 2], [7, 0, 0, 0], [0, 1, 1, 3]], "float32")
    seen = []

    def next(tokens):
        seen.append(tokens.numpy().tolist())
        return steps[[tokens.shape[1] - 2]]

    assert decoding.greedy(next, [2, 2], 10, END) == [1, 0]
    assert seen == [[[2, 2]], [[2, 2, 1]], [[2, 2, 1, 0]]]


def test_probabilities_by_hand():
    logits = np.log([[0.5, 0.3, 0.15, 0.05]])
    p = lambda **o: decoding.probabilities(logits, **o).numpy()[0]  # noqa: E731
    np.testing.assert_allclose(p(), [0.5, 0.3, 0.15, 0.05])
    np.testing.assert_allclose(p(top_k=2), [0.625, 0.375, 0, 0])
    np.testing.assert_allclose(p(top_p=0.5), [1, 0, 0, 0])
    np.testing.assert_allclose(p(top_p=0.51), [0.625, 0.375, 0, 0])
    np.testing.assert_allclose(p(top_k=3, top_p=0.6), np.array([0.5, 0.3, 0, 0]) / 0.8)
    square = np.array([0.5, 0.3, 0.15, 0.05]) ** 2
    np.testing.assert_allclose(p(temperature=0.5), square / square.sum())
    np.testing.assert_allclose(p(temperature=0.5, top_k=1), [1, 0, 0, 0])
    assert decoding.probabilities(logits.astype("float32")).dtype == "float32"


def test_samples_follow_the_probabilities():
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
    next = lambda tokens: np.tile(logits, (len(tokens), 1))  # noqa: E731
    drawn = np.array(decoding.sample(next, np.zeros((500, 1), int), 20, seed=1))
    share = np.bincount(drawn.ravel(), minlength=4) / drawn.size
    np.testing.assert_allclose(share, np.exp(logits), atol=0.015)  # 3 deviations
    assert set(np.ravel(decoding.sample(next, [0], 500, top_k=2, seed=1))) == {0, 1}
    assert drawn.tolist() == decoding.sample(next, np.zeros((500, 1), int), 20, seed=1)
    assert drawn.tolist() != decoding.sample(next, np.zeros((500, 1), int), 20, seed=2)
    lamina.utils.set_random_seed(0)
    first = decoding.sample(next, [0], 20)
    assert first != decoding.sample(next, [0], 20)
    lamina.utils.set_random_seed(0)
    assert first == decoding.sample(next, [0], 20)


def test_recurrent_states_give_what_the_whole_sequence_gives():
    lamina.utils.set_random_seed(3)
    embed, lstm, dense = layers.Embedding(5, 4), layers.LSTM(6, return_state=True), layers.Dense(5)
    whole = lambda tokens: 4 * dense(lstm(embed(tokens))[0])  # noqa: E731

    def step(tokens, states):
        h, *states["lstm"] = lstm(embed(tokens), initial_state=states["lstm"])
        return 4 * dense(h), {"lstm": states["lstm"], "steps": states["steps"] + tokens.shape[1]}

    start = {"lstm": [np.zeros((2, 6), "float32")] * 2, "steps": 0}
    prompt = [[1, 2], [4, 4]]
    for f, options in (
        (decoding.greedy, {}),
        (decoding.sample, {"seed": 5, "top_k": 3}),
        (decoding.beam_search, {"beam_width": 3, "top_paths": 2}),
    ):
        expected = f(whole, prompt, 8, 0, **options)
        found = f(step, prompt, 8, 0, states=start, **options)
        if f is decoding.beam_search:
            for a, b in zip(found, expected):
                assert [t for t, _ in a] == [t for t, _ in b]
                np.testing.assert_allclose([s for _, s in a], [s for _, s in b], rtol=1e-4)
        else:
            assert found == expected


def test_a_causal_model_is_a_decoder():
    lamina.utils.set_random_seed(0)
    tokens = lamina.Input((None,), dtype="int32")
    x = layers.Embedding(5, 4)(tokens)
    x = layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)
    model = lamina.Model(tokens, layers.Dense(5)(x))
    out = decoding.greedy(model, [[1, 2]], 4)[0]
    again = model.predict(np.array([[1, 2, *out[:3]]]), verbose=0)[0]
    assert out == again.argmax(-1)[1:].tolist()


def test_a_cached_transformer_gives_what_the_whole_sequence_gives():
    lamina.utils.set_random_seed(1)
    tokens = lamina.Input((None,), dtype="int32")
    x = layers.Embedding(6, 8, embeddings_initializer="normal")(tokens)
    x = layers.Add()([x, layers.PositionEmbedding(16)(x)])
    model = lamina.Model(tokens, layers.Dense(6)(layers.TransformerDecoder(16, 2)(x)))
    whole = lambda t: 3 * model(t)  # noqa: E731
    prompt = [[1, 2], [4, 4]]

    class Cached:
        """CachedDecoder with larger logits, so that sequences differ."""

        def __init__(self, rows):
            self.decoder = lamina.models.CachedDecoder(model, 16, rows)
            self.reorder = self.decoder.reorder

        def __call__(self, t):
            return 3 * self.decoder(t)

    assert decoding.greedy(Cached(2), prompt, 8) == decoding.greedy(whole, prompt, 8)
    found = decoding.sample(Cached(2), prompt, 8, 0, seed=5)
    assert found == decoding.sample(whole, prompt, 8, 0, seed=5)
    found = decoding.beam_search(Cached(6), prompt, 8, 0, beam_width=3, top_paths=2)
    expected = decoding.beam_search(whole, prompt, 8, 0, beam_width=3, top_paths=2)
    for a, b in zip(found, expected):
        assert [t for t, _ in a] == [t for t, _ in b]
        np.testing.assert_allclose([s for _, s in a], [s for _, s in b], rtol=1e-4)


@pytest.mark.parametrize(
    "call,error,message",
    [
        (lambda n: decoding.greedy(n, [[]]), ValueError, "prompt"),
        (lambda n: decoding.greedy(n, [0.5]), TypeError, "integers"),
        (lambda n: decoding.greedy(n, [0], -1), ValueError, "max_new_tokens"),
        (lambda n: decoding.greedy(n, [0], 4, 9), ValueError, "end_token 9"),
        (lambda n: decoding.greedy(lambda t: np.zeros(4), [0]), ValueError, "expected logits"),
        (lambda n: decoding.greedy(lambda t: [[0.0, np.nan]], [0]), ValueError, "NaN"),
        (lambda n: decoding.greedy(n, [0], states=[np.zeros((3, 2))]), ValueError, "1 rows"),
        (lambda n: decoding.sample(n, [0], temperature=0), ValueError, "temperature"),
        (lambda n: decoding.sample(n, [0], top_k=0), ValueError, "top_k"),
        (lambda n: decoding.sample(n, [0], top_p=1.5), ValueError, "top_p"),
        (lambda n: decoding.sample(lambda t: [[-np.inf] * 2], [0]), ValueError, "finite"),
        (lambda n: decoding.beam_search(n, [0], beam_width=2, top_paths=3), ValueError, "width"),
        (lambda n: decoding.probabilities([0.0]), ValueError, "vocabulary"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call(table_model(0))


def test_errors_of_the_callable_come_through():
    def next(tokens):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        decoding.greedy(next, [0])
