"""The pages of the one screen; banner and alarm bar stay above whichever is shown."""
