"""Language models of counts, which the examples compare networks with."""

from collections import Counter

import numpy as np


class KneserNey:
    """Interpolated Kneser-Ney smoothing with one discount (Kneser & Ney, 1995).

    p(w | context) = max(count - d, 0) / total + d * kinds / total * p(w | shorter context)

    where, but for the longest context, count is the number of different tokens before.

    Args:
        sequences: Lists of tokens to learn from.
        order: Length of the longest n-grams.
        vocabulary_size: Number of tokens; the shortest context is none, 1 / vocabulary_size.
        discount: d.
    """

    def __init__(self, sequences, order, vocabulary_size, discount=0.75):
        self.order, self.vocabulary_size, self.discount = order, vocabulary_size, discount
        counts = [Counter() for _ in range(order + 1)]  # of n-grams, by length
        for s in sequences:
            s = (*[-1] * (order - 1), *s)  # -1: before the start
            counts[order].update(zip(*(s[i:] for i in range(order))))
        for n in range(order, 1, -1):
            counts[n - 1].update(gram[1:] for gram in counts[n])
        self.counts = counts
        self.totals, self.kinds = {}, {}
        for n in range(1, order + 1):
            for gram, count in counts[n].items():
                self.totals[gram[:-1]] = self.totals.get(gram[:-1], 0) + count
                self.kinds[gram[:-1]] = self.kinds.get(gram[:-1], 0) + 1

    def probability(self, context, token):
        """p(token | context), a tuple of order - 1 tokens."""
        p = 1 / self.vocabulary_size
        for n in range(1, self.order + 1):
            before = context[len(context) - n + 1 :]
            if not (total := self.totals.get(before)):
                break
            count = self.counts[n].get((*before, token), 0)
            p = (max(count - self.discount, 0) + self.discount * self.kinds[before] * p) / total
        return p

    def probabilities(self, sequence):
        """That of each token after those before it."""
        n = self.order - 1
        s = (*[-1] * n, *sequence)
        return np.array([self.probability(s[i - n : i], s[i]) for i in range(n, len(s))])
