"""What can go wrong with a model or a text, as exceptions whose message is a sentence for the page."""


class HeadlightError(Exception):
    """Says what was expected, what came and what to do; safe to show to a visitor as it is."""


class LoadError(HeadlightError):
    """A model cannot be found, read or trusted."""


class InputError(HeadlightError):
    """A text cannot be read by the model."""


class NothingToRead(InputError):
    """There is no text yet."""
