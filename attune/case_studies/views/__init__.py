"""Pages of an attempt: start, one scene at a time, what came of a choice, the ending.

GET shows and never records. Every page works as a plain form: post, then see other. Another
person's attempt does not exist.
"""

from attune.case_studies.views.ending import again, ending
from attune.case_studies.views.scene import scene
from attune.case_studies.views.start import attempt, start

__all__ = ["again", "attempt", "ending", "scene", "start"]
