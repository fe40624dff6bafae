"""A person's data taken out, and the person erased: everything goes, what counts stays nobody's."""
