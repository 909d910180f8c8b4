"""Put a model on its device, and name the device."""

from __future__ import annotations

from typing import TypeVar

import torch

from filters.errors import UserError, printable

Network = TypeVar("Network", bound=torch.nn.Module)
NO_GPU = "set CUDA_VISIBLE_DEVICES= (nothing) to use the CPU"


def put_on_device(network: Network, device: str | None, name: str) -> Network:
    """Return the model on the device: by default the first GPU, or the CPU without one.

    name: the option and the directory of the model, for messages. Raises UserError if there is no such device, or if
    the model does not fit in its memory.
    """
    chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return network.to(chosen)
    except torch.OutOfMemoryError:
        needed = sum(each.nbytes for each in network.parameters()) / 2**30
        free = torch.cuda.mem_get_info(chosen)[0] / 2**30
        raise UserError(
            f"{name}: its weights take {needed:,.1f} GiB, and {chosen} has {free:,.1f} GiB free.\n"
            f"Use a smaller model or precision, or a GPU with more memory, or {NO_GPU}."
        ) from None
    except (RuntimeError, AssertionError) as error:  # torch raises AssertionError if it is built without CUDA
        reason = printable(str(error).partition("\n")[0])
        raise UserError(
            f"{name}: cannot be put on {printable(chosen)}: {reason}.\n"
            f"torch finds {torch.cuda.device_count()} GPUs. Correct Spark's GPU settings, or {NO_GPU}."
        ) from None


def device_name(device: torch.device) -> str:
    """Return the device with the GPU's name, as in `cuda:0 (NVIDIA H100)`."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)
