"""A small transformer that chats, having read conversations of volunteers.

    python examples/python/chatbot.py            # trains, and tells its perplexity
    python examples/python/chatbot.py --chat     # talks to you (trains first, where it has not)
    python examples/python/chatbot.py --quick    # learns from a part of the conversations

Conversations of chitchat-dataset 0.9.0 (MIT licence, Will Myers), in pieces that byte-pair encoding
learnt. The result is the perplexity of a piece in conversations set aside, compared with that of
4-grams of the same pieces. After these few minutes the counts are still a little ahead, but the
network knows something else: the mean of both is far better than either.
Needs `pip install 'lamina[examples]'`.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from fetch import pypi
from ngram import KneserNey

import lamina as keras
from lamina import decoding, layers
from lamina.text import BytePairTokenizer

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--chat", action="store_true", help="talk to it")
parser.add_argument("--quick", action="store_true", help="an eighth of the conversations")
options = parser.parse_args()
chat = options.chat

PIECES, LENGTH, WIDTH = 2000, 64, 128
MODEL, TOKENIZER = Path("chatbot.safetensors"), Path("chatbot.tokenizer.json")
END = 0  # of what one person says


def transformer():
    tokens = keras.Input((None,), dtype="int32")
    pieces = layers.ReversibleEmbedding(PIECES, WIDTH)
    x = pieces(tokens)
    x = layers.Add()([x, layers.PositionEmbedding(LENGTH)(x)])
    for _ in range(3):
        x = layers.TransformerDecoder(4 * WIDTH, 4, activation="gelu", normalize_first=True)(x)
    return keras.Model(tokens, pieces(layers.LayerNormalization()(x), reverse=True))


def conversations():
    """Lists of turns: what one person says before the other does."""
    folder = pypi(
        "chitchat-dataset==0.9.0",
        "7bf89f36645e2d5ec87d53370c8e851b5a688479c7beb7079cb4c87fc5acea3e",
    )
    with open(folder / "chitchat_dataset" / "dataset.json") as f:
        chats = [c["messages"] for c in json.load(f).values()]
    return [[" ".join(m["text"] for m in turn).lower() for turn in c] for c in chats if len(c) > 3]


def windows(tokens, step):
    """Pieces of LENGTH tokens, beginning every `step` tokens, and the token after each token."""
    starts = range(0, len(tokens) - LENGTH, step)
    pieces = np.stack([tokens[i : i + LENGTH + 1] for i in starts])
    return pieces[:, :-1], pieces[:, 1:]


def train():
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy("mixed_bfloat16")  # faster where the CPU has it
    chats = conversations()
    held_out, chats = chats[:200], chats[200 :: 8 if options.quick else 1]
    tokenizer = BytePairTokenizer.train(
        (turn for c in chats for turn in c), PIECES, special_tokens=["[END]"]
    )

    def tokens_of(some):
        turns = tokenizer.tokenize(turn for c in some for turn in c)
        return np.concatenate([[*t, END] for t in turns]).astype("int32")

    tokens, test = tokens_of(chats), tokens_of(held_out)
    x, y = windows(tokens, LENGTH)
    print(f"{len(tokens)} tokens to learn from, {len(test)} to test with")

    model = transformer()
    epochs, batch = 4, 16
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, epochs * len(x) // batch, warmup_target=3e-3, warmup_steps=200
    )
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=0.01, clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(x, y, batch_size=batch, epochs=epochs, verbose=2)
    model.save(MODEL)
    tokenizer.save(TOKENIZER)

    # Each token of the test once, with at least half a window of tokens before it.
    half = LENGTH // 2
    x, y = windows(test, half)
    network = []
    for i in range(0, len(x), 64):
        p = keras.ops.softmax(model.predict_on_batch(x[i : i + 64])[:, half:])
        network.append(np.take_along_axis(np.asarray(p), y[i : i + 64, half:, None], -1))
    network = np.concatenate(network).ravel()
    grams = KneserNey([tokens.tolist()], 4, PIECES).probabilities(test.tolist())
    grams = grams[half + 1 :][: len(network)]

    def perplexity(p):
        return np.exp(-np.log(p).mean())

    both = perplexity((network + grams) / 2)
    print(f"perplexity of a token: {perplexity(network):.1f}")
    print(f"4-grams of the same tokens: {perplexity(grams):.1f}, the mean of both: {both:.1f}")
    assert both < (0.95 if options.quick else 0.9) * perplexity(grams)
    return model, tokenizer


def answers(model, tokenizer):
    """A function from what you say to what the model says, which remembers what was said."""
    heard = [END]
    next = keras.models.CachedDecoder(model, LENGTH)
    seed = keras.random.SeedGenerator(1)

    def answer(text):
        heard.extend([*tokenizer.tokenize(text.lower()), END])
        next.reset()
        latest = heard[-LENGTH + 24 :]
        said = decoding.sample(next, latest, 24, END, temperature=0.7, top_p=0.9, seed=seed)
        heard.extend([*said, END])
        return tokenizer.detokenize(said).strip()

    return answer


if chat and MODEL.exists() and TOKENIZER.exists():
    bot = keras.load_model(MODEL), BytePairTokenizer(TOKENIZER)
else:
    bot = train()
answer = answers(*bot)
if chat:
    while True:
        try:
            print(answer(input("you: ")))
        except (EOFError, KeyboardInterrupt):
            break
else:
    for text in ("hi! how are you?", "what did you do today?", "do you have any pets?"):
        print(f"you: {text}\nbot: {answer(text)}")
