"""Tokenizers. A layer that reads text itself: `lamina.layers.TextVectorization`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["BytePairTokenizer"]


def _package() -> Any:
    try:
        import tokenizers
    except ImportError as e:
        raise ImportError(
            "BytePairTokenizer needs the package tokenizers: pip install 'lamina[text]'"
        ) from e
    return tokenizers


class BytePairTokenizer:
    """Cuts text into the pieces that byte-pair encoding learnt: any text, and back without loss.

    Pieces are of bytes, so nothing is unknown ([Sennrich et al., 2016](
    https://arxiv.org/abs/1508.07909); the bytes as in GPT-2). Files are Hugging Face's
    `tokenizer.json`, and any of these can be loaded, whatever made it.

    Args:
        file: A `tokenizer.json`, of which the tokenizer then is.

    Raises:
        ImportError: The package `tokenizers` (`pip install 'lamina[text]'`) is not installed.
        OSError: There is no such file, or it holds no tokenizer.

    Example:

    ```python
    tokenizer = BytePairTokenizer.train(texts, vocabulary_size=4000, special_tokens=["[START]"])
    tokens = tokenizer.tokenize("what a day")
    tokenizer.detokenize(tokens)  # "what a day"
    tokenizer.save("tokenizer.json")
    ```
    """

    def __init__(self, file: str | os.PathLike) -> None:
        try:
            with open(file, encoding="utf-8") as f:
                self._tokenizer = _package().Tokenizer.from_str(f.read())
        except (ImportError, OSError):
            raise
        except Exception as e:  # tokenizers raises nothing narrower
            raise OSError(
                f"BytePairTokenizer: '{os.fspath(file)}' is no tokenizer.json: {e}"
            ) from e

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocabulary_size: int = 8000,
        special_tokens: Sequence[str] = (),
        min_frequency: int = 2,
    ) -> BytePairTokenizer:
        """Learns pieces from texts: the most frequent pair becomes a piece, again and again.

        Args:
            texts: The texts.
            vocabulary_size: Pieces at most, the 256 bytes and the special tokens included.
            special_tokens: Tokens that stand for themselves, such as `"[END]"`; they get the
                numbers 0, 1 and so on.
            min_frequency: A pair that is rarer becomes no piece.

        Raises:
            ValueError: The vocabulary is too small for the bytes and the special tokens.
        """
        if vocabulary_size < 256 + len(special_tokens):
            raise ValueError(
                "BytePairTokenizer: vocabulary_size must be at least 256 bytes + "
                f"{len(special_tokens)} special tokens, received {vocabulary_size}"
            )
        t = _package()
        tokenizer = t.Tokenizer(t.models.BPE())
        tokenizer.pre_tokenizer = t.pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = t.decoders.ByteLevel()
        trainer = t.trainers.BpeTrainer(
            vocab_size=vocabulary_size,
            min_frequency=min_frequency,
            special_tokens=list(special_tokens),
            initial_alphabet=t.pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer)
        self = cls.__new__(cls)
        self._tokenizer = tokenizer
        return self

    def save(self, file: str | os.PathLike) -> None:
        """Writes a `tokenizer.json`."""
        self._tokenizer.save(os.fspath(file))

    def tokenize(self, texts: str | Iterable[str]) -> Any:
        """Numbers of the pieces: a list for a text, a list of lists for several.

        Nothing is added but what the file's post-processor says (none after `train`).
        """
        if isinstance(texts, str):
            return self._tokenizer.encode(texts).ids
        return [e.ids for e in self._tokenizer.encode_batch(list(texts))]

    __call__ = tokenize

    def detokenize(self, tokens: Any, skip_special_tokens: bool = True) -> Any:
        """The text of a list of numbers, or the texts of a list (or array) of such lists.

        Args:
            tokens: Numbers as `tokenize` gives them.
            skip_special_tokens: Whether special tokens leave no trace in the text.
        """
        rows = [r.tolist() if hasattr(r, "tolist") else r for r in tokens]
        if not any(isinstance(r, (list, tuple)) for r in rows):
            return self._tokenizer.decode(rows, skip_special_tokens=skip_special_tokens)
        return self._tokenizer.decode_batch(
            [list(r) for r in rows], skip_special_tokens=skip_special_tokens
        )

    def vocabulary_size(self) -> int:
        """How many numbers there are."""
        return self._tokenizer.get_vocab_size()

    def get_vocabulary(self) -> list[str]:
        """All pieces, by number."""
        pieces = self._tokenizer.get_vocab()
        return sorted(pieces, key=pieces.__getitem__)

    def token_to_id(self, token: str) -> int:
        """Number of a piece, such as a special token.

        Raises:
            ValueError: There is no such piece.
        """
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise ValueError(f"BytePairTokenizer: there is no token {token!r}")
        return number

    def id_to_token(self, id: int) -> str:
        """The piece of a number.

        Raises:
            ValueError: There is no such number.
        """
        token = self._tokenizer.id_to_token(id)
        if token is None:
            raise ValueError(f"BytePairTokenizer: {id} is outside [0, {self.vocabulary_size()})")
        return token
