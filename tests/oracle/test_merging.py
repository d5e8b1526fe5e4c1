"""Merging layers."""

import pytest

from oracle.support import COVERED, close, layer_row, oracle_tests, real

A, B, C = real(3, 4, 2), real(3, 4, 2)[::-1] * 0.7 + 0.01, real(3, 1, 2)

test_rows = oracle_tests(
    [
        layer_row("Subtract", [A, B]),
        layer_row("Concatenate", [real(3, 4), real(3, 5)]),
        layer_row("Concatenate", [A, C], axis=1),
    ]
    + [
        layer_row(name, inputs, id=f"{len(inputs)} inputs")
        for name in ("Add", "Multiply", "Average", "Maximum", "Minimum")
        for inputs in ([A, B], [A, B, C])
    ]
)

FUNCTIONS = {
    "add": {},
    "average": {},
    "concatenate": {"axis": 1},
    "dot": {"axes": 2},
    "maximum": {},
    "minimum": {},
    "multiply": {},
    "subtract": {},
}
COVERED.update(("layers", name) for name in FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    """On arrays, and in a functional model whose layer is named."""
    import keras

    import lamina

    outputs = []
    for k in (lamina, keras):
        function = getattr(k.layers, name)
        symbols = [k.Input((4, 2)), k.Input((4, 2))]
        model = k.Model(symbols, function(symbols, **FUNCTIONS[name], name="joined"))
        assert type(model.get_layer("joined")).__name__ == name.capitalize()
        outputs.append([function([A, B], **FUNCTIONS[name]), model.predict([A, B], verbose=0)])
    close(*outputs)
