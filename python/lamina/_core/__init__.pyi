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
__all__: list[str] = ['Function', 'GradMode', 'Input', 'Layer', 'Loss', 'Metric', 'Model', 'Optimizer', 'Sequential', 'Tensor', 'Variable', 'absolute', 'activation', 'activation_names', 'adaptive_average_pool', 'adaptive_max_pool', 'add', 'all', 'amax', 'amin', 'any', 'apply_constraint', 'apply_initializer', 'apply_regularizer', 'arange', 'arccos', 'arccosh', 'arcsin', 'arcsinh', 'arctan', 'arctan2', 'arctanh', 'argmax', 'argmin', 'argsort', 'average_pool', 'batch_normalization', 'binary_crossentropy', 'bitwise_and', 'bitwise_not', 'bitwise_or', 'bitwise_xor', 'broadcast_to', 'cast', 'categorical_crossentropy', 'ceil', 'celu', 'clip', 'concatenate', 'constraint_defaults', 'conv', 'conv_transpose', 'convert_to_tensor', 'copy', 'copysign', 'cos', 'cosh', 'count_nonzero', 'cpu_isa', 'cumprod', 'cumsum', 'custom_gradient', 'debug_nans', 'deg2rad', 'depth_to_space', 'depthwise_conv', 'deserialize_layer', 'diag', 'diagonal', 'digamma', 'divide', 'divide_no_nan', 'dot', 'dot_product_attention', 'dtype_policy', 'einsum', 'elu', 'empty', 'equal', 'erf', 'erfinv', 'exp', 'exp2', 'expand_dims', 'expm1', 'eye', 'flip', 'floatx', 'floor', 'floor_divide', 'fmod', 'fold', 'from_dlpack', 'full', 'full_like', 'function_loss', 'function_metric', 'gcd', 'gelu', 'glu', 'grad_enabled', 'gradients', 'greater', 'greater_equal', 'hard_shrink', 'hard_sigmoid', 'hard_silu', 'hard_tanh', 'heaviside', 'hypot', 'identity', 'image', 'in_top_k', 'initializer_defaults', 'inner', 'isclose', 'isfinite', 'isinf', 'isnan', 'isneginf', 'isposinf', 'layer_classes', 'layer_normalization', 'lcm', 'leaky_relu', 'left_shift', 'less', 'less_equal', 'lgamma', 'linspace', 'load', 'log', 'log10', 'log1p', 'log2', 'log_sigmoid', 'log_softmax', 'logaddexp', 'logaddexp2', 'logical_and', 'logical_not', 'logical_or', 'logical_xor', 'logsumexp', 'loss_classes', 'make_layer', 'make_loss', 'make_metric', 'make_optimizer', 'matmul', 'max', 'max_pool', 'maximum', 'mean', 'meshgrid', 'metric_classes', 'min', 'minimum', 'mish', 'mod', 'model_from_config', 'moments', 'moveaxis', 'multiply', 'nan_to_num', 'ndim', 'negative', 'nextafter', 'nonzero', 'norm', 'not_equal', 'num_threads', 'one_hot', 'ones', 'ones_like', 'op_names', 'optimizer_classes', 'outer', 'pad', 'power', 'prod', 'rad2deg', 'random', 'ravel', 'reciprocal', 'register_activation', 'register_constraint', 'register_initializer', 'register_layer', 'register_regularizer', 'regularizer_defaults', 'relu', 'relu6', 'relu_general', 'repeat', 'reset_layer_names', 'reshape', 'right_shift', 'rint', 'roll', 'round', 'rsqrt', 'scatter', 'scatter_update', 'searchsorted', 'selu', 'separable_conv', 'set_debug_nans', 'set_dtype_policy', 'set_floatx', 'set_num_threads', 'shape', 'sigmoid', 'sign', 'signbit', 'silu', 'sin', 'sinc', 'sinh', 'size', 'slice', 'slice_update', 'soft_shrink', 'softmax', 'softplus', 'softsign', 'sort', 'space_to_depth', 'sparse_categorical_crossentropy', 'sparse_plus', 'sparse_sigmoid', 'sparsemax', 'split', 'sqrt', 'square', 'squareplus', 'squeeze', 'stack', 'std', 'stop_gradient', 'subtract', 'sum', 'swapaxes', 'take', 'take_along_axis', 'tan', 'tanh', 'tanh_shrink', 'tensor', 'tensordot', 'threshold', 'tile', 'to_snake_case', 'top_k', 'trace', 'transpose', 'tril', 'triu', 'trunc', 'unfold', 'unique_layer_name', 'unstack', 'var', 'vdot', 'version', 'where', 'zeros', 'zeros_like']
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
    def from_config(cls: typing.Any, config: dict[str, typing.Any]) -> typing.Any:
        ...
    def __call__(self, *args, **kwargs) -> typing.Any:
        ...
    def __getattr__(self, name: str) -> typing.Any:
        """
        Weights and arguments of built-in layers, by name.
        """
    def __init__(self, *args, **kwargs) -> None:
        ...
    def __repr__(self) -> str:
        ...
    def __setattr__(self, name: str, value: typing.Any) -> None:
        ...
    def _add_seed(self, arg0: typing.SupportsInt | typing.SupportsIndex | None) -> Tensor:
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
    def build(self, input_shape: typing.Any) -> None:
        """
        Make the weights for an input shape (or a list of them); None for unknown lengths.
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
    def compute_output_shape(self, input_shape: typing.Any) -> typing.Any:
        """
        Shape of the output for an input shape; builds the layer.
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
    def quantize(self, *args: typing.Any, **kwargs: typing.Any) -> None:
        """
        Not available: raises NotImplementedError.
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
    def _building(self) -> bool:
        ...
    @property
    def _layers(self) -> list:
        ...
    @property
    def _options(self) -> typing.Any:
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
    """
    @classmethod
    def from_config(cls: typing.Any, config: dict[str, typing.Any]) -> typing.Any:
        ...
    def __call__(self, y_true: typing.Any, y_pred: typing.Any, sample_weight: typing.Any = None) -> Tensor:
        ...
    def __init__(self, *args, **kwargs) -> None:
        ...
    def call(self, y_true: typing.Any, y_pred: typing.Any) -> Tensor:
        """
        One value for each sample.
        """
    def get_config(self) -> typing.Any:
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
    """
    name: str
    @classmethod
    def from_config(cls: typing.Any, config: dict[str, typing.Any]) -> typing.Any:
        ...
    def __call__(self, *args, **kwargs) -> typing.Any:
        ...
    def __init__(self, *args, **kwargs) -> None:
        ...
    def add_variable(self, shape: typing.Any = None, initializer: typing.Any = None, dtype: typing.Any = None, name: str = 'variable') -> Variable:
        """
        A state variable, zero at first and after reset_state().
        """
    def add_weight(self, shape: typing.Any = None, initializer: typing.Any = None, dtype: typing.Any = None, name: str = 'variable') -> Variable:
        ...
    def get_config(self) -> typing.Any:
        ...
    def reset_state(self) -> None:
        ...
    def result(self) -> Tensor:
        ...
    def update_state(self, *args, **kwargs) -> None:
        ...
    @property
    def variables(self) -> list[Variable]:
        ...
class Optimizer:
    """
    Updates variables from their gradients.
    """
    @classmethod
    def from_config(cls: typing.Any, config: dict[str, typing.Any]) -> typing.Any:
        ...
    def __init__(self, *args, **kwargs) -> None:
        ...
    def apply(self, grads: typing.Any, trainable_variables: typing.Any) -> None:
        """
        One step with these gradients.
        """
    def apply_gradients(self, grads_and_vars: typing.Any) -> None:
        """
        One step with (gradient, variable) pairs.
        """
    def build(self, variables: collections.abc.Sequence[Variable]) -> None:
        """
        Make the state for these variables.
        """
    def exclude_from_weight_decay(self, var_list: typing.Any = None, var_names: typing.Any = None) -> None:
        """
        Variables that weight decay leaves alone, themselves or by a part of their path.
        """
    def get_config(self) -> typing.Any:
        ...
    @property
    def class_name(self) -> str:
        ...
    @property
    def iterations(self) -> int:
        """
        Steps taken.
        """
    @property
    def learning_rate(self) -> float:
        """
        Step size; may be set at any time.
        """
    @learning_rate.setter
    def learning_rate(self, arg1: typing.Any) -> None:
        ...
    @property
    def lr(self) -> float:
        ...
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
    def _compile(self, arg0: dict) -> None:
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
                    object that yields (x, y) or (x, y, sample_weight) batches.
                y: Targets, as arrays; None where x yields them.
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
    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """
        A layer by name or index.
        
            Raises:
                ValueError: There is none.
            
        """
    def load_weights(self, filepath: str | os.PathLike, **kwargs: typing.Any) -> None:
        """
        Read weights from a file of `save` or `save_weights`; nothing changes unless all fit.
        """
    def predict(self, x: typing.Any, batch_size: int | None = None, verbose: typing.Any = 'auto', steps: int | None = None, callbacks: typing.Any = None) -> typing.Any:
        """
        Outputs for inputs, as NumPy arrays, computed batch by batch.
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
    def save(self, filepath: str | os.PathLike, overwrite: bool = True, **kwargs: typing.Any) -> None:
        """
        Save architecture, weights, optimizer and random state in one file.
        
            The file is a safetensors file; a crash or a full disk leaves an older file as it was.
        
            Raises:
                OSError: The file cannot be written.
                ValueError: The model is not built.
            
        """
    def save_weights(self, filepath: str | os.PathLike, overwrite: bool = True) -> None:
        """
        Save the weights alone.
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
        The architecture as JSON.
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
    def _metrics(self) -> list[Metric]:
        ...
    @property
    def _optimizer(self) -> Optimizer:
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
    def optimizer(self):
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
def Input(shape: typing.Any = None, batch_size: typing.Any = None, dtype: typing.Any = None, name: typing.Any = None, batch_shape: typing.Any = None) -> Tensor:
    ...
def _get_source_inputs(arg0: Tensor) -> list[Tensor]:
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
def amax(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Maximum over axes; NaN wins.
    """
