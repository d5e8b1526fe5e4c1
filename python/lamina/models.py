"""Model and Sequential: what Python adds to the core's classes is the handling of arguments."""

from __future__ import annotations

import os
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lamina import (
    _copies,
    _core,
    _keras_config,
    _keras_describe,
    _keras_files,
    _layer,
    config,
    losses,
    metrics,
    optimizers,
)
from lamina._core import CachedDecoder, Model, Sequential
from lamina._data import Batches, arrays_of, flatten, sample_count
from lamina._own_config import made_from
from lamina._python_layers import check_portable
from lamina.callbacks import Callback, History, ProgbarLogger

if TYPE_CHECKING:
    import lamina


def _loss(identifier: Any) -> Any:
    if identifier is None or isinstance(identifier, _core.Loss):
        return identifier
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier):
        name = getattr(identifier, "__name__", "loss")
        if getattr(losses, name, None) is identifier:
            return _core.make_loss(name)
        return _core.function_loss(getattr(identifier, "_lamina_name", name), identifier)
    return _loss(losses.get(identifier))


def _metric(identifier: Any) -> Any:
    """A Metric, or a name that the shapes of the first batch resolve."""
    if isinstance(identifier, (_core.Metric, str)):
        return identifier
    if isinstance(identifier, type):
        return identifier()
    if isinstance(identifier, dict):
        return metrics.get(identifier)
    if callable(identifier):
        name = getattr(identifier, "__name__", "metric")
        if getattr(metrics, name, getattr(losses, name, None)) is identifier:
            return _core.make_metric(name)
        return _layer.metric_of(identifier)
    raise TypeError(f"compile: cannot make a metric of {identifier!r}")


def _per_output(model: Model, value: Any, what: str) -> list:
    """One entry for each output, from a list, a dict by output name, or a single value."""
    names = list(model.output_names) if model._functional else []
    if isinstance(value, dict):
        unknown = set(value) - set(names)
        if unknown:
            raise ValueError(
                f"compile: {what} for unknown outputs {sorted(unknown)}; there are {names}"
            )
        return [value.get(n) for n in names]
    if isinstance(value, (list, tuple)):
        return list(value)
    return [value] * max(len(names), 1)


def _compile(
    self: Model,
    optimizer: Any = "rmsprop",
    loss: Any = None,
    loss_weights: Any = None,
    metrics: Any = None,
    weighted_metrics: Any = None,
    run_eagerly: bool = False,
    steps_per_execution: int = 1,
    jit_compile: Any = "auto",
    auto_scale_loss: bool = True,
) -> None:
    """Set up training.

    Args:
        optimizer: Name or object from `lamina.optimizers`.
        loss: Name, object or function(y_true, y_pred); a list or dict for several outputs.
        loss_weights: Factor of each output's loss.
        metrics: Names, objects or functions; for several outputs a list of lists or a dict.
        weighted_metrics: Metrics that sample weights count in.
        run_eagerly: Run each step operation by operation, so that Python code inside layers and
            losses can look at values. Slower, same results.
        steps_per_execution: Taken for Keras's sake; steps are captured anyway.
        jit_compile: Taken for Keras's sake.
        auto_scale_loss: Taken for Keras's sake.

    Raises:
        ValueError: An unknown name, or more losses than outputs.
    """
    known = _copies.own_objects([optimizer, loss, metrics, weighted_metrics])
    object.__setattr__(self, "_known", known)
    loss_list = [_loss(x) for x in _per_output(self, loss, "losses")] if loss is not None else []
    weights: list = []
    if loss_weights is not None:
        weights = [
            1.0 if w is None else float(w) for w in _per_output(self, loss_weights, "loss_weights")
        ]
    n_out = len(self.output_names) if self._functional else max(len(loss_list), 1)
    specs = []
    for given, weighted in ((metrics, False), (weighted_metrics, True)):
        if given is None:
            continue
        nested = isinstance(given, (list, tuple)) and any(
            isinstance(m, (list, tuple)) for m in given
        )
        if isinstance(given, dict) or nested:
            groups = _per_output(self, given, "metrics")
        elif n_out > 1 and isinstance(given, (list, tuple)) and len(given) == n_out:
            groups = list(given)
        else:
            groups = [given] + [None] * (n_out - 1) if n_out == 1 else [given] * n_out
        for i, group in enumerate(groups):
            for m in group if isinstance(group, (list, tuple)) else [group]:
                if m is not None:
                    specs.append((i, _metric(m), weighted))
    self._compile(
        {
            "optimizer": optimizers.get(optimizer),
            "losses": loss_list,
            "loss_weights": weights,
            "metrics": specs,
            "run_eagerly": bool(run_eagerly),
        }
    )


