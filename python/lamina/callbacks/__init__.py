"""Callbacks: what happens at the beginning and end of training, epochs and batches."""

from lamina.callbacks._base import Callback, CallbackList, History, LambdaCallback
from lamina.callbacks._checkpoint import BackupAndRestore, ModelCheckpoint
from lamina.callbacks._logs import CSVLogger, RemoteMonitor
from lamina.callbacks._monitor import EarlyStopping, ReduceLROnPlateau
from lamina.callbacks._progress import ProgbarLogger
from lamina.callbacks._tensorboard import TensorBoard
from lamina.callbacks._training import LearningRateScheduler, SwapEMAWeights, TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
