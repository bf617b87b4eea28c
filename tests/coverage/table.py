"""Every architecture that the capture is held to."""

from tests.coverage.decoders import DECODERS
from tests.coverage.detection import DETECTION
from tests.coverage.encoder_decoders import ENCODER_DECODERS
from tests.coverage.hybrids import HYBRIDS, WITHOUT_ATTENTION
from tests.coverage.multimodal import MULTIMODAL
from tests.coverage.speech import SERIES_MODELS, SPEECH
from tests.coverage.text_encoders import TEXT_ENCODERS
from tests.coverage.vision import VISION

ARCHITECTURES = [
    *TEXT_ENCODERS,
    *DECODERS,
    *ENCODER_DECODERS,
    *HYBRIDS,
    *VISION,
    *DETECTION,
    *MULTIMODAL,
    *SPEECH,
    *SERIES_MODELS,
    *WITHOUT_ATTENTION,
]
