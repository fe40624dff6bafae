"""Where a trainer writes a case: its map, its scenes one at a time, and a walk through the draft.

Not Django's admin, but screens of Wagtail's.
"""