def amin(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Minimum over axes; NaN wins.
    """
def any(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Whether any element is non-zero.
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
def argsort(x: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex = -1) -> Tensor:
    """
    Indices that sort an axis, stable.
    """
def average_pool(inputs: typing.Any, pool_size: typing.Any, strides: typing.Any = None, padding: str = 'valid', data_format: typing.Any = None) -> Tensor:
    """
    Mean over windows; padding is not counted.
    """
def batch_normalization(x: typing.Any, mean: typing.Any, variance: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex, offset: typing.Any = None, scale: typing.Any = None, epsilon: typing.SupportsFloat | typing.SupportsIndex = 0.001) -> Tensor:
    """
    (x - mean) / sqrt(variance + epsilon) * scale + offset (Ioffe and Szegedy, 2015).
    """
def binary_crossentropy(target: typing.Any, output: typing.Any, from_logits: bool = False) -> Tensor:
    """
    Elementwise cross-entropy of two classes.
    """
def bitwise_and(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Bitwise and.
    """
def bitwise_not(x: typing.Any) -> Tensor:
    """
    Bitwise complement of integers; not for bool.
    """
def bitwise_or(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Bitwise or.
    """
def bitwise_xor(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Bitwise exclusive or.
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
def ceil(x: typing.Any) -> Tensor:
    """
    Smallest integer not below x.
    """
def celu(x: typing.Any, alpha: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> Tensor:
    """
    max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)).
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
def cumprod(x: typing.Any, axis: typing.Any = None) -> Tensor:
    """
    Running product along an axis (of the flat array by default).
    """
