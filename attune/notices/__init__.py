"""Messages to people and to machines, with a ledger of what was sent; operators' alerts.

Higher floors write a message with ``services.write``, in the transaction of the deed that it
tells of; a sweep sends it. What is worth telling they decide themselves. ``watch`` holds what
operators and their monitors read: alerts, ``/healthz`` and ``/metrics``.
"""
