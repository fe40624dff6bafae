"""People in bulk from a spreadsheet: read, compared with who is there, then written at once.

``columns``, ``days``, ``lines`` and ``planning`` are pure; ``roster`` reads what an
organisation has, ``applying`` writes. Nothing is written before the report was read.
"""