def cumsum(x: typing.Any, axis: typing.Any = None) -> Tensor:
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
def diag(x: typing.Any, k: typing.SupportsInt | typing.SupportsIndex = 0) -> Tensor:
    """
    Diagonal of a matrix, or a matrix with that diagonal.
    """
def diagonal(x: typing.Any, offset: typing.SupportsInt | typing.SupportsIndex = 0, axis1: typing.SupportsInt | typing.SupportsIndex = 0, axis2: typing.SupportsInt | typing.SupportsIndex = 1) -> Tensor:
    """
    The diagonal of two axes. A view.
    """
def digamma(x: typing.Any) -> Tensor:
    """
    Derivative of lgamma.
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
def dot_product_attention(query: typing.Any, key: typing.Any, value: typing.Any, bias: typing.Any = None, mask: typing.Any = None, scale: typing.SupportsFloat | typing.SupportsIndex | None = None, is_causal: bool = False) -> Tensor:
    """
    softmax(query key^T * scale) value (Vaswani et al., 2017); query (B, T, N, H), key and value (B, S, N, H).
    """
def dtype_policy() -> str:
    """
    How layers compute that are given no dtype: see set_dtype_policy().
    """
def einsum(subscripts: str, *args) -> Tensor:
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
def equal(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    True where x1 == x2.
    """
