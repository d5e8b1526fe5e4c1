"""German into English: an encoder and a decoder of GRUs with attention, and a small transformer.

Entries of the dictionary Ding (Debian's trans-de-en 1.9-6, GPL 2 or later, Frank Richter): words,
phrases and 18,000 sentences, too few to learn the words from. The networks therefore read a
sentence after its translation word by word, by a lexicon that IBM's model 1 learns; they learn
from phrases and sentences, then from the sentences alone. The result is BLEU on 1,000
sentences set aside, whose German and English occur nowhere else, compared with the translation
word by word and with that of the most similar sentence. All of it takes about 20 minutes on two
cores with AMX.
With --quick, smaller networks, a tenth of the training and 500 sentences to translate; they have to
beat the latter only.
Needs `pip install 'lamina[examples]'`.
"""

import argparse
import random
import re

import numpy as np
import sacrebleu
from fetch import debian
from sklearn.feature_extraction.text import TfidfVectorizer

import lamina as keras
from lamina import decoding, layers, ops
from lamina.text import BytePairTokenizer

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quick", action="store_true", help="smaller networks, less training")
quick = parser.parse_args().quick

PIECES, WIDTH, BATCH, TEST = (2000, 128, 32, 500) if quick else (6000, 192, 128, 1000)
START, END = 1, 2  # tokens; 0 is padding
LONGEST, BEAM = 40, 4
keras.config.set_dtype_policy("mixed_bfloat16")  # faster where the CPU has it


# ---- data: pairs of German and English
def plain(text):
    """Without {n}, [zool.], (Wasserbau), <eelsmoking>, and with one of alternatives/choices."""
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|<[^>]*>", " ", text).replace("\u2019", "'")
    return re.sub(r"(?<=\w)/[\w.'-]+", "", text)


def segments(lines):
    """Lists of pairs that mean the same, of lines `de 1; de 1 | de 2 :: en 1; en 1 | en 2`."""
    for line in lines:
        sides = [[s.split(";") for s in plain(side).split("|")] for side in line.split(" :: ")]
        if len(sides) != 2 or len(sides[0]) != len(sides[1]):
            continue
        for de, en in zip(*sides):
            n = max(len(de), len(en))
            pairs = [(de[i % len(de)], en[i % len(en)]) for i in range(n)]
            pairs = [tuple(" ".join(t.split()) for t in p) for p in pairs]
            if pairs := [p for p in pairs if all(p) and not re.search(r"/|\.\.\.|…", "".join(p))]:
                yield pairs


def is_sentence(pair):
    """Whether both end like sentences, and have no placeholder such as "sb." for a person."""
    placeholder = r"\b(etw|jdn?m?|jds|sth|sb)\b"
    return all(t[-1] in ".!?" and t.count(" ") > 2 and not re.search(placeholder, t) for t in pair)


def letters(text):
    return " ".join(re.findall(r"\w+", text.lower()))


def uncapitalized(text):
    """As within a sentence, whose words the dictionary has."""
    return text if re.match(r"I\b", text) else text[0].lower() + text[1:]


def capitalized(text):
    return text[:1].upper() + text[1:]


folder = debian(
    "trans-de-en=1.9-6", "45f6b4cf1c434776fba6811d7bc522efabb5425c43ba8afd0e289bf9e2e53df4"
)
file = folder / "usr" / "share" / "trans" / "de-en"
dictionary = list(segments(file.read_text("utf-8").splitlines()))
shuffled = [s for s in dictionary if is_sentence(s[0])]
random.Random(0).shuffle(shuffled)
test = [segment[0] for segment in shuffled[:TEST]]
aside = {letters(t) for segment in shuffled[:TEST] for pair in segment for t in pair}
pairs = [p for segment in dictionary for p in segment if not aside & {letters(t) for t in p}]
sentences = [tuple(map(uncapitalized, p)) for p in pairs if is_sentence(p)]
phrases = [p for p in pairs if not is_sentence(p) and " " in p[0]]
# Of words alone, most of them rare compounds, those that occur in sentences or phrases.
seen = {w for de, _ in sentences + phrases for w in letters(de).split()}
words = [p for p in pairs if " " not in p[0] and seen.issuperset(letters(p[0]).split())]
print(f"{len(sentences)} sentences, {len(phrases)} phrases and {len(words)} words to learn from")
german, references = [uncapitalized(de) for de, _ in test], [en for _, en in test]


