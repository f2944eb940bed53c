"""A multilingual encoder's vocabulary, cut down to the pieces that a city's texts use.

A Unigram tokenizer (Kudo 2018) stays one when pieces are left out: a word then falls into other,
shorter pieces. All single letters stay, so that no word becomes unknown that was known.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

import torch
from tokenizers import Tokenizer
from torch import nn

LATIN_END, HANGUL_FIRST, HANGUL_LAST = "\u0250", "가", "힣"


def pruned(tokenizer: Tokenizer, texts: Iterable[str], size: int) -> tuple[Tokenizer, list[int]]:
    """(the smaller tokenizer, for each of its pieces the number it had). ``size`` of the most frequent
    pieces in ``texts`` stay, and all special ones and single letters of Latin and Hangul.

    Raises ValueError for a tokenizer that is not of the Unigram kind."""
    told = json.loads(tokenizer.to_str())
    if told["model"]["type"] != "Unigram":
        raise ValueError("only Unigram vocabularies can be cut down (XLM-R, e5, ALBERT, T5)")
    pieces = told["model"]["vocab"]
    times: Counter[int] = Counter()
    tokenizer.no_truncation()
    for read in tokenizer.encode_batch(list(texts), add_special_tokens=False):
        times.update(read.ids)
    special = {token["id"]: token for token in told["added_tokens"]}
    letters = {n for n, (piece, _) in enumerate(pieces) if _is_letter(piece, times[n])}
    frequent = {number for number, _ in times.most_common(size)}
    inside = sorted((frequent | letters | {n for n in special if n < len(pieces)}) - {-1})
    beyond = [n for n in special if n >= len(pieces)]
    kept = inside + beyond
    told["model"]["vocab"] = [pieces[n] for n in inside] + [
        [special[n]["content"], 0.0] for n in beyond
    ]
    told["model"]["unk_id"] = kept.index(told["model"]["unk_id"])
    for token in told["added_tokens"]:
        token["id"] = kept.index(token["id"])
    told["truncation"] = told["padding"] = None
    return Tokenizer.from_str(json.dumps(told)), kept


def _is_letter(piece: str, times: int) -> bool:
    return len(piece) == 1 and (
        piece < LATIN_END or HANGUL_FIRST <= piece <= HANGUL_LAST or times > 1
    )


def cut_embeddings(encoder: nn.Module, kept: list[int], positions: int) -> None:
    """Leaves the rows of the pieces kept, and of so many positions, in place."""
    table = encoder.get_input_embeddings()
    known = table.weight.detach()
    rows = [n if n < len(known) else 0 for n in kept]
    smaller = nn.Embedding(len(kept), known.shape[1], padding_idx=None)
    smaller.weight.data.copy_(known[rows])
    encoder.set_input_embeddings(smaller)
    encoder.config.vocab_size = len(kept)
    places = encoder.embeddings.position_embeddings
    shorter = nn.Embedding(positions, places.weight.shape[1])
    shorter.weight.data.copy_(places.weight.detach()[:positions])
    encoder.embeddings.position_embeddings = shorter
    for name in ("position_ids", "token_type_ids"):
        held = getattr(encoder.embeddings, name, None)
        if isinstance(held, torch.Tensor):
            setattr(encoder.embeddings, name, held[:, :positions])
    encoder.config.max_position_embeddings = positions
