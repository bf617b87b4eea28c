"""Where a model runs, in which number format: CPU float32, a GPU in half precision, 8-bit weights if asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from models.zoo import memory
from models.zoo.errors import LoadError

if TYPE_CHECKING:
    import torch
    from torch import nn

PRECISIONS = ("auto", "float32", "bfloat16", "float16", "int8")
ITEM = {"float32": 4, "bfloat16": 2, "float16": 2}  # bytes per weight


@dataclass(frozen=True)
class Placement:
    """`device`: "cpu", "cuda" or "auto" (spread over several GPUs); `dtype`: what floats are held in; `int8`: weights
    of linear layers in 8 bits on top."""

    device: str
    dtype: str
    int8: bool = False

    @property
    def item(self) -> int:
        """Bytes of one weight."""
        return ITEM[self.dtype]

    @property
    def label(self) -> str:
        """For the page: "float32", "bfloat16 on the GPU", "8-bit weights"."""
        where = {"cpu": "", "cuda": " on the GPU", "auto": " on all GPUs"}[self.device]
        return ("8-bit weights" if self.int8 else self.dtype) + where

    def options(self) -> dict[str, Any]:
        """What from_pretrained is told. `Placement.finish` does the rest."""
        import torch

        options: dict[str, Any] = {"dtype": getattr(torch, self.dtype)}
        return options | {"device_map": "auto"} if self.device == "auto" else options

    def finish(self, module: nn.Module) -> None:
        """Move the loaded network to its device and turn its weights into 8 bits if that was asked for, in place."""
        if self.device == "cuda":
            module.to("cuda")
        if self.int8:
            quantize(module)


def choose(precision: str = "auto", n_bytes: int = 0) -> Placement:
    """Where a model of `n_bytes` float32 bytes goes. Raises LoadError if the precision cannot be had here.

    A CPU computes in float32: half precision is many times slower there. A GPU computes in bfloat16 if it can, else
    in float16; several GPUs share a model that is too large for the first.
    """
    import torch

    if precision not in PRECISIONS:
        raise LoadError(f"“{precision[:40]}” is no precision; choose one of {', '.join(PRECISIONS)}.")
    if precision == "int8" and find_spec("torchao") is None:
        raise LoadError(
            "8-bit weights need the torchao package, which is not installed. Install it with "
            "“pip install -r requirements-extra.txt”, or load the model without 8-bit weights."
        )
    device = _device(torch.cuda.is_available(), precision, n_bytes)
    half = "bfloat16" if device != "cpu" and torch.cuda.is_bf16_supported() else "float16"
    dtype = {"auto": "float32" if device == "cpu" else half, "int8": "float32" if device == "cpu" else half}
    return Placement(device, dtype.get(precision, precision), int8=precision == "int8")


def _device(cuda: bool, precision: str, n_bytes: int) -> str:
    """One GPU if there is one; all of them, through accelerate, if the model does not fit the first."""
    import torch

    if not cuda:
        return "cpu"
    size = n_bytes * (1 if precision == "float32" else 0.5)
    if torch.cuda.device_count() > 1 and size > 0.8 * torch.cuda.mem_get_info(0)[0]:
        if find_spec("accelerate") is None:
            raise LoadError(
                "This model is too large for one GPU, and spreading it over several needs the accelerate package. "
                "Install it with “pip install -r requirements.txt”."
            )
        return "auto"
    return "cuda"


def quantize(module: nn.Module) -> None:
    """Hold the weights of linear layers as 8-bit integers with one scale per row, in place (torchao)."""
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    quantize_(module, Int8WeightOnlyConfig())


def nbytes(module: nn.Module) -> int:
    """Bytes of the weights and buffers in memory; 8-bit weights call themselves float32, so their parts are counted."""
    return sum(_held(tensor) for tensor in [*module.parameters(), *module.buffers()])


def _held(tensor: torch.Tensor) -> int:
    names = [*getattr(tensor, "tensor_data_names", ()), *getattr(tensor, "optional_tensor_data_names", ())]
    parts = [getattr(tensor, name, None) for name in names]
    return sum(part.nbytes for part in parts if part is not None) if names else tensor.nbytes


def free_bytes(placement: Placement) -> int:
    """Memory left where the model will be held."""
    if placement.device == "cpu":
        return memory.free_bytes()
    import torch

    count = torch.cuda.device_count() if placement.device == "auto" else 1
    return sum(torch.cuda.mem_get_info(number)[0] for number in range(count))
