"""Text that stays text in a spreadsheet (OWASP, "CSV Injection")."""

import re

_FORMULA = re.compile(r"^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]")
# Telephone numbers and negative figures hold nothing that could run.
_FIGURES = re.compile(r"^[+-][\d\s().,/-]*$")


def harmless(text: str) -> str:
    """``text`` as it may stand in a CSV file that somebody opens in a spreadsheet."""
    return f"'{text}" if _FORMULA.search(text) and not _FIGURES.match(text) else text
