"""The stages of a forward pass: which assignment of the code is which, in words and in a formula.

A key is a function, a variable of it, and a piece of the statement that assigns it. X is the residual stream, Y the
stream that is read (X itself, or what the encoder made), U the stream after a norm.
"""

from dataclasses import dataclass

POSITION = ("position", "dimension")
HEAD = ("head", "position", "dimension")
PAIRS = ("head", "query", "key")
HIDDEN = ("position", "hidden")
LOGITS = ("position", "token")


@dataclass(frozen=True)
class Shown:
    """How a stage is called, its formula in LaTeX, its axes without the batch, and how its cells are made.

    `symbol` is short enough for a map. `rule` is one of `models.scratch.again.RULES`, followed by the part of the
    module whose weights it takes. `says` tells a newcomer what happens, and what for.
    """

    name: str
    symbol: str
    formula: str
    axes: tuple[str, ...]
    rule: str
    says: str


def _rotated(name: str, symbol: str, letter: str) -> Shown:
    formula = rf"{letter}'_p = R_p {letter}_p, \quad \omega_i = \theta^{{-2i/d_{{head}}}}"
    says = "Pairs of dimensions are turned by an angle that grows with the position: scores then tell distances."
    return Shown(f"rotated {name}", symbol, formula, HEAD, "rotate", says)


def _shared(name: str, letter: str) -> Shown:
    formula = rf"{letter}_h = {letter}_{{\lfloor h / g \rfloor}}"
    says = "A group of heads shares them: each head gets its group's, and the cache holds them only once."
    return Shown(f"shared {name}", f"{letter}₍g₎", formula, HEAD, "share", says)


PLACED = "Where a token stands is added to what it is; attention by itself would see a set, without order."
HIDES = "Each position by itself is raised into a wider layer, whose units look for patterns in the stream."
READ_OUT = "The stream is compared with the vector of every token of the vocabulary: the larger, the likelier."
SCORED = "Each query is multiplied with each key: the sum over the head's dimensions is large where they agree."

