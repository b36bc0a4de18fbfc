"""From desired and live to a Plan: ownership, order, the readings that only some plans need; and saved plans."""

from reconciler.plan.make import Reader, make

__all__ = ["Reader", "make"]