def _callbacks(given: Any, verbose: Any, history: History | None) -> list:
    out = [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
    for c in out:
        if not isinstance(c, Callback):
            raise TypeError(
                f"callbacks: expected lamina.callbacks.Callback objects, received {c!r}"
            )
    if history is not None:
        out.append(history)
    verbose = int(config.is_interactive_logging_enabled()) if verbose == "auto" else int(verbose)
    if verbose and not any(isinstance(c, ProgbarLogger) for c in out):
        out.append(ProgbarLogger(verbose=verbose))
    return out


class _Shared(Callback):
    """The callbacks' hooks of training, epochs and evaluations, with one dict of logs for all."""

    wants_batches = False

    def __init__(self, callbacks: list) -> None:
        self._callbacks = callbacks

    def _all(self, hook: str, *args: Any) -> None:
        for c in self._callbacks:
            getattr(c, hook)(*args)

    def on_train_begin(self, logs: Any = None) -> None:
        self._all("on_train_begin", logs)

    def on_train_end(self, logs: Any = None) -> None:
        self._all("on_train_end", logs)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._all("on_epoch_begin", epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._all("on_epoch_end", epoch, logs)

    def on_test_begin(self, logs: Any = None) -> None:
        self._all("on_test_begin", logs)

    def on_test_end(self, logs: Any = None) -> None:
        self._all("on_test_end", logs)

    def on_predict_begin(self, logs: Any = None) -> None:
        self._all("on_predict_begin", logs)

    def on_predict_end(self, logs: Any = None) -> None:
        self._all("on_predict_end", logs)


class _Batches(Callback):
    """The hooks of batches of one callback, which may want to hear of them less often."""

    wants_batches = True

    def __init__(self, callback: Callback) -> None:
        self.batch_interval = getattr(callback, "batch_interval", 0.0)
        for phase in ("train", "test", "predict"):
            for end in ("begin", "end"):
                name = f"on_{phase}_batch_{end}"
                setattr(self, name, getattr(callback, name))


def _adapted(callbacks: list) -> list:
    """What the core's loop calls."""
    return [_Shared(callbacks), *(_Batches(c) for c in callbacks if _layer.batch_hooks(c))]


class _Epochs(Callback):
    """Tells data sets when an epoch begins and ends, and a validation."""

    def __init__(self, training: Batches | None, validation: Any) -> None:
        super().__init__()
        self._training = training
        self._validation = validation if isinstance(validation, Batches) else None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._training is not None:
            self._training.tell("on_epoch_begin")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._training is not None:
            self._training.tell("on_epoch_end")

    def on_test_begin(self, logs: Any = None) -> None:
        if self._validation is not None:
            self._validation.tell("on_epoch_begin")

    def on_test_end(self, logs: Any = None) -> None:
        if self._validation is not None:
            self._validation.tell("on_epoch_end")


class _Begin:
    """Gives Python callbacks their model and parameters before the core's loop starts."""

    def __init__(self, model: Model, callbacks: list, **params: Any) -> None:
        for c in callbacks:
            c.set_model(model)
            c.set_params(params)


def _fit(
    self: Model,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: Any = "auto",
    callbacks: Any = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: bool = True,
    class_weight: dict[int, float] | None = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: Any = 1,
) -> lamina.callbacks.History:
    """Train the model.

    Args:
        x: Array, list or dict of arrays (one for each input), pandas frame, generator, or dataset
            object that yields (x, y) or (x, y, sample_weight) batches. Sequences of different
            lengths, a `lamina.Ragged` or a list of arrays, stand in the place of an array.
        y: Targets, as arrays; None where x yields them. Where the output has an entry for each
            step of ragged sequences, sequences of the same lengths.
        batch_size: Samples a step; 32 by default.
        epochs: Last epoch, counted from initial_epoch.
        verbose: 0 silent, 1 progress bar, 2 one line an epoch.
        callbacks: From `lamina.callbacks`.
        validation_split: Share of the arrays, from their end, to hold out.
        validation_data: (x, y) or (x, y, sample_weight), or a dataset.
        shuffle: New order of the samples in each epoch.
        class_weight: Class index -> factor of its samples' loss.
        sample_weight: Factor of each sample's loss.
        initial_epoch: First epoch, when training goes on.
        steps_per_epoch: Steps of an epoch; the whole data by default.
        validation_steps: Steps of a validation.
        validation_batch_size: Samples a validation step.
        validation_freq: Epochs from one validation to the next, or a list of epochs (from 1).

    Returns:
        History: `history` holds each epoch's loss and metrics.

    Raises:
        ValueError: Shapes or lengths that do not fit, or a model that is not compiled.
    """
    history = History()
    given = _callbacks(callbacks, verbose, history)
    epochs = min(epochs, config.max_epochs() or epochs)
    steps_per_epoch = _limited(steps_per_epoch)
    validation_steps = _limited(validation_steps)
    options: dict[str, Any] = {
        "batch_size": batch_size or 32,
        "epochs": epochs,
        "shuffle": bool(shuffle),
        "validation_split": validation_split,
        "class_weight": class_weight,
        "initial_epoch": initial_epoch,
        "steps_per_epoch": steps_per_epoch,
        "validation_steps": validation_steps,
        "validation_batch_size": validation_batch_size,
        "validation_freq": validation_freq,
    }
    if validation_data is not None:
        if isinstance(validation_data, (tuple, list)):
            vx, vy, *vw = validation_data
            options["validation_data"] = arrays_of(self, vx, vy, vw[0] if vw else None)
        else:
            options["validation_data"] = Batches(self, validation_data)
    data = arrays_of(self, x, y, sample_weight)
    batches = None if data is not None else Batches(self, x, class_weight, bool(shuffle))
    options["callbacks"] = _adapted([*given, _Epochs(batches, options.get("validation_data"))])
    if data is not None:
        n = sample_count(data[0][0]) if data[0] else 0
        train = int(n * (1 - validation_split)) if validation_split else n
        steps: int | None = steps_per_epoch or -(-train // (batch_size or 32))
        _Begin(self, given, epochs=epochs, steps=steps, verbose=verbose)
        self._fit_arrays(data, options)
    else:
        if y is not None or sample_weight is not None:
            raise ValueError("fit: y and sample_weight come from the dataset; do not pass them")
        assert batches is not None
        options["class_weight"] = None
        steps = steps_per_epoch or (batches.steps if batches.steps > 0 else None)
        _Begin(self, given, epochs=epochs, steps=steps, verbose=verbose)
        self._fit_dataset(batches, batches.steps, options)
    self.history = history
    return history


def _limited(steps: int | None) -> int | None:
    """Steps of an epoch under `config.max_steps_per_epoch`."""
    limit = config.max_steps_per_epoch()
    return limit if steps is None else min(steps, limit or steps)


def _result(logs: dict[str, float], return_dict: bool) -> Any:
    if return_dict:
        return logs
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


def _evaluate(
    self: Model,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    verbose: Any = "auto",
    sample_weight: Any = None,
    steps: int | None = None,
    callbacks: Any = None,
    return_dict: bool = False,
) -> Any:
    """Loss and metrics on data, as `fit` takes it.

    Returns:
        The loss, or a list of the loss and the metrics; a dict where return_dict is set.
    """
    given = _callbacks(callbacks, verbose, None)
    steps = _limited(steps)
    data = arrays_of(self, x, y, sample_weight)
    if data is not None:
        n = sample_count(data[0][0]) if data[0] else 0
        _Begin(self, given, epochs=1, steps=steps or -(-n // (batch_size or 32)), verbose=verbose)
        logs = self._evaluate_arrays(data, batch_size or 32, steps or -1, _adapted(given))
    else:
        batches = Batches(self, x)
        _Begin(self, given, epochs=1, steps=steps or batches.steps, verbose=verbose)
        given.append(_Epochs(None, batches))
        logs = self._evaluate_dataset(batches, batches.steps, steps or -1, _adapted(given))
    return _result(logs, return_dict)


def _as_arrays(self: Model, outputs: list) -> Any:
    arrays = [t.numpy() if t.row_lengths is None else _core.Ragged(t).to_list() for t in outputs]
    if self._output_keys:
        return dict(zip(self._output_keys, arrays))
    return arrays[0] if len(arrays) == 1 else arrays


def _predict(
    self: Model,
    x: Any,
    batch_size: int | None = None,
    verbose: Any = "auto",
    steps: int | None = None,
    callbacks: Any = None,
) -> Any:
    """Outputs for inputs, as NumPy arrays, computed batch by batch.

    An output that has an entry for each step of ragged sequences is a list of arrays.
    """
    steps = _limited(steps)
    data = arrays_of(self, x, None, None)
    if data is None:
        batches = Batches(self, x)
        batches.tell("on_epoch_begin")
        outputs = self._predict_dataset(batches, batches.steps, steps or -1)
        batches.tell("on_epoch_end")
        return _as_arrays(self, outputs)
    given = _callbacks(callbacks, 0, None)
    _Begin(self, given, epochs=1, steps=steps, verbose=0)
    return _as_arrays(
        self, self._predict_arrays(data[0], batch_size or 32, steps or -1, _adapted(given))
    )


def _batch(self: Model, x: Any, y: Any, sample_weight: Any, class_weight: Any = None) -> tuple:
    data = arrays_of(self, x, y, sample_weight)
    if data is None:
        raise TypeError("expected arrays for one batch")
    if class_weight:
        from lamina._data import weights_of_classes

        data = (data[0], data[1], [weights_of_classes(data[1][0], data[2], class_weight)])
    return data


def _train_on_batch(
    self: Model,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: Any = None,
    return_dict: bool = False,
) -> Any:
    """One training step on a batch; the loss and the metrics are those of this batch."""
    batch = _batch(self, x, y, sample_weight, class_weight)
    self.reset_metrics()
    return _result(self._train_on_batch(batch), return_dict)


def _test_on_batch(
    self: Model, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
) -> Any:
    """Loss and metrics of a batch."""
    batch = _batch(self, x, y, sample_weight)
    self.reset_metrics()
    return _result(self._test_on_batch(batch), return_dict)


def _predict_on_batch(self: Model, x: Any) -> Any:
    """Outputs for one batch, as NumPy arrays."""
    return _as_arrays(self, self._predict_on_batch(_batch(self, x, None, None)[0]))


def _summary(
    self: Model,
    line_length: int | None = None,
    positions: Any = None,
    print_fn: Callable | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> None:
    """Print the layers with shapes, parameters and floating-point operations."""
    (print_fn or print)(self._summary(line_length or 0, expand_nested))


def _get_layer(
    self: Model, name: str | None = None, index: int | None = None
) -> lamina._core.Layer:
    """A layer by name or index.

    Raises:
        ValueError: There is none.
    """
    if (name is None) == (index is None):
        raise ValueError("get_layer: pass either name or index")
    if index is not None:
        layers = self.layers
        if not -len(layers) <= index < len(layers):
            raise ValueError(f"get_layer: index {index}, but the model has {len(layers)} layers")
        return layers[index]
    return self._get_layer(name, None)


def _path(filepath: str | os.PathLike, overwrite: bool) -> str:
    path = os.fspath(filepath)
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"save: '{path}' exists and overwrite is False")
    return path


def _save(
    self: Model,
    filepath: str | os.PathLike,
    overwrite: bool = True,
    zipped: bool | None = None,
    **kwargs: Any,
) -> None:
    """Save architecture, weights, optimizer and random state in one file.

    A file that ends in ".keras" is one of Keras's, which Keras 3 loads; it takes the extra
    `lamina[keras-files]`, and has no random state. All others are safetensors files, which Python
    and C++ load. A crash or a full disk leaves an older file as it was.

    Args:
        filepath: The file.
        overwrite: Whether to replace a file that is there.
        zipped: Only True is supported.

    Raises:
        OSError: The file cannot be written.
        ValueError: The model is not built, or the file cannot hold a layer of it.
        ImportError: A file of Keras's, and h5py is not installed.
    """
    if zipped is False:
        raise ValueError("save: folders instead of files (zipped=False) are not supported")
    check_portable(self)
    path = _path(filepath, overwrite)
    _keras_files.refuse_other_hdf5(path)
    if _keras_files.is_model_file(path):
        _keras_files.save(self, path)
    else:
        self._save(path)


def _save_weights(
    self: Model,
    filepath: str | os.PathLike,
    overwrite: bool = True,
    max_shard_size: float | None = None,
) -> None:
    """Save the weights alone.

    Args:
        filepath: The file; one that ends in ".weights.h5" is Keras's, which holds the optimizer's
            state too and takes the extra `lamina[keras-files]`. Others are safetensors files.
        overwrite: Whether to replace a file that is there.
        max_shard_size: Only None is supported.
    """
    if max_shard_size is not None:
        raise ValueError("save_weights: files of several parts (max_shard_size) are not supported")
    path = _path(filepath, overwrite)
    _keras_files.refuse_other_hdf5(path)
    if _keras_files.is_weights_file(path):
        _keras_files.save_weights(self, path)
    else:
        self._save_weights(path)


def _load_weights(
    self: Model, filepath: str | os.PathLike, skip_mismatch: bool = False, **kwargs: Any
) -> None:
    """Read weights from a file of `save` or `save_weights`; nothing changes unless all fit.

    Args:
        filepath: The file, lamina's or Keras's (".keras", ".weights.h5").
        skip_mismatch: Of Keras's files: leave alone layers whose weights do not fit, with a
            warning.
    """
    path = os.fspath(filepath)
    _keras_files.refuse_other_hdf5(path)
    if _keras_files.is_model_file(path) or _keras_files.is_weights_file(path):
        _keras_files.load_weights(self, path, skip_mismatch)
    else:
        self._load_weights(path)


def _compute_loss(
    self: Model,
    x: Any = None,
    y: Any = None,
    y_pred: Any = None,
    sample_weight: Any = None,
    training: bool = True,
) -> lamina._core.Tensor:
    """Total loss of outputs, with regularization; also counts it in the loss metric."""
    return self._compute_loss(flatten(x), flatten(y), flatten(y_pred), flatten(sample_weight))


def _compute_metrics(
    self: Model, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
) -> dict[str, Any]:
    """Update the compiled metrics with a batch; their results."""
    self._update_metrics(flatten(y), flatten(y_pred), flatten(sample_weight))
    return {m.name: m.result() for m in self._metrics}


def _unpack(data: Any) -> tuple[list, list, list]:
    x, y, w = (*data, None, None)[:3] if isinstance(data, (tuple, list)) else (data, None, None)
    return flatten(x), flatten(y), flatten(w)


def _train_step(self: Model, data: Any) -> dict[str, Any]:
    """One training step; override it together with `compute_loss` for training of one's own."""
    self._train_step(*_unpack(data))
    return {m.name: m.result() for m in self._metrics}


def _test_step(self: Model, data: Any) -> dict[str, Any]:
    """One evaluation step."""
    self._test_step(*_unpack(data))
    return {m.name: m.result() for m in self._metrics}


def _predict_step(self: Model, data: Any) -> Any:
    """One prediction step."""
    x = _unpack(data)[0]
    return self(x[0] if len(x) == 1 else x, training=False)


def _to_json(self: Model, **kwargs: Any) -> str:
    """The architecture as JSON, in Keras's form where Keras has all that the model is made of.

    Args:
        kwargs: Passed on to `json.dumps`.
    """
    import json

    try:
        described = _keras_describe.describe(self)
        described["compile_config"] = _keras_describe.compile_config(self)
    except ValueError:
        described = self._serialize()
    return json.dumps(described, **kwargs)


def _optimizer_of(self: Model) -> Any:
    optimizer = optimizers._typed(self._optimizer)
    object.__setattr__(self, "_held_optimizer", optimizer)  # the same object each time
    return optimizer


def _input(self: Model) -> Any:
    inputs = self.inputs
    return inputs[0] if len(inputs) == 1 else inputs


def _output(self: Model) -> Any:
    outputs = self.outputs
    return outputs[0] if len(outputs) == 1 else outputs


def _add(self: Sequential, layer: Any) -> None:
    """Add a layer at the end."""
    self._add(_layer.as_layer(layer))


def _model_from_config(cls: type, config: dict[str, Any], custom_objects: Any = None) -> Any:
    from lamina import saving

    if cls.__dict__.get("_lamina_native") or "layers" in config:
        kind = "Sequential" if issubclass(cls, Sequential) else "Functional"
        with saving.custom_object_scope(custom_objects or {}):
            if any("module" in la for la in config.get("layers", ())):  # as Keras has it
                return _keras_config.layer_of({"class_name": kind, "config": config})
            return _core.model_from_config({"class_name": kind, "config": config})
    return made_from(cls, config)


def _visible_layers(self: Model) -> list:
    layers = self._layers
    if isinstance(self, Sequential):
        return [la for la in layers if la.class_name != "InputLayer"]
    return layers


def model_from_json(json_string: str, custom_objects: Any = None) -> Model:
    """A model from the JSON of `to_json`, Keras's too, with fresh weights."""
    import json

    from lamina import saving

    described = json.loads(json_string)
    with saving.custom_object_scope(custom_objects or {}):
        if "module" not in described:
            return _core.model_from_config(described)
        model = _keras_config.model_of(described)
        if described.get("compile_config"):
            model.compile(**_keras_config.compile_arguments(described["compile_config"]))
        return model


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Callable | None = None,
    call_function: Callable | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Model:
    """The same architecture with fresh weights.

    Args:
        model: The model.
        input_tensors: Symbolic tensors to build it on; new ones by default.
        clone_function: Function of a layer of the model that gives the layer in its place; by
            default one from its config.
        call_function: Function(layer, *args, **kwargs) that calls a layer of a functional model.
        recursive: Whether to go into models inside, instead of giving them to clone_function.

    Raises:
        ValueError: clone_function gives no layer, or the model is not made of layers.

    Example:

    >>> import lamina
    >>> model = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(2)])
    >>> def wider(layer):
    ...     config = layer.get_config()
    ...     return type(layer).from_config({**config, "units": 2 * config["units"]})
    >>> lamina.models.clone_model(model, clone_function=wider).output_shape
    (None, 4)
    """
    if kwargs:
        raise ValueError(f"clone_model: unknown arguments {sorted(kwargs)}")
    if input_tensors is None and clone_function is None and call_function is None:
        return _core.model_from_config(model._serialize())
    from lamina._clone import clone

    def default(layer: Any) -> Any:
        return _core.deserialize_layer({k: layer._serialize()[k] for k in ("class_name", "config")})

    return clone(model, input_tensors, clone_function or default, call_function, recursive)


def _get_compile_config(self: Model) -> dict[str, Any]:
    """What compile() was given, as Keras describes it."""
    return _keras_describe.compile_config(self)


def _compile_from_config(self: Model, config: dict[str, Any]) -> None:
    """Compile with what `get_compile_config` gave."""
    self.compile(**_keras_config.compile_arguments(config))
    if self.built:
        self.optimizer.build(self.trainable_variables)


def _get_metrics_result(self: Model) -> dict[str, Any]:
    """The values of all metrics by name, the loss among them."""
    out: dict[str, Any] = {}
    for metric in self.metrics:
        result = metric.result()
        out.update(result if isinstance(result, dict) else {metric.name: result})
    return out


def _run_eagerly(self: Model) -> bool:
    return bool(self.compiled and self.get_compile_config()["run_eagerly"])  # type: ignore[attr-defined]


for _class in (Model, Sequential):
    _class._lamina_native = True  # type: ignore[attr-defined]
for _name, _method in {
    "compile": _compile,
    "fit": _fit,
    "evaluate": _evaluate,
    "predict": _predict,
    "train_on_batch": _train_on_batch,
    "test_on_batch": _test_on_batch,
    "predict_on_batch": _predict_on_batch,
    "summary": _summary,
    "get_layer": _get_layer,
    "save": _save,
    "save_weights": _save_weights,
    "load_weights": _load_weights,
    "compute_loss": _compute_loss,
    "compute_metrics": _compute_metrics,
    "train_step": _train_step,
    "test_step": _test_step,
    "predict_step": _predict_step,
    "to_json": _to_json,
    "get_metrics_result": _get_metrics_result,
    "run_eagerly": property(_run_eagerly, doc="Whether steps run operation by operation."),
    "jit_compile": property(lambda self: not self.run_eagerly, doc="Whether steps are captured."),
    "get_compile_config": _get_compile_config,
    "compile_from_config": _compile_from_config,
    "optimizer": property(_optimizer_of, doc="The optimizer of compile()."),
    "metrics": property(lambda self: self._metrics, doc="The loss tracker and the metrics."),
    "layers": property(_visible_layers, doc="The layers, in order."),
    "input": property(_input, doc="The symbolic input."),
    "output": property(_output, doc="The symbolic output."),
    "input_shape": property(lambda self: _input(self).shape, doc="Shape of the symbolic input."),
    "output_shape": property(lambda self: _output(self).shape, doc="Shape of the symbolic output."),
    "from_config": classmethod(_model_from_config),
}.items():
    if isinstance(_method, types.FunctionType):
        _method.__name__ = _name
        _method.__qualname__ = f"Model.{_name}"
    setattr(Model, _name, _method)
Sequential.add = _add  # type: ignore[method-assign]
_layer._native.update({"Functional": Model, "Model": Model, "Sequential": Sequential})


from lamina.saving import load_model, save_model  # noqa: E402

__all__ = [
    "CachedDecoder",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]
