from django.urls import path

from attune.case_studies.admin import scene_view, views, walk

app_name = "attune_case_studies_admin"
urlpatterns = [
    path("<int:page_id>/scenes/", views.Scenes.as_view(), name="scenes"),
    path("<int:page_id>/scenes/add/", views.AddScene.as_view(), name="add_scene"),
    path("<int:page_id>/scenes/<uuid:identity>/", scene_view.EditScene.as_view(), name="scene"),
    path(
        "<int:page_id>/scenes/<uuid:identity>/delete/",
        views.DeleteScene.as_view(),
        name="delete_scene",
    ),
    path(
        "<int:page_id>/scenes/<uuid:identity>/duplicate/",
        views.DuplicateScene.as_view(),
        name="duplicate_scene",
    ),
    path(
        "<int:page_id>/scenes/<uuid:identity>/move/", views.MoveScene.as_view(), name="move_scene"
    ),
    path("<int:page_id>/walk/", walk.Walk.as_view(), name="walk"),
]
