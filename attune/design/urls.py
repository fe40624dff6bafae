"""The living style guide: every part of the learner's pages on one page."""

from django.urls import path

from attune.design.views import style_guide

app_name = "attune_design"

urlpatterns = [path("style-guide/", style_guide, name="style_guide")]
