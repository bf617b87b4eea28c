"""Models that read sound, and models that read other series of numbers."""

import torch

from tests.coverage.base import IDS, SIZES, VOCAB, WIDTHS, Inputs, random, row, tokens

WAVE = {
    **IDS,
    **WIDTHS,
    "conv_dim": [8, 8, 8],
    "conv_kernel": [4, 4, 4],
    "conv_stride": [4, 4, 2],
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
}
LAYERS = {
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "d_model": 32,
    "decoder_start_token_id": 2,
}
BINS = 8  # of a spectrogram


def sound(length: int = 512, silent: int = 212) -> Inputs:
    """Two sounds of noise, the second shorter."""
    mask = torch.ones(2, length, dtype=torch.long)
    mask[1, -silent:] = 0
    return {"input_values": torch.randn(2, length, generator=random()) * mask, "attention_mask": mask}


def spectrogram() -> Inputs:
    """A sound as a picture, [sound, time, frequency]."""
    return {"input_values": torch.randn(2, 24, 16, generator=random())}


def frames(name: str = "input_features") -> Inputs:
    """The same with padding."""
    mask = torch.ones(2, 24, dtype=torch.long)
    mask[1, 16:] = 0
    return {name: torch.randn(2, 24, BINS, generator=random()), "attention_mask": mask}


def words() -> Inputs:
    """The first words of what is said."""
    return {"decoder_input_ids": tokens(7, padded=0)["input_ids"]}


def whisper() -> Inputs:
    """Whisper's spectrograms lie on their side, [sound, frequency, time], and are not masked."""
    return words() | {"input_features": torch.randn(2, BINS, 32, generator=random())}


def framed_words() -> Inputs:
    return words() | frames()


def heard_words() -> Inputs:
    return words() | {"input_values": torch.randn(2, 2048, generator=random())}


def spoken() -> Inputs:
    """A text and the beginning of how it sounds."""
    return tokens() | {"decoder_input_values": torch.randn(2, 6, BINS, generator=random())}


def named_sound() -> Inputs:
    return tokens() | {"input_features": torch.randn(2, 1, 32, 16, generator=random())}


def codes() -> Inputs:
    """MusicGen: two rows of codes for each of two pieces."""
    return {"input_ids": tokens(7, padded=0)["input_ids"].repeat(2, 1)}


def series() -> Inputs:
    """A past of ten values, and two before for what lags behind, and a future of four."""
    values, times = torch.randn(2, 16, generator=random()), torch.randn(2, 16, 1, generator=random())
    return {
        "past_values": values[:, :12],
        "past_time_features": times[:, :12],
        "past_observed_mask": torch.ones(2, 12),
        "future_values": values[:, 12:],
        "future_time_features": times[:, 12:],
    }


def channels() -> Inputs:
    """Three series at once."""
    return {"past_values": torch.randn(2, 16, 3, generator=random())}


def game() -> Inputs:
    """Decision transformer: returns still wanted, states and actions, one after the other."""
    generator = random()
    sizes = {"states": 6, "actions": 3, "rewards": 1, "returns_to_go": 1}
    moves = {name: torch.randn(2, 5, size, generator=generator) for name, size in sizes.items()}
    return moves | {"timesteps": torch.arange(5).repeat(2, 1), "attention_mask": torch.ones(2, 5)}


