"""Screens of trainers and HR in Wagtail's admin: marking, and what is given beyond the rules."""
