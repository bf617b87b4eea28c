"""Text to image

How does a sentence become a picture, one cell after another?
"""
# section: Explore
# icon: palette

from models import zoo
from pages.parts import canvas, frame, show, tokens

PAGE = "text_to_image"

frame.begin(__file__)
show.scripts("address", "painting")
canvas.banner()
caption = canvas.caption(PAGE)
show.link(**{f"{PAGE}_caption": caption or None})
model = show.model(canvas.NAME)
try:
    settings, n = canvas.settings(PAGE)
    canvas.mount(model, caption, settings, n, key="painting")
except zoo.NothingToRead as nothing:
    show.empty(nothing, canvas.starts(PAGE))
except zoo.InputError as problem:
    show.error(problem)
tokens.stage(PAGE)
