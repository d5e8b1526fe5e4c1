"""
The C++ core of lamina.
"""
from __future__ import annotations
import collections.abc
import lamina.callbacks
import os
import numpy as np
import typing
import typing_extensions
from . import random
from . import image
from . import decoding
__all__: list[str] = ['CachedDecoder', 'Function', 'GradMode', 'Input', 'Layer', 'LearningRateSchedule', 'Loss', 'Metric', 'Model', 'Optimizer', 'Ragged', 'Sequential', 'Tensor', 'Variable', 'absolute', 'activation', 'activation_names', 'adapt_array', 'adapt_batches', 'adaptive_average_pool', 'adaptive_max_pool', 'add', 'all', 'allclose', 'amax', 'amin', 'angle', 'any', 'append', 'apply_constraint', 'apply_initializer', 'apply_regularizer', 'arange', 'arccos', 'arccosh', 'arcsin', 'arcsinh', 'arctan', 'arctan2', 'arctanh', 'argmax', 'argmin', 'argpartition', 'argsort', 'array_split', 'average', 'average_pool', 'bartlett', 'batch_normalization', 'binary_crossentropy', 'bincount', 'bitwise_and', 'bitwise_not', 'bitwise_or', 'bitwise_xor', 'blackman', 'broadcast_to', 'cast', 'categorical_crossentropy', 'cbrt', 'cdist', 'ceil', 'celu', 'check_constraint', 'check_initializer', 'check_regularizer', 'cholesky', 'cholesky_inverse', 'clip', 'concatenate', 'constraint_defaults', 'conv', 'conv_transpose', 'convert_to_tensor', 'copy', 'copysign', 'corrcoef', 'correlate', 'cos', 'cosh', 'count_nonzero', 'cpu_isa', 'cross', 'ctc_decode', 'ctc_loss', 'cumprod', 'cumsum', 'custom_gradient', 'debug_nans', 'decoding', 'deg2rad', 'depth_to_space', 'depthwise_conv', 'deserialize_layer', 'det', 'diag', 'diagflat', 'diagonal', 'diff', 'digamma', 'digitize', 'divide', 'divide_no_nan', 'dot', 'dot_product_attention', 'dsplit', 'dstack', 'dtype_policy', 'eig', 'eigh', 'einsum', 'elu', 'empty', 'empty_like', 'equal', 'erf', 'erfc', 'erfinv', 'exp', 'exp2', 'expand_dims', 'expm1', 'extract_sequences', 'eye', 'fabs', 'fft', 'fft2', 'flip', 'fliplr', 'flipud', 'floatx', 'floor', 'floor_divide', 'fmax', 'fmin', 'fmod', 'fold', 'from_dlpack', 'full', 'full_like', 'function_loss', 'function_metric', 'gcd', 'gelu', 'geomspace', 'get_vocabulary', 'glu', 'grad_enabled', 'gradients', 'greater', 'greater_equal', 'hamming', 'hanning', 'hard_shrink', 'hard_sigmoid', 'hard_silu', 'hard_tanh', 'heaviside', 'histogram', 'hsplit', 'hstack', 'hypot', 'i0', 'identity', 'ifft2', 'image', 'in_top_k', 'initializer_defaults', 'inner', 'inv', 'irfft', 'isclose', 'isfinite', 'isin', 'isinf', 'isnan', 'isneginf', 'isposinf', 'istft', 'kaiser', 'kron', 'layer_classes', 'layer_normalization', 'lcm', 'ldexp', 'leaky_relu', 'left_shift', 'less', 'less_equal', 'lgamma', 'linspace', 'load', 'log', 'log10', 'log1p', 'log2', 'log_sigmoid', 'log_softmax', 'logaddexp', 'logaddexp2', 'logdet', 'logical_and', 'logical_not', 'logical_or', 'logical_xor', 'logspace', 'logsumexp', 'loss_classes', 'lstsq', 'lu_factor', 'make_layer', 'make_loss', 'make_metric', 'make_optimizer', 'make_pipeline', 'make_schedule', 'matmul', 'matrix_rank', 'max', 'max_pool', 'maximum', 'mean', 'median', 'meshgrid', 'metric_classes', 'min', 'minimum', 'mish', 'mod', 'model_from_config', 'moments', 'moveaxis', 'multi_hot', 'multiply', 'nan_to_num', 'nanargmax', 'nanargmin', 'nancumprod', 'nancumsum', 'nanmax', 'nanmean', 'nanmedian', 'nanmin', 'nanpercentile', 'nanprod', 'nanquantile', 'nanstd', 'nansum', 'nanvar', 'ndim', 'negative', 'nextafter', 'nonzero', 'norm', 'normalization_statistics', 'normalize', 'not_equal', 'num_threads', 'one_hot', 'ones', 'ones_like', 'op_names', 'optimizer_classes', 'outer', 'pad', 'percentile', 'pinv', 'polar', 'power', 'prod', 'psnr', 'ptp', 'qr', 'quantile', 'rad2deg', 'random', 'ravel', 'rearrange', 'reciprocal', 'register_activation', 'register_constraint', 'register_initializer', 'register_layer', 'register_optimizer', 'register_regularizer', 'register_schedule', 'register_text_functions', 'regularizer_defaults', 'relu', 'relu6', 'relu_general', 'repeat', 'reset_layer_names', 'reshape', 'rfft', 'right_shift', 'rint', 'rms_normalization', 'roll', 'rot90', 'round', 'rsqrt', 'saturate_cast', 'scatter', 'scatter_update', 'schedule_classes', 'searchsorted', 'segment_max', 'segment_min', 'segment_prod', 'segment_sum', 'select', 'selu', 'separable_conv', 'set_debug_nans', 'set_dtype_policy', 'set_floatx', 'set_num_threads', 'set_vocabulary', 'shape', 'sigmoid', 'sign', 'signbit', 'silu', 'sin', 'sinc', 'sinh', 'size', 'slice', 'slice_update', 'slogdet', 'soft_shrink', 'softmax', 'softplus', 'softsign', 'solve', 'solve_triangular', 'sort', 'space_to_depth', 'sparse_categorical_crossentropy', 'sparse_plus', 'sparse_sigmoid', 'sparsemax', 'split', 'sqrt', 'square', 'squareplus', 'squeeze', 'stack', 'std', 'stft', 'stop_gradient', 'subtract', 'sum', 'svd', 'swapaxes', 'take', 'take_along_axis', 'tan', 'tanh', 'tanh_shrink', 'tensor', 'tensordot', 'threshold', 'tile', 'to_snake_case', 'top_k', 'trace', 'transpose', 'trapezoid', 'tri', 'tril', 'triu', 'trunc', 'unfold', 'unique', 'unique_layer_name', 'unravel_index', 'unstack', 'vander', 'var', 'vdot', 'version', 'view', 'vocabulary_size', 'vsplit', 'vstack', 'where', 'zeros', 'zeros_like']
class Tensor:
    """
    A strided array on a device, and the handle of automatic differentiation.
    
    Made by lamina.tensor(), by operations, or from NumPy without a copy by
    lamina.ops.convert_to_tensor(). Copies of the handle share the array.
    """
    __array_priority__: typing.ClassVar[int] = 1000
    def __abs__(self) -> Tensor:
        ...
    def __add__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __and__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __array__(self, dtype: typing.Any = None, copy: typing.Any = None) -> typing.Any:
        ...
    def __bool__(self) -> bool:
        ...
    def __deepcopy__(self, arg0: dict) -> Tensor:
        ...
    def __dlpack__(self, *args, **kwargs) -> typing_extensions.CapsuleType:
        ...
    def __dlpack_device__(self) -> tuple[int, int]:
        ...
    def __eq__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __float__(self) -> float:
        ...
    def __floordiv__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __ge__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __getitem__(self, arg0: typing.Any) -> Tensor:
        ...
    def __gt__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __hash__(self):
        """
        Return hash(self).
        """
    def __index__(self) -> int:
        ...
    def __int__(self) -> int:
        ...
    def __invert__(self) -> Tensor:
        ...
    def __iter__(self) -> collections.abc.Iterator:
        ...
    def __le__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __len__(self) -> int:
        ...
    def __lshift__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __lt__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __matmul__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __mod__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __mul__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __ne__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __neg__(self) -> Tensor:
        ...
    def __or__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __pos__(self) -> Tensor:
        ...
    def __pow__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __radd__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rand__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __reduce__(self) -> tuple:
        ...
    def __repr__(self) -> str:
        ...
    def __rfloordiv__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rlshift__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rmatmul__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rmod__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rmul__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __ror__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rpow__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rrshift__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rshift__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rsub__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rtruediv__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rxor__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __setitem__(self, arg0: typing.Any, arg1: typing.Any) -> None:
        ...
    def __str__(self) -> str:
        ...
    def __sub__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __truediv__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __xor__(self, arg0: typing.Any) -> typing.Any:
        ...
    def all(self, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
        """
        See lamina.ops.all.
        """
    def any(self, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
        """
        See lamina.ops.any.
        """
    def assign(self, value: typing.Any) -> None:
        """
        Replace the values in place.
        """
    def astype(self, dtype: typing.Any) -> Tensor:
        """
        The values converted to another dtype.
        """
    def backward(self, gradient: typing.Any = None, create_graph: bool = False) -> None:
        """
        Add the gradient of this tensor to `grad` of every leaf that requires one.
        """
    def clone(self) -> Tensor:
        """
        A copy; gradients pass through it.
        """
    def contiguous(self) -> Tensor:
        """
        This tensor, or a copy in C order.
        """
    def detach(self) -> Tensor:
        """
        The same memory without gradient.
        """
    def item(self) -> typing.Any:
        """
        The value of a tensor of one element, as a Python number.
        """
    def max(self, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
        """
        See lamina.ops.max.
        """
    def mean(self, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
        """
        See lamina.ops.mean.
        """
    def min(self, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
        """
        See lamina.ops.min.
        """
    def numpy(self) -> np.ndarray:
        """
        The values as a NumPy array that shares this memory (a float32 copy for bfloat16).
        """
    def prod(self, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
        """
        See lamina.ops.prod.
        """
    def reshape(self, *args) -> Tensor:
        """
        See lamina.ops.reshape.
        """
    def std(self, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
        """
        See lamina.ops.std.
        """
    def sum(self, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
        """
        See lamina.ops.sum.
        """
    def to(self, device: str) -> Tensor:
        """
        The tensor on another device.
        """
    def tolist(self) -> typing.Any:
        """
        The values as nested lists.
        """
    def transpose(self, *args) -> Tensor:
        """
        See lamina.ops.transpose.
        """
    def var(self, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
        """
        See lamina.ops.var.
        """
    @property
    def T(self) -> Tensor:
        """
        The transpose, a view.
        """
    @property
    def _keras_mask(self) -> typing.Any:
        """
        Which entries count, as the layer that made the tensor said; None: all do.
        """
    @_keras_mask.setter
    def _keras_mask(self, arg1: typing.Any) -> None:
        ...
    @property
    def device(self) -> str:
        """
        "cpu" or "cuda:N".
        """
    @property
    def dtype(self) -> str:
        """
        Name of the element type, as "float32".
        """
    @property
    def grad(self) -> typing.Any:
        """
        Gradient that backward() has added up, or None.
        """
    @grad.setter
    def grad(self, arg1: typing.Any) -> None:
        ...
    @property
    def is_symbolic(self) -> bool:
        """
        Whether it stands for a layer's output in a functional model.
        """
    @property
    def name(self) -> str:
        """
        Name of a symbolic input.
        """
    @property
    def nbytes(self) -> int:
        """
        Bytes that the elements take.
        """
    @property
    def ndim(self) -> int:
        """
        Number of axes.
        """
    @property
    def requires_grad(self) -> bool:
        """
        Whether backward() reaches this tensor.
        """
    @requires_grad.setter
    def requires_grad(self, arg1: bool) -> None:
        ...
    @property
    def row_lengths(self) -> typing.Any:
        """
        Lengths of the sequences that a ragged batch (1, total, ...) holds; None for other tensors.
        """
    @row_lengths.setter
    def row_lengths(self, arg1: typing.Any) -> None:
        ...
    @property
    def shape(self) -> tuple:
        """
        Axis lengths, a tuple; None where not known yet.
        """
    @property
    def size(self) -> int:
        """
        Number of elements.
        """
    @property
    def strides(self) -> tuple:
        """
        Steps between neighbours along each axis, in elements.
        """
class Variable:
    """
    A named, mutable tensor: a weight, a statistic or other state of a layer.
    """
    __array_priority__: typing.ClassVar[int] = 1000
    def __abs__(self) -> Tensor:
        ...
    def __add__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __and__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __array__(self, dtype: typing.Any = None, copy: typing.Any = None) -> typing.Any:
        ...
    def __eq__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __float__(self) -> float:
        ...
    def __floordiv__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __ge__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __getitem__(self, arg0: typing.Any) -> Tensor:
        ...
    def __gt__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __hash__(self):
        """
        Return hash(self).
        """
    def __init__(self, initializer: typing.Any, dtype: typing.Any = None, trainable: bool = True, name: str = 'variable') -> None:
        ...
    def __int__(self) -> int:
        ...
    def __invert__(self) -> Tensor:
        ...
    def __le__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __lshift__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __lt__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __matmul__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __mod__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __mul__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __ne__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __neg__(self) -> Tensor:
        ...
    def __or__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __pos__(self) -> Tensor:
        ...
    def __pow__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __radd__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rand__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __repr__(self) -> str:
        ...
    def __rfloordiv__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rlshift__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rmatmul__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rmod__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rmul__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __ror__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rpow__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rrshift__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rshift__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rsub__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rtruediv__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __rxor__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __sub__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __truediv__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __xor__(self, arg0: typing.Any) -> typing.Any:
        ...
    def _exchange(self, arg0: Tensor) -> Tensor:
        ...
    def assign(self, value: typing.Any) -> Variable:
        """
        Replace the value in place.
        """
    def assign_add(self, value: typing.Any) -> Variable:
        """
        Add to the value in place.
        """
    def assign_sub(self, value: typing.Any) -> Variable:
        """
        Subtract from the value in place.
        """
    def numpy(self) -> typing.Any:
        """
        A copy of the value.
        """
    @property
    def dtype(self) -> str:
        """
        Name of the element type.
        """
    @property
    def grad(self) -> typing.Any:
        """
        Gradient that backward() has added up, or None.
        """
    @property
    def name(self) -> str:
        """
        Its name.
        """
    @property
    def ndim(self) -> int:
        """
        Number of axes.
        """
    @property
    def path(self) -> str:
        """
        Name with those of the layers that it belongs to.
        """
    @property
    def shape(self) -> tuple:
        """
        Axis lengths, a tuple.
        """
    @property
    def trainable(self) -> bool:
        """
        Whether training changes it.
        """
    @trainable.setter
    def trainable(self, arg1: bool) -> None:
        ...
    @property
    def value(self) -> Tensor:
        """
        The tensor.
        """
class Ragged:
    """
    Sequences of different lengths, without padding.
    
    All models whose layers keep sequences apart take it where they take an array of samples: model(x),
    fit, evaluate, predict, train_on_batch. The sequences lie one after the other in one tensor, so the
    cost follows the sum of their lengths.
    
    Args:
        values: A list of sequences, arrays (steps, ...) that differ in their first axis only; or, with
            row_lengths, one array (sum of the lengths, ...).
        row_lengths: Integers (batch,); a sequence may have no step at all.
        dtype: Element type; that of the sequences by default.
    
    Raises:
        ValueError: The sequences differ in another axis, a length is negative, or the lengths do not
            add up to the steps in values.
        TypeError: The sequences differ in dtype, or hold text.
    
    Example:
    
    >>> import lamina
    >>> x = lamina.Ragged([[1, 2, 3], [], [4]])
    >>> len(x), x.values.numpy().tolist(), x.row_lengths.numpy().tolist()
    (3, [1, 2, 3, 4], [3, 0, 1])
    >>> x.to_padded().numpy().tolist()
    [[1, 2, 3], [0, 0, 0], [4, 0, 0]]
    """
    def __getitem__(self, arg0: typing.Any) -> typing.Any:
        ...
    def __init__(self, values: typing.Any, row_lengths: typing.Any = None, dtype: typing.Any = None) -> None:
        ...
    def __len__(self) -> int:
        ...
    def __repr__(self) -> str:
        ...
    def batch(self) -> Tensor:
        """
        A tensor (1, total, ...) with row_lengths and a mask, as layers see it.
        """
    def to_list(self) -> list:
        """
        The sequences as NumPy arrays.
        """
    def to_mask(self, side: str = 'right', length: typing.SupportsInt | typing.SupportsIndex | None = None) -> Tensor:
        """
        Boolean (batch, longest): True for the steps of sequences in to_padded().
        """
    def to_padded(self, value: typing.SupportsFloat | typing.SupportsIndex = 0.0, side: str = 'right', length: typing.SupportsInt | typing.SupportsIndex | None = None) -> Tensor:
        """
        One array (batch, longest, ...), or of `length` steps, filled up with `value` on the side "right" or "left", on which longer sequences are cut too.
        """
    @property
    def dtype(self) -> str:
        """
        Element type.
        """
    @property
    def row_lengths(self) -> Tensor:
        """
        Steps of each: int64 (batch,).
        """
    @property
    def shape(self) -> tuple:
        """
        (batch, None, ...).
        """
    @property
    def values(self) -> Tensor:
        """
        All sequences, one after the other: (sum of the lengths, ...).
        """
class GradMode:
    """
    Context that turns the recording of operations off or on.
    """
    def __enter__(self) -> None:
        ...
    def __exit__(self, *args) -> None:
        ...
    def __init__(self, arg0: bool) -> None:
        ...
class Function:
    """
    A captured callable on tensors.
    """
    def __call__(self, arg0: collections.abc.Sequence[Tensor]) -> list[Tensor]:
        ...
    def __init__(self, arg0: collections.abc.Callable) -> None:
        ...
    def captures(self) -> int:
        """
        Number of signatures captured so far.
        """
    def program(self, arg0: collections.abc.Sequence[Tensor]) -> str:
        """
        The captured steps for these arguments, one a line.
        """
class _LayerRef:
    """
    A layer on its way from C++ to its Python class.
    """
class Layer:
    """
    A computation with state, built on first use.
    
    Subclass it with build(input_shape), call(inputs) and get_config(); weights are made with
    add_weight, layers assigned to attributes are tracked.
    
    Derived from a built-in layer, a class may override what it does and use super().
    
    Args:
        activity_regularizer: Penalty on the outputs, divided by the size of the batch.
        trainable: Whether training changes the weights.
        dtype: Of the weights and of the computation; lamina.config.floatx() by default.
        autocast: Taken for Keras's sake; inputs are cast to dtype.
        name: Name, unique within a model; made from the class name by default.
    """
    input_spec = None
    quantization_mode = None
    @classmethod
    def __init_subclass__(cls: typing.Any, **kwargs: typing.Any) -> None:
        ...
    @classmethod
    def __new__(cls: typing.Any, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """
        An object, which remembers what its constructor is given.
        """
    @classmethod
    def from_config(cls: typing.Any, config: dict[str, typing.Any]) -> typing.Any:
        """
        The layer or model again. Its constructor need not take what all layers have.
        """
    def __call__(self, *args, **kwargs) -> typing.Any:
        ...
    def __getattr__(self, name: str) -> typing.Any:
        """
        Weights and arguments of built-in layers, by name.
        """
    def __init__(self, *args, **kwargs) -> None:
        ...
    def __reduce__(self) -> tuple:
        """
        For pickle and copy: the layer again, with its weights.
        """
    def __repr__(self) -> str:
        ...
    def __setattr__(self, name: str, value: typing.Any) -> None:
        ...
    def _add_seed(self, arg0: typing.SupportsInt | typing.SupportsIndex | None) -> Tensor:
        ...
    def _initial_states(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> typing.Any:
        ...
    def _own_weight(self, arg0: str) -> typing.Any:
        ...
    def _serialize(self) -> typing.Any:
        ...
    def _set_option(self, arg0: str, arg1: typing.Any) -> None:
        ...
    def _track_layer(self, arg0: Layer) -> None:
        ...
    def _track_variable(self, arg0: Variable) -> Variable:
        ...
    def add_loss(self, loss: typing.Any) -> None:
        """
        Add a scalar to the training loss of the current call.
        """
    def add_variable(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """
        The same as `add_weight`.
        """
    def add_weight(self, shape: typing.Any = None, initializer: typing.Any = None, dtype: typing.Any = None, trainable: bool = True, autocast: bool = True, regularizer: typing.Any = None, constraint: typing.Any = None, aggregation: str = 'none', overwrite_with_gradient: bool = False, name: typing.Any = None) -> Variable:
        """
        A new variable of this layer.
        
        Args:
            shape: Shape; a scalar by default.
            initializer: Name or object; glorot_uniform by default, zeros for integers.
            dtype: The layer's by default.
            trainable: Whether training changes it.
            regularizer: Penalty on it, added to the loss.
            constraint: What it is projected to after each update.
            name: Last part of its path.
            autocast, aggregation, overwrite_with_gradient: Taken for Keras's sake.
        """
    def build(self, input_shape: typing.Any = None, *args, **kwargs) -> None:
        """
        Make the weights for an input shape (or a list of them); None for unknown lengths.
        
        Layers of several inputs take their shapes one by one too, as in
        build(query_shape, value_shape).
        """
    def build_from_config(self, config: typing.Any) -> None:
        """
        Make the weights from what get_build_config() gave.
        """
    def call(self, *args, **kwargs) -> typing.Any:
        """
        What the layer computes, without building it first.
        """
    def compute_mask(self, inputs: typing.Any, mask: typing.Any = None) -> typing.Any:
        """
        Mask of the output for inputs and their masks; None where there is none.
        """
    def compute_output_shape(self, input_shape: typing.Any = None, *args, **kwargs) -> typing.Any:
        """
        Shape of the output for an input shape; builds the layer. Several inputs' shapes in a list or
        one by one.
        """
    def compute_output_spec(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """
        Symbolic outputs for inputs of which only shapes and element types count.
        """
    def count_params(self) -> int:
        """
        Number of weights.
        """
    def get_build_config(self) -> typing.Any:
        """
        What build_from_config() needs: the input shape; None before the layer is built.
        """
    def get_config(self) -> typing.Any:
        """
        Constructor arguments, from which from_config() makes the layer again.
        """
    def get_weights(self) -> list:
        """
        Values of all weights as NumPy arrays.
        """
    def load_own_variables(self, store: typing.Any) -> None:
        """
        Takes the layer's own weights from a mapping that save_own_variables() filled.
        
            Raises:
                ValueError: The layer is not built, or there are more or fewer arrays than weights.
            
        """
    def quantize(self, *args: typing.Any, **kwargs: typing.Any) -> None:
        """
        Not available: raises NotImplementedError.
        """
    def reset_state(self) -> None:
        """
        Set the states that recurrent layers keep from batch to batch to zeros.
        """
    def save_own_variables(self, store: typing.Any) -> None:
        """
        Puts the layer's own weights, without those of layers inside, into a mapping of arrays.
        """
    def set_weights(self, weights: list) -> None:
        """
        Set all weights from a list of arrays.
        """
    def stateless_call(self, trainable_variables: typing.Any, non_trainable_variables: typing.Any, *args: typing.Any, return_losses: bool = False, **kwargs: typing.Any) -> tuple:
        """
        Call the layer with given values for its variables, which stay as they are.
        
            Args:
                trainable_variables: Values, in the order of `trainable_variables`.
                non_trainable_variables: Values, in the order of `non_trainable_variables`.
                return_losses: Whether to return the losses too.
        
            Returns:
                The outputs and the new values of the non-trainable variables; then the losses, if asked
                for. Gradients reach the values that were given.
        
            Raises:
                ValueError: The layer is not built, or the numbers of values do not fit.
            
        """
    def symbolic_call(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """
        Symbolic outputs for inputs of which only shapes and element types count.
        """
    @property
    def _assets(self) -> list[tuple[str, Tensor]]:
        ...
    @property
    def _building(self) -> bool:
        ...
    @property
    def _layers(self) -> list:
        ...
    @property
    def _named_assets(self) -> list[tuple[str, Tensor]]:
        ...
    @_named_assets.setter
    def _named_assets(self, arg1: collections.abc.Sequence[tuple[str, Tensor]]) -> None:
        ...
    @property
    def _options(self) -> typing.Any:
        ...
    @property
    def _output_size(self) -> int:
        ...
    @property
    def _own_weights(self) -> list:
        ...
    @property
    def _state_size(self) -> typing.Any:
        ...
    @property
    def _states(self) -> list[Variable]:
        ...
    @property
    def _takes_list(self) -> bool:
        ...
    @property
    def activity_regularizer(self) -> typing.Any:
        """
        Penalty on the outputs, divided by the size of the batch.
        """
    @activity_regularizer.setter
    def activity_regularizer(self, arg1: typing.Any) -> None:
        ...
    @property
    def built(self) -> bool:
        """
        Whether the weights exist.
        """
    @built.setter
    def built(self, arg1: bool) -> None:
        ...
    @property
    def class_name(self) -> str:
        """
        Name of the class, as model files have it.
        """
    @property
    def compute_dtype(self):
        """
        Dtype of the operands of products.
        """
    @property
    def dtype(self) -> str:
        """
        Name of the dtype of the weights.
        """
    @property
    def dtype_policy(self) -> typing.Any:
        """
        Dtypes of the computation and of the weights.
        """
    @property
    def input(self) -> typing.Any:
        """
        Symbolic input of the first call in a functional model.
        """
    @property
    def input_dtype(self):
        """
        Element type that inputs are cast to.
        """
    @property
    def losses(self) -> list[Tensor]:
        """
        Penalties of the last call and of the weights' regularizers.
        """
    @property
    def metrics(self) -> list[typing.Any]:
        """
        Metrics among the attributes of the layer and inside.
        """
    @property
    def metrics_variables(self) -> list[typing.Any]:
        """
        State of the metrics.
        """
    @property
    def name(self) -> str:
        """
        Name of the layer.
        """
    @name.setter
    def name(self, arg1: str) -> None:
        ...
    @property
    def non_trainable_variables(self) -> list:
        """
        The same as non_trainable_weights.
        """
    @property
    def non_trainable_weights(self) -> list:
        """
        Weights that training leaves alone, such as moving statistics.
        """
    @property
    def output(self) -> typing.Any:
        """
        Symbolic output of the first call in a functional model.
        """
    @property
    def path(self) -> typing.Any:
        """
        Path of a built layer within its model; None before.
        """
    @property
    def supports_masking(self) -> bool:
        """
        Whether masks pass through the layer.
        """
    @supports_masking.setter
    def supports_masking(self, arg1: bool) -> None:
        ...
    @property
    def supports_ragged(self) -> bool:
        """
        Whether the layer takes ragged batches, as it never mixes steps of different sequences.
        """
    @supports_ragged.setter
    def supports_ragged(self, arg1: bool) -> None:
        ...
    @property
    def trainable(self) -> bool:
        """
        Whether training changes the weights.
        """
    @trainable.setter
    def trainable(self, arg1: bool) -> None:
        ...
    @property
    def trainable_variables(self) -> list:
        """
        The same as trainable_weights.
        """
    @property
    def trainable_weights(self) -> list:
        """
        Weights that training changes.
        """
    @property
    def variable_dtype(self):
        """
        Dtype of the weights.
        """
    @property
    def variables(self) -> list:
        """
        All weights.
        """
    @property
    def weights(self) -> list:
        """
        All variables, those of inner layers too.
        """
class Loss:
    """
    A loss: call(y_true, y_pred) gives one value a sample, which is weighted and reduced.
    
    Subclass it with call(), and get_config() where it has arguments.
    
    Args:
        name: Name of the loss.
        reduction: `"sum_over_batch_size"` (or `"mean"`), `"sum"`, `"mean_with_sample_weight"`,
            or `None` for the values as they are.
        dtype: What targets and outputs are converted to; `lamina.config.floatx()` by default.
    
    Raises:
        ValueError: An unknown reduction.
    """
    @classmethod
    def from_config(cls: typing.Any, config: dict[str, typing.Any]) -> typing.Any:
        ...
    def __call__(self, y_true: typing.Any, y_pred: typing.Any, sample_weight: typing.Any = None) -> Tensor:
        """
        The loss of a batch, weighted and reduced.
        """
    def __init__(self, *args, **kwargs) -> None:
        ...
    def call(self, y_true: typing.Any, y_pred: typing.Any) -> Tensor:
        """
        One value for each sample.
        """
    def get_config(self) -> typing.Any:
        """
        Constructor arguments.
        """
    @property
    def class_name(self) -> str:
        ...
    @property
    def dtype(self) -> str:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def reduction(self) -> str:
        ...
class Metric:
    """
    A metric: update_state() takes in a batch, result() gives the value so far.
    
    Subclass it with update_state(y_true, y_pred, sample_weight=None) and result(); state goes
    into variables of add_variable(), which reset_state() sets to zero.
    
    Args:
        dtype: Of the computation; `lamina.config.floatx()` by default.
        name: Name of the metric.
    """
    name: str
    @classmethod
    def from_config(cls: typing.Any, config: dict[str, typing.Any]) -> typing.Any:
        ...
    def __call__(self, *args, **kwargs) -> typing.Any:
        """
        Take in a batch; the value so far.
        """
    def __init__(self, *args, **kwargs) -> None:
        ...
    def __repr__(self):
        ...
    def __setattr__(self, name: str, value: typing.Any) -> None:
        ...
    def _track_metric(self, arg0: Metric) -> None:
        ...
    def _track_variable(self, arg0: Variable) -> None:
        ...
    def add_variable(self, shape: typing.Any = None, initializer: typing.Any = None, dtype: typing.Any = None, aggregation: typing.Any = 'sum', name: typing.Any = None) -> Variable:
        """
        A state variable, zero at first unless an initializer is given, and after reset_state().
        """
    def add_weight(self, shape: typing.Any = None, initializer: typing.Any = None, dtype: typing.Any = None, name: typing.Any = None) -> Variable:
        """
        As add_variable().
        """
    def get_config(self) -> typing.Any:
        """
        Constructor arguments.
        """
    def reset_state(self) -> None:
        """
        Forget everything: the variables become zero.
        """
    def result(self) -> Tensor:
        """
        The value so far.
        """
    def stateless_reset_state(self) -> list[Tensor]:
        """
        The variables' values after a reset; the metric itself stays as it is.
        """
    def stateless_result(self, metric_variables: typing.Any) -> Tensor:
        """
        The result for given values of the variables.
        """
    def stateless_update_state(self, metric_variables: typing.Any, *args, **kwargs) -> list[Tensor]:
        """
        The variables' values after an update from given ones; the metric itself stays as it is.
        """
    def update_state(self, *args, **kwargs) -> None:
        """
        Take in a batch.
        """
    @property
    def class_name(self) -> str:
        ...
    @property
    def dtype(self) -> str:
        ...
    @property
    def variables(self) -> list[Variable]:
        ...
class LearningRateSchedule:
    """
    A learning rate that depends on the number of steps taken.
    
    Subclass it with __call__(step), written with lamina.ops, and get_config(). `step` is a
    scalar tensor; a captured training step evaluates the rate anew each time.
    """
    @classmethod
    def __init_subclass__(cls: typing.Any, **kwargs: typing.Any) -> None:
        ...
    @classmethod
    def __new__(cls: typing.Any, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """
        An object; one of the user's own classes is whole before its constructor, which need not
            call this one's.
        """
    @classmethod
    def from_config(cls: typing.Any, config: dict[str, typing.Any]) -> typing.Any:
        ...
    def __call__(self, step: typing.Any) -> Tensor:
        """
        The rate after `step` steps.
        """
    def __init__(self, *args, **kwargs) -> None:
        ...
    def get_config(self) -> typing.Any:
        ...
    @property
    def class_name(self) -> str:
        ...
class Optimizer:
    """
    Updates variables from their gradients.
    
    For a rule of one's own, subclass it: call super().__init__(learning_rate, ...), make the
    state in build(variables) after super().build(variables), and change the variable in
    update_step(gradient, variable, learning_rate), with lamina.ops.
    """
    @classmethod
    def __init_subclass__(cls: typing.Any, **kwargs: typing.Any) -> None:
        ...
    @classmethod
    def from_config(cls: typing.Any, config: dict[str, typing.Any]) -> typing.Any:
        ...
    def __getattr__(self, name: str) -> typing.Any:
        """
        Constructor arguments are attributes: `optimizer.beta_1`.
        """
    def __init__(self, *args, **kwargs) -> None:
        ...
    def _get_variable_index(self, variable: Variable) -> int:
        ...
    def _native_config(self) -> typing.Any:
        ...
    def add_optimizer_variables(self, trainable_variables: typing.Any, name: typing.Any, initializer: typing.Any = 'zeros') -> typing.Any:
        """
        State variables like those of the model, one for each or, with several names, lists of them.
        
            Args:
                trainable_variables: Variables of the model.
                name: Name, or list of names.
                initializer: For all of them, or a list with one for each name.
        
            Raises:
                ValueError: The lists are of different lengths.
            
        """
    def add_variable(self, shape: typing.Any, initializer: typing.Any = 'zeros', dtype: typing.Any = None, aggregation: typing.Any = 'none', layout: typing.Any = None, name: typing.Any = None) -> Variable:
        """
        A new state variable.
        """
    def add_variable_from_reference(self, reference_variable: Variable, name: typing.Any = None, initializer: typing.Any = 'zeros') -> Variable:
        """
        A new state variable like a variable of the model.
        """
    def apply(self, grads: typing.Any, trainable_variables: typing.Any = None) -> None:
        """
        One step with these gradients.
        """
    def apply_gradients(self, grads_and_vars: typing.Any) -> Variable:
        """
        One step with (gradient, variable) pairs.
        """
    def assign(self, variable: typing.Any, value: typing.Any) -> None:
        """
        Replaces the value of a variable.
        """
    def assign_add(self, variable: typing.Any, value: typing.Any) -> None:
        """
        Adds to the value of a variable.
        """
    def assign_sub(self, variable: typing.Any, value: typing.Any) -> None:
        """
        Subtracts from the value of a variable.
        """
    def build(self, variables: typing.Any) -> None:
        """
        Make the state for these variables.
        """
    def exclude_from_weight_decay(self, var_list: typing.Any = None, var_names: typing.Any = None) -> None:
        """
        Variables that weight decay leaves alone: themselves, or by regular expressions that are
        searched in their names. To be called before the optimizer is built.
        """
    def finalize_variable_values(self, var_list: typing.Any) -> None:
        """
        With use_ema, put the averages into these variables.
        """
    def get_config(self) -> typing.Any:
        """
        Constructor arguments.
        """
    def load_own_variables(self, store: typing.Any) -> None:
        """
        Takes all state from a mapping that save_own_variables() filled.
        """
    def save_own_variables(self, store: typing.Any) -> None:
        """
        Puts all state into a mapping of arrays.
        """
    def scale_loss(self, loss: typing.Any) -> Tensor:
        """
        The loss times the loss scale, to be differentiated.
        """
    def set_weights(self, weights: typing.Any) -> None:
        """
        Sets all state from a list of arrays, in the order of `variables`.
        
            Raises:
                ValueError: The optimizer is not built, or the arrays do not fit.
            
        """
    def stateless_apply(self, optimizer_variables: list, grads: list, trainable_variables: list) -> tuple[list, list]:
        """
        A step on given values: the new values of the model's and of the optimizer's variables.
        
            Raises:
                ValueError: The optimizer is not built, or the lists do not fit its variables.
            
        """
    def update_step(self, gradient: typing.Any, variable: typing.Any, learning_rate: typing.Any) -> None:
        """
        Updates one variable; defined by subclasses.
        """
    @property
    def _averages(self) -> list:
        ...
    @property
    def _inner_optimizer(self) -> typing.Any:
        ...
    @property
    def _optimizers(self) -> list:
        ...
    @property
    def _scale_state(self) -> typing.Any:
        ...
    @property
    def _trainable_variables(self) -> list:
        ...
    @property
    def built(self) -> bool:
        ...
    @property
    def class_name(self) -> str:
        ...
    @property
    def iterations(self) -> typing.Any:
        """
        Updates made, a variable; with gradient accumulation a tensor.
        """
    @property
    def learning_rate(self) -> typing.Any:
        """
        Step size: a variable, or a tensor where it follows a schedule. May be set at any time.
        """
    @learning_rate.setter
    def learning_rate(self, arg1: typing.Any) -> None:
        ...
    @property
    def loss_scale_factor(self) -> float | None:
        """
        Factor of the loss, or None.
        """
    @loss_scale_factor.setter
    def loss_scale_factor(self, arg1: typing.SupportsFloat | typing.SupportsIndex | None) -> None:
        ...
    @property
    def lr(self) -> typing.Any:
        """
        The same as learning_rate.
        """
    @lr.setter
    def lr(self, arg1: typing.Any) -> None:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def variables(self) -> list:
        ...
class Model(Layer):
    """
    Layers put together, with training and saving.
    
    Functional: Model(inputs, outputs). Subclassed: define __init__ and call(inputs).
    """
    _lamina_native: typing.ClassVar[bool] = True
    @classmethod
    def from_config(cls: type, config: dict[str, typing.Any], custom_objects: typing.Any = None) -> typing.Any:
        ...
    def __init__(self, *args, **kwargs) -> None:
        ...
    def __reduce__(self) -> tuple:
        """
        For pickle and copy: the model again, with what save() keeps of it.
        """
    def _compile(self, arg0: dict) -> None:
        ...
    def _compile_config(self) -> typing.Any:
        ...
    def _compute_loss(self, arg0: collections.abc.Sequence[Tensor], arg1: collections.abc.Sequence[Tensor], arg2: collections.abc.Sequence[Tensor], arg3: collections.abc.Sequence[Tensor]) -> Tensor:
        ...
    def _evaluate_arrays(self, arg0: tuple, arg1: typing.SupportsInt | typing.SupportsIndex, arg2: typing.SupportsInt | typing.SupportsIndex, arg3: list) -> dict:
        ...
    def _evaluate_dataset(self, arg0: typing.Any, arg1: typing.SupportsInt | typing.SupportsIndex, arg2: typing.SupportsInt | typing.SupportsIndex, arg3: list) -> dict:
        ...
    def _fit_arrays(self, arg0: tuple, arg1: dict) -> tuple[list[int], dict]:
        ...
    def _fit_dataset(self, arg0: typing.Any, arg1: typing.SupportsInt | typing.SupportsIndex, arg2: dict) -> tuple[list[int], dict]:
        ...
    def _get_layer(self, arg0: typing.Any, arg1: typing.Any) -> typing.Any:
        ...
    def _load_weights(self, path: str) -> None:
        ...
    def _logs(self) -> dict:
        ...
    def _predict_arrays(self, arg0: list, arg1: typing.SupportsInt | typing.SupportsIndex, arg2: typing.SupportsInt | typing.SupportsIndex, arg3: list) -> list[Tensor]:
        ...
    def _predict_dataset(self, arg0: typing.Any, arg1: typing.SupportsInt | typing.SupportsIndex, arg2: typing.SupportsInt | typing.SupportsIndex) -> list[Tensor]:
        ...
    def _predict_on_batch(self, arg0: list) -> list[Tensor]:
        ...
    def _restore_state(self, path: str) -> None:
        ...
    def _save(self, path: str) -> None:
        ...
    def _save_weights(self, path: str) -> None:
        ...
    def _summary(self, line_length: typing.SupportsInt | typing.SupportsIndex = 0, expand_nested: bool = False) -> str:
        ...
    def _test_on_batch(self, arg0: tuple) -> dict:
        ...
    def _test_step(self, arg0: collections.abc.Sequence[Tensor], arg1: collections.abc.Sequence[Tensor], arg2: collections.abc.Sequence[Tensor]) -> None:
        ...
    def _track_metric(self, arg0: Metric) -> None:
        ...
    def _train_on_batch(self, arg0: tuple) -> dict:
        ...
    def _train_step(self, arg0: collections.abc.Sequence[Tensor], arg1: collections.abc.Sequence[Tensor], arg2: collections.abc.Sequence[Tensor]) -> None:
        ...
    def _update_metrics(self, arg0: collections.abc.Sequence[Tensor], arg1: collections.abc.Sequence[Tensor], arg2: collections.abc.Sequence[Tensor]) -> None:
        ...
    def compile(self, optimizer: typing.Any = 'rmsprop', loss: typing.Any = None, loss_weights: typing.Any = None, metrics: typing.Any = None, weighted_metrics: typing.Any = None, run_eagerly: bool = False, steps_per_execution: int = 1, jit_compile: typing.Any = 'auto', auto_scale_loss: bool = True) -> None:
        """
        Set up training.
        
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
    def compile_from_config(self, config: dict[str, typing.Any]) -> None:
        """
        Compile with what `get_compile_config` gave.
        """
    def compute_loss(self, x: typing.Any = None, y: typing.Any = None, y_pred: typing.Any = None, sample_weight: typing.Any = None, training: bool = True) -> Tensor:
        """
        Total loss of outputs, with regularization; also counts it in the loss metric.
        """
    def compute_metrics(self, x: typing.Any, y: typing.Any, y_pred: typing.Any, sample_weight: typing.Any = None) -> dict[str, typing.Any]:
        """
        Update the compiled metrics with a batch; their results.
        """
    def evaluate(self, x: typing.Any = None, y: typing.Any = None, batch_size: int | None = None, verbose: typing.Any = 'auto', sample_weight: typing.Any = None, steps: int | None = None, callbacks: typing.Any = None, return_dict: bool = False) -> typing.Any:
        """
        Loss and metrics on data, as `fit` takes it.
        
            Returns:
                The loss, or a list of the loss and the metrics; a dict where return_dict is set.
            
        """
    def fit(self, x: typing.Any = None, y: typing.Any = None, batch_size: int | None = None, epochs: int = 1, verbose: typing.Any = 'auto', callbacks: typing.Any = None, validation_split: float = 0.0, validation_data: typing.Any = None, shuffle: bool = True, class_weight: dict[int, float] | None = None, sample_weight: typing.Any = None, initial_epoch: int = 0, steps_per_epoch: int | None = None, validation_steps: int | None = None, validation_batch_size: int | None = None, validation_freq: typing.Any = 1) -> lamina.callbacks.History:
        """
        Train the model.
        
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
    def get_compile_config(self) -> dict[str, typing.Any]:
        """
        What compile() was given, as Keras describes it.
        """
    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """
        A layer by name or index.
        
            Raises:
                ValueError: There is none.
            
        """
    def get_metrics_result(self) -> dict[str, typing.Any]:
        """
        The values of all metrics by name, the loss among them.
        """
    def load_weights(self, filepath: str | os.PathLike, skip_mismatch: bool = False, **kwargs: typing.Any) -> None:
        """
        Read weights from a file of `save` or `save_weights`; nothing changes unless all fit.
        
            Args:
                filepath: The file, lamina's or Keras's (".keras", ".weights.h5").
                skip_mismatch: Of Keras's files: leave alone layers whose weights do not fit, with a
                    warning.
            
        """
    def predict(self, x: typing.Any, batch_size: int | None = None, verbose: typing.Any = 'auto', steps: int | None = None, callbacks: typing.Any = None) -> typing.Any:
        """
        Outputs for inputs, as NumPy arrays, computed batch by batch.
        
            An output that has an entry for each step of ragged sequences is a list of arrays.
            
        """
    def predict_on_batch(self, x: typing.Any) -> typing.Any:
        """
        Outputs for one batch, as NumPy arrays.
        """
    def predict_step(self, data: typing.Any) -> typing.Any:
        """
        One prediction step.
        """
    def reset_metrics(self) -> None:
        """
        Forget what the metrics have seen.
        """
    def save(self, filepath: str | os.PathLike, overwrite: bool = True, zipped: bool | None = None, **kwargs: typing.Any) -> None:
        """
        Save architecture, weights, optimizer and random state in one file.
        
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
    def save_weights(self, filepath: str | os.PathLike, overwrite: bool = True, max_shard_size: float | None = None) -> None:
        """
        Save the weights alone.
        
            Args:
                filepath: The file; one that ends in ".weights.h5" is Keras's, which holds the optimizer's
                    state too and takes the extra `lamina[keras-files]`. Others are safetensors files.
                overwrite: Whether to replace a file that is there.
                max_shard_size: Only None is supported.
            
        """
    def summary(self, line_length: int | None = None, positions: typing.Any = None, print_fn: typing.Callable | None = None, expand_nested: bool = False, show_trainable: bool = False, layer_range: typing.Any = None) -> None:
        """
        Print the layers with shapes, parameters and floating-point operations.
        """
    def test_on_batch(self, x: typing.Any, y: typing.Any = None, sample_weight: typing.Any = None, return_dict: bool = False) -> typing.Any:
        """
        Loss and metrics of a batch.
        """
    def test_step(self, data: typing.Any) -> dict[str, typing.Any]:
        """
        One evaluation step.
        """
    def to_json(self, **kwargs: typing.Any) -> str:
        """
        The architecture as JSON, in Keras's form where Keras has all that the model is made of.
        
            Args:
                kwargs: Passed on to `json.dumps`.
            
        """
    def train_on_batch(self, x: typing.Any, y: typing.Any = None, sample_weight: typing.Any = None, class_weight: typing.Any = None, return_dict: bool = False) -> typing.Any:
        """
        One training step on a batch; the loss and the metrics are those of this batch.
        """
    def train_step(self, data: typing.Any) -> dict[str, typing.Any]:
        """
        One training step; override it together with `compute_loss` for training of one's own.
        """
    @property
    def _functional(self) -> bool:
        ...
    @property
    def _initial_epoch(self) -> int:
        """
        First epoch of fit(); a callback may move it in on_train_begin.
        """
    @_initial_epoch.setter
    def _initial_epoch(self, arg1: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def _metrics(self) -> list[Metric]:
        ...
    @property
    def _optimizer(self) -> Optimizer:
        ...
    @property
    def _output_keys(self) -> list[str]:
        ...
    @property
    def compiled(self) -> bool:
        """
        Whether compile() has been called.
        """
    @property
    def input(self) -> typing.Any:
        """
        The symbolic input.
        """
    @property
    def input_names(self) -> list[str]:
        """
        Names of the inputs.
        """
    @property
    def input_shape(self):
        """
        Shape of the symbolic input.
        """
    @property
    def inputs(self) -> list[Tensor]:
        """
        Symbolic inputs.
        """
    @property
    def jit_compile(self):
        """
        Whether steps are captured.
        """
    @property
    def layers(self) -> list:
        """
        The layers, in order.
        """
    @property
    def metrics(self):
        """
        The loss tracker and the metrics.
        """
    @property
    def metrics_names(self) -> list[str]:
        """
        Names of the loss and of the metrics.
        """
    @property
    def optimizer(self) -> typing.Any:
        """
        The optimizer of compile().
        """
    @property
    def output(self) -> typing.Any:
        """
        The symbolic output.
        """
    @property
    def output_names(self) -> list[str]:
        """
        Names of the outputs.
        """
    @property
    def output_shape(self):
        """
        Shape of the symbolic output.
        """
    @property
    def outputs(self) -> list[Tensor]:
        """
        Symbolic outputs.
        """
    @property
    def run_eagerly(self) -> bool:
        """
        Whether steps run operation by operation.
        """
    @property
    def stop_training(self) -> bool:
        """
        Set it to end fit() after the current batch.
        """
    @stop_training.setter
    def stop_training(self, arg1: bool) -> None:
        ...
class Sequential(Model):
    """
    Layers one after another.
    """
    _lamina_native: typing.ClassVar[bool] = True
    def __init__(self, layers: typing.Any = None, **kwargs) -> None:
        ...
    def _add(self, arg0: Layer) -> None:
        ...
    def add(self, layer: typing.Any) -> None:
        """
        Add a layer at the end.
        """
    def pop(self) -> None:
        """
        Remove the last layer.
        """
class CachedDecoder:
    """
    Runs a causal model on sequences that grow, a few steps at a time.
    
    Each call takes the next steps alone and gives what the model, called on all steps so far, would give
    for these. The attention layers keep the keys and values of earlier steps in caches that they fill in
    place, so that the time of a step hardly depends on how many came before; the whole step is captured.
    
    The model needs no change: attention with `use_causal_mask=True` (as in `TransformerDecoder`),
    `PositionEmbedding`, `SinePositionEncoding` and `RotaryEmbedding` know where they are, and layers that
    treat each step by itself do as ever. Layers that mix steps in other ways are refused.
    
    Args:
        model: A model (or layer) of sequences, whose first input is decoded.
        max_length: Most steps that fit into the caches.
        batch_size: Number of sequences decoded side by side.
        context: The model's other inputs, such as an encoder's output; what attention makes of them is
            computed once. Masks of them are kept.
    
    Raises:
        ValueError: A layer cannot run step by step, or more than max_length steps come together.
    
    Example:
    
    >>> import lamina, numpy as np
    >>> from lamina import layers
    >>> tokens = lamina.Input((None,), dtype="int32")
    >>> x = layers.Embedding(50, 16)(tokens)
    >>> x = layers.Add()([x, layers.PositionEmbedding(64)(x)])
    >>> x = layers.TransformerDecoder(intermediate_dim=32, num_heads=2)(x)
    >>> model = lamina.Model(tokens, layers.Dense(50, activation="softmax")(x))
    >>> decoder = lamina.models.CachedDecoder(model, max_length=64)
    >>> p = decoder(np.array([[3, 1, 4]]))  # a prompt: (1, 3, 50)
    >>> for _ in range(5):
    ...     token = lamina.ops.argmax(p[:, -1:], -1)
    ...     p = decoder(token)  # (1, 1, 50)
    >>> decoder.position
    8
    """
    def __call__(self, steps: typing.Any) -> typing.Any:
        """
        The model's output for the next steps (batch_size, n, ...).
        """
    def __init__(self, model: Layer, max_length: typing.SupportsInt | typing.SupportsIndex, batch_size: typing.SupportsInt | typing.SupportsIndex = 1, context: typing.Any = None) -> None:
        ...
    def reorder(self, indices: typing.Any) -> None:
        """
        Let sequence i go on from where sequence indices[i] is, as beam search needs it.
        """
    def reset(self, context: typing.Any = None) -> None:
        """
        Begin anew, with another context of the same shapes where one is given.
        """
    @property
    def batch_size(self) -> int:
        """
        Number of sequences decoded side by side.
        """
    @property
    def max_length(self) -> int:
        """
        Most steps that fit into the caches.
        """
    @property
    def position(self) -> int:
        """
        Number of steps so far. Set to a smaller number it forgets the steps from there.
        """
    @position.setter
    def position(self, arg1: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
def Input(shape: typing.Any = None, batch_size: typing.Any = None, dtype: typing.Any = None, name: typing.Any = None, batch_shape: typing.Any = None) -> Tensor:
    ...
def _circle(arg0: typing.Any, arg1: typing.Any, arg2: typing.Any, arg3: typing.Any, arg4: bool, arg5: typing.SupportsFloat | typing.SupportsIndex, arg6: typing.SupportsFloat | typing.SupportsIndex) -> Tensor:
    ...
def _get_source_inputs(arg0: Tensor) -> list[Tensor]:
    ...
def _loss_aliases() -> list[tuple[str, str]]:
    ...
def _loss_values(arg0: typing.Any, arg1: typing.Any, arg2: typing.Any) -> Tensor:
    ...
def _metric_aliases() -> list[tuple[str, str]]:
    ...
def _metric_values(arg0: typing.Any, arg1: typing.Any, arg2: typing.Any) -> Tensor:
    ...
def _register_loss(arg0: str, arg1: collections.abc.Callable) -> None:
    ...
def _register_metric(arg0: str, arg1: collections.abc.Callable) -> None:
    ...
def _set_text_signature(arg0: typing.Any, arg1: str) -> None:
    ...
def absolute(x: typing.Any) -> Tensor:
    """
    Absolute value.
    """
def activation(x: typing.Any, name: str) -> Tensor:
    """
    The activation function of that name.
    """
def activation_names() -> list[str]:
    """
    Names that activation() takes.
    """
def adapt_array(arg0: Layer, arg1: typing.Any) -> None:
    """
    Let a layer learn from one array.
    """
def adapt_batches(arg0: Layer, arg1: collections.abc.Iterator, arg2: typing.SupportsInt | typing.SupportsIndex) -> None:
    """
    Let a layer learn from the batches that an iterator gives.
    """
def adaptive_average_pool(inputs: typing.Any, output_size: typing.Any, data_format: typing.Any = None) -> Tensor:
    """
    Mean over windows that give spatial axes of length output_size (a number, or one for each of up to three axes).
    
    Window i of an axis of n pixels is [floor(i * n / m), ceil((i + 1) * n / m)), m being the length wanted.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.adaptive_average_pool(lamina.ops.ones((2, 10, 8, 3)), (3, 4)).shape
    (2, 3, 4, 3)
    """
def adaptive_max_pool(inputs: typing.Any, output_size: typing.Any, data_format: typing.Any = None) -> Tensor:
    """
    Maximum over windows that give spatial axes of length output_size (a number, or one for each of up to three axes).
    
    Window i of an axis of n pixels is [floor(i * n / m), ceil((i + 1) * n / m)), m being the length wanted.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.adaptive_max_pool(lamina.ops.ones((2, 10, 8, 3)), (3, 4)).shape
    (2, 3, 4, 3)
    """
def add(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Sum of two tensors.
    """
def all(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Whether all elements are non-zero.
    """
def allclose(x1: typing.Any, x2: typing.Any, rtol: typing.SupportsFloat | typing.SupportsIndex = 1e-05, atol: typing.SupportsFloat | typing.SupportsIndex = 1e-08, equal_nan: bool = False) -> Tensor:
    """
    Whether |x1 - x2| <= atol + rtol |x2| everywhere.
    
    Args:
        x1: A tensor.
        x2: A tensor.
        rtol: Relative tolerance.
        atol: Absolute tolerance.
        equal_nan: Count NaN as equal to NaN.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.allclose([1.0], [1.0 + 1e-7]).item()
    True
    """
def amax(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Maximum over axes; NaN wins.
    """
def amin(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Minimum over axes; NaN wins.
    """
def angle(x: typing.Any) -> Tensor:
    """
    0 where x is positive, pi where it is negative.
    """
def any(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Whether any element is non-zero.
    """
def append(x1: typing.Any, x2: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex | None = None) -> Tensor:
    """
    x2 after x1 along an axis, or both flattened.
    
    Args:
        x1: A tensor.
        x2: A tensor that agrees with x1 on all axes but `axis`.
        axis: Axis to join; None flattens both.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.append([1, 2], [[3], [4]]).tolist()
    [1, 2, 3, 4]
    """
def apply_constraint(arg0: typing.Any, arg1: typing.Any) -> Tensor:
    ...
def apply_initializer(arg0: typing.Any, arg1: typing.Any, arg2: typing.Any) -> Tensor:
    ...
def apply_regularizer(arg0: typing.Any, arg1: typing.Any) -> Tensor:
    ...
def arange(start: typing.Any, stop: typing.Any = None, step: typing.Any = None, dtype: typing.Any = None) -> Tensor:
    """
    Evenly spaced values, stop not included.
    """
def arccos(x: typing.Any) -> Tensor:
    """
    Inverse cosine, in radians.
    """
def arccosh(x: typing.Any) -> Tensor:
    """
    Inverse hyperbolic cosine.
    """
def arcsin(x: typing.Any) -> Tensor:
    """
    Inverse sine, in radians.
    """
def arcsinh(x: typing.Any) -> Tensor:
    """
    Inverse hyperbolic sine.
    """
def arctan(x: typing.Any) -> Tensor:
    """
    Inverse tangent, in radians.
    """
def arctan2(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Angle of the point (x2, x1), in radians.
    """
def arctanh(x: typing.Any) -> Tensor:
    """
    Inverse hyperbolic tangent.
    """
def argmax(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Index of the first maximum.
    """
def argmin(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Index of the first minimum.
    """
def argpartition(x: typing.Any, kth: typing.SupportsInt | typing.SupportsIndex, axis: typing.SupportsInt | typing.SupportsIndex | None = -1) -> Tensor:
    """
    Indices with the kth smallest element in its place, smaller ones before and larger ones after it.
    
    Args:
        x: A tensor.
        kth: The place. (All of the axis is sorted.)
        axis: The axis; None flattens.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.argpartition([3, 1, 2], 0).tolist()[0]
    1
    """
def argsort(x: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex | None = -1) -> Tensor:
    """
    Indices that sort an axis, stable.
    """
def array_split(x: typing.Any, indices_or_sections: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex = 0) -> list[Tensor]:
    """
    Cut along an axis into sections whose lengths differ by at most one, or at indices.
    
    Args:
        x: A tensor.
        indices_or_sections: A number of sections, or the indices at which to cut.
        axis: Axis to cut.
    
    Returns:
        A list of views.
    
    Example:
    
    >>> import lamina
    >>> [p.tolist() for p in lamina.ops.array_split([1, 2, 3, 4, 5], 2)]
    [[1, 2, 3], [4, 5]]
    """
def average(x: typing.Any, axis: typing.Any = None, weights: typing.Any = None) -> Tensor:
    """
    Mean over axes, weighted where weights are given: sum(x weights) / sum(weights).
    
    Args:
        x: A tensor.
        axis: Axis or axes, all by default.
        weights: Of the shape of x, or a vector for one axis.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.average([1.0, 4.0], weights=[2.0, 1.0]).item()
    2.0
    """
def average_pool(inputs: typing.Any, pool_size: typing.Any, strides: typing.Any = None, padding: str = 'valid', data_format: typing.Any = None) -> Tensor:
    """
    Mean over windows; padding is not counted.
    """
def bartlett(x: typing.Any) -> Tensor:
    """
    The Bartlett window of x points, 1 - |2 i / (x - 1) - 1|.
    
    Args:
        x: Number of points.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.bartlett(3).numpy().round(2).tolist()
    [0.0, 1.0, 0.0]
    """
def batch_normalization(x: typing.Any, mean: typing.Any, variance: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex, offset: typing.Any = None, scale: typing.Any = None, epsilon: typing.SupportsFloat | typing.SupportsIndex = 0.001) -> Tensor:
    """
    (x - mean) / sqrt(variance + epsilon) * scale + offset (Ioffe and Szegedy, 2015).
    """
def binary_crossentropy(target: typing.Any, output: typing.Any, from_logits: bool = False) -> Tensor:
    """
    Elementwise cross-entropy of two classes.
    """
def bincount(x: typing.Any, weights: typing.Any = None, minlength: typing.SupportsInt | typing.SupportsIndex = 0, sparse: bool = False) -> Tensor:
    """
    How often each integer 0, 1, ... occurs. Not inside a captured function.
    
    Args:
        x: Integers, not negative, with one axis or two; then rows are counted apart.
        weights: What each occurrence counts, 1 by default.
        minlength: Least length of the result.
        sparse: Not supported.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.bincount([1, 3, 1]).tolist()
    [0, 2, 0, 1]
    """
def bitwise_and(x: typing.Any, y: typing.Any) -> Tensor:
    """
    Bitwise and.
    """
def bitwise_not(x: typing.Any) -> Tensor:
    """
    Bitwise complement of integers; not for bool.
    """
def bitwise_or(x: typing.Any, y: typing.Any) -> Tensor:
    """
    Bitwise or.
    """
def bitwise_xor(x: typing.Any, y: typing.Any) -> Tensor:
    """
    Bitwise exclusive or.
    """
def blackman(x: typing.Any) -> Tensor:
    """
    The Blackman window of x points, 0.42 - 0.5 cos(2 pi i / (x - 1)) + 0.08 cos(4 pi i / (x - 1)).
    
    Args:
        x: Number of points.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.blackman(3).numpy().round(2).tolist()
    [-0.0, 1.0, -0.0]
    """
def broadcast_to(x: typing.Any, shape: typing.Any) -> Tensor:
    """
    x repeated to a shape by NumPy's rules. A view.
    """
def cast(x: typing.Any, dtype: typing.Any) -> Tensor:
    """
    x converted to another dtype.
    """
def categorical_crossentropy(target: typing.Any, output: typing.Any, from_logits: bool = False, axis: typing.SupportsInt | typing.SupportsIndex = -1) -> Tensor:
    """
    Cross-entropy with one-hot targets.
    """
def cbrt(x: typing.Any) -> Tensor:
    """
    Cube root.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.cbrt(8.0).item()
    2.0
    """
def cdist(x: typing.Any, y: typing.Any) -> Tensor:
    """
    Euclidean distances between all rows of x and all rows of y.
    
    Args:
        x: (..., M, D).
        y: (..., N, D).
    
    Returns:
        (..., M, N). Where a distance is 0 its gradient is 0.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.cdist([[0.0, 0.0]], [[3.0, 4.0]]).tolist()
    [[5.0]]
    """
def ceil(x: typing.Any) -> Tensor:
    """
    Smallest integer not below x.
    """
def celu(x: typing.Any, alpha: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> Tensor:
    """
    max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)).
    """
def check_constraint(arg0: typing.Any) -> None:
    ...
def check_initializer(arg0: typing.Any) -> None:
    ...
def check_regularizer(arg0: typing.Any) -> None:
    ...
def cholesky(x: typing.Any, upper: bool = False) -> Tensor:
    """
    The lower triangular L with L L^T = x, for symmetric positive definite matrices.
    
    Args:
        x: (..., M, M); its symmetric part is taken.
        upper: Give L^T instead.
    
    Raises ValueError where a matrix is not positive definite.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.cholesky([[4.0, 2.0], [2.0, 5.0]]).tolist()
    [[2.0, 0.0], [1.0, 2.0]]
    """
def cholesky_inverse(x: typing.Any, upper: bool = False) -> Tensor:
    """
    Inverse of the matrix with a given Cholesky factor, (x x^T)^-1.
    
    Args:
        x: (..., M, M), triangular, as cholesky() gives it.
        upper: x is upper triangular: (x^T x)^-1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.cholesky_inverse([[2.0, 0.0], [0.0, 1.0]]).tolist()
    [[0.25, 0.0], [0.0, 1.0]]
    """
def clip(x: typing.Any, x_min: typing.Any, x_max: typing.Any) -> Tensor:
    """
    x limited to [x_min, x_max].
    """
def concatenate(xs: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex = 0) -> Tensor:
    """
    Tensors joined along an axis.
    """
def constraint_defaults() -> typing.Any:
    ...
def conv(inputs: typing.Any, kernel: typing.Any, strides: typing.Any = 1, padding: str = 'valid', data_format: typing.Any = None, dilation_rate: typing.Any = 1) -> Tensor:
    """
    Convolution with 1 to 3 spatial axes; inputs (N, s..., C), kernel (k..., C / groups, F). padding: valid, same, or causal with one axis.
    """
def conv_transpose(inputs: typing.Any, kernel: typing.Any, strides: typing.Any = 1, padding: str = 'valid', output_padding: typing.Any = None, data_format: typing.Any = None, dilation_rate: typing.Any = 1) -> Tensor:
    """
    The transpose of a convolution; kernel (k..., F, C). Along an axis of n pixels, with reach = (k - 1) * dilation_rate + 1, the result has n * strides pixels with padding same and (n - 1) * strides + max(reach, strides) with valid; with output_padding (n - 1) * strides + output_padding and besides reach % 2 with same, reach with valid.
    """
def convert_to_tensor(x: typing.Any, dtype: typing.Any = None) -> Tensor:
    """
    x as a tensor; NumPy arrays share their memory.
    """
def copy(x: typing.Any) -> Tensor:
    """
    A copy.
    """
def copysign(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    x1 with the sign of x2.
    """
def corrcoef(x: typing.Any) -> Tensor:
    """
    Pearson's correlation of the rows with each other.
    
    Args:
        x: (variables, observations), or a vector.
    
    Returns:
        (variables, variables), or 1 for a vector.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.corrcoef([[1.0, 2.0], [2.0, 0.0]]).numpy().round(4).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
def correlate(x1: typing.Any, x2: typing.Any, mode: str = 'valid') -> Tensor:
    """
    Cross-correlation of vectors, sum_n x1[n + k] x2[n].
    
    Args:
        x1: A vector.
        x2: A vector.
        mode: 'valid': where both overlap fully. 'same': as long as the longer one. 'full': wherever
            they overlap.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.correlate([1.0, 2.0, 3.0], [1.0, 1.0]).tolist()
    [3.0, 5.0]
    """
def cos(x: typing.Any) -> Tensor:
    """
    Cosine, x in radians.
    """
def cosh(x: typing.Any) -> Tensor:
    """
    Hyperbolic cosine.
    """
def count_nonzero(x: typing.Any, axis: typing.Any = None) -> Tensor:
    """
    Number of non-zero elements.
    """
def cpu_isa() -> str:
    """
    Instruction set of the kernels in use: baseline, avx2 or avx512.
    """
def cross(x1: typing.Any, x2: typing.Any, axisa: typing.SupportsInt | typing.SupportsIndex = -1, axisb: typing.SupportsInt | typing.SupportsIndex = -1, axisc: typing.SupportsInt | typing.SupportsIndex = -1, axis: typing.SupportsInt | typing.SupportsIndex | None = None) -> Tensor:
    """
    Vector product of vectors of 2 or 3 components.
    
    Args:
        x1: Vectors along axisa.
        x2: Vectors along axisb.
        axisa: Axis of x1 that holds the components.
        axisb: Axis of x2 that holds them.
        axisc: Axis of the result that holds them; there is none where both have 2 components.
        axis: All three at once.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.cross([1, 0, 0], [0, 1, 0]).tolist()
    [0, 0, 1]
    """
def ctc_decode(inputs: typing.Any, sequence_lengths: typing.Any, strategy: str = 'greedy', beam_width: typing.SupportsInt | typing.SupportsIndex = 100, top_paths: typing.SupportsInt | typing.SupportsIndex = 1, merge_repeated: bool = True, mask_index: typing.SupportsInt | typing.SupportsIndex | None = 0) -> tuple[Tensor, Tensor]:
    """
    Labels from the outputs of a model trained with CTC.
    
    Args:
        inputs: Logits (batch, steps, classes).
        sequence_lengths: Steps of each sample, (batch,).
        strategy: `"greedy"`: the largest output of each step; `"beam_search"`: the most probable
            labels among those kept from step to step.
        beam_width: How many the beam search keeps.
        top_paths: How many it returns.
        merge_repeated: Whether, greedy, a label repeated without a blank between is one.
        mask_index: The class of the blank; `None`: the last one.
    
    Returns:
        (labels (paths, batch, steps), filled up with -1; scores): greedy the negative sum of the largest
        outputs (batch, 1), in a beam search the logarithms of the probabilities (batch, top_paths).
    
    Raises:
        ValueError: Shapes that do not fit, or an unknown strategy.
    """
def ctc_loss(target: typing.Any, output: typing.Any, target_length: typing.Any, output_length: typing.Any, mask_index: typing.SupportsInt | typing.SupportsIndex = 0) -> Tensor:
    """
    Connectionist temporal classification loss (Graves et al., 2006).
    
    loss = -log of the summed probabilities of all alignments of the labels to the steps
    
    Args:
        target: Labels, integers (batch, max_length).
        output: Logits (batch, steps, classes).
        target_length: Labels of each sample, (batch,).
        output_length: Steps of each sample, (batch,).
        mask_index: The class of the blank.
    
    Returns:
        The loss of each sample, (batch,). Labels that do not fit into the steps cost 1e5 for each
        step that is missing.
    
    Raises:
        ValueError: Shapes that do not fit, or a label outside of the classes.
    """
def cumprod(x: typing.Any, axis: typing.Any = None, dtype: typing.Any = None) -> Tensor:
    """
    Running product along an axis (of the flat array by default).
    """
def cumsum(x: typing.Any, axis: typing.Any = None, dtype: typing.Any = None) -> Tensor:
    """
    Running sum along an axis (of the flat array by default).
    """
def custom_gradient(forward: collections.abc.Callable, inputs: collections.abc.Sequence[Tensor]) -> typing.Any:
    ...
def debug_nans() -> bool:
    ...
def deg2rad(x: typing.Any) -> Tensor:
    """
    Degrees to radians.
    """
def depth_to_space(x: typing.Any, block_size: typing.SupportsInt | typing.SupportsIndex, data_format: typing.Any = 'channels_last') -> Tensor:
    """
    Channels as squares of block_size by block_size pixels, the inverse of space_to_depth (pixel shuffle; Shi et al., 2016, arXiv:1609.05158): (N, H, W, C * b * b) to (N, H * b, W * b, C).
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.depth_to_space(lamina.ops.ones((1, 2, 2, 12)), 2).shape
    (1, 4, 4, 3)
    """
def depthwise_conv(inputs: typing.Any, kernel: typing.Any, strides: typing.Any = 1, padding: str = 'valid', data_format: typing.Any = None, dilation_rate: typing.Any = 1) -> Tensor:
    """
    Convolution of each channel on its own; kernel (k..., C, multiplier).
    """
def deserialize_layer(arg0: typing.Any) -> typing.Any:
    ...
def det(x: typing.Any) -> Tensor:
    """
    Determinants of matrices (..., M, M). The gradient needs an inverse.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.det([[2.0, 1.0], [0.0, 3.0]]).item()
    6.0
    """
def diag(x: typing.Any, k: typing.SupportsInt | typing.SupportsIndex = 0) -> Tensor:
    """
    Diagonal of a matrix, or a matrix with that diagonal.
    """
def diagflat(x: typing.Any, k: typing.SupportsInt | typing.SupportsIndex = 0) -> Tensor:
    """
    A matrix with the flattened elements on a diagonal.
    
    Args:
        x: A tensor.
        k: The diagonal: 0 the main one, above it positive.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.diagflat([[1, 2]]).tolist()
    [[1, 0], [0, 2]]
    """
def diagonal(x: typing.Any, offset: typing.SupportsInt | typing.SupportsIndex = 0, axis1: typing.SupportsInt | typing.SupportsIndex = 0, axis2: typing.SupportsInt | typing.SupportsIndex = 1) -> Tensor:
    """
    The diagonal of two axes. A view.
    """
def diff(a: typing.Any, n: typing.SupportsInt | typing.SupportsIndex = 1, axis: typing.SupportsInt | typing.SupportsIndex = -1) -> Tensor:
    """
    Differences between neighbours along an axis, n times.
    
    Args:
        a: A tensor.
        n: How often.
        axis: The axis.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.diff([1, 4, 9]).tolist()
    [3, 5]
    """
def digamma(x: typing.Any) -> Tensor:
    """
    Derivative of lgamma.
    """
def digitize(x: typing.Any, bins: typing.Any) -> Tensor:
    """
    Index of the interval between bins that each element lies in: bins[i - 1] <= x < bins[i].
    
    Args:
        x: A tensor.
        bins: A vector, ascending or descending (then bins[i - 1] > x >= bins[i]).
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.digitize([0.2, 1.0, 9.0], [0.0, 1.0, 2.0]).tolist()
    [1, 2, 3]
    """
def divide(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Quotient; integers are divided as floats.
    """
def divide_no_nan(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Quotient, 0 where the divisor is 0.
    """
def dot(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    np.dot.
    """
def dot_product_attention(query: typing.Any, key: typing.Any, value: typing.Any, bias: typing.Any = None, mask: typing.Any = None, scale: typing.SupportsFloat | typing.SupportsIndex | None = None, is_causal: bool = False, flash_attention: typing.Any = None, attn_logits_soft_cap: typing.Any = None) -> Tensor:
    """
    softmax(query key^T * scale + bias) value for each head (Vaswani et al., 2017).
    
    Args:
        query: (B, T, N, H).
        key: (B, S, N, H).
        value: (B, S, N, H).
        bias: Added to the scores, broadcast to (B, N, T, S).
        mask: Boolean, broadcast to (B, N, T, S); false takes a key away.
        scale: 1 / sqrt(H) by default.
        is_causal: Query t sees keys 0 to t.
        flash_attention: Accepted as in Keras; without a bias the scores are never stored anyway.
        attn_logits_soft_cap: Not supported.
    
    Returns:
        (B, T, N, H).
    
    Example:
    
    >>> import lamina
    >>> x = lamina.ops.ones((1, 2, 1, 4))
    >>> lamina.ops.dot_product_attention(x, x, x).shape
    (1, 2, 1, 4)
    """
def dsplit(x: typing.Any, indices_or_sections: typing.Any) -> list[Tensor]:
    """
    Cut along the third axis into equal sections, or at indices.
    
    Args:
        x: A tensor.
        indices_or_sections: A number of equal sections, or the indices at which to cut.
    
    Returns:
        A list of views.
    
    Example:
    
    >>> import lamina
    >>> [p.shape for p in lamina.ops.dsplit(lamina.ops.ones((1, 1, 4)), 2)]
    [(1, 1, 2), (1, 1, 2)]
    """
def dstack(xs: typing.Any) -> Tensor:
    """
    Tensors joined along the third axis.
    
    Args:
        xs: A sequence of tensors.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.dstack([[1, 2], [3, 4]]).tolist()
    [[[1, 3], [2, 4]]]
    """
def dtype_policy() -> str:
    """
    How layers compute that are given no dtype: see set_dtype_policy().
    """
def eig(x: typing.Any) -> tuple[Tensor, Tensor]:
    """
    Eigenvalues and eigenvectors of square matrices whose eigenvalues are real.
    
    Args:
        x: (..., M, M).
    
    Returns:
        (w, v): eigenvalues (..., M), in no order, and unit eigenvectors (..., M, M) in columns.
    
    Raises NotImplementedError where an eigenvalue is complex: lamina has no complex numbers.
    
    Example:
    
    >>> import lamina
    >>> w, v = lamina.ops.eig([[2.0, 0.0], [1.0, 3.0]])
    >>> sorted(w.tolist())
    [2.0, 3.0]
    """
def eigh(x: typing.Any) -> tuple[Tensor, Tensor]:
    """
    Eigenvalues and eigenvectors of symmetric matrices, x = v diag(w) v^T.
    
    Args:
        x: (..., M, M); its symmetric part is taken.
    
    Returns:
        (w, v): eigenvalues (..., M), ascending, and orthonormal eigenvectors (..., M, M) in columns.
    
    Example:
    
    >>> import lamina
    >>> w, v = lamina.ops.eigh([[2.0, 0.0], [0.0, 1.0]])
    >>> w.tolist()
    [1.0, 2.0]
    """
def einsum(subscripts: str, *args, **kwargs) -> Tensor:
    """
    Einstein summation, as np.einsum with a string.
    """
def elu(x: typing.Any, alpha: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> Tensor:
    """
    x where positive, else alpha * (exp(x) - 1).
    """
def empty(shape: typing.Any, dtype: typing.Any = None) -> Tensor:
    """
    A tensor whose values do not matter (zeros).
    """
def empty_like(x: typing.Any, dtype: typing.Any = None) -> Tensor:
    """
    A tensor of the same shape whose values do not matter (zeros).
    
    Args:
        x: A tensor.
        dtype: Element type, that of x by default.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.empty_like([1, 2]).shape
    (2,)
    """
def equal(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    True where x1 == x2.
    """
def erf(x: typing.Any) -> Tensor:
    """
    Gauss error function.
    """
def erfc(x: typing.Any) -> Tensor:
    """
    Complementary error function, 1 - erf(x), accurate for large x.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.erfc(0.0).item()
    1.0
    """
def erfinv(x: typing.Any) -> Tensor:
    """
    Inverse of the error function, x in (-1, 1).
    """
def exp(x: typing.Any) -> Tensor:
    """
    Exponential.
    """
def exp2(x: typing.Any) -> Tensor:
    """
    2 raised to x.
    """
def expand_dims(x: typing.Any, axis: typing.Any) -> Tensor:
    """
    Axes of length 1 added. A view.
    """
def expm1(x: typing.Any) -> Tensor:
    """
    exp(x) - 1, accurate near zero.
    """
def extract_sequences(x: typing.Any, sequence_length: typing.SupportsInt | typing.SupportsIndex, sequence_stride: typing.SupportsInt | typing.SupportsIndex) -> Tensor:
    """
    Overlapping pieces of the last axis.
    
    Args:
        x: (..., n).
        sequence_length: Length of a piece.
        sequence_stride: Distance from one piece to the next.
    
    Returns:
        (..., pieces, sequence_length); what is left over at the end is dropped.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.extract_sequences([1, 2, 3, 4, 5], 3, 2).tolist()
    [[1, 2, 3], [3, 4, 5]]
    """
def eye(N: typing.SupportsInt | typing.SupportsIndex, M: typing.Any = None, k: typing.SupportsInt | typing.SupportsIndex = 0, dtype: typing.Any = None) -> Tensor:
    """
    Ones on a diagonal, zeros elsewhere.
    """
def fabs(x: typing.Any) -> Tensor:
    """
    Absolute value, as a float.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.fabs(-1).item()
    1.0
    """
def fft(x: typing.Any) -> tuple[Tensor, Tensor]:
    """
    Discrete Fourier transform along the last axis, sum_j x_j exp(-2 pi i j k / n).
    
    Args:
        x: (real part, imaginary part), of any length.
    
    Returns:
        (real part, imaginary part).
    
    Example:
    
    >>> import lamina
    >>> real, imaginary = lamina.ops.fft((lamina.ops.ones(4), lamina.ops.zeros(4)))
    >>> real.tolist()
    [4.0, 0.0, 0.0, 0.0]
    """
def fft2(x: typing.Any) -> tuple[Tensor, Tensor]:
    """
    Discrete Fourier transform along the last two axes.
    
    Args:
        x: (real part, imaginary part).
    
    Returns:
        (real part, imaginary part).
    
    Example:
    
    >>> import lamina
    >>> real, imaginary = lamina.ops.fft2((lamina.ops.ones((2, 2)), lamina.ops.zeros((2, 2))))
    >>> real.tolist()
    [[4.0, 0.0], [0.0, 0.0]]
    """
def flip(x: typing.Any, axis: typing.Any = None) -> Tensor:
    """
    Axes reversed. A view.
    """
def fliplr(x: typing.Any) -> Tensor:
    """
    The second axis reversed.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.fliplr([[1, 2], [3, 4]]).tolist()
    [[2, 1], [4, 3]]
    """
def flipud(x: typing.Any) -> Tensor:
    """
    The first axis reversed.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.flipud([[1, 2], [3, 4]]).tolist()
    [[3, 4], [1, 2]]
    """
def floatx() -> str:
    """
    Name of the dtype of tensors and layers that are given none.
    """
def floor(x: typing.Any) -> Tensor:
    """
    Largest integer not above x.
    """
def floor_divide(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Quotient rounded down.
    """
def fmax(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Larger of the two; a number wins over NaN.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.fmax([1.0, float("nan")], 2.0).tolist()
    [2.0, 2.0]
    """
def fmin(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Smaller of the two; a number wins over NaN.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.fmin([1.0, float("nan")], 2.0).tolist()
    [1.0, 2.0]
    """
def fmod(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Remainder with the sign of the dividend.
    """
def fold(x: typing.Any, output_size: typing.Any, kernel_size: typing.Any, dilation: typing.Any = 1, padding: typing.Any = 0, stride: typing.Any = 1) -> Tensor:
    """
    The transpose of unfold: columns added up where their windows lie, (N, C * kh * kw, windows) to (N, C, *output_size).
    
    Args:
        x: Columns, as unfold gives them.
        output_size: Rows and columns of the images.
        kernel_size, dilation, padding, stride: As for unfold.
    
    Example:
    
    >>> import lamina
    >>> columns = lamina.ops.unfold(lamina.ops.ones((1, 2, 4, 4)), 2, stride=2)
    >>> lamina.ops.fold(columns, (4, 4), 2, stride=2).shape
    (1, 2, 4, 4)
    """
def from_dlpack(x: typing.Any) -> Tensor:
    """
    A tensor on the memory of another library's array, through DLPack.
    """
def full(shape: typing.Any, fill_value: typing.Any, dtype: typing.Any = None) -> Tensor:
    """
    A tensor filled with a value.
    """
def full_like(x: typing.Any, fill_value: typing.Any, dtype: typing.Any = None) -> Tensor:
    """
    A value in the same shape.
    """
def function_loss(arg0: str, arg1: collections.abc.Callable) -> Loss:
    ...
def function_metric(arg0: str, arg1: collections.abc.Callable) -> Metric:
    ...
def gcd(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Greatest common divisor.
    """
def gelu(x: typing.Any, approximate: bool = True) -> Tensor:
    """
    x * Phi(x), Phi the normal distribution function (Hendrycks and Gimpel, 2016); approximate: by tanh.
    """
def geomspace(start: typing.Any, stop: typing.Any, num: typing.SupportsInt | typing.SupportsIndex = 50, endpoint: bool = True, dtype: typing.Any = None, axis: typing.SupportsInt | typing.SupportsIndex = 0) -> Tensor:
    """
    Values each of which is the one before times the same factor.
    
    Args:
        start: First value, a number or a tensor, not 0.
        stop: Last value, with the sign of start.
        num: Number of values.
        endpoint: Whether stop is the last of them.
        dtype: Element type.
        axis: Where the values go if start or stop is a tensor.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.geomspace(1, 8, 4).numpy().round(4).tolist()
    [1.0, 2.0, 4.0, 8.0]
    """
def get_vocabulary(arg0: Layer, arg1: bool) -> list[str]:
    ...
def glu(x: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex = -1) -> Tensor:
    """
    First half of an axis times the sigmoid of the second (Dauphin et al., 2016).
    """
def grad_enabled() -> bool:
    """
    Whether operations are recorded on this thread.
    """
def gradients(outputs: collections.abc.Sequence[Tensor], inputs: collections.abc.Sequence[Tensor], grad_outputs: collections.abc.Sequence[typing.Any] = [], create_graph: bool = False) -> list:
    """
    Gradients of the outputs' weighted sum with respect to the inputs; None where there is no path.
    """
def greater(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    True where x1 > x2.
    """
def greater_equal(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    True where x1 >= x2.
    """
def hamming(x: typing.Any) -> Tensor:
    """
    The Hamming window of x points, 0.54 - 0.46 cos(2 pi i / (x - 1)).
    
    Args:
        x: Number of points.
    
    Example:
    
    >>> import lamina
    >>> [round(v, 2) for v in lamina.ops.hamming(3).tolist()]
    [0.08, 1.0, 0.08]
    """
def hanning(x: typing.Any) -> Tensor:
    """
    The Hann window of x points, 0.5 - 0.5 cos(2 pi i / (x - 1)).
    
    Args:
        x: Number of points.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.hanning(3).numpy().round(2).tolist()
    [0.0, 1.0, 0.0]
    """
def hard_shrink(x: typing.Any, threshold: typing.SupportsFloat | typing.SupportsIndex = 0.5) -> Tensor:
    """
    x where |x| > threshold, else zero.
    """
def hard_sigmoid(x: typing.Any) -> Tensor:
    """
    relu6(x + 3) / 6.
    """
def hard_silu(x: typing.Any) -> Tensor:
    """
    x * relu6(x + 3) / 6, also called hard swish.
    """
def hard_tanh(x: typing.Any) -> Tensor:
    """
    x clipped to [-1, 1].
    """
def heaviside(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    0 below zero, 1 above, x2 at zero.
    """
def histogram(x: typing.Any, bins: typing.Any = 10, range: typing.Any = None) -> tuple[Tensor, Tensor]:
    """
    How many elements lie in each of a number of intervals; the last one is closed.
    
    Args:
        x: A tensor.
        bins: Number of intervals, or their edges, ascending.
        range: (lowest, highest) edge, those of x by default.
    
    Returns:
        (counts, edges), floats.
    
    Example:
    
    >>> import lamina
    >>> counts, edges = lamina.ops.histogram([1.0, 2.0, 2.0, 4.0], bins=3)
    >>> counts.tolist(), edges.tolist()
    ([1.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0])
    """
def hsplit(x: typing.Any, indices_or_sections: typing.Any) -> list[Tensor]:
    """
    Cut along the second axis (the first of a vector) into equal sections, or at indices.
    
    Args:
        x: A tensor.
        indices_or_sections: A number of equal sections, or the indices at which to cut.
    
    Returns:
        A list of views.
    
    Example:
    
    >>> import lamina
    >>> [p.shape for p in lamina.ops.hsplit(lamina.ops.ones((2, 4)), 2)]
    [(2, 2), (2, 2)]
    """
def hstack(xs: typing.Any) -> Tensor:
    """
    Tensors joined along the second axis (the first of vectors).
    
    Args:
        xs: A sequence of tensors.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.hstack([[1, 2], [3]]).tolist()
    [1, 2, 3]
    """
def hypot(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    sqrt(x1^2 + x2^2).
    """
def i0(x: typing.Any) -> Tensor:
    """
    Modified Bessel function of the first kind, of order 0.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.i0(0.0).item()
    1.0
    """
def identity(n: typing.SupportsInt | typing.SupportsIndex, dtype: typing.Any = None) -> Tensor:
    """
    The identity matrix.
    """
def ifft2(x: typing.Any) -> tuple[Tensor, Tensor]:
    """
    The inverse of fft2.
    
    Args:
        x: (real part, imaginary part).
    
    Returns:
        (real part, imaginary part).
    
    Example:
    
    >>> import lamina
    >>> ones = lamina.ops.ones((2, 2)), lamina.ops.zeros((2, 2))
    >>> lamina.ops.ifft2(lamina.ops.fft2(ones))[0].tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
def in_top_k(targets: typing.Any, predictions: typing.Any, k: typing.SupportsInt | typing.SupportsIndex) -> Tensor:
    """
    Whether each target is among the k largest predictions.
    """
def initializer_defaults() -> typing.Any:
    ...
def inner(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Inner product over the last axes.
    """
def inv(x: typing.Any) -> Tensor:
    """
    Inverses of matrices (..., M, M).
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
def irfft(x: typing.Any, fft_length: typing.SupportsInt | typing.SupportsIndex | None = None) -> Tensor:
    """
    The inverse of rfft: real values.
    
    Args:
        x: (real part, imaginary part) of the first bins.
        fft_length: Length of the result, 2 * (bins - 1) by default.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.irfft(lamina.ops.rfft([1.0, 2.0, 3.0, 4.0])).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
def isclose(x1: typing.Any, x2: typing.Any, rtol: typing.SupportsFloat | typing.SupportsIndex = 1e-05, atol: typing.SupportsFloat | typing.SupportsIndex = 1e-08, equal_nan: bool = False) -> Tensor:
    """
    True where |x1 - x2| <= atol + rtol * |x2|.
    """
def isfinite(x: typing.Any) -> Tensor:
    """
    True where x is finite.
    """
def isin(x1: typing.Any, x2: typing.Any, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """
    Whether each element of x1 is among those of x2.
    
    Args:
        x1: A tensor.
        x2: A tensor.
        assume_unique: Not needed; accepted as in Keras.
        invert: Whether it is not.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.isin([1, 2, 3], [3, 1]).tolist()
    [True, False, True]
    """
def isinf(x: typing.Any) -> Tensor:
    """
    True where x is infinite.
    """
def isnan(x: typing.Any) -> Tensor:
    """
    True where x is not a number.
    """
def isneginf(x: typing.Any) -> Tensor:
    """
    True where x is negative infinity.
    """
def isposinf(x: typing.Any) -> Tensor:
    """
    True where x is positive infinity.
    """
def istft(x: typing.Any, sequence_length: typing.SupportsInt | typing.SupportsIndex, sequence_stride: typing.SupportsInt | typing.SupportsIndex, fft_length: typing.SupportsInt | typing.SupportsIndex, length: typing.SupportsInt | typing.SupportsIndex | None = None, window: typing.Any = 'hann', center: bool = True) -> Tensor:
    """
    The inverse of stft, by adding overlapping frames.
    
    Args:
        x: (real part, imaginary part), each (..., frames, fft_length / 2 + 1).
        sequence_length: As given to stft.
        sequence_stride: As given to stft.
        fft_length: As given to stft.
        length: Length of the result; all of it by default.
        window: As given to stft.
        center: As given to stft.
    
    Example:
    
    >>> import lamina
    >>> x = lamina.ops.arange(32, dtype="float32")
    >>> spectrum = lamina.ops.stft(x, 8, 4, 8)
    >>> lamina.ops.istft(spectrum, 8, 4, 8).numpy().round(4)[1:4].tolist()
    [1.0, 2.0, 3.0]
    """
def kaiser(x: typing.Any, beta: typing.SupportsFloat | typing.SupportsIndex) -> Tensor:
    """
    The Kaiser window of x points, I0(beta sqrt(1 - (2 i / (x - 1) - 1)^2)) / I0(beta).
    
    Args:
        x: Number of points.
        beta: Shape: larger is narrower.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.kaiser(3, 0.0).tolist()
    [1.0, 1.0, 1.0]
    """
def kron(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Kronecker product: a block x1[i, j] * x2 for each element of x1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.kron([1, 2], [1, 10]).tolist()
    [1, 10, 2, 20]
    """
def layer_classes() -> dict:
    """
    Built-in layer classes: name -> (default arguments, documentation).
    """
def layer_normalization(x: typing.Any, gamma: typing.Any = None, beta: typing.Any = None, axis: typing.Any = -1, epsilon: typing.SupportsFloat | typing.SupportsIndex | None = None, **kwargs) -> Tensor:
    """
    (x - mean) / sqrt(variance + epsilon) * gamma + beta (Ba et al., 2016).
    
    Args:
        x: A tensor.
        gamma: Factors, of the shape of the normalized axes.
        beta: What is added, of the same shape.
        axis: Axis or axes of mean and variance.
        epsilon: 1e-7 by default.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.layer_normalization([1.0, 3.0]).numpy().round(4).tolist()
    [-1.0, 1.0]
    """
def lcm(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Least common multiple.
    """
def ldexp(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    x1 * 2 ** x2.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.ldexp(3.0, 2).item()
    12.0
    """
def leaky_relu(x: typing.Any, negative_slope: typing.SupportsFloat | typing.SupportsIndex = 0.2) -> Tensor:
    """
    x where positive, else negative_slope * x.
    """
def left_shift(x: typing.Any, y: typing.Any) -> Tensor:
    """
    Bits shifted to the left.
    """
def less(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    True where x1 < x2.
    """
def less_equal(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    True where x1 <= x2.
    """
def lgamma(x: typing.Any) -> Tensor:
    """
    Logarithm of the absolute value of the gamma function.
    """
def linspace(start: typing.Any, stop: typing.Any, num: typing.SupportsInt | typing.SupportsIndex = 50, endpoint: bool = True, retstep: bool = False, dtype: typing.Any = None, axis: typing.SupportsInt | typing.SupportsIndex = 0) -> typing.Any:
    """
    num evenly spaced values.
    
    Args:
        start: First value, a number or a tensor.
        stop: Last value.
        num: Number of values.
        endpoint: Whether stop is the last of them.
        retstep: Give the distance between them, too.
        dtype: Element type.
        axis: Where the values go if start or stop is a tensor.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.linspace(0, 1, 5).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
def load(path: str, compile: bool = True) -> typing.Any:
    ...
def log(x: typing.Any) -> Tensor:
    """
    Natural logarithm.
    """
def log10(x: typing.Any) -> Tensor:
    """
    Base-10 logarithm.
    """
def log1p(x: typing.Any) -> Tensor:
    """
    log(1 + x), accurate near zero.
    """
def log2(x: typing.Any) -> Tensor:
    """
    Base-2 logarithm.
    """
def log_sigmoid(x: typing.Any) -> Tensor:
    """
    log(sigmoid(x)), without overflow.
    """
def log_softmax(x: typing.Any, axis: typing.Any = -1) -> Tensor:
    """
    Logarithm of the softmax.
    """
def logaddexp(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    log(exp(x1) + exp(x2)), without overflow.
    """
def logaddexp2(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    log2(2^x1 + 2^x2), without overflow.
    """
def logdet(x: typing.Any) -> Tensor:
    """
    log |det x|, for matrices (..., M, M) that are positive definite.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.logdet([[1.0, 0.0], [0.0, 1.0]]).item()
    0.0
    """
def logical_and(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    True where both are non-zero.
    """
def logical_not(x: typing.Any) -> Tensor:
    """
    True where x is zero.
    """
def logical_or(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    True where either is non-zero.
    """
def logical_xor(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    True where exactly one is non-zero.
    """
def logspace(start: typing.Any, stop: typing.Any, num: typing.SupportsInt | typing.SupportsIndex = 50, endpoint: bool = True, base: typing.Any = 10, dtype: typing.Any = None, axis: typing.SupportsInt | typing.SupportsIndex = 0) -> Tensor:
    """
    base raised to evenly spaced exponents.
    
    Args:
        start: First exponent, a number or a tensor.
        stop: Last exponent.
        num: Number of values.
        endpoint: Whether stop is the last of them.
        base: Base of the powers.
        dtype: Element type.
        axis: Where the values go if start or stop is a tensor.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.logspace(0, 3, 4, base=2).tolist()
    [1.0, 2.0, 4.0, 8.0]
    """
def logsumexp(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    log(sum(exp(x))) without overflow.
    """
def loss_classes() -> dict:
    ...
def lstsq(a: typing.Any, b: typing.Any, rcond: typing.SupportsFloat | typing.SupportsIndex | None = None) -> Tensor:
    """
    The x that minimizes |a x - b|, and among several the shortest one.
    
    Args:
        a: (M, N).
        b: (M,) or (M, K).
        rcond: Singular values up to rcond times the largest count as zero; max(M, N) times the
            precision of the dtype by default.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.lstsq([[1.0], [1.0]], [1.0, 3.0]).numpy().round(4).tolist()
    [2.0]
    """
def lu_factor(x: typing.Any) -> tuple[Tensor, Tensor]:
    """
    LU factorization with partial pivoting, P x = L U.
    
    Args:
        x: (..., M, N).
    
    Returns:
        (lu, pivots): L below the diagonal (its ones are left out) and U on and above it, and for each
        of the min(M, N) steps the row that was exchanged with the row of the step, int32.
    
    Example:
    
    >>> import lamina
    >>> lu, pivots = lamina.ops.lu_factor([[1.0, 2.0], [2.0, 2.0]])
    >>> lu.tolist(), pivots.tolist()
    ([[2.0, 2.0], [0.5, 1.0]], [1, 1])
    """
def make_layer(arg0: str, arg1: typing.Any) -> typing.Any:
    ...
def make_loss(arg0: typing.Any) -> Loss:
    ...
def make_metric(arg0: typing.Any) -> Metric:
    ...
def make_optimizer(arg0: typing.Any) -> Optimizer:
    ...
def make_pipeline(arg0: collections.abc.Sequence[Layer], arg1: str) -> _LayerRef:
    ...
def make_schedule(arg0: typing.Any) -> LearningRateSchedule:
    ...
def matmul(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Matrix product of the last two axes, batch axes broadcast.
    """
def matrix_rank(x: typing.Any, tol: typing.SupportsFloat | typing.SupportsIndex | None = None) -> Tensor:
    """
    Number of singular values above tol.
    
    Args:
        x: (..., M, N).
        tol: max(M, N) times the largest singular value and the precision of the dtype by default.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.matrix_rank([[1.0, 2.0], [2.0, 4.0]]).item()
    1
    """
def max(x: typing.Any, axis: typing.Any = None, keepdims: bool = False, initial: typing.SupportsFloat | typing.SupportsIndex | None = None) -> Tensor:
    """
    Maximum over axes, at least `initial`; NaN wins.
    """
def max_pool(inputs: typing.Any, pool_size: typing.Any, strides: typing.Any = None, padding: str = 'valid', data_format: typing.Any = None) -> Tensor:
    """
    Maximum over windows; strides default to pool_size.
    """
def maximum(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Larger of the two; NaN wins.
    """
def mean(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Mean over axes (all by default).
    """
def median(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Middle value over axes, the mean of the two middle ones for even numbers.
    
    Args:
        x: A tensor.
        axis: Axis or axes, all by default.
        keepdims: Keep the reduced axes with length 1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.median([3.0, 1.0, 2.0]).item()
    2.0
    """
def meshgrid(*args, indexing: str = 'xy') -> list[Tensor]:
    """
    Coordinate grids from coordinate vectors.
    """
def metric_classes() -> dict:
    ...
def min(x: typing.Any, axis: typing.Any = None, keepdims: bool = False, initial: typing.SupportsFloat | typing.SupportsIndex | None = None) -> Tensor:
    """
    Minimum over axes, at most `initial`; NaN wins.
    """
def minimum(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Smaller of the two; NaN wins.
    """
def mish(x: typing.Any) -> Tensor:
    """
    x * tanh(softplus(x)) (Misra, 2019).
    """
def mod(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Remainder with the sign of the divisor.
    """
def model_from_config(arg0: typing.Any) -> typing.Any:
    ...
def moments(x: typing.Any, axes: typing.Any, keepdims: bool = False, synchronized: bool = False) -> tuple[Tensor, Tensor]:
    """
    (mean, variance) over axes; `synchronized` is taken for Keras's sake.
    """
def moveaxis(x: typing.Any, source: typing.Any, destination: typing.Any) -> Tensor:
    """
    Axes moved to other places. A view.
    """
def multi_hot(inputs: typing.Any, num_classes: typing.Any = None, axis: typing.SupportsInt | typing.SupportsIndex = -1, dtype: typing.Any = None, sparse: bool = False, **kwargs) -> Tensor:
    """
    1 for each class among the integers of a sample, 0 elsewhere.
    
    Args:
        inputs: Integers, (samples, n) or (n,).
        num_classes: Number of classes.
        axis: Where the axis of classes goes.
        dtype: Element type, `floatx` by default.
        sparse: Not supported.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.multi_hot([0, 2], 4, dtype="int32").tolist()
    [1, 0, 1, 0]
    """
def multiply(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Product of two tensors.
    """
def nan_to_num(x: typing.Any, nan: typing.SupportsFloat | typing.SupportsIndex = 0.0, posinf: typing.SupportsFloat | typing.SupportsIndex | None = None, neginf: typing.SupportsFloat | typing.SupportsIndex | None = None) -> Tensor:
    """
    NaN and infinities replaced by numbers.
    """
def nanargmax(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Index of the first maximum, NaN left out; -1 of NaN alone.
    
    Args:
        x: A tensor.
        axis: The axis; the flattened tensor by default.
        keepdims: Keep the reduced axis with length 1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nanargmax([1.0, float("nan"), 3.0]).item()
    2
    """
def nanargmin(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Index of the first minimum, NaN left out; -1 of NaN alone.
    
    Args:
        x: A tensor.
        axis: The axis; the flattened tensor by default.
        keepdims: Keep the reduced axis with length 1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nanargmin([1.0, float("nan"), 3.0]).item()
    0
    """
def nancumprod(x: typing.Any, axis: typing.Any = None, dtype: typing.Any = None) -> Tensor:
    """
    Running product, NaN as 1.
    
    Args:
        x: A tensor.
        axis: The axis; the flattened tensor by default.
        dtype: Element type of the result.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nancumprod([1.0, float("nan"), 3.0]).tolist()
    [1.0, 1.0, 3.0]
    """
def nancumsum(x: typing.Any, axis: typing.Any = None, dtype: typing.Any = None) -> Tensor:
    """
    Running sum, NaN as 0.
    
    Args:
        x: A tensor.
        axis: The axis; the flattened tensor by default.
        dtype: Element type of the result.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nancumsum([1.0, float("nan"), 3.0]).tolist()
    [1.0, 1.0, 4.0]
    """
def nanmax(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Maximum over axes, NaN left out. Of NaN alone: NaN.
    
    Args:
        x: A tensor.
        axis: Axis or axes, all by default.
        keepdims: Keep the reduced axes with length 1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nanmax([1.0, float("nan"), 3.0]).item()
    3.0
    """
def nanmean(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Mean over axes, NaN left out. Of NaN alone: NaN.
    
    Args:
        x: A tensor.
        axis: Axis or axes, all by default.
        keepdims: Keep the reduced axes with length 1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nanmean([1.0, float("nan"), 3.0]).item()
    2.0
    """
def nanmedian(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Middle value over axes, NaN left out. Of NaN alone: NaN.
    
    Args:
        x: A tensor.
        axis: Axis or axes, all by default.
        keepdims: Keep the reduced axes with length 1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nanmedian([1.0, float("nan"), 3.0]).item()
    2.0
    """
def nanmin(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Minimum over axes, NaN left out. Of NaN alone: NaN.
    
    Args:
        x: A tensor.
        axis: Axis or axes, all by default.
        keepdims: Keep the reduced axes with length 1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nanmin([1.0, float("nan"), 3.0]).item()
    1.0
    """
def nanpercentile(x: typing.Any, q: typing.Any, axis: typing.Any = None, method: str = 'linear', keepdims: bool = False) -> Tensor:
    """
    Percentiles over axes, NaN left out.
    
    Args:
        x: A tensor.
        q: Percentages in [0, 100], a number or a vector.
        axis: Axis or axes, all by default.
        method: Between two values: linear, lower, higher, midpoint or nearest.
        keepdims: Keep the reduced axes with length 1.
    
    Returns:
        A tensor; where q is a vector, its axis comes first.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nanpercentile([1.0, 3.0, float("nan")], 50).item()
    2.0
    """
def nanprod(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Product over axes, NaN left out. Of NaN alone: 1.
    
    Args:
        x: A tensor.
        axis: Axis or axes, all by default.
        keepdims: Keep the reduced axes with length 1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nanprod([1.0, float("nan"), 3.0]).item()
    3.0
    """
def nanquantile(x: typing.Any, q: typing.Any, axis: typing.Any = None, method: str = 'linear', keepdims: bool = False) -> Tensor:
    """
    Quantiles over axes, NaN left out.
    
    Args:
        x: A tensor.
        q: Probabilities in [0, 1], a number or a vector.
        axis: Axis or axes, all by default.
        method: Between two values: linear, lower, higher, midpoint or nearest.
        keepdims: Keep the reduced axes with length 1.
    
    Returns:
        A tensor; where q is a vector, its axis comes first.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nanquantile([1.0, 3.0, float("nan")], 0.5).item()
    2.0
    """
def nanstd(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Standard deviation over axes, NaN left out. Of NaN alone: NaN.
    
    Args:
        x: A tensor.
        axis: Axis or axes, all by default.
        keepdims: Keep the reduced axes with length 1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nanstd([1.0, float("nan"), 3.0]).item()
    1.0
    """
def nansum(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Sum over axes, NaN left out. Of NaN alone: 0.
    
    Args:
        x: A tensor.
        axis: Axis or axes, all by default.
        keepdims: Keep the reduced axes with length 1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nansum([1.0, float("nan"), 3.0]).item()
    4.0
    """
def nanvar(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Variance over axes, NaN left out, divided by their number. Of NaN alone: NaN.
    
    Args:
        x: A tensor.
        axis: Axis or axes, all by default.
        keepdims: Keep the reduced axes with length 1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.nanvar([1.0, float("nan"), 3.0]).item()
    1.0
    """
def ndim(x: typing.Any) -> int:
    """
    Number of axes.
    """
def negative(x: typing.Any) -> Tensor:
    """
    Numerical negative, -x.
    """
def nextafter(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    The next float after x1 towards x2.
    """
def nonzero(x: typing.Any) -> list[Tensor]:
    """
    Indices of the non-zero elements, one tensor an axis. Not inside a captured function.
    """
def norm(x: typing.Any, ord: typing.Any = None, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Norm of vectors or matrices, as np.linalg.norm.
    
    Args:
        x: A tensor.
        ord: None: the root of the sum of squares. Over one axis a number: 2, 1, 0, inf, -inf or any p.
            Over two axes 'fro', 'nuc', 1, -1, 2, -2, inf or -inf.
        axis: One axis or two; all by default.
        keepdims: Keep the reduced axes with length 1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.norm([3.0, 4.0]).item()
    5.0
    """
def normalization_statistics(arg0: Layer) -> tuple[Tensor, Tensor]:
    ...
def normalize(x: typing.Any, axis: typing.Any = -1, order: typing.SupportsInt | typing.SupportsIndex = 2, epsilon: typing.SupportsFloat | typing.SupportsIndex | None = None) -> Tensor:
    """
    x divided by its norm along an axis.
    
    Args:
        x: A tensor.
        axis: Axis or axes of the vectors.
        order: Order of the norm, at least 1.
        epsilon: Least norm to divide by, 1e-7 by default.
    
    Example:
    
    >>> import lamina
    >>> [round(v, 4) for v in lamina.ops.normalize([3.0, 4.0]).tolist()]
    [0.6, 0.8]
    """
def not_equal(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    True where x1 != x2.
    """
def num_threads() -> int:
    """
    Threads that one operation may use.
    """
def one_hot(x: typing.Any, num_classes: typing.SupportsInt | typing.SupportsIndex, axis: typing.SupportsInt | typing.SupportsIndex = -1, dtype: typing.Any = None, sparse: bool = False) -> Tensor:
    """
    1 at each index, 0 elsewhere.
    """
def ones(shape: typing.Any, dtype: typing.Any = None) -> Tensor:
    """
    Ones.
    """
def ones_like(x: typing.Any, dtype: typing.Any = None) -> Tensor:
    """
    Ones of the same shape.
    """
def op_names() -> list[str]:
    """
    Names of the operations in the core's table.
    """
def optimizer_classes() -> dict:
    ...
def outer(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Outer product of the flattened tensors.
    """
def pad(x: typing.Any, pad_width: typing.Any, mode: str = 'constant', constant_values: typing.Any = None) -> Tensor:
    """
    np.pad; mode: constant, reflect, symmetric or edge.
    """
def percentile(x: typing.Any, q: typing.Any, axis: typing.Any = None, method: str = 'linear', keepdims: bool = False) -> Tensor:
    """
    Percentiles over axes.
    
    Args:
        x: A tensor.
        q: Percentages in [0, 100], a number or a vector.
        axis: Axis or axes, all by default.
        method: Between two values: linear, lower, higher, midpoint or nearest.
        keepdims: Keep the reduced axes with length 1.
    
    Returns:
        A tensor; where q is a vector, its axis comes first.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.percentile([1.0, 2.0, 3.0], 50).item()
    2.0
    """
def pinv(x: typing.Any, rcond: typing.SupportsFloat | typing.SupportsIndex | None = None) -> Tensor:
    """
    Moore-Penrose inverses of matrices, by singular values.
    
    Args:
        x: (..., M, N).
        rcond: Singular values up to rcond times the largest count as zero; 10 max(M, N) times the
            precision of the dtype by default.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.pinv([[2.0, 0.0], [0.0, 0.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.0]]
    """
def polar(abs_: typing.Any, angle: typing.Any) -> tuple[Tensor, Tensor]:
    """
    The complex numbers of an absolute value and an angle, as (real part, imaginary part).
    
    Args:
        abs_: Absolute values.
        angle: Angles in radians.
    
    Example:
    
    >>> import lamina
    >>> real, imaginary = lamina.ops.polar([2.0], [0.0])
    >>> real.tolist(), imaginary.tolist()
    ([2.0], [0.0])
    """
def power(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    x1 raised to x2.
    """
def prod(x: typing.Any, axis: typing.Any = None, keepdims: bool = False, dtype: typing.Any = None) -> Tensor:
    """
    Product over axes, of elements converted to dtype where one is given.
    """
def psnr(x1: typing.Any, x2: typing.Any, max_val: typing.SupportsFloat | typing.SupportsIndex) -> Tensor:
    """
    Peak signal-to-noise ratio in dB, 20 log10(max_val) - 10 log10(mean((x1 - x2)^2)).
    
    Args:
        x1: An image.
        x2: An image of the same shape.
        max_val: Largest value that an image can have.
    
    Example:
    
    >>> import lamina
    >>> round(lamina.ops.psnr([1.0, 2.0], [1.0, 4.0], 10.0).item(), 3)
    16.99
    """
def ptp(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Maximum less minimum over axes.
    
    Args:
        x: A tensor.
        axis: Axis or axes, all by default.
        keepdims: Keep the reduced axes with length 1.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.ptp([1, 5, 3]).item()
    4
    """
def qr(x: typing.Any, mode: str = 'reduced') -> tuple[Tensor, Tensor]:
    """
    QR factorization, x = q r with orthonormal columns of q and upper triangular r.
    
    Args:
        x: (..., M, N), K = min(M, N).
        mode: 'reduced': q (..., M, K), r (..., K, N). 'complete': q (..., M, M), r (..., M, N).
    
    Example:
    
    >>> import lamina
    >>> q, r = lamina.ops.qr([[1.0, 2.0], [0.0, 3.0], [0.0, 0.0]])
    >>> q.shape, r.shape
    ((3, 2), (2, 2))
    """
def quantile(x: typing.Any, q: typing.Any, axis: typing.Any = None, method: str = 'linear', keepdims: bool = False) -> Tensor:
    """
    Quantiles over axes.
    
    Args:
        x: A tensor.
        q: Probabilities in [0, 1], a number or a vector.
        axis: Axis or axes, all by default.
        method: Between two values: linear, lower, higher, midpoint or nearest.
        keepdims: Keep the reduced axes with length 1.
    
    Returns:
        A tensor; where q is a vector, its axis comes first.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.quantile([1.0, 2.0, 3.0], 0.5).item()
    2.0
    """
def rad2deg(x: typing.Any) -> Tensor:
    """
    Radians to degrees.
    """
def ravel(x: typing.Any) -> Tensor:
    """
    Flattened to one axis.
    """
def rearrange(tensor: typing.Any, pattern: str, **kwargs) -> Tensor:
    """
    Axes cut, moved and joined, as einops.rearrange.
    
    Args:
        tensor: A tensor.
        pattern: Names of its axes, an arrow, and the names in the wanted order. Names in brackets are
            one axis: on the left it is cut, on the right they are joined.
        axes_lengths: Lengths of the parts that the shape does not tell.
    
    Example:
    
    >>> import lamina
    >>> images = lamina.ops.ones((2, 4, 6, 3))
    >>> lamina.ops.rearrange(images, 'b (h p) w c -> b h w (p c)', p=2).shape
    (2, 2, 6, 6)
    """
def reciprocal(x: typing.Any) -> Tensor:
    """
    Reciprocal, 1 / x.
    """
def register_activation(arg0: str, arg1: collections.abc.Callable) -> None:
    ...
def register_constraint(arg0: str, arg1: collections.abc.Callable) -> None:
    ...
def register_initializer(arg0: str, arg1: collections.abc.Callable) -> None:
    ...
def register_layer(arg0: str, arg1: collections.abc.Callable) -> None:
    ...
def register_optimizer(arg0: str, arg1: collections.abc.Callable) -> None:
    ...
def register_regularizer(arg0: str, arg1: collections.abc.Callable) -> None:
    ...
def register_schedule(arg0: str, arg1: collections.abc.Callable) -> None:
    ...
def register_text_functions(arg0: str, arg1: collections.abc.Callable) -> None:
    """
    Let TextVectorization find a Python function by name.
    """
def regularizer_defaults() -> typing.Any:
    ...
def relu(x: typing.Any) -> Tensor:
    """
    Rectified linear unit, max(x, 0).
    """
def relu6(x: typing.Any) -> Tensor:
    """
    min(max(x, 0), 6).
    """
def relu_general(x: typing.Any, negative_slope: typing.SupportsFloat | typing.SupportsIndex = 0.0, max_value: typing.SupportsFloat | typing.SupportsIndex | None = None, threshold: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> Tensor:
    """
    The rectifier of keras.activations.relu.
    """
def repeat(x: typing.Any, repeats: typing.Any, axis: typing.Any = None) -> Tensor:
    """
    Each element repeated along an axis.
    """
def reset_layer_names() -> None:
    ...
def reshape(x: typing.Any, newshape: typing.Any) -> Tensor:
    """
    The same elements in another shape; one length may be -1. A view where memory allows.
    """
def rfft(x: typing.Any, fft_length: typing.SupportsInt | typing.SupportsIndex | None = None) -> tuple[Tensor, Tensor]:
    """
    Fourier transform of real values along the last axis: the fft_length / 2 + 1 first bins.
    
    Args:
        x: Real values.
        fft_length: Length of the transform: x is cut to it or filled up with zeros. The length of the
            axis by default.
    
    Returns:
        (real part, imaginary part).
    
    Example:
    
    >>> import lamina
    >>> real, imaginary = lamina.ops.rfft([0.0, 1.0, 0.0, -1.0])
    >>> imaginary.tolist()
    [0.0, -2.0, 0.0]
    """
def right_shift(x: typing.Any, y: typing.Any) -> Tensor:
    """
    Bits shifted to the right.
    """
def rint(x: typing.Any) -> Tensor:
    """
    Nearest integer, halves to even.
    """
def rms_normalization(x: typing.Any, scale: typing.Any = None, axis: typing.Any = -1, epsilon: typing.SupportsFloat | typing.SupportsIndex | None = None) -> Tensor:
    """
    x / sqrt(mean(x^2) + epsilon) * scale (Zhang and Sennrich, 2019).
    
    Args:
        x: A tensor.
        scale: Factors, broadcast to x.
        axis: Axis or axes of the mean.
        epsilon: 1e-7 by default.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.rms_normalization([3.0, -3.0]).numpy().round(4).tolist()
    [1.0, -1.0]
    """
def roll(x: typing.Any, shift: typing.Any, axis: typing.Any = None) -> Tensor:
    """
    Elements shifted along axes, around the end.
    """
def rot90(array: typing.Any, k: typing.SupportsInt | typing.SupportsIndex = 1, axes: typing.Any = (0, 1)) -> Tensor:
    """
    Turned by quarters in the plane of two axes, from the first towards the second.
    
    Args:
        array: At least 2 axes.
        k: Number of quarter turns.
        axes: The two axes.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.rot90([[1, 2], [3, 4]]).tolist()
    [[2, 4], [1, 3]]
    """
def round(x: typing.Any, decimals: typing.SupportsInt | typing.SupportsIndex = 0) -> Tensor:
    """
    Rounded to that many decimals, halves to even.
    """
def rsqrt(x: typing.Any) -> Tensor:
    """
    Reciprocal square root, 1 / sqrt(x).
    """
def saturate_cast(x: typing.Any, dtype: typing.Any) -> Tensor:
    """
    x converted to another dtype; values beyond its range become its ends.
    
    Args:
        x: A tensor.
        dtype: The dtype.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.saturate_cast([-3, 300], "uint8").tolist()
    [0, 255]
    """
def scatter(indices: typing.Any, values: typing.Any, shape: typing.Any) -> Tensor:
    """
    Zeros of `shape` with values added at indices.
    """
def scatter_update(inputs: typing.Any, indices: typing.Any, updates: typing.Any, reduction: typing.Any = None) -> Tensor:
    """
    A copy with updates written at indices; reduction: None, add, max, min or mul.
    """
def schedule_classes() -> dict:
    ...
def searchsorted(sorted_sequence: typing.Any, values: typing.Any, side: str = 'left') -> Tensor:
    """
    np.searchsorted.
    """
def segment_max(data: typing.Any, segment_ids: typing.Any, num_segments: typing.SupportsInt | typing.SupportsIndex | None = None, sorted: bool = False) -> Tensor:
    """
    Maximum over the rows that have the same segment id. The result of no rows is the lowest value of the dtype.
    
    Args:
        data: (n, ...).
        segment_ids: (n,) integers; rows with an id outside of [0, num_segments) are left out.
        num_segments: Number of segments; without it the largest id + 1, not inside a captured function.
        sorted: Not needed; accepted as in Keras.
    
    Returns:
        (num_segments, ...).
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.segment_max([1, 2, 3], [0, 1, 0], 2).tolist()
    [3, 2]
    """
def segment_min(data: typing.Any, segment_ids: typing.Any, num_segments: typing.SupportsInt | typing.SupportsIndex | None = None, sorted: bool = False) -> Tensor:
    """
    Minimum over the rows that have the same segment id. The result of no rows is the highest value of the dtype.
    
    Args:
        data: (n, ...).
        segment_ids: (n,) integers; rows with an id outside of [0, num_segments) are left out.
        num_segments: Number of segments; without it the largest id + 1, not inside a captured function.
        sorted: Not needed; accepted as in Keras.
    
    Returns:
        (num_segments, ...).
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.segment_min([1, 2, 3], [0, 1, 0], 2).tolist()
    [1, 2]
    """
def segment_prod(data: typing.Any, segment_ids: typing.Any, num_segments: typing.SupportsInt | typing.SupportsIndex | None = None, sorted: bool = False) -> Tensor:
    """
    Product over the rows that have the same segment id.
    
    Args:
        data: (n, ...).
        segment_ids: (n,) integers; rows with an id outside of [0, num_segments) are left out.
        num_segments: Number of segments; without it the largest id + 1, not inside a captured function.
        sorted: Not needed; accepted as in Keras.
    
    Returns:
        (num_segments, ...).
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.segment_prod([1, 2, 3], [0, 1, 0], 2).tolist()
    [3, 2]
    """
def segment_sum(data: typing.Any, segment_ids: typing.Any, num_segments: typing.SupportsInt | typing.SupportsIndex | None = None, sorted: bool = False) -> Tensor:
    """
    Sum over the rows that have the same segment id.
    
    Args:
        data: (n, ...).
        segment_ids: (n,) integers; rows with an id outside of [0, num_segments) are left out.
        num_segments: Number of segments; without it the largest id + 1, not inside a captured function.
        sorted: Not needed; accepted as in Keras.
    
    Returns:
        (num_segments, ...).
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.segment_sum([1, 2, 3], [0, 1, 0], 2).tolist()
    [4, 2]
    """
def select(condlist: typing.Any, choicelist: typing.Any, default: typing.Any = 0) -> Tensor:
    """
    Elements of the first choice whose condition holds.
    
    Args:
        condlist: Boolean tensors.
        choicelist: As many tensors of values.
        default: What no condition chooses.
    
    Example:
    
    >>> import lamina
    >>> x = lamina.ops.arange(5)
    >>> lamina.ops.select([x < 1, x > 3], [x - 10, x + 10], x).tolist()
    [-10, 1, 2, 3, 14]
    """
def selu(x: typing.Any) -> Tensor:
    """
    Scaled exponential linear unit (Klambauer et al., 2017).
    """
def separable_conv(inputs: typing.Any, depthwise_kernel: typing.Any, pointwise_kernel: typing.Any, strides: typing.Any = 1, padding: str = 'valid', data_format: typing.Any = None, dilation_rate: typing.Any = 1) -> Tensor:
    """
    A depthwise convolution with a kernel (k..., C, multiplier), then one with a kernel (1..., C * multiplier, F).
    """
def set_debug_nans(on: bool) -> None:
    """
    Raise an error that names the operation and layer which makes the first NaN.
    """
def set_dtype_policy(policy: str) -> None:
    """
    Sets how layers compute that are given no dtype of their own.
    
    Args:
        policy: "float32" or another float type for weights and computation; or "mixed_bfloat16":
            weights, activations and sums in float32, but matrix products of dense and attention layers
            take their operands as bfloat16 where the CPU has instructions for that (avx512_bf16).
            Elsewhere it computes as float32 does. No loss scaling is needed.
    
    Raises:
        TypeError: An unknown name.
        NotImplementedError: "mixed_float16".
    """
def set_floatx(value: str) -> None:
    """
    Set the dtype of tensors and layers that are given none.
    """
def set_num_threads(n: typing.SupportsInt | typing.SupportsIndex) -> None:
    """
    Threads that one operation may use.
    """
def set_vocabulary(arg0: Layer, arg1: typing.Any, arg2: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> None:
    ...
def shape(x: typing.Any) -> tuple:
    """
    The shape, a tuple.
    """
def sigmoid(x: typing.Any) -> Tensor:
    """
    1 / (1 + exp(-x)).
    """
def sign(x: typing.Any) -> Tensor:
    """
    -1, 0 or 1; NaN stays NaN.
    """
def signbit(x: typing.Any) -> Tensor:
    """
    True where the sign bit is set.
    """
def silu(x: typing.Any) -> Tensor:
    """
    x * sigmoid(x), also called swish.
    """
def sin(x: typing.Any) -> Tensor:
    """
    Sine, x in radians.
    """
def sinc(x: typing.Any) -> Tensor:
    """
    Normalized sinc, sin(pi x) / (pi x), 1 at 0.
    """
def sinh(x: typing.Any) -> Tensor:
    """
    Hyperbolic sine.
    """
def size(x: typing.Any) -> int:
    """
    Number of elements.
    """
def slice(inputs: typing.Any, start_indices: typing.Any, shape: typing.Any) -> Tensor:
    """
    The block of `shape` that begins at start_indices. A view.
    """
def slice_update(inputs: typing.Any, start_indices: typing.Any, updates: typing.Any) -> Tensor:
    """
    A copy with a block replaced.
    """
def slogdet(x: typing.Any) -> tuple[Tensor, Tensor]:
    """
    Sign and logarithm of the absolute value of the determinant, without overflow.
    
    Args:
        x: (..., M, M).
    
    Returns:
        (sign, logarithm), each of shape (...).
    
    Example:
    
    >>> import lamina
    >>> sign, log = lamina.ops.slogdet([[-1.0, 0.0], [0.0, 1.0]])
    >>> sign.item(), log.item()
    (-1.0, 0.0)
    """
def soft_shrink(x: typing.Any, threshold: typing.SupportsFloat | typing.SupportsIndex = 0.5) -> Tensor:
    """
    x moved towards zero by threshold, zero within.
    """
def softmax(x: typing.Any, axis: typing.Any = -1) -> Tensor:
    """
    exp(x) / sum(exp(x)) over axes.
    """
def softplus(x: typing.Any) -> Tensor:
    """
    log(1 + exp(x)), without overflow.
    """
def softsign(x: typing.Any) -> Tensor:
    """
    x / (1 + |x|).
    """
def solve(a: typing.Any, b: typing.Any) -> Tensor:
    """
    The x with a x = b, by LU factorization.
    
    Args:
        a: (..., M, M).
        b: (..., M) or (..., M, N).
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 8.0]).tolist()
    [1.0, 2.0]
    """
def solve_triangular(a: typing.Any, b: typing.Any, lower: bool = False) -> Tensor:
    """
    The x with a x = b, reading one triangle of a.
    
    Args:
        a: (..., M, M).
        b: (..., M) or (..., M, N).
        lower: Read the lower triangle, not the upper one.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.solve_triangular([[2.0, 0.0], [1.0, 1.0]], [2.0, 3.0], lower=True).tolist()
    [1.0, 2.0]
    """
def sort(x: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex | None = -1) -> Tensor:
    """
    Sorted ascending along an axis, NaN last.
    """
def space_to_depth(x: typing.Any, block_size: typing.SupportsInt | typing.SupportsIndex, data_format: typing.Any = 'channels_last') -> Tensor:
    """
    Squares of block_size by block_size pixels as channels: (N, H, W, C) to (N, H / b, W / b, C * b * b).
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.space_to_depth(lamina.ops.ones((1, 4, 4, 3)), 2).shape
    (1, 2, 2, 12)
    """
def sparse_categorical_crossentropy(target: typing.Any, output: typing.Any, from_logits: bool = False, axis: typing.SupportsInt | typing.SupportsIndex = -1) -> Tensor:
    """
    Cross-entropy with integer targets.
    """
def sparse_plus(x: typing.Any) -> Tensor:
    """
    0 below -1, x above 1, (x + 1)^2 / 4 between.
    """
def sparse_sigmoid(x: typing.Any) -> Tensor:
    """
    0 below -1, 1 above 1, (x + 1) / 2 between.
    """
def sparsemax(x: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex = -1) -> Tensor:
    """
    Projection on the simplex (Martins and Astudillo, 2016).
    """
def split(x: typing.Any, indices_or_sections: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex = 0) -> list[Tensor]:
    """
    Cut into equal sections, or at indices. Views.
    """
def sqrt(x: typing.Any) -> Tensor:
    """
    Square root.
    """
def square(x: typing.Any) -> Tensor:
    """
    Square, x * x.
    """
def squareplus(x: typing.Any, b: typing.SupportsFloat | typing.SupportsIndex = 4.0) -> Tensor:
    """
    (x + sqrt(x * x + b)) / 2.
    """
def squeeze(x: typing.Any, axis: typing.Any = None) -> Tensor:
    """
    Axes of length 1 removed. A view.
    """
def stack(x: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex = 0) -> Tensor:
    """
    Tensors joined along a new axis.
    """
def std(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Standard deviation over axes, divided by n.
    """
def stft(x: typing.Any, sequence_length: typing.SupportsInt | typing.SupportsIndex, sequence_stride: typing.SupportsInt | typing.SupportsIndex, fft_length: typing.SupportsInt | typing.SupportsIndex, window: typing.Any = 'hann', center: bool = True) -> tuple[Tensor, Tensor]:
    """
    Short-time Fourier transform: rfft of overlapping frames of the last axis.
    
    Args:
        x: (..., n), float32 or float64.
        sequence_length: Samples of a frame.
        sequence_stride: Samples from one frame to the next.
        fft_length: Length of the transform, at least sequence_length; frames are in the middle.
        window: 'hann', 'hamming' (periodic ones), values of shape (sequence_length,), or None.
        center: Reflect fft_length / 2 samples at both ends, so that frames are centred on samples.
    
    Returns:
        (real part, imaginary part), each (..., frames, fft_length / 2 + 1).
    
    Example:
    
    >>> import lamina
    >>> real, imaginary = lamina.ops.stft(lamina.ops.ones(64), 16, 8, 16)
    >>> real.shape
    (9, 9)
    """
def stop_gradient(variable: typing.Any) -> Tensor:
    """
    The same values, no gradient.
    """
def subtract(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Difference of two tensors.
    """
def sum(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Sum over axes (all by default). Small integers and booleans are summed as int32.
    """
def svd(x: typing.Any, full_matrices: bool = True, compute_uv: bool = True) -> typing.Any:
    """
    Singular value decomposition, x = u diag(s) vh.
    
    Args:
        x: (..., M, N), K = min(M, N).
        full_matrices: u (..., M, M) and vh (..., N, N) instead of (..., M, K) and (..., K, N).
        compute_uv: False gives s alone.
    
    Returns:
        (u, s, vh), or s; s descends.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.svd([[3.0, 0.0], [0.0, 4.0]], compute_uv=False).tolist()
    [4.0, 3.0]
    """
def swapaxes(x: typing.Any, axis1: typing.SupportsInt | typing.SupportsIndex, axis2: typing.SupportsInt | typing.SupportsIndex) -> Tensor:
    """
    Two axes exchanged. A view.
    """
def take(x: typing.Any, indices: typing.Any, axis: typing.Any = None) -> Tensor:
    """
    Elements (or slices along an axis) by index.
    """
def take_along_axis(x: typing.Any, indices: typing.Any, axis: typing.Any = None) -> Tensor:
    """
    np.take_along_axis.
    """
def tan(x: typing.Any) -> Tensor:
    """
    Tangent, x in radians.
    """
def tanh(x: typing.Any) -> Tensor:
    """
    Hyperbolic tangent.
    """
def tanh_shrink(x: typing.Any) -> Tensor:
    """
    x - tanh(x).
    """
def tensor(data: typing.Any, dtype: typing.Any = None, requires_grad: bool = False) -> Tensor:
    """
    A new tensor with a copy of the data.
    """
def tensordot(x1: typing.Any, x2: typing.Any, axes: typing.Any = 2) -> Tensor:
    """
    np.tensordot.
    """
def threshold(x: typing.Any, threshold: typing.SupportsFloat | typing.SupportsIndex, default_value: typing.SupportsFloat | typing.SupportsIndex) -> Tensor:
    """
    x where x > threshold, else default_value.
    """
def tile(x: typing.Any, repeats: typing.Any) -> Tensor:
    """
    x repeated as a whole along each axis.
    """
def to_snake_case(arg0: str) -> str:
    ...
def top_k(x: typing.Any, k: typing.SupportsInt | typing.SupportsIndex, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """
    (values, indices) of the k largest of the last axis.
    """
def trace(x: typing.Any, offset: typing.SupportsInt | typing.SupportsIndex = 0, axis1: typing.SupportsInt | typing.SupportsIndex = 0, axis2: typing.SupportsInt | typing.SupportsIndex = 1) -> Tensor:
    """
    Sum of a diagonal.
    """
def transpose(x: typing.Any, axes: typing.Any = None) -> Tensor:
    """
    Axes in another order, reversed by default. A view.
    """
def trapezoid(y: typing.Any, x: typing.Any = None, dx: typing.SupportsFloat | typing.SupportsIndex = 1.0, axis: typing.SupportsInt | typing.SupportsIndex = -1) -> Tensor:
    """
    Integral along an axis by the trapezoidal rule.
    
    Args:
        y: Values.
        x: Where they were taken; evenly spaced by default.
        dx: Distance between them without x.
        axis: The axis.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.trapezoid([1.0, 2.0, 3.0]).item()
    4.0
    """
def tri(N: typing.SupportsInt | typing.SupportsIndex, M: typing.SupportsInt | typing.SupportsIndex | None = None, k: typing.SupportsInt | typing.SupportsIndex = 0, dtype: typing.Any = None) -> Tensor:
    """
    Ones on and below a diagonal, zeros above.
    
    Args:
        N: Number of rows.
        M: Number of columns, N by default.
        k: The diagonal: 0 the main one, above it positive.
        dtype: Element type, `floatx` by default.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.tri(2, 3, dtype="int32").tolist()
    [[1, 0, 0], [1, 1, 0]]
    """
def tril(x: typing.Any, k: typing.SupportsInt | typing.SupportsIndex = 0) -> Tensor:
    """
    Lower triangle, zero elsewhere.
    """
def triu(x: typing.Any, k: typing.SupportsInt | typing.SupportsIndex = 0) -> Tensor:
    """
    Upper triangle, zero elsewhere.
    """
def trunc(x: typing.Any) -> Tensor:
    """
    x rounded towards zero.
    """
def unfold(x: typing.Any, kernel_size: typing.Any, dilation: typing.Any = 1, padding: typing.Any = 0, stride: typing.Any = 1) -> Tensor:
    """
    The windows of an image as columns: (N, C, H, W) to (N, C * kh * kw, windows).
    
    Args:
        x: Images, channels first.
        kernel_size: Size of a window; this and the others are one number or (rows, columns).
        dilation: Distance of the pixels of a window.
        padding: Zeros around the image.
        stride: Distance of the windows.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.unfold(lamina.ops.ones((1, 2, 4, 4)), 2, stride=2).shape
    (1, 8, 4)
    """
def unique(x: typing.Any, sorted: bool = True, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False, axis: typing.SupportsInt | typing.SupportsIndex | None = None, size: typing.SupportsInt | typing.SupportsIndex | None = None, fill_value: typing.SupportsFloat | typing.SupportsIndex | None = None) -> typing.Any:
    """
    The different elements (or slices along an axis), sorted. Not inside a captured function.
    
    Args:
        x: A tensor.
        sorted: Accepted as in Keras; the result is always sorted.
        return_index: Give the first position of each, too.
        return_inverse: Give the position in the result of each element of x, too.
        return_counts: Give the number of occurrences of each, too.
        axis: Compare slices along this axis instead of elements.
        size: Length of the result: it is cut, or filled up.
        fill_value: What it is filled up with; the first element of the result by default.
    
    Returns:
        The elements, or a tuple of them and what was asked for.
    
    Example:
    
    >>> import lamina
    >>> values, counts = lamina.ops.unique([3, 1, 3], return_counts=True)
    >>> values.tolist(), counts.tolist()
    ([1, 3], [1, 2])
    """
def unique_layer_name(arg0: str) -> str:
    ...
def unravel_index(indices: typing.Any, shape: typing.Any) -> tuple:
    """
    Flat indices as one index for each axis of a shape.
    
    Args:
        indices: Integers.
        shape: The shape.
    
    Returns:
        A tuple of tensors, one for each axis.
    
    Example:
    
    >>> import lamina
    >>> [i.tolist() for i in lamina.ops.unravel_index([1, 5], (2, 3))]
    [[0, 1], [1, 2]]
    """
def unstack(x: typing.Any, num: typing.Any = None, axis: typing.SupportsInt | typing.SupportsIndex = 0) -> list[Tensor]:
    """
    The slices along an axis, as a list.
    """
def vander(x: typing.Any, N: typing.SupportsInt | typing.SupportsIndex | None = None, increasing: bool = False) -> Tensor:
    """
    The matrix of powers x^(N - 1), ..., x, 1 of a vector, a column for each.
    
    Args:
        x: A vector.
        N: Number of columns, the length of x by default.
        increasing: 1, x, ..., x^(N - 1) instead.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.vander([2, 3], 3).tolist()
    [[4, 2, 1], [9, 3, 1]]
    """
def var(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Variance over axes, divided by n.
    """
def vdot(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Dot product of the flattened tensors.
    """
def version() -> str:
    ...
def view(x: typing.Any, dtype: typing.Any = None) -> Tensor:
    """
    The same bytes read as another dtype, a copy.
    
    Args:
        x: A tensor.
        dtype: The dtype; the last axis grows or shrinks with the size of its elements.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.view(lamina.tensor([1.0], dtype="float32"), "int32").tolist()
    [1065353216]
    """
def vocabulary_size(arg0: Layer) -> int:
    ...
def vsplit(x: typing.Any, indices_or_sections: typing.Any) -> list[Tensor]:
    """
    Cut along the first axis into equal sections, or at indices.
    
    Args:
        x: A tensor.
        indices_or_sections: A number of equal sections, or the indices at which to cut.
    
    Returns:
        A list of views.
    
    Example:
    
    >>> import lamina
    >>> [p.shape for p in lamina.ops.vsplit(lamina.ops.ones((4, 3)), [1])]
    [(1, 3), (3, 3)]
    """
def vstack(xs: typing.Any) -> Tensor:
    """
    Tensors joined along the first axis, vectors as rows.
    
    Args:
        xs: A sequence of tensors.
    
    Example:
    
    >>> import lamina
    >>> lamina.ops.vstack([[1, 2], [3, 4]]).tolist()
    [[1, 2], [3, 4]]
    """
def where(condition: typing.Any, x1: typing.Any = None, x2: typing.Any = None) -> typing.Any:
    """
    x1 where the condition holds, else x2.
    """
def zeros(shape: typing.Any, dtype: typing.Any = None) -> Tensor:
    """
    Zeros.
    """
def zeros_like(x: typing.Any, dtype: typing.Any = None) -> Tensor:
    """
    Zeros of the same shape.
    """
