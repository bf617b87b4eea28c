"""Two experiments on order, small enough for one core, with every number recorded in files beside this one.

`extrapolation`  six models that differ in their encoding alone, tested on texts up to 8 times as long as in training
`order`          one task that needs order, learnt with positions and without

`python -m models.learn.positions` trains them all in about a quarter of an hour of one core, and writes what it found.
"""
