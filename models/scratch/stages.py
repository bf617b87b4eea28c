"""The stages of a forward pass: which assignment of the code is which, in words and in a formula.

A key is a function, a variable of it, and a piece of the statement that assigns it. X is the residual stream, Y the
stream that is read (X itself, or what the encoder made), U the stream after a norm.
"""

from dataclasses import dataclass

POSITION = ("position", "dimension")
HEAD = ("head", "position", "dimension")
PAIRS = ("head", "query", "key")


@dataclass(frozen=True)
class Shown:
    """How a stage is called, its formula in LaTeX, and its axes without the batch."""

    name: str
    formula: str
    axes: tuple[str, ...]


ROTATED = r"{0}'_p = R_p {0}_p, \quad \omega_i = \theta^{{-2i/d_{{head}}}}"

STAGES: dict[tuple[str, str, str], Shown] = {
    ("Embedding.forward", "tokens", ""): Shown("tokens", r"t_0, t_1, \dots", ("position",)),
    ("Embedding.forward", "x", "self.tokens("): Shown("embeddings", r"X_p = E_{t_p}", POSITION),
    ("Embedding.forward", "x", "self.scale"): Shown("scaled embeddings", r"X = \sqrt{d_{model}}\, E_t", POSITION),
    ("Embedding.forward", "x", "self.segments("): Shown(
        "embeddings and segments", r"X_p = E_{t_p} + S_{s_p}", POSITION
    ),
    ("Patches.forward", "pictures", ""): Shown("picture", r"I_{c,y,x}", ("channel", "row", "column")),
    ("Patches.forward", "pixels", ""): Shown(
        "pixels of each patch", r"I_p = \mathrm{patch}_p(I)", ("position", "pixel")
    ),
    ("Patches.forward", "patches", ""): Shown("patch embeddings", r"X_p = I_p W + b", POSITION),
    ("Patches.forward", "return", ""): Shown("class token and patches", r"X = [c; X_1; \dots; X_N]", POSITION),
    ("Learned.embed", "return", ""): Shown("with positions", r"X_p \leftarrow X_p + P_p", POSITION),
    ("Sinusoidal.embed", "return", ""): Shown("with positions", r"X_p \leftarrow X_p + PE_p", POSITION),
    ("LayerNorm.forward", "mean", ""): Shown("mean", r"\mu_p = \frac{1}{d} \sum_j X_{p,j}", ("position", "dimension")),
    ("LayerNorm.forward", "variance", ""): Shown(
        "variance", r"\sigma^2_p = \frac{1}{d} \sum_j (X_{p,j} - \mu_p)^2", ("position", "dimension")
    ),
    ("LayerNorm.forward", "normal", ""): Shown(
        "standardised", r"\hat{X}_p = \frac{X_p - \mu_p}{\sqrt{\sigma^2_p + \epsilon}}", POSITION
    ),
    ("LayerNorm.forward", "return", ""): Shown("normalised", r"U = \hat{X} \odot g + b", POSITION),
    ("RMSNorm.forward", "square", ""): Shown(
        "mean square", r"\overline{X^2}_p = \frac{1}{d} \sum_j X_{p,j}^2", ("position", "dimension")
    ),
    ("RMSNorm.forward", "normal", ""): Shown(
        "standardised", r"\hat{X}_p = \frac{X_p}{\sqrt{\overline{X^2}_p + \epsilon}}", POSITION
    ),
    ("RMSNorm.forward", "return", ""): Shown("normalised", r"U = \hat{X} \odot g", POSITION),
    ("MultiHeadAttention.forward", "q", "self.query("): Shown("queries", r"Q_h = U W_{Q,h} + b_{Q,h}", HEAD),
    ("MultiHeadAttention.forward", "k", "self.key("): Shown("keys", r"K_h = Y W_{K,h} + b_{K,h}", HEAD),
    ("MultiHeadAttention.forward", "v", "self.value("): Shown("values", r"V_h = Y W_{V,h} + b_{V,h}", HEAD),
    ("MultiHeadAttention.forward", "q", "position.rotate("): Shown("rotated queries", ROTATED.format("Q"), HEAD),
    ("MultiHeadAttention.forward", "k", "position.rotate("): Shown("rotated keys", ROTATED.format("K"), HEAD),
    ("MultiHeadAttention.forward", "k", "shared("): Shown("shared keys", r"K_h = K_{\lfloor h / g \rfloor}", HEAD),
    ("MultiHeadAttention.forward", "v", "shared("): Shown("shared values", r"V_h = V_{\lfloor h / g \rfloor}", HEAD),
    ("MultiHeadAttention.forward", "bias", ""): Shown("position bias", r"B_{h,i,j} = b_h(j - i)", PAIRS),
    ("attention_weights", "scores", ""): Shown("scores", r"S = Q K^\top", PAIRS),
    ("attention_weights", "scaled", ""): Shown("scaled scores", r"S = \frac{Q K^\top}{\sqrt{d_{head}}}", PAIRS),
    ("attention_weights", "biased", ""): Shown("biased scores", r"S \leftarrow S + B", PAIRS),
    ("attention_weights", "masked", ""): Shown(
        "masked scores", r"S_{i,j} \leftarrow -\infty \; \text{where } i \text{ must not read } j", PAIRS
    ),
    ("attention_weights", "return", ""): Shown(
        "attention weights", r"A_{i,j} = \frac{e^{S_{i,j}}}{\sum_k e^{S_{i,k}}}", PAIRS
    ),
    ("attention", "return", ""): Shown("weighted values", r"O_h = A_h V_h", HEAD),
    ("MultiHeadAttention.forward", "concatenated", ""): Shown(
        "heads side by side", r"O = [O_0; \dots; O_{H-1}]", POSITION
    ),
    ("MultiHeadAttention.forward", "return", ""): Shown("projection", r"O W_O + b_O", POSITION),
    ("FeedForward.forward", "raised", ""): Shown("hidden layer", r"H = U W_1 + b_1", ("position", "hidden")),
    ("FeedForward.forward", "active", ""): Shown("after the activation", r"\sigma(H)", ("position", "hidden")),
    ("FeedForward.forward", "return", ""): Shown("feed-forward", r"\sigma(H) W_2 + b_2", POSITION),
    ("GatedFeedForward.forward", "raised", ""): Shown("hidden layer", r"H = U W_1 + b_1", ("position", "hidden")),
    ("GatedFeedForward.forward", "opened", ""): Shown("gate", r"G = \sigma(U W_G + b_G)", ("position", "hidden")),
    ("GatedFeedForward.forward", "active", ""): Shown("after the gate", r"G \odot H", ("position", "hidden")),
    ("GatedFeedForward.forward", "return", ""): Shown("feed-forward", r"(G \odot H) W_2 + b_2", POSITION),
    ("Block.step", "stream", ""): Shown("residual stream", r"X \leftarrow X + \Delta", POSITION),
    ("Encoder.forward", "raised", ""): Shown("last dense layer", r"\sigma(X W + b)", POSITION),
    ("Decoder.forward", "return", ""): Shown("logits", r"L = U W_U", ("position", "token")),
    ("Encoder.forward", "return", ""): Shown("logits", r"L = U W_U + b_U", ("position", "token")),
    ("EncoderDecoder.forward", "return", ""): Shown("logits", r"L = X W_U + b_U", ("position", "token")),
    ("Vision.forward", "return", ""): Shown("logits", r"L = U_0 W_U + b_U", ("class",)),
    ("probabilities", "cooled", ""): Shown("logits over temperature", r"L / T", ()),
    ("probabilities", "return", ""): Shown("probabilities", r"p_t = \frac{e^{L_t / T}}{\sum_u e^{L_u / T}}", ()),
}


def shown(function: str, name: str, statement: str) -> Shown | None:
    """The stage that an assignment is, if it is one."""
    for (where, variable, piece), stage in STAGES.items():
        if (where, variable) == (function, name) and piece in statement:
            return stage
    return None
