"""How well questions and quizzes measure: figures, flags in words, agreement between markers.

All but ``gathering`` is pure: plain values in, plain values out. ``gathering`` reads the
attempts that a user may count, and knows no screen.
"""
