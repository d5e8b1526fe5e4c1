"""BytePairTokenizer, against the package that it stands on and against merges made by hand."""

import json

import pytest

import lamina
from lamina.text import BytePairTokenizer

tokenizers = pytest.importorskip("tokenizers")
TEXTS = ["low low low low low", "lower lower", "newest newest newest newest newest newest"] * 3


@pytest.fixture(scope="module")
def tokenizer():
    return BytePairTokenizer.train(TEXTS, 270, ["[PAD]", "[END]"])


def test_the_most_frequent_pairs_become_pieces(tokenizer):
    # w-e, e-s, s-t occur 18 times and more: es + t (or s + t) come before lo + w, as by hand.
    vocabulary = tokenizer.get_vocabulary()
    assert len(vocabulary) == tokenizer.vocabulary_size() == 270
    assert vocabulary[:2] == ["[PAD]", "[END]"]
    assert {"we", "lo", "low"} <= set(vocabulary[258:])
    assert [tokenizer.token_to_id(t) for t in vocabulary] == list(range(270))
    assert tokenizer.id_to_token(1) == "[END]"
    assert tokenizer.tokenize("low") == [tokenizer.token_to_id("low")]


@pytest.mark.parametrize("text", ["", "lowest", " two  spaces ", "Grüße, 你好 🙂\n", "new[END]er"])
def test_there_and_back(tokenizer, text):
    tokens = tokenizer.tokenize(text)
    assert tokenizer.detokenize(tokens, skip_special_tokens=False) == text
    assert tokenizer.detokenize(tokens) == text.replace("[END]", "")


def test_several_texts(tokenizer):
    rows = tokenizer(["low", "newest low"])
    assert rows == [tokenizer.tokenize("low"), tokenizer.tokenize("newest low")]
    assert tokenizer.detokenize(rows) == ["low", "newest low"]
    assert tokenizer.detokenize(lamina.tensor([rows[0] * 2] * 2)) == ["lowlow"] * 2


def test_files_are_those_of_hugging_face(tokenizer, tmp_path):
    file = tmp_path / "tokenizer.json"
    tokenizer.save(file)
    assert json.loads(file.read_text())["model"]["type"] == "BPE"
    other = tokenizers.Tokenizer.from_file(str(file))
    assert other.encode("lowest [END]").ids == tokenizer.tokenize("lowest [END]")
    # One that lamina did not make: words, with a token put in front of each text.
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[S]": 0, "a": 1, "b": 2}, "[S]"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    words.post_processor = tokenizers.processors.TemplateProcessing(
        single="[S] $A", special_tokens=[("[S]", 0)]
    )
    words.save(str(file))
    assert BytePairTokenizer(file).tokenize("a b a") == [0, 1, 2, 1]


def test_refusals(tokenizer, tmp_path):
    with pytest.raises(ValueError, match="256 bytes"):
        BytePairTokenizer.train(TEXTS, 100)
    with pytest.raises(FileNotFoundError):
        BytePairTokenizer(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(OSError, match=r"no tokenizer\.json"):
        BytePairTokenizer(tmp_path / "bad.json")
    with pytest.raises(ValueError, match="no token"):
        tokenizer.token_to_id("xyz")
    with pytest.raises(ValueError, match="outside"):
        tokenizer.id_to_token(999)
