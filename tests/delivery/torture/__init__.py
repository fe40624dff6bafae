"""The fault harness: everything is killed and every answer spoilt, and nothing may be lost.

A run starts the real processes (site, worker with beat, broker, record stores, database),
lets people do things over HTTP and notes only what was acknowledged to them, while a plan
drawn from a seed kills processes and has the store misbehave. Then all heals, and what the
stores hold on disk is compared with what was acknowledged and with what the outbox says.

``plan`` draws, ``store`` misbehaves, ``machine`` starts and kills, ``people`` act, ``run``
puts them together, ``verdicts`` judge; ``site`` and ``senders`` live in the site's own
processes. ``make torture`` runs ``__main__``.
"""
