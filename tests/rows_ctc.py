"""Rows for connectionist temporal classification: sums over all alignments, one by one."""

import itertools

import numpy as np

from op_table import row, seeded


def collapsed(path, blank):
    return tuple(k for i, k in enumerate(path) if k != blank and (i == 0 or path[i - 1] != k))


def log_softmax(x):
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def label_probabilities(logits, blank):
    """Labels -> probability, for one sample (steps, classes)."""
    p, out = np.exp(log_softmax(logits)), {}
    for path in itertools.product(range(p.shape[1]), repeat=len(p)):
        labels = collapsed(path, blank)
        out[labels] = out.get(labels, 0) + np.prod(p[np.arange(len(p)), path])
    return out


def ctc_loss(target, output, target_length, output_length, mask_index=0):
    return np.array(
        [
            -np.log(label_probabilities(x[:steps], mask_index)[tuple(t[:n])])
            for t, x, n, steps in zip(target, output, target_length, output_length)
        ]
    )


def ctc_greedy(inputs, lengths, mask_index=0):
    labels = np.full((1, *inputs.shape[:2]), -1)
    for b, (x, n) in enumerate(zip(inputs, lengths)):
        best = collapsed(x[:n].argmax(-1), mask_index)
        labels[0, b, : len(best)] = best
    scores = [[-x[:n].max(-1).sum()] for x, n in zip(inputs, lengths)]
    return [labels, np.array(scores)]


def ctc_beam(inputs, lengths, top_paths, mask_index=0, **_):
    labels = np.full((top_paths, *inputs.shape[:2]), -1)
    scores = np.zeros((len(inputs), top_paths))
    for b, (x, n) in enumerate(zip(inputs, lengths)):
        ranked = sorted(label_probabilities(x[:n], mask_index).items(), key=lambda i: -i[1])
        for p, (best, probability) in enumerate(ranked[:top_paths]):
            labels[p, b, : len(best)] = best
            scores[b, p] = np.log(probability)
    return [labels, scores]


def logits(*shape):
    return seeded(f"ctc{shape}").normal(size=shape) * 1.5


LENGTHS = np.array([3, 1, 0, 2]), np.array([6, 4, 5, 5])
TARGET = np.array([[1, 1, 2], [2, 9, 9], [0, 0, 0], [3, 2, 2]], "int32")  # padding is not looked at

row("ctc_loss", ctc_loss, TARGET, logits(4, 6, 4), *LENGTHS)
row(
    "ctc_loss",
    lambda *a: ctc_loss(*a, mask_index=3),
    np.array([[0, 0], [1, 2]]),
    logits(2, 5, 4),
    np.array([2, 2]),
    np.array([5, 4]),
    mask_index=3,
)
row("ctc_decode", ctc_greedy, logits(3, 9, 4), np.array([9, 5, 1]), grad=False)
row(
    "ctc_decode",
    lambda x, n: ctc_beam(x, n, 3, mask_index=2),
    logits(3, 6, 3),
    np.array([6, 4, 5]),
    grad=False,
    strategy="beam_search",
    beam_width=200,
    top_paths=3,
    mask_index=2,
)
