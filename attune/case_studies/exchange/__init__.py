"""Cases to and from files. Pure: ``services.write_case`` brings what was read onto a page."""
