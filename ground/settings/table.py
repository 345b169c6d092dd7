"""What every table of a mission file shares: strict keys, and how a table refuses itself."""

from __future__ import annotations

from typing import Annotated, NoReturn

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

Text = Annotated[str, Field(strict=True, min_length=1)]
Name = Annotated[str, Field(strict=True, pattern=r"^[^\s/\\]([^/\\\n]*[^\s/\\])?$", max_length=80)]
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0, le=65535)]


class Table(BaseModel):
    """A table of the file: what it does not name is refused, what it holds does not change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def wrong(*problems: tuple[str, str]) -> NoReturn:
    """Refuse a table for the given reasons: (key, what was found and what was expected)."""
    raise PydanticCustomError("mission", "{problems}", {"problems": problems})
