"""One family of constraints a module, each with its formula in its docstring.

``FAMILIES`` is the order in which ``sourcing`` adds them.
"""
