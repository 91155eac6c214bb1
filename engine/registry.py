"""The families: name → (model, its frozen config)."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from engine.errors import BadValue, UnknownName
from engine.models.ae import Autoencoder, AutoencoderConfig
from engine.models.vae import VAE, VAEConfig

Model = Autoencoder | VAE
Config = AutoencoderConfig | VAEConfig

FAMILIES: dict[str, tuple[type[Any], type[Config]]] = {
    "ae": (Autoencoder, AutoencoderConfig),
    "vae": (VAE, VAEConfig),
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
    _, kind = FAMILIES[family]
    known = {field.name for field in dataclasses.fields(kind)}
    if unknown := sorted(set(fields) - known):
        raise BadValue(f"{family} has no field {', '.join(unknown)}. It has: {', '.join(sorted(known))}.")
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()}
    return kind(**values)
