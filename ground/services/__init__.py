"""Compose the rooms: recordings to archive, questions to answers."""
