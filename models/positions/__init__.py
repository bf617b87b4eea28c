"""Positions, looked at: each encoding as numbers on the same axes, those of loaded models, and texts that are shuffled.

`encodings`  what each encoding does to places and distances, from `models.scratch.positions`
`reading`    where a loaded model keeps its positions, found by rules and not by a list of classes
`shuffling`  what a model makes of the same words in another order, with its positions and without
"""
