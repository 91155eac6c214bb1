"""The families: name → (model, its frozen config)."""

from collections.abc import Mapping
from typing import Any

from engine import schema
from engine.errors import UnknownName
from engine.models.ae import Autoencoder, AutoencoderConfig
from engine.models.ali import ALI, ALIConfig
from engine.models.classifier import Classifier, ClassifierConfig
from engine.models.dcgan import DCGAN, DCGANConfig
from engine.models.gan import GAN, GANConfig
from engine.models.hierarchical_ali import HierarchicalALI, HierarchicalALIConfig
from engine.models.iaf_vae import IAFVAE, IAFVAEConfig
from engine.models.pixel_cnn import PixelCNN, PixelCNNConfig
from engine.models.pixel_rnn import PixelRNN, PixelRNNConfig
from engine.models.pixel_vae import PixelVAE, PixelVAEConfig
from engine.models.progressive_gan import ProgressiveGAN, ProgressiveGANConfig
from engine.models.r3gan import R3GAN, R3GANConfig
from engine.models.vae import VAE, VAEConfig

Model = (
    Autoencoder
    | VAE
    | IAFVAE
    | PixelVAE
    | GAN
    | DCGAN
    | R3GAN
    | ALI
    | HierarchicalALI
    | ProgressiveGAN
    | Classifier
    | PixelCNN
    | PixelRNN
)
Config = (
    AutoencoderConfig
    | VAEConfig
    | IAFVAEConfig
    | PixelVAEConfig
    | GANConfig
    | DCGANConfig
    | R3GANConfig
    | ALIConfig
    | HierarchicalALIConfig
    | ProgressiveGANConfig
    | ClassifierConfig
    | PixelCNNConfig
    | PixelRNNConfig
)

FAMILIES: dict[str, tuple[type[Any], type[Config]]] = {
    "ae": (Autoencoder, AutoencoderConfig),
    "vae": (VAE, VAEConfig),
    "iaf_vae": (IAFVAE, IAFVAEConfig),
    "pixel_vae": (PixelVAE, PixelVAEConfig),
    "gan": (GAN, GANConfig),
    "dcgan": (DCGAN, DCGANConfig),
    "r3gan": (R3GAN, R3GANConfig),
    "ali": (ALI, ALIConfig),
    "hierarchical_ali": (HierarchicalALI, HierarchicalALIConfig),
    "progressive_gan": (ProgressiveGAN, ProgressiveGANConfig),
    "classifier": (Classifier, ClassifierConfig),
    "pixel_cnn": (PixelCNN, PixelCNNConfig),
    "pixel_rnn": (PixelRNN, PixelRNNConfig),
}


def build(config: Config) -> Model:
    """Make the model that a config describes, freshly initialized."""
    model, _ = FAMILIES[family_of(config)]
    built: Model = model(config)
    return built


def family_of(config: Config) -> str:
    """Name the family that a config belongs to."""
    return next(name for name, (_, kind) in FAMILIES.items() if isinstance(config, kind))


def config_from(family: str, fields: Mapping[str, Any]) -> Config:
    """Read a config back from plain JSON values. Raises UnknownName and BadValue."""
    if family not in FAMILIES:
        raise UnknownName("family", family, FAMILIES)
    config: Config = schema.read(fields, FAMILIES[family][1], family)
    return config
