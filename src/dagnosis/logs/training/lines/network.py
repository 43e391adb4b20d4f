"""The networks of the line classifier in PyTorch, and the same ones as ONNX graphs.

`Baseline` is the plain sequence model: embedding -> GRU of 128 -> linear. `Default` reads both ways
and pools: embedding -> bidirectional GRU -> maximum, mean and attention over the tokens -> linear.

The graphs are written with onnx.helper node by node, so that what runs is what stands here; the
training checks that both give equal probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

OPSET, IR = 18, 9


class Baseline(nn.Module):
    """Embedding -> GRU -> linear on the last hidden state; three outputs."""

    def __init__(self, vocabulary: int, width: int = 128, hidden: int = 128) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.gru = nn.GRU(width, hidden, batch_first=True)
        self.linear = nn.Linear(hidden, 3)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """ids (batch, tokens), lengths (batch,) -> logits (batch, 3)."""
        packed = pack_padded_sequence(
            self.embedding(ids), lengths, batch_first=True, enforce_sorted=False
        )
        _, h = self.gru(packed)
        # h is (layers, batch, hidden): h[-1] is the last layer's state of every message, whereas
        # h[:, -1, :] would be the state of the last message of the batch
        return self.linear(h[-1])  # type: ignore[no-any-return]


class Default(nn.Module):
    """Embedding -> bidirectional GRU -> pooling -> linear; one output a level as it was called."""

    def __init__(
        self, table: NDArray[np.float32], hidden: int, outputs: int, dropout: float
    ) -> None:
        """`table` (vocabulary, width) is what the embedding begins with."""
        super().__init__()
        self.embedding = nn.Embedding(
            table.shape[0], table.shape[1], _weight=torch.from_numpy(table)
        )
        self.gru = nn.GRU(table.shape[1], hidden, batch_first=True, bidirectional=True)
        self.attention = nn.Linear(2 * hidden, 1)
        self.linear = nn.Linear(6 * hidden, outputs)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """ids (batch, tokens), lengths (batch,) -> logits (batch, outputs)."""
        inputs = self.dropout(self.embedding(ids))
        packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        beyond = (torch.arange(states.shape[1])[None] >= lengths[:, None])[..., None]
        share = self.attention(states).masked_fill(beyond, -1e9).softmax(1)
        pooled = torch.cat(
            [
                states.masked_fill(beyond, -1e9).amax(1),
                states.sum(1) / lengths[:, None],  # beyond the end they are zero
                (share * states).sum(1),
            ],
            1,
        )
        return self.linear(self.dropout(pooled))  # type: ignore[no-any-return]


# ---------------------------------------------------------------- ONNX


def graph(network: nn.Module, fold: NDArray[np.float32]) -> onnx.ModelProto:
    """The network as ONNX: ids (batch, tokens) and lengths (batch,), int32 -> probabilities (batch, 3).

    `fold` (outputs, 3) adds the probabilities of the outputs up to those of the three levels. The
    embedding, most of the file, is kept in 8 bits: `round_embedding` says what that leaves of it.
    """
    build = _Graph()
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    table, scale = _eight_bits(weights["embedding.weight"])
    whole = build.node(
        "Cast", [build.node("Gather", [build.constant(table), "ids"])], to=TensorProto.FLOAT
    )
    inputs = build.node("Mul", [whole, build.constant(scale)])
    steps = build.node("Transpose", [inputs], perm=[1, 0, 2])
    if isinstance(network, Default):
        features = _pooled(build, weights, steps)
    else:
        last = _gru(build, weights, steps, [""], output=1)
        features = build.node("Squeeze", [last, build.constant(np.array([0]))])
    logits = build.node(
        "Gemm",
        [features, *map(build.constant, (weights["linear.weight"], weights["linear.bias"]))],
        transB=1,
    )
    shares = build.node("Softmax", [logits], axis=1)
    build.nodes.append(
        helper.make_node("MatMul", [shares, build.constant(fold)], ["probabilities"])
    )
    return build.model()


def round_embedding(network: nn.Module) -> None:
    """Round the embedding to what the graph keeps: 255 steps a column."""
    embedding = network.get_submodule("embedding")
    with torch.no_grad():
        table, scale = _eight_bits(embedding.weight.numpy())  # type: ignore[operator]
        embedding.weight.copy_(torch.from_numpy(table * scale))  # type: ignore[operator]


def _eight_bits(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    scale = np.maximum(np.abs(table).max(0), 1e-6) / 127
    return np.rint(table / scale).astype(np.int8), scale.astype(np.float32)


def _pooled(build: _Graph, weights: dict[str, Any], steps: str) -> str:
    """Maximum, mean and attention over the states of a bidirectional GRU: (batch, 6 * hidden)."""
    both = _gru(build, weights, steps, ["", "_reverse"], output=0)  # (tokens, 2, batch, hidden)
    states = build.node(
        "Reshape",
        [
            build.node("Transpose", [both], perm=[2, 0, 1, 3]),
            build.constant(np.array([0, 0, -1])),
        ],
    )
    tokens = build.node("Gather", [build.node("Shape", ["ids"]), build.constant(np.array(1))])
    places = build.node(
        "Range",
        [
            build.constant(np.array(0, np.int32)),
            build.node("Cast", [tokens], to=TensorProto.INT32),
            build.constant(np.array(1, np.int32)),
        ],
    )
    column = build.node("Unsqueeze", ["lengths", build.constant(np.array([1]))])
    beyond = build.node("GreaterOrEqual", [places, column])
    mask = build.node("Unsqueeze", [beyond, build.constant(np.array([2]))])
    low = build.constant(np.array(-1e9, np.float32))
    over = build.constant(np.array([1]))
    highest = build.node("ReduceMax", [build.node("Where", [mask, low, states]), over], keepdims=0)
    count = build.node("Cast", [column], to=TensorProto.FLOAT)
    mean = build.node("Div", [build.node("ReduceSum", [states, over], keepdims=0), count])
    column_of = build.constant(weights["attention.weight"].T.copy())
    weight = build.node(
        "Softmax",
        [build.node("Where", [mask, low, build.node("MatMul", [states, column_of])])],
        axis=1,
    )
    attended = build.node("ReduceSum", [build.node("Mul", [weight, states]), over], keepdims=0)
    return build.node("Concat", [highest, mean, attended], axis=1)


def _gru(
    build: _Graph, weights: dict[str, Any], steps: str, directions: Sequence[str], output: int
) -> str:
    stacked = [
        np.stack([_gates(weights[f"gru.{kind}_l0{d}"]) for d in directions])
        for kind in ("weight_ih", "weight_hh")
    ]
    bias = np.stack(
        [
            np.concatenate(
                [_gates(weights[f"gru.{kind}_l0{d}"]) for kind in ("bias_ih", "bias_hh")]
            )
            for d in directions
        ]
    )
    made = [build.name(), build.name()]
    build.nodes.append(
        helper.make_node(
            "GRU",
            [steps, *map(build.constant, (*stacked, bias)), "lengths"],
            made,
            hidden_size=stacked[1].shape[-1],
            direction="bidirectional" if len(directions) == 2 else "forward",
            linear_before_reset=1,
        )
    )
    return made[output]


def _gates(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """PyTorch's order of gates, reset update new, in that of ONNX, update reset new."""
    reset, update, new = np.split(weight, 3)
    return np.concatenate([update, reset, new])


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._names = 0

    def name(self) -> str:
        self._names += 1
        return f"n{self._names}"

    def node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        name = self.name()
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, value: NDArray[Any]) -> str:
        name = self.name()
        self._constants.append(numpy_helper.from_array(value, name))
        return name

    def model(self) -> onnx.ModelProto:
        whole = helper.make_graph(
            self.nodes,
            "lines",
            [
                helper.make_tensor_value_info("ids", TensorProto.INT32, ["batch", "tokens"]),
                helper.make_tensor_value_info("lengths", TensorProto.INT32, ["batch"]),
            ],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 3])],
            self._constants,
        )
        made = helper.make_model(
            whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR
        )
        onnx.checker.check_model(made)
        return made
