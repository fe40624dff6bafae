"""Screens in Wagtail's admin on which HR and the administrator manage people.

Nobody but the administrator gets Wagtail's own user permissions: whoever may change users
there can become superuser. These screens ask ``visible_to`` what to show (404 for anything
else) and the services what to allow.
"""
