"""A network as an int8 ONNX graph, and the proof that it still says the same.

The graph is exported by torch's exporter with free lengths and checked on three shapes against torch;
then weights of matrix products and the table of token vectors become int8, one scale a column
(onnxruntime's dynamic quantisation: activations are quantised as they come).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from classifiers.encoder import GRAPH, OUTPUTS
from classifiers.training.encoder.network import Network

SHAPES = ((1, 7), (3, 33), (2, 96))
TOLERANCE = 1e-3
OPSET = 20


def export(network: Network, vocabulary: int, folder: Path) -> None:
    """Writes ``encoder.onnx``. Raises ValueError where graph and network disagree."""
    network.cpu().eval()
    with tempfile.TemporaryDirectory() as room:
        exact = Path(room) / "exact.onnx"
        _graph(network, vocabulary, exact)
        _compare(network, vocabulary, exact)
        quantize_dynamic(
            exact,
            folder / GRAPH,
            op_types_to_quantize=["MatMul", "Gemm", "Gather", "Attention"],
            weight_type=QuantType.QInt8,
            per_channel=True,
        )
    _strip(folder / GRAPH)


def _strip(path: Path) -> None:
    """Without the exporter's notes on where each node came from: half a megabyte of them, with paths of
    the machine that made it."""
    model = onnx.load(path)
    del model.metadata_props[:]
    graph = model.graph
    del graph.value_info[:]
    for part in (*graph.node, *graph.input, *graph.output, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    onnx.save(model, path)


def _graph(network: Network, vocabulary: int, path: Path) -> None:
    texts, tokens = torch.export.Dim("texts"), torch.export.Dim("tokens")
    example = _example(vocabulary, (2, 16))
    torch.onnx.export(
        network,
        example,
        str(path),
        input_names=["input_ids", "attention_mask"],
        output_names=list(OUTPUTS),
        dynamic_shapes=({0: texts, 1: tokens}, {0: texts, 1: tokens}),
        dynamo=True,
        opset_version=OPSET,
        external_data=False,
        verbose=False,
    )


def _example(vocabulary: int, shape: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(sum(shape))
    ids = torch.randint(5, vocabulary, shape)
    mask = torch.ones(shape, dtype=torch.long)
    mask[-1, shape[1] // 2 :] = 0
    return ids, mask


def _compare(network: Network, vocabulary: int, path: Path) -> None:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for shape in SHAPES:
        ids, mask = _example(vocabulary, shape)
        with torch.inference_mode():
            wanted = network(ids, mask)
        given = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})
        for found, right in zip(given, wanted, strict=True):
            if not np.allclose(found, right.numpy(), atol=TOLERANCE):
                far = np.abs(found - right.numpy()).max()
                raise ValueError(f"the exported graph differs by {far:.4f}")
