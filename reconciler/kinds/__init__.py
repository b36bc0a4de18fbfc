"""One module per kind of resource; a module that holds a ``KIND`` is found by being in this folder."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from reconciler.model import Kind

__all__ = ["KINDS"]


def _found() -> dict[str, Kind[Any]]:
    names = [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]
    modules = [import_module(f"{__name__}.{name}") for name in names]
    kinds = [module.KIND for module in modules if hasattr(module, "KIND")]
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: str(kind.name))}


KINDS: dict[str, Kind[Any]] = _found()
"""Every kind by its name."""
