"""One of the six models as a PyTorch user writes it, in a process of its own.

    python workload_torch.py MODEL eager|compile

Prints one JSON line, as workload_keras.py does.
"""

import json
import os
import resource
import sys
import time

import numpy as np

start = time.perf_counter()
import torch  # noqa: E402
from torch import nn  # noqa: E402

IMPORT_S = time.perf_counter() - start
RNG = np.random.default_rng(0)
CROSSENTROPY = nn.CrossEntropyLoss()


def adam(model):
    """Adam at Keras's rate."""
    return torch.optim.Adam(model.parameters(), 1e-3)


def images(n, *shape):
    """Noisy copies of ten random pictures, channels first."""
    y = RNG.integers(0, 10, n)
    x = RNG.standard_normal((n, *shape), dtype="float32")
    x += RNG.normal(scale=0.5, size=(10, *shape)).astype("float32")[y]
    return torch.from_numpy(x), torch.from_numpy(y)


def tabular():
    """16-64-64-1."""
    x = torch.from_numpy(RNG.normal(size=(12800, 16)).astype("float32"))
    y = (x[:, :1] * x[:, 1:2] > 0).float()
    m = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
    return m, x, y, 32, nn.BCEWithLogitsLoss(), adam(m)


def mlp():
    """784-512-512-10."""
    x, y = images(12800, 784)
    m = nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )
    return m, x, y, 128, CROSSENTROPY, adam(m)


def convnet():
    """32C3-P2-64C3-P2-10 on 28x28."""
    x, y = images(2560, 1, 28, 28)
    m = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(1600, 10),
    )
    return m, x, y, 128, CROSSENTROPY, adam(m)


def conv(inputs, filters, size, stride=1):
    """Convolution and normalization."""
    return nn.Sequential(
        nn.Conv2d(inputs, filters, size, stride, size // 2, bias=False), nn.BatchNorm2d(filters)
    )


class Block(nn.Module):
    """A residual block."""

    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.first = conv(inputs, filters, 3, stride)
        self.second = conv(filters, filters, 3)
        same = inputs == filters
        self.short = nn.Identity() if same else conv(inputs, filters, 1, stride)

    def forward(self, x):
        """relu(second(relu(first(x))) + short(x))."""
        y = self.second(torch.relu(self.first(x)))
        return torch.relu(y + self.short(x))


def resnet20():
    """He et al., 2015, on 32x32x3."""
    x, y = images(512, 3, 32, 32)
    layers, inputs = [conv(3, 16, 3), nn.ReLU()], 16
    for filters in (16, 32, 64):
        for i in range(3):
            layers.append(Block(inputs, filters, 2 if filters > 16 and i == 0 else 1))
            inputs = filters
    m = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    return m, x, y, 64, CROSSENTROPY, torch.optim.SGD(m.parameters(), 0.1, momentum=0.9)


class Lstm(nn.Module):
    """Embedding 20000x128, two bidirectional LSTM-64."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20000, 128)
        self.lstm = nn.LSTM(128, 64, 2, batch_first=True, bidirectional=True)
        self.out = nn.Linear(128, 1)

    def forward(self, x):
        """The last states of both directions, and a line."""
        _, (h, _) = self.lstm(self.embedding(x))
        return self.out(torch.cat([h[-2], h[-1]], 1))


def lstm():
    """200 steps."""
    x = torch.from_numpy(RNG.integers(1, 20000, size=(256, 200)))
    m = Lstm()
    return m, x, (x[:, :1] % 2).float(), 32, nn.BCEWithLogitsLoss(), adam(m)


class Transformer(nn.Module):
    """4 blocks, width 128, 4 heads."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(1000, 128)
        block = nn.TransformerEncoderLayer(
            128, 4, 512, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(block, 4, enable_nested_tensor=False)
        self.out = nn.Linear(128, 10)

    def forward(self, x):
        """Mean over the tokens, and a line."""
        return self.out(self.blocks(self.embedding(x)).mean(1))


def transformer():
    """128 tokens."""
    x = torch.from_numpy(RNG.integers(0, 1000, size=(128, 128)))
    y = torch.from_numpy(RNG.integers(0, 10, size=(128,)))
    m = Transformer()
    return m, x, y, 16, CROSSENTROPY, adam(m)


MODELS = {f.__name__: f for f in (tabular, mlp, convnet, resnet20, lstm, transformer)}


def main():
    """Warms up, measures, prints."""
    model, x, y, batch, loss_of, optimizer = MODELS[sys.argv[1]]()
    run = torch.compile(model) if sys.argv[2] == "compile" else model

    def epoch(n):
        model.train()
        order = torch.randperm(n)
        total = 0.0
        for i in range(0, n, batch):
            rows = order[i : i + batch]
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(run(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += float(loss)
        return total

    def predict(xs):
        model.eval()
        with torch.inference_mode():
            return torch.cat([run(xs[i : i + batch]) for i in range(0, len(xs), batch)]).numpy()

    def timed(function, *args):
        begin = time.perf_counter()
        function(*args)
        return time.perf_counter() - begin

    epoch(2 * batch)
    epoch(len(x))
    seconds = []
    end = time.perf_counter() + float(os.environ.get("SECONDS_EACH", "4"))
    while time.perf_counter() < end or len(seconds) < 2:
        seconds.append(timed(epoch, len(x)))
    predict(x)
    bulk = [timed(predict, x) for _ in range(5)]
    predict(x[:1])
    one = [timed(predict, x[:1]) for _ in range(30)]
    print(
        json.dumps(
            {
                "import_s": IMPORT_S,
                "train_per_s": len(x) / float(np.median(seconds)),
                "predict_per_s": len(x) / float(np.median(bulk)),
                "call1_ms": 1e3 * float(np.median(one)),
                "predict1_ms": None,
                "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


main()
