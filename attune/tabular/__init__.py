"""People's spreadsheets, read and written safely. No models, and it knows no package above."""
