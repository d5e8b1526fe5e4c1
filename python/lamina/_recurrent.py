"""Attributes and methods of recurrent layers and their cells."""

from __future__ import annotations

from typing import Any

from lamina._core import Layer
from lamina._own_config import own_classes

_CELLS = ("SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells")
_PLAIN = ("SimpleRNN", "LSTM", "GRU")
_CONVOLUTIONS = ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")


def _init(self: Any, *args: Any, implementation: Any = None, **kwargs: Any) -> None:
    # Keras's choice between ways to compute the same.
    Layer.__init__(self, *args, **kwargs)


def _initial_state_of_cell(self: Any, batch_size: Any = None) -> Any:
    """The states before the first step.

    Args:
        batch_size: Number of sequences.
    """
    return self._initial_states(batch_size)


def _initial_state_of_layer(self: Any, batch_size: Any) -> Any:
    """The states before the first step: those of the cell.

    Args:
        batch_size: Number of sequences.
    """
    cell = self.cell
    if "_lamina_class" not in type(cell).__dict__ and hasattr(cell, "get_initial_state"):
        states = cell.get_initial_state(batch_size=batch_size)
        return list(states) if isinstance(states, (list, tuple)) else [states]
    return cell._initial_states(batch_size)


def _reset_states(self: Any) -> None:
    """The same as reset_state()."""
    self.reset_state()


def _state_size_of_layer(self: Any) -> Any:
    size = self._layers[0]._state_size
    return size if isinstance(size, list) else [size]


def _reset_both(self: Any) -> None:
    """Set the states that both layers keep from batch to batch to zeros."""
    if not self.stateful:
        raise AttributeError(f"Bidirectional '{self.name}': reset_state() needs stateful layers")
    Layer.reset_state(self)


def _init_both(self: Any, *args: Any, **kwargs: Any) -> None:
    # The two layers are made anew from the config of the one given, whose classes must be known.
    from lamina import saving

    own: dict[str, type] = {}
    for value in (*args, *kwargs.values()):
        if isinstance(value, Layer):
            own.update(own_classes(value))
    with saving.custom_object_scope(own):
        Layer.__init__(self, *args, **kwargs)


def _of_forward(name: str) -> property:
    return property(lambda self: getattr(self.forward_layer, name), doc=f"`{name}` of the layers.")


def _states(self: Any) -> Any:
    return self._states or None


def add_methods(classes: dict[str, type]) -> None:
    """Gives the classes what Keras's have besides their arguments."""
    states = property(_states, doc="States kept from batch to batch; None where there are none.")
    for name in _CELLS:
        cls: Any = classes[name]
        cls.state_size = property(lambda self: self._state_size, doc="Sizes of the states.")
        cls.output_size = property(lambda self: self._output_size, doc="Size of the output.")
        cls.get_initial_state = _initial_state_of_cell
        if name != "StackedRNNCells":
            cls.__init__ = _init
    classes["StackedRNNCells"].cells = property(  # type: ignore[attr-defined]
        lambda self: list(self._layers), doc="The cells."
    )
    for name in ("RNN", *_PLAIN, *_CONVOLUTIONS):
        cls = classes[name]
        cls.state_size = property(_state_size_of_layer, doc="Sizes of the states, a list.")
        cls.states = states
        cls.get_initial_state = _initial_state_of_layer
        cls.reset_states = _reset_states
        if name != "RNN":
            cls.cell = property(lambda self: self._layers[0], doc="The cell inside.")
        if name in _PLAIN:
            cls.__init__ = _init
    both: Any = classes["Bidirectional"]
    both.forward_layer = property(lambda self: self._layers[0], doc="The layer that goes on.")
    both.backward_layer = property(lambda self: self._layers[1], doc="The layer that goes back.")
    both.states = states
    both.__init__ = _init_both
    both.reset_state, both.reset_states = _reset_both, _reset_states
    for name in ("stateful", "return_sequences", "return_state"):
        setattr(both, name, _of_forward(name))
