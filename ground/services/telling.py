"""Judged packets as a message for displays and scripts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ground.columns import Column
from ground.messages import Columns, ParametersDecoded
from ground.services.meant import Judged


def parameters(judged: Judged) -> ParametersDecoded:
    """Return the packets with raw and engineering values and severities (see the message)."""
    codes, craft = np.unique(judged.spacecraft, return_inverse=True)
    columns: Columns = {
        "t_ns": judged.t_ns,
        "timed": judged.timed,
        "received_ns": judged.received_ns,
        "craft": craft.astype(np.int32),
        "sequence": judged.sequence,
        "flags": judged.flags,
        "severity": judged.severity,
    }
    written, labels = values(judged.batch.raw, judged.values, judged.severities)
    return ParametersDecoded(
        judged.batch.packet_type,
        judged.database,
        [judged.names[code] for code in codes.tolist()],
        labels,
        columns | written,
    )


def values(
    raw: Mapping[str, Column],
    engineering: Mapping[str, Column],
    severities: Mapping[str, NDArray[np.uint8]],
) -> tuple[Columns, dict[str, list[str]]]:
    """Return the columns of values of a `ParametersDecoded`, and its labels."""
    columns: Columns = {}
    labels: dict[str, list[str]] = {}
    for path, column in raw.items():
        columns[f"raw:{path}"] = column.values
        if column.valid is not None and not column.valid.all():
            columns[f"valid:{path}"] = column.valid
        value = engineering[path]
        if value.labels is not None:
            labels[path] = list(value.labels)
        if value.labels is not None or value.values is not column.values:
            columns[f"eng:{path}"] = _engineering(value)
    for path, severity in severities.items():
        columns[f"sev:{path}"] = severity
    return columns, labels


def _engineering(value: Column) -> NDArray[np.generic]:
    """Return values in which what is missing shows: -1 for a label, NaN for a number."""
    if value.valid is None or value.valid.all():
        return value.values
    if value.labels is not None:
        return np.where(value.valid, value.values, -1)
    if value.values.dtype.kind == "f":
        return np.where(value.valid, value.values, np.nan)
    return value.values
