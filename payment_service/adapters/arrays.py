"""Rows as arrays: one statement writes any number of them, and its text stays the same whatever their number is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, TableValuedAlias, Text, any_, bindparam, column, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine


def rows_like(name: str, columns: Iterable[Column[Any]]) -> TableValuedAlias:
    """Name rows that come as an array a column: `unnest(…) AS name (…)`. JSON comes as text and is to be cast."""
    types = {each.name: _element_type(each) for each in columns}
    # One dimension: else each element is looked at for another array within.
    arrays = [bindparam(f"{key}_of_{name}", type_=ARRAY(kind, dimensions=1)) for key, kind in types.items()]
    listed = [column(key, kind) for key, kind in types.items()]
    return func.unnest(*arrays).table_valued(*listed, name=name).render_derived()


def array_values(name: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> dict[str, list[object]]:
    """Turn rows (a value a column) into the parameters of `rows_like`."""
    by_column: list[list[object]] = [list(values) for values in zip(*rows, strict=True)]
    return {f"{key}_of_{name}": values for key, values in zip(columns, by_column, strict=True)}


def is_any(of: Column[Any], parameter: str) -> ColumnElement[bool]:
    """Compare with any number of values that come as one parameter, a list."""
    return of == any_(bindparam(parameter, type_=ARRAY(of.type, dimensions=1)))


def _element_type(of: Column[Any]) -> TypeEngine[Any]:
    return Text() if isinstance(of.type, JSONB) else of.type