# ---- to compare with
def split(text):
    return re.findall(r"[\w'-]+|[^\w\s]", text)


def lexicon(pairs, rounds=5):
    """The likeliest English word for each German one, by IBM's model 1 (Brown et al., 1993)."""
    numbers, links, position = {}, [], 0
    for de, en in pairs:
        de = [numbers.setdefault(w, len(numbers)) for w in split(de)]
        for w in split(en):
            w = numbers.setdefault(w, len(numbers))
            links += [(v, w, position) for v in de]
            position += 1
    de, en, position = np.array(links).T
    kinds, kind = np.unique(de * len(numbers) + en, return_inverse=True)
    de, en = np.divmod(kinds, len(numbers))
    chance = np.ones(len(kinds))  # of the English word, given the German one
    for _ in range(rounds):
        share = chance[kind]
        share /= np.bincount(position, share)[position]
        count = np.bincount(kind, share)
        chance = count / np.bincount(de, count)[de]
    names, order = list(numbers), np.argsort(chance)
    return {names[de[i]]: names[en[i]] for i in order}


lookup = lexicon(2 * sentences + phrases + words)


def word_by_word(text):
    return re.sub(r" (?=[.,:;!?])", "", " ".join(lookup.get(w, w) for w in split(text)))


tf_idf = TfidfVectorizer(token_pattern=r"\w+|[^\w\s]")
rows = tf_idf.fit_transform([de for de, _ in sentences])
nearest = (tf_idf.transform(german) @ rows.T).toarray().argmax(1)
most_similar = [sentences[i][1] for i in nearest]


def bleu(translations):
    return sacrebleu.corpus_bleu([*map(capitalized, translations)], [references]).score


scores = {
    "word by word": bleu(map(word_by_word, german)),
    "most similar sentence": bleu(most_similar),
}

# ---- networks, of sequences as long as they are
tokenizer = BytePairTokenizer.train(
    (t for p in 2 * sentences + phrases for t in p), PIECES, ["[PAD]", "[START]", "[END]"]
)


def sources(german):
    """What the encoders read: the German, and its translation word by word."""
    both = zip(tokenizer.tokenize(german), tokenizer.tokenize(map(word_by_word, german)))
    return [np.array([*gloss, END, *text, END]) for text, gloss in both]


def samples(pairs):
    """Inputs, what is read and the English so far, and targets, the English that follows."""
    german, english = zip(*pairs)
    english = tokenizer.tokenize(english)
    so_far = keras.Ragged([np.array([START, *t]) for t in english])
    return [keras.Ragged(sources(german)), so_far], keras.Ragged(
        [np.array([*t, END]) for t in english]
    )


