"""Names and shapes of the tensors that travel through the signatures."""

from jaxtyping import Bool, Float, Int
from torch import Tensor

Images = Float[Tensor, "batch channel height width"]  # float32 in [0, 1]
Maps = Float[Tensor, "batch maps height width"]  # what a decoder gives: the parameters of p(x|z)
Masks = Bool[Tensor, "batch 1 height width"]  # true where a pixel is hidden
Probs = Float[Tensor, "batch channel height width levels"]  # of every level of a value; they sum to one
Latents = Float[Tensor, "batch latent"]  # always flat
Context = Float[Tensor, "batch context"]  # what else a flow sees
Labels = Int[Tensor, "batch"]
PerImage = Float[Tensor, "batch"]  # one number a picture, in nats unless said otherwise
