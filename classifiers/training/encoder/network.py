"""An encoder that answers two ways: every head from the mean of its states, the place from each token.

The folder that it is kept in is a Hugging Face encoder (``config.json``, ``model.safetensors`` in fp16,
``tokenizer.json``) beside ``heads.safetensors`` and ``encoder.json``, which names the heads' classes:
so any tool that knows ``from_pretrained`` goes on from it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer

from classifiers.encoder import MARKS, SHEET, Sheet

DROPOUT = 0.1
HEADS_FILE = "heads.safetensors"


class Network(nn.Module):  # type: ignore[misc]  # torch carries no types here
    """Token numbers in; out come one score a class of every head (texts × classes), for each token
    whether no place, a place's first token or a further one stands there (texts × tokens × 3), and the
    mean state that the scores are made from (texts × dimensions)."""

    def __init__(self, encoder: nn.Module, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.drop = nn.Dropout(DROPOUT)
        self.heads = nn.Linear(encoder.config.hidden_size, classes)
        self.marks = nn.Linear(encoder.config.hidden_size, MARKS)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Both are texts × tokens, int64; the mask is 1 where there is a token."""
        scores, marks, whole, _ = self.answers(input_ids, attention_mask)
        return scores, marks, whole

    def answers(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """As above, and the state of each token (texts × tokens × dimensions)."""
        states = self.encoder(input_ids=ids, attention_mask=mask)[0]
        whole = mean(states, mask)
        return self.heads(self.drop(whole)), self.marks(self.drop(states)), whole, states


def mean(states: Tensor, mask: Tensor) -> Tensor:
    """The mean of a text's states (texts × tokens × dimensions) over its tokens."""
    weight = mask.unsqueeze(-1).to(states.dtype)
    return (states * weight).sum(1) / weight.sum(1).clamp(min=1)


def device() -> torch.device:
    """An accelerator where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def quick() -> AbstractContextManager[object]:
    """Products in bfloat16 on an accelerator; as they are on a processor."""
    precise: AbstractContextManager[object] = torch.autocast(
        device().type, torch.bfloat16, enabled=device().type == "cuda"
    )
    return precise


def load_encoder(base: str) -> tuple[nn.Module, Tokenizer]:
    """Any Hugging Face encoder with a fast tokenizer: a folder, or an id that the hub knows.

    Raises OSError for what is none, ValueError where the tokenizer has no fast form."""
    config = AutoConfig.from_pretrained(base)
    encoder = AutoModel.from_pretrained(base, config=config, dtype=torch.float32)
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None  # of the first token; heads here read the mean of all
    path = Path(base) / "tokenizer.json"
    if path.exists():
        return encoder, Tokenizer.from_file(str(path))
    fast = getattr(AutoTokenizer.from_pretrained(base), "backend_tokenizer", None)
    if fast is None:
        raise ValueError(f"{base}: its tokenizer has no fast form (tokenizer.json)")
    return encoder, fast


def save(network: Network, tokenizer: Tokenizer, sheet: Sheet, folder: Path) -> None:
    """Encoder and heads as fp16, to go on from."""
    folder.mkdir(parents=True, exist_ok=True)
    network.cpu()
    half = {name: value.half() for name, value in network.encoder.state_dict().items()}
    network.encoder.save_pretrained(folder, state_dict=half)
    tokenizer.save(str(folder / "tokenizer.json"))
    heads = {name: value.half() for name, value in _heads(network).state_dict().items()}
    save_file(heads, folder / HEADS_FILE)
    (folder / SHEET).write_text(sheet.dumps(), encoding="utf-8")


def go_on_from(network: Network, base: str, sheet: Sheet) -> None:
    """Takes the heads that are kept beside an encoder, if they are the same, of the same classes."""
    folder = Path(base)
    if not (folder / HEADS_FILE).exists() or not (folder / SHEET).exists():
        return
    kept = Sheet.loads((folder / SHEET).read_text(encoding="utf-8"))
    found = load_file(folder / HEADS_FILE)
    heads = _heads(network)
    if kept.heads == sheet.heads and found.keys() == heads.state_dict().keys():
        heads.load_state_dict({name: value.float() for name, value in found.items()})


def _heads(network: Network) -> nn.ModuleDict:
    return nn.ModuleDict({"heads": network.heads, "marks": network.marks})
