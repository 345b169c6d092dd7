"""Hot functions that run in numpy until their compiled twin is ready.

A kernel is an ordinary numpy function under the `kernel` decorator, which names the module that
holds its compiled twin: a function of the same name and signature. Importing a room compiles
nothing and imports no compiler. `bind()` imports the compiled modules, once, and every kernel
switches to its twin; `unbind()` switches back, so that a test can hold the two against each other.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Kernel(Generic[P, R]):
    """One hot function; `plain` is its numpy form, `module` holds the compiled one."""

    def __init__(self, plain: Callable[P, R], module: str) -> None:
        self.plain = plain
        self.module = module
        self.run: Callable[P, R] = plain
        self.__doc__ = plain.__doc__
        self.__name__ = plain.__name__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.run(*args, **kwargs)


_registered: list[Kernel[Any, Any]] = []


def kernel(module: str) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Mark a numpy function as the plain form of the same name in `module`."""

    def mark(plain: Callable[P, R]) -> Kernel[P, R]:
        made = Kernel(plain, module)
        _registered.append(made)
        return made

    return mark


def modules() -> list[str]:
    """Return the names of the compiled modules that the imported rooms ask for, sorted."""
    return sorted({each.module for each in _registered})


def sources() -> list[str]:
    """Return the names of all modules that compiled kernels are made of, sorted.

    A compiled module may hold its own loops, or compile the very function that it stands in for.
    """
    return sorted({*modules(), *(each.plain.__module__ for each in _registered)})


def bind() -> None:
    """Import the compiled modules and let every kernel run its compiled twin."""
    for each in _registered:
        each.run = getattr(importlib.import_module(each.module), each.__name__)


def unbind() -> None:
    """Let every kernel run its numpy form again."""
    for each in _registered:
        each.run = each.plain
