"""The ways out: what is known of mail servers and webhooks, and nothing of tables or rules.

Each channel is a context manager over one connection with ``send(parcel)``, which never
raises for what a server or a network may do: it gives an ``Answer``.
"""
