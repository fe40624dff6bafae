"""The project's addresses, and the harness's."""

from django.urls import path

from config.urls import urlpatterns as of_the_project
from tests.delivery.torture import site

urlpatterns = [
    path("torture/alive/", site.alive),
    path("torture/lane/", site.lane),
    path("torture/world/", site.world),
    path("torture/deed/", site.deed),
    *of_the_project,
]
