"""The progress bar, and named values."""

import re

import pytest

import lamina


def test_bar(capsys):
    bar = lamina.utils.Progbar(target=4, width=8, interval=0, stateful_metrics=["rate"])
    bar.update(1, [("loss", 1.0), ("rate", 5.0)])
    bar.update(3, [("loss", 2.5), ("rate", 6.0)])  # two steps
    text = capsys.readouterr().out.split("\r")[-1]
    assert re.match(r"3/4 ━━━━━━── \d+s .*/step - loss: 2.0000 - rate: 6.0000", text)
    bar.add(1, [("loss", 0.5)])
    text = capsys.readouterr().out
    assert text.endswith("\n") and "4/4" in text and "loss: 0.5000" in text


def test_one_line(capsys):
    bar = lamina.utils.Progbar(target=10, verbose=2, unit_name="sample")
    bar.update(5, [("loss", 1e-5)])
    assert capsys.readouterr().out == ""
    bar.update(10, [("loss", 1e-5)])
    text = capsys.readouterr().out
    assert text.startswith("10/10") and "/sample" in text and "loss: 1.0000e-05" in text


def test_unknown_target(capsys):
    bar = lamina.utils.Progbar(target=None, interval=0)
    bar.update(3)
    assert "3/Unknown" in capsys.readouterr().out
    with pytest.raises(ValueError, match="Only one"):
        lamina.utils.Progbar(1, stateful_metrics=["a"], stateless_metrics=["b"])


def test_config():
    config = lamina.utils.Config(rate=0.1)
    config.seed = 3
    assert config["seed"] == 3 and config.rate == 0.1 and len(config) == 2
    assert list(config) == ["rate", "seed"] and "rate" in config
    assert config.get("other", 5) == 5 and config.as_dict() == {"rate": 0.1, "seed": 3}
    with pytest.raises(AttributeError, match="Did you mean 'rate'"):
        config.ratte  # noqa: B018
    del config["seed"]
    config.freeze()
    assert config.frozen
    for change in (lambda: config.update(a=1), lambda: config.pop("rate")):
        with pytest.raises(ValueError, match="frozen"):
            change()
    config.unfreeze()
    assert config.pop("rate") == 0.1