STAGES: dict[tuple[str, str, str], Shown] = {
    ("Embedding.forward", "tokens", ""): Shown(
        "tokens",
        "t",
        r"t_0, t_1, \dots",
        ("position",),
        "given",
        "The text is cut into pieces that the model knows, and each piece is a number: its row in a table.",
    ),
    ("Embedding.forward", "x", "self.tokens("): Shown(
        "embeddings",
        "E",
        r"X_p = E_{t_p}",
        POSITION,
        "row",
        "Each number fetches its row of the table: from here on a token is a vector, the residual stream's beginning.",
    ),
    ("Embedding.forward", "x", "self.scale"): Shown(
        "scaled embeddings",
        "√d E",
        r"X = \sqrt{d_{model}}\, E_t",
        POSITION,
        "times scale",
        "The rows are made larger, so that the positions that are added next do not drown them.",
    ),
    ("Embedding.forward", "x", "self.segments("): Shown(
        "embeddings and segments",
        "E+S",
        r"X_p = E_{t_p} + S_{s_p}",
        POSITION,
        "plus segments",
        "A vector is added that says whether a token belongs to the first or to the second of two texts.",
    ),
    ("Patches.forward", "pictures", ""): Shown(
        "picture", "I", r"I_{c,y,x}", ("channel", "row", "column"), "given", "The picture, as numbers."
    ),
    ("Patches.forward", "pixels", ""): Shown(
        "pixels of each patch",
        "Iₚ",
        r"I_p = \mathrm{patch}_p(I)",
        ("position", "pixel"),
        "given",
        "The picture is cut into squares, and each square's pixels are written in one row.",
    ),
    ("Patches.forward", "patches", ""): Shown(
        "patch embeddings", "E", r"X_p = I_p W + b", POSITION, "linear project", "Each square becomes a vector."
    ),
    ("Patches.forward", "return", ""): Shown(
        "class token and patches",
        "c;E",
        r"X = [c; X_1; \dots; X_N]",
        POSITION,
        "given",
        "A vector that belongs to no square goes first: what the picture shows will be gathered in it.",
    ),
    ("Learned.embed", "return", ""): Shown(
        "with positions", "+P", r"X_p \leftarrow X_p + P_p", POSITION, "plus table", PLACED
    ),
    ("Sinusoidal.embed", "return", ""): Shown(
        "with positions", "+P", r"X_p \leftarrow X_p + PE_p", POSITION, "plus table", PLACED
    ),
    ("LayerNorm.forward", "mean", ""): Shown(
        "mean",
        "μ",
        r"\mu_p = \frac{1}{d} \sum_j X_{p,j}",
        POSITION,
        "mean",
        "The mean over each position's dimensions: the norm takes it off.",
    ),
    ("LayerNorm.forward", "variance", ""): Shown(
        "variance",
        "σ²",
        r"\sigma^2_p = \frac{1}{d} \sum_j (X_{p,j} - \mu_p)^2",
        POSITION,
        "variance",
        "How far each position's dimensions spread around their mean.",
    ),
    ("LayerNorm.forward", "normal", ""): Shown(
        "standardised",
        "X̂",
        r"\hat{X}_p = \frac{X_p - \mu_p}{\sqrt{\sigma^2_p + \epsilon}}",
        POSITION,
        "standardise",
        "Each position is brought to mean 0 and variance 1: what follows sees numbers of one size, whatever the layer.",
    ),
    ("LayerNorm.forward", "return", ""): Shown(
        "normalised",
        "U",
        r"U = \hat{X} \odot g + b",
        POSITION,
        "affine",
        "Each dimension is stretched and shifted as the model has learnt to.",
    ),
    ("RMSNorm.forward", "square", ""): Shown(
        "mean square",
        "X²",
        r"\overline{X^2}_p = \frac{1}{d} \sum_j X_{p,j}^2",
        POSITION,
        "square",
        "The mean of each position's squared dimensions, which says how long its vector is.",
    ),
    ("RMSNorm.forward", "normal", ""): Shown(
        "standardised",
        "X̂",
        r"\hat{X}_p = \frac{X_p}{\sqrt{\overline{X^2}_p + \epsilon}}",
        POSITION,
        "standardise",
        "Each position is brought to one length: what follows sees numbers of one size, whatever the layer.",
    ),
    ("RMSNorm.forward", "return", ""): Shown(
        "normalised",
        "U",
        r"U = \hat{X} \odot g",
        POSITION,
        "affine",
        "Each dimension is stretched as the model has learnt to.",
    ),
    ("MultiHeadAttention.forward", "q", "self.query("): Shown(
        "queries",
        "Q",
        r"Q_h = U W_{Q,h} + b_{Q,h}",
        HEAD,
        "linear query",
        "What each position looks for: a projection of the stream, a few dimensions for each head.",
    ),
    ("MultiHeadAttention.forward", "k", "self.key("): Shown(
        "keys",
        "K",
        r"K_h = Y W_{K,h} + b_{K,h}",
        HEAD,
        "linear key",
        "What each position can be found by: another projection, to be compared with the queries.",
    ),
    ("MultiHeadAttention.forward", "v", "self.value("): Shown(
        "values",
        "V",
        r"V_h = Y W_{V,h} + b_{V,h}",
        HEAD,
        "linear value",
        "What each position hands over to those that read it.",
    ),
    ("MultiHeadAttention.forward", "q", "position.rotate("): _rotated("queries", "Q′", "Q"),
    ("MultiHeadAttention.forward", "k", "position.rotate("): _rotated("keys", "K′", "K"),
    ("MultiHeadAttention.forward", "k", "shared("): _shared("keys", "K"),
    ("MultiHeadAttention.forward", "v", "shared("): _shared("values", "V"),
    ("MultiHeadAttention.forward", "bias", ""): Shown(
        "position bias",
        "B",
        r"B_{h,i,j} = b_h(j - i)",
        PAIRS,
        "given",
        "A number for each distance between query and key, added to the scores: order is told here.",
    ),
    ("attention_weights", "scores", ""): Shown("scores", "QKᵀ", r"S = Q K^\top", PAIRS, "dot", SCORED),
    ("attention_weights", "scaled", ""): Shown(
        "scaled scores",
        "÷√d",
        r"S = \frac{Q K^\top}{\sqrt{d_{head}}}",
        PAIRS,
        "over width",
        "A sum over more dimensions spreads wider; divided by the root of their number it stays of one size.",
    ),
    ("attention_weights", "biased", ""): Shown(
        "biased scores", "+B", r"S \leftarrow S + B", PAIRS, "add", "The bias of each distance is added."
    ),
    ("attention_weights", "masked", ""): Shown(
        "masked scores",
        "mask",
        r"S_{i,j} \leftarrow -\infty \; \text{where } i \text{ must not read } j",
        PAIRS,
        "mask",
        "What a query must not read gets minus infinity: nobody who foretells the next token may look at it.",
    ),
    ("attention_weights", "return", ""): Shown(
        "attention weights",
        "A",
        r"A_{i,j} = \frac{e^{S_{i,j}}}{\sum_k e^{S_{i,k}}}",
        PAIRS,
        "softmax",
        "The softmax turns each query's scores into shares of 1: how much it reads of each key.",
    ),
    ("attention", "return", ""): Shown(
        "weighted values",
        "AV",
        r"O_h = A_h V_h",
        HEAD,
        "mix",
        "Each query takes home a mixture of the values, by its weights: here information moves between positions.",
    ),
    ("MultiHeadAttention.forward", "concatenated", ""): Shown(
        "heads side by side",
        "O",
        r"O = [O_0; \dots; O_{H-1}]",
        POSITION,
        "concatenate",
        "What the heads found is laid side by side again.",
    ),
    ("MultiHeadAttention.forward", "return", ""): Shown(
        "projection",
        "O W",
        r"O W_O + b_O",
        POSITION,
        "linear out",
        "One matrix mixes what all heads found into one change of the stream.",
    ),
    ("FeedForward.forward", "raised", ""): Shown("hidden layer", "H", r"H = U W_1 + b_1", HIDDEN, "linear up", HIDES),
    ("FeedForward.forward", "active", ""): Shown(
        "after the activation",
        "σ(H)",
        r"\sigma(H)",
        HIDDEN,
        "activate",
        "A bend: units that did not find their pattern fall silent. Without it two layers would be worth one.",
    ),
    ("FeedForward.forward", "return", ""): Shown(
        "feed-forward",
        "σ W",
        r"\sigma(H) W_2 + b_2",
        POSITION,
        "linear down",
        "What the units found is written as a change of the stream.",
    ),
    ("GatedFeedForward.forward", "raised", ""): Shown(
        "hidden layer", "H", r"H = U W_1 + b_1", HIDDEN, "linear up", HIDES
    ),
    ("GatedFeedForward.forward", "opened", ""): Shown(
        "gate",
        "G",
        r"G = \sigma(U W_G + b_G)",
        HIDDEN,
        "activated gate",
        "A second projection, bent: it says how far each unit is let through.",
    ),
    ("GatedFeedForward.forward", "active", ""): Shown(
        "after the gate", "G⊙H", r"G \odot H", HIDDEN, "multiply", "Each unit times its gate."
    ),
    ("GatedFeedForward.forward", "return", ""): Shown(
        "feed-forward",
        "G⊙H W",
        r"(G \odot H) W_2 + b_2",
        POSITION,
        "linear down",
        "What the units found is written as a change of the stream.",
    ),
    ("Block.step", "stream", ""): Shown(
        "residual stream",
        "X+Δ",
        r"X \leftarrow X + \Delta",
        POSITION,
        "add",
        "The change is added to what was there: nothing is lost on the way, and every layer can read all before it.",
    ),
    ("Encoder.forward", "raised", ""): Shown(
        "last dense layer",
        "σ(XW)",
        r"\sigma(X W + b)",
        POSITION,
        "activated dense",
        "One more layer before the answer, at each position by itself.",
    ),
    ("Decoder.forward", "return", ""): Shown("logits", "L", r"L = U W_U", LOGITS, "linear unembedding", READ_OUT),
    ("Encoder.forward", "return", ""): Shown("logits", "L", r"L = U W_U + b_U", LOGITS, "linear unembedding", READ_OUT),
    ("EncoderDecoder.forward", "return", ""): Shown(
        "logits", "L", r"L = X W_U + b_U", LOGITS, "linear unembedding", READ_OUT
    ),
    ("Vision.forward", "return", ""): Shown(
        "logits", "L", r"L = U_0 W_U + b_U", ("class",), "given", "The class token's stream names the picture."
    ),
    ("probabilities", "cooled", ""): Shown(
        "logits over temperature",
        "L/T",
        r"L / T",
        (),
        "over temperature",
        "A temperature below 1 pulls the logits apart, above 1 together: the likeliest token gains, or the others do.",
    ),
    ("probabilities", "return", ""): Shown(
        "probabilities",
        "p",
        r"p_t = \frac{e^{L_t / T}}{\sum_u e^{L_u / T}}",
        (),
        "softmax",
        "The softmax over the whole vocabulary: how likely each token is to stand here.",
    ),
}


def shown(function: str, name: str, statement: str) -> Shown | None:
    """The stage that an assignment is, if it is one."""
    for (where, variable, piece), stage in STAGES.items():
        if (where, variable) == (function, name) and piece in statement:
            return stage
    return None
