"""What a model says of a picture: its words, how sure it is of each, and where each of them looks."""
