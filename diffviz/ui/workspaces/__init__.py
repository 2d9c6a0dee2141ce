"""One workspace each; they know the session and never each other."""
