"""The `ground` command."""
