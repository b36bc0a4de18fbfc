"""From desired and live to a Plan: ownership, order, and the readings that only some plans need."""

from reconciler.plan.make import Reader, make

__all__ = ["Reader", "make"]
