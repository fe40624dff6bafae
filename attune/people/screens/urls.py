from django.urls import path

from attune.people.screens import imports, jobs, organisations, people, records

app_name = "attune_people_admin"
urlpatterns = [
    path("", people.People.as_view(), name="people"),
    path("results/", people.People.as_view(results_only=True), name="people_results"),
    path("add/", people.AddPerson.as_view(), name="add_person"),
    path("import/", imports.UploadImport.as_view(), name="import_people"),
    path("import/template/<slug:kind>/", imports.ImportTemplate.as_view(), name="import_template"),
    path("import/<uuid:deed>/", imports.ImportReport.as_view(), name="import_report"),
    path("import/<uuid:deed>/columns/", imports.ImportColumns.as_view(), name="import_columns"),
    path("import/<uuid:deed>/errors.csv", imports.ImportErrors.as_view(), name="import_errors"),
    path("erased/", records.Erased.as_view(), name="erased"),
    path("<int:pk>/data/", records.ExportData.as_view(), name="export_data"),
    path("<int:pk>/erase/", records.ErasePerson.as_view(), name="erase_person"),
    path("<int:pk>/", people.PersonPage.as_view(), name="person"),
    path("<int:pk>/describe/", people.DescribePerson.as_view(), name="describe_person"),
    path("<int:pk>/address/", people.CorrectAddress.as_view(), name="correct_address"),
    path("<int:pk>/invite/", people.InviteAgain.as_view(), name="invite_again"),
    path("<int:pk>/jobs/add/", jobs.AddJob.as_view(), name="add_job"),
    path("jobs/<int:pk>/", jobs.ChangeJob.as_view(), name="change_job"),
    path("jobs/<int:pk>/end/", jobs.EndJob.as_view(), name="end_job"),
    path("<int:pk>/teams/add/", jobs.JoinTeam.as_view(), name="join_team"),
    path("team-rows/<int:pk>/move/", jobs.MoveTeam.as_view(), name="move_team"),
    path("team-rows/<int:pk>/leave/", jobs.LeaveTeam.as_view(), name="leave_team"),
    path("organisations/", organisations.Organisations.as_view(), name="organisations"),
    path(
        "organisations/results/",
        organisations.Organisations.as_view(results_only=True),
        name="organisations_results",
    ),
    path("organisations/add/", organisations.AddOrganisation.as_view(), name="add_organisation"),
    path("organisations/<int:pk>/", organisations.OrganisationPage.as_view(), name="organisation"),
    path(
        "organisations/<int:pk>/rename/",
        organisations.RenameOrganisation.as_view(),
        name="rename_organisation",
    ),
    path(
        "organisations/<int:pk>/locations/add/",
        organisations.AddLocation.as_view(),
        name="add_location",
    ),
    path("locations/<int:pk>/", organisations.ChangeLocation.as_view(), name="change_location"),
    path("engagements/", organisations.Engagements.as_view(), name="engagements"),
    path(
        "engagements/results/",
        organisations.Engagements.as_view(results_only=True),
        name="engagements_results",
    ),
    path("engagements/add/", organisations.AddEngagement.as_view(), name="add_engagement"),
    path("engagements/<int:pk>/", organisations.EngagementPage.as_view(), name="engagement"),
    path(
        "engagements/<int:pk>/change/",
        organisations.ChangeEngagement.as_view(),
        name="change_engagement",
    ),
    path("engagements/<int:pk>/teams/add/", organisations.AddTeam.as_view(), name="add_team"),
    path("teams/<int:pk>/", organisations.RenameTeam.as_view(), name="rename_team"),
]