def recurrent():
    pieces, drop = layers.ReversibleEmbedding(PIECES, WIDTH), layers.Dropout(0.1)
    source, english = (keras.Input((None,), dtype="int32") for _ in range(2))
    x = embedded = drop(pieces(source))
    for _ in range(2):
        x = drop(layers.Bidirectional(layers.GRU(WIDTH // 2, return_sequences=True))(x))
    encoder = keras.Model(source, layers.Add()([embedded, x]))
    summary = keras.Sequential([layers.GlobalAveragePooling1D(), layers.Dense(WIDTH, "tanh")])

    # The state of one layer asks what to look at, the other one goes on with what was seen.
    encoded, *states = keras.Input((None, WIDTH)), keras.Input((WIDTH,)), keras.Input((WIDTH,))
    gru = [layers.GRU(WIDTH, return_sequences=True, return_state=True) for _ in range(2)]
    asked, first = gru[0](drop(pieces(english)), initial_state=states[0])
    found = layers.MultiHeadAttention(4, WIDTH // 4)(asked, encoded)
    y, second = gru[1](drop(layers.Concatenate()([asked, found])), initial_state=states[1])
    y = drop(layers.Add()([asked, found, y]))
    decoder = keras.Model([english, encoded, *states], [pieces(y, reverse=True), first, second])

    def translate(german):
        def next(tokens, states):
            logits, *new = decoder([tokens, *states])
            return logits, [states[0], *new]

        x = encoder(german)
        start = np.full((len(german), 1), START)
        states = [x, summary(x), summary(x)]
        return decoding.beam_search(next, start, LONGEST, END, states, BEAM, length_penalty=1.0)

    x = encoder(source)
    logits = decoder([english, x, summary(x), summary(x)])[0]
    return keras.Model([source, english], logits), translate


def transformer():
    pieces, drop = layers.ReversibleEmbedding(PIECES, WIDTH), layers.Dropout(0.1)

    def embed(tokens):
        x = layers.Rescaling(WIDTH**0.5)(pieces(tokens))
        return drop(layers.Add()([x, layers.SinePositionEncoding()(x)]))

    source, english = (keras.Input((None,), dtype="int32") for _ in range(2))
    block = {"intermediate_dim": 3 * WIDTH, "num_heads": 4, "dropout": 0.1, "normalize_first": True}
    x = embed(source)
    for _ in range(2):
        x = layers.TransformerEncoder(**block)(x)
    encoder = keras.Model(source, layers.LayerNormalization()(x))
    encoded = keras.Input((None, WIDTH))
    y = embed(english)
    for _ in range(2):
        y = layers.TransformerDecoder(**block)(y, encoded)
    logits = pieces(layers.LayerNormalization()(y), reverse=True)
    decoder = keras.Model([english, encoded], logits)

    def translate(german):
        x = ops.repeat(encoder(german), BEAM, axis=0)
        next = keras.models.CachedDecoder(decoder, LONGEST + 1, len(x), x)
        start = np.full((len(german), 1), START)
        return decoding.beam_search(next, start, LONGEST, END, beam_width=BEAM, length_penalty=1.0)

    return keras.Model([source, english], decoder([english, encoder(source)])), translate


def smoothed(y, logits):
    """Cross-entropy with a tenth of the target spread over all pieces."""
    log_p = ops.log_softmax(ops.cast(logits, "float32"))
    right = ops.take_along_axis(log_p, ops.cast(y, "int32")[..., None], -1)[..., 0]
    return -0.9 * right - 0.1 * ops.mean(log_p, -1)


def train(model):
    parts = [(4 * sentences + phrases, 2, 2e-3), (sentences, 4, 1e-3)]
    for pairs, epochs, highest in [(sentences, 3, 2e-3)] if quick else parts:
        x, y = samples(pairs)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0, epochs * len(y) // BATCH, warmup_target=highest, warmup_steps=200
        )
        model.compile(keras.optimizers.Adam(rate, beta_2=0.98, clipnorm=1.0), smoothed)
        model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=2)


def translations(translate):
    """Of the test, by beam search, as many sentences at once as have one length."""
    tokens = sources(german)
    english = {}
    for length in set(map(len, tokens)):
        some = [i for i, t in enumerate(tokens) if len(t) == length]
        for i, ((best, _), *_) in zip(some, translate(np.stack([tokens[i] for i in some]))):
            english[i] = tokenizer.detokenize(best).strip()
    return [english[i] for i in range(len(tokens))]


for name, make in (("GRUs with attention", recurrent), ("transformer", transformer)):
    keras.utils.set_random_seed(0)
    model, translate = make()
    train(model)
    found = translations(translate)
    scores[name] = bleu(found)
    for (de, en), ours in zip(test[:8], found):
        print(f"{de}\n  {name}: {capitalized(ours)}\n  dictionary: {en}")

for name, score in scores.items():
    print(f"{name}: {score:.1f} BLEU")
to_beat = scores["most similar sentence" if quick else "word by word"]
assert scores["GRUs with attention"] > to_beat and scores["transformer"] > to_beat
