"""What was learnt, as xAPI statements: said, kept in an outbox, delivered to record stores.

Higher floors use ``outbox``, ``statements``, ``verbs``, ``interactions``, ``extensions`` and
``health``; nothing else here is theirs. Within the package each line imports only from the
lines below it:

- ``tasks``, ``checks``, ``viewsets``, ``wagtail_hooks``, ``management``
- ``forms``
- ``health``, ``delivery``, ``outbox``
- ``connecting``
- ``doorbell``, ``lanes``
- ``filters``
- ``models``, ``lrs``
- ``credentials``
- ``linting``, ``comparison``, ``answers``, ``statements``
- ``interactions``, ``verbs``, ``extensions``
"""