CONFORMER = {"conv_depthwise_kernel_size": 3}
CONFORMER_BERT = {**CONFORMER, "left_max_position_embeddings": 8, "right_max_position_embeddings": 4}
WHISPER = {"num_mel_bins": BINS, "max_source_positions": 16, "max_target_positions": 16}
SPEECH_TO_TEXT = {
    "input_feat_per_channel": BINS,
    "num_conv_layers": 2,
    "conv_kernel_sizes": [3, 3],
    "conv_channels": 16,
    "max_source_positions": 32,
    "max_target_positions": 32,
}
SPEECHT5 = {
    **LAYERS,
    "num_mel_bins": BINS,
    "speech_decoder_prenet_units": 16,
    "speech_decoder_prenet_layers": 2,
    "speech_decoder_postnet_units": 16,
    "speech_decoder_postnet_layers": 2,
    "reduction_factor": 2,
    "speaker_embedding_dim": 4,
}
AST = {**WIDTHS, "patch_size": 8, "frequency_stride": 8, "time_stride": 8, "max_length": 24, "num_mel_bins": 16}
MOONSHINE = {
    **SIZES,
    "encoder_num_hidden_layers": 2,
    "decoder_num_hidden_layers": 2,
    "encoder_num_attention_heads": 4,
    "decoder_num_attention_heads": 4,
    "decoder_start_token_id": 1,
}
CLAP = {
    "text_config": SIZES,
    "audio_config": {
        "spec_size": 32,
        "num_mel_bins": 16,
        "window_size": 4,
        "patch_size": 4,
        "patch_stride": [4, 4],
        "depths": [1, 1],
        "num_attention_heads": [2, 4],
        "hidden_size": 32,
        "patch_embeds_hidden_size": 16,
        "projection_dim": 32,
        "num_classes": 3,
    },
    "projection_dim": 32,
}
MUSICGEN = {**SIZES, "ffn_dim": 64, "num_codebooks": 2, "pad_token_id": VOCAB - 1, "bos_token_id": VOCAB - 1}
VITS = {
    **WIDTHS,
    "vocab_size": VOCAB,
    "ffn_dim": 64,
    "flow_size": 16,
    "spectrogram_bins": 9,
    "prior_encoder_num_flows": 1,
    "prior_encoder_num_wavenet_layers": 1,
    "posterior_encoder_num_wavenet_layers": 1,
    "upsample_initial_channel": 16,
    "upsample_rates": [2, 2],
    "upsample_kernel_sizes": [4, 4],
    "resblock_kernel_sizes": [3],
    "resblock_dilation_sizes": [[1]],
    "duration_predictor_filter_channels": 8,
    "duration_predictor_num_flows": 2,
    "duration_predictor_flow_bins": 4,
    "depth_separable_num_layers": 1,
}
SERIES = {
    **LAYERS,
    "prediction_length": 4,
    "context_length": 10,
    "lags_sequence": [1, 2],
    "num_time_features": 1,
    "input_size": 1,
}
PATCHTST = {
    "context_length": 16,
    "patch_length": 4,
    "patch_stride": 4,
    "num_input_channels": 3,
    "d_model": 32,
    "ffn_dim": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
GAME = {"n_layer": 2, "n_head": 4, "n_positions": 64, "hidden_size": 32, "state_dim": 6, "act_dim": 3, "max_ep_len": 16}

wave = row("speech", WAVE, sound)
heard = row("speech", {**IDS, **LAYERS}, whisper)
other = row("speech", {}, sound)
numbers = row("series", {}, series)

SPEECH = [
    wave("Wav2Vec2", "Wav2Vec2Model"),
    wave("Wav2Vec2-Conformer", "Wav2Vec2ConformerModel", position_embeddings_type="relative", **CONFORMER),
    wave("Wav2Vec2-BERT", "Wav2Vec2BertModel", inputs=frames, feature_projection_input_dim=BINS, **CONFORMER_BERT),
    wave("HuBERT", "HubertModel"),
    wave(
        "WavLM",
        "WavLMModel",
        num_buckets=8,
        max_bucket_distance=32,
        expect="wrong: the average over heads, repeated for every head",
        readings={"*": "averaged"},
    ),
    wave("Data2VecAudio", "Data2VecAudioModel", conv_pos_kernel_size=3, num_conv_pos_embeddings=2),
    wave("UniSpeech", "UniSpeechModel"),
    wave("UniSpeech-SAT", "UniSpeechSatModel"),
    wave("SEW", "SEWModel", squeeze_factor=2),
    wave("SEW-D", "SEWDModel", squeeze_factor=2, position_buckets=8, max_position_embeddings=32),
    wave(
        "SpeechT5",
        "SpeechT5ForTextToSpeech",
        inputs=spoken,
        options={"seeded": True},  # its dropout before the decoder is never off
        **SPEECHT5,
    ),
    heard("Whisper", "WhisperForConditionalGeneration", **WHISPER),
    heard("Speech2Text", "Speech2TextForConditionalGeneration", inputs=framed_words, **SPEECH_TO_TEXT),
    other("AST", "ASTModel", inputs=spectrogram, **AST),
    other("Moonshine", "MoonshineForConditionalGeneration", inputs=heard_words, **MOONSHINE),
    other("CLAP", "ClapModel", inputs=named_sound, expect="of the sound, only the last block of each stage", **CLAP),
    other("MusicGen decoder", "MusicgenForCausalLM", inputs=codes, **MUSICGEN),
    other(
        "VITS",
        "VitsModel",
        inputs=tokens,
        options={"seeded": True, "adds": "the weights times values for relative positions"},
        **VITS,
    ),
]

SERIES_MODELS = [
    numbers("Time series transformer", "TimeSeriesTransformerModel", **SERIES),
    numbers(
        "Informer",
        "InformerModel",
        sampling_factor=2,
        options={"seeded": True},
        expect="only some queries, those whose attention is far from even; keys are halved between layers",
        **SERIES,
    ),
    numbers(
        "Autoformer",
        "AutoformerModel",
        label_length=2,
        moving_average=3,
        autocorrelation_factor=1,
        attention="none",
        expect="correlations by lag, not weights of a softmax",
        readings={"*": "other"},
        **SERIES,
    ),
    numbers("PatchTST", "PatchTSTModel", inputs=channels, expect="[batch * series, head, patch, patch]", **PATCHTST),
    numbers("Decision transformer", "DecisionTransformerModel", inputs=game, **GAME),
]
