"""Texts as rows of a sparse matrix, with the weights that the classifier itself gives at run time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from classifiers.features import Counts, count
from classifiers.model import joined, weigh

BITS = 19
CHUNK = 400
BLOCK = 4_000
"""Rows that are multiplied with those behind them alone: the others were multiplied with them."""

Blocks = tuple[Counts, ...]


def counted(texts: Sequence[str]) -> list[Blocks]:
    """The features of each text."""
    return [count(text, BITS) for text in texts]


def inverse_document_frequency(texts: Sequence[Blocks]) -> NDArray[np.float32]:
    """ln((1 + n) / (1 + df)) + 1 (Salton and Buckley 1988, smoothed); 0 for what occurs once."""
    frequency = np.zeros(2**BITS, np.int64)
    for blocks in texts:
        for block in blocks:  # the kinds of features share no bucket but by chance
            frequency[block.buckets] += 1
    idf = np.log((1 + len(texts)) / (1 + frequency)) + 1
    idf[frequency < 2] = 0
    rounded: NDArray[np.float32] = idf.astype(np.float16).astype(np.float32)
    return rounded


def matrix(texts: Sequence[Blocks], idf: NDArray[np.float32]) -> sp.csr_matrix:
    """Texts × buckets."""
    weighed = [joined(blocks, weigh(blocks, idf)) for blocks in texts]
    starts = np.cumsum([0, *(len(buckets) for buckets, _ in weighed)])
    columns = np.concatenate([buckets for buckets, _ in weighed]).astype(np.int32)
    values = np.concatenate([values for _, values in weighed])
    return sp.csr_matrix((values, columns, starts), shape=(len(texts), 2**BITS))


def rows(texts: Sequence[str], idf: NDArray[np.float32]) -> sp.csr_matrix:
    """The same of the texts themselves, some at a time: what is counted takes more room than a row."""
    parts = [
        matrix(counted(texts[start : start + CHUNK]), idf) for start in range(0, len(texts), CHUNK)
    ]
    return sp.vstack(parts, format="csr")


def kernel(x: sp.csr_matrix) -> NDArray[np.float32]:
    """The inner product of every two rows: each pair once, on all cores."""
    size = x.shape[0]
    products = np.empty((size, size), np.float32)

    def multiply(start: int, behind: sp.csr_matrix, first: int) -> None:
        rows = slice(start, min(start + CHUNK, first + BLOCK, size))
        products[rows, first:] = (x[rows] @ behind).toarray()
        products[first:, rows] = products[rows, first:].T

    with ThreadPoolExecutor(os.cpu_count()) as threads:  # scipy lets go of the interpreter
        for first in range(0, size, BLOCK):
            behind = x[first:].T.tocsr()
            starts = range(first, min(first + BLOCK, size), CHUNK)
            for done in [threads.submit(multiply, start, behind, first) for start in starts]:
                done.result()
    return products
