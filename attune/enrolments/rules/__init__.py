"""Rules: everyone in a scope owes a programme, for as long as they are in it.

A rule makes *assignments*, the reasons for an enrolment, and never a second enrolment.
``models`` holds what a rule says, ``scope`` reads whom it asks for and by when, ``compare``
says what that would change, ``follow`` changes it, ``services`` are the deeds of people.
"""
