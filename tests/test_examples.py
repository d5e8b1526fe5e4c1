"""Each example runs and prints its result, which it asserts itself.

Slow, and needs a network for the data: `pytest -m slow tests/test_examples.py`, with -k for some.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "python"
# command: what it prints, and modules that it needs; the longest of the quick ones first
EXAMPLES = {
    "translation.py --quick": (r"transformer: [\d.]+ BLEU", "tokenizers sacrebleu sklearn"),
    "digits.py": (r"test accuracy 0\.9", ""),
    "two_inputs.py": (r"\[\[", ""),
    "custom_layer.py": (r"loss 0\.", ""),
    "addition.py --quick": (r"exact sums: \d", ""),
    "char_lm.py --quick": (r"network: [\d.]+ bits", ""),
    "char_lm.py": (r"network: [\d.]+ bits", ""),
    "chatbot.py --quick": (r"perplexity of a token: [\d.]+", "tokenizers"),
    "chatbot.py": (r"perplexity of a token: [\d.]+", "tokenizers"),
    "forecasting.py": (r"LSTM +0\.\d+[\s\S]+LSTM +0\.\d+", ""),
    "addition.py": (r"exact sums: (99|100)", ""),
    "sentiment.py": (r"transformer: [\d.]+% right", "sklearn"),
    "translation.py": (r"transformer: [\d.]+ BLEU", "tokenizers sacrebleu sklearn"),
}


@pytest.mark.slow
@pytest.mark.parametrize("command", EXAMPLES)
def test_example(command, tmp_path):
    printed, needs = EXAMPLES[command]
    for module in needs.split():
        pytest.importorskip(module)
    name, *options = command.split()
    done = subprocess.run(
        [sys.executable, FOLDER / name, *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(printed, done.stdout), done.stdout


def test_n_grams(monkeypatch):
    """What the examples compare with: probabilities by hand, which sum to one."""
    monkeypatch.syspath_prepend(FOLDER)
    from ngram import KneserNey

    model = KneserNey([[0, 1, 0, 1, 2], [0, 1]], 2, 4, discount=0.5)
    # Pairs: -1 0, 0 1, 1 0, 1 2. One kind of four ends in 1; after 0 comes 1, three times.
    one = (1 - 0.5) / 4 + 0.5 * 3 / 4 / 4
    assert model.probability((0,), 1) == pytest.approx((3 - 0.5) / 3 + 0.5 / 3 * one)
    for context in (-1, 0, 1, 2, 3):
        assert sum(model.probability((context,), t) for t in range(4)) == pytest.approx(1)
