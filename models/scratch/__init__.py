"""A transformer written to be read, which is also the one that trains and is taken apart. Read in this order:

1. `attention`    two functions of a few lines; then the heads around them
2. `positions`    how order is told: one class per encoding
3. `patterns`     who may read whom: one line per pattern
4. `block`        norms, the feed-forward network, the residual stream
5. `transformer`  decoder, encoder, and both; how weights begin
6. `vision`       the same for pictures

`hf` fetches weights from the library's classes and gives them back; `anatomy` takes one forward pass apart, `again`
computes each of its stages once more, and `counted` counts what a model holds and does. Its shape is a `Config`, and
what may change while it trains are `Knobs`, both in `models.records`.
"""
