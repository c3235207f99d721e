"""What a person and a program hear of the difference of two plans."""

from planner.cli.difference.answer import answer_of
from planner.cli.difference.show import show_difference

__all__ = ["answer_of", "show_difference"]