def erf(x: typing.Any) -> Tensor:
    """
    Gauss error function.
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
def eye(N: typing.SupportsInt | typing.SupportsIndex, M: typing.Any = None, k: typing.SupportsInt | typing.SupportsIndex = 0, dtype: typing.Any = None) -> Tensor:
    """
    Ones on a diagonal, zeros elsewhere.
    """
def flip(x: typing.Any, axis: typing.Any = None) -> Tensor:
    """
    Axes reversed. A view.
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
def full_like(x: typing.Any, fill_value: typing.SupportsFloat | typing.SupportsIndex, dtype: typing.Any = None) -> Tensor:
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
def hypot(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    sqrt(x1^2 + x2^2).
    """
def identity(n: typing.SupportsInt | typing.SupportsIndex, dtype: typing.Any = None) -> Tensor:
    """
    The identity matrix.
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
def isclose(x1: typing.Any, x2: typing.Any, rtol: typing.SupportsFloat | typing.SupportsIndex = 1e-05, atol: typing.SupportsFloat | typing.SupportsIndex = 1e-08, equal_nan: bool = False) -> Tensor:
    """
    True where |x1 - x2| <= atol + rtol * |x2|.
    """
def isfinite(x: typing.Any) -> Tensor:
    """
    True where x is finite.
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
def layer_classes() -> dict:
    """
    Built-in layer classes: name -> (default arguments, documentation).
    """
def layer_normalization(x: typing.Any, gamma: typing.Any = None, beta: typing.Any = None, epsilon: typing.SupportsFloat | typing.SupportsIndex = 0.001) -> Tensor:
    """
    Normalization over the last axis (Ba et al., 2016).
    """
def lcm(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Least common multiple.
    """
def leaky_relu(x: typing.Any, negative_slope: typing.SupportsFloat | typing.SupportsIndex = 0.2) -> Tensor:
    """
    x where positive, else negative_slope * x.
    """
def left_shift(x1: typing.Any, x2: typing.Any) -> Tensor:
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
def linspace(start: typing.SupportsFloat | typing.SupportsIndex, stop: typing.SupportsFloat | typing.SupportsIndex, num: typing.SupportsInt | typing.SupportsIndex = 50, endpoint: bool = True, retstep: bool = False, dtype: typing.Any = None) -> typing.Any:
    """
    num evenly spaced values.
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
def logsumexp(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    log(sum(exp(x))) without overflow.
    """
def loss_classes() -> dict:
    ...
def make_layer(arg0: str, arg1: typing.Any) -> typing.Any:
    ...
def make_loss(arg0: typing.Any) -> Loss:
    ...
def make_metric(arg0: typing.Any) -> Metric:
    ...
def make_optimizer(arg0: typing.Any) -> Optimizer:
    ...
def matmul(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Matrix product of the last two axes, batch axes broadcast.
    """
def max(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Maximum over axes; NaN wins.
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
def meshgrid(*args, indexing: str = 'xy') -> list[Tensor]:
    """
    Coordinate grids from coordinate vectors.
    """
def metric_classes() -> dict:
    ...
def min(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Minimum over axes; NaN wins.
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
def moments(x: typing.Any, axes: typing.Any, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """
    (mean, variance) over axes.
    """
def moveaxis(x: typing.Any, source: typing.Any, destination: typing.Any) -> Tensor:
    """
    Axes moved to other places. A view.
    """
def multiply(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Product of two tensors.
    """
def nan_to_num(x: typing.Any, nan: typing.SupportsFloat | typing.SupportsIndex = 0.0, posinf: typing.SupportsFloat | typing.SupportsIndex | None = None, neginf: typing.SupportsFloat | typing.SupportsIndex | None = None) -> Tensor:
    """
    NaN and infinities replaced by numbers.
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
    Norm as np.linalg.norm. ord: None or 'fro' (root of the sum of squares); over one axis 2, 1, 0, inf, -inf or any p; over two axes 1, -1, inf or -inf.
    
    Raises ValueError for another ord over two axes (2 and 'nuc' need singular values).
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
def power(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    x1 raised to x2.
    """
def prod(x: typing.Any, axis: typing.Any = None, keepdims: bool = False) -> Tensor:
    """
    Product over axes.
    """
def rad2deg(x: typing.Any) -> Tensor:
    """
    Radians to degrees.
    """
def ravel(x: typing.Any) -> Tensor:
    """
    Flattened to one axis.
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
def register_regularizer(arg0: str, arg1: collections.abc.Callable) -> None:
    ...
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
def right_shift(x1: typing.Any, x2: typing.Any) -> Tensor:
    """
    Bits shifted to the right.
    """
def rint(x: typing.Any) -> Tensor:
    """
    Nearest integer, halves to even.
    """
def roll(x: typing.Any, shift: typing.Any, axis: typing.Any = None) -> Tensor:
    """
    Elements shifted along axes, around the end.
    """
def round(x: typing.Any, decimals: typing.SupportsInt | typing.SupportsIndex = 0) -> Tensor:
    """
    Rounded to that many decimals, halves to even.
    """
def rsqrt(x: typing.Any) -> Tensor:
    """
    Reciprocal square root, 1 / sqrt(x).
    """
def scatter(indices: typing.Any, values: typing.Any, shape: typing.Any) -> Tensor:
    """
    Zeros of `shape` with values added at indices.
    """
def scatter_update(inputs: typing.Any, indices: typing.Any, updates: typing.Any, reduction: typing.Any = None) -> Tensor:
    """
    A copy with updates written at indices; reduction: None, add, max, min or mul.
    """
def searchsorted(sorted_sequence: typing.Any, values: typing.Any, side: str = 'left') -> Tensor:
    """
    np.searchsorted.
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
def sort(x: typing.Any, axis: typing.SupportsInt | typing.SupportsIndex = -1) -> Tensor:
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
def unique_layer_name(arg0: str) -> str:
    ...
def unstack(x: typing.Any, num: typing.Any = None, axis: typing.SupportsInt | typing.SupportsIndex = 0) -> list[Tensor]:
    """
    The slices along an axis, as a list.
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
