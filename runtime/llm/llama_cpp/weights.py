"""Opening a GGUF file in llama.cpp, with one clear line for every file that is none."""

from __future__ import annotations

import contextlib
import ctypes
from pathlib import Path
from typing import Any, cast

import llama_cpp

from runtime.cards import check_card
from schemas.errors import ConfigError

_QUIET = llama_cpp.llama_log_callback(lambda *_: None)


def open_weights(path: Path, setting: str, stack: contextlib.ExitStack) -> Any:
    """The model, freed with `stack`. `setting` names where the path came from. Raises ConfigError for a missing, altered or foreign file."""
    if not path.is_file():
        raise ConfigError(f"{path}: no such model file ({setting})")
    check_card(path)
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise ConfigError(f"{path}: not a GGUF model file ({setting})")
    llama_cpp.llama_log_set(_QUIET, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    parameters = llama_cpp.llama_model_default_params()
    parameters.n_gpu_layers = 0
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), parameters)
    if not model:
        raise ConfigError(f"{path}: llama.cpp cannot load this model ({setting})")
    stack.callback(llama_cpp.llama_model_free, model)
    return model


def is_causal(model: Any) -> bool:
    """Whether it was trained to continue a text; files that say nothing of it are."""
    architecture = _told(model, "general.architecture")
    return _told(model, f"{architecture}.attention.causal") != "false"


def _told(model: Any, key: str) -> str:
    room = ctypes.create_string_buffer(128)
    length = llama_cpp.llama_model_meta_val_str(model, key.encode(), cast("Any", room), len(room))
    return room.value.decode(errors="replace") if length >= 0 else ""


def open_context(model: Any, parameters: Any, path: Path, stack: contextlib.ExitStack) -> Any:
    """A context of the model, freed with `stack` before it. Raises ConfigError."""
    context = llama_cpp.llama_init_from_model(model, parameters)
    if not context:
        stack.close()
        raise ConfigError(f"{path}: llama.cpp cannot open a context of {parameters.n_ctx} tokens for this model")
    stack.callback(llama_cpp.llama_free, context)
    return context
