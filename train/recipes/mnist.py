"""MNIST: 70,000 handwritten digits, 28×28. Likelihoods are of dynamically binarized pixels."""

from dataclasses import replace

from engine.models.ae import AutoencoderConfig
from engine.models.ali import ALIConfig
from engine.models.dcgan import DCGANConfig
from engine.models.gan import GANConfig
from engine.models.hierarchical_ali import HierarchicalALIConfig
from engine.models.iaf_vae import IAFVAEConfig
from engine.models.pixel_cnn import PixelCNNConfig
from engine.models.pixel_rnn import PixelRNNConfig
from engine.models.pixel_vae import PixelVAEConfig
from engine.models.vae import VAEConfig
from train.objectives.adversarial import AdversarialConfig
from train.objectives.critics import CriticConfig
from train.objectives.elbo import ElboConfig
from train.objectives.joint import JointConfig
from train.objectives.likelihood import LikelihoodConfig
from train.objectives.reconstruction import ReconstructionConfig
from train.recipe import AdamConfig, Recipe

plane = Recipe(
    data="mnist",
    title="Handwritten digits on a plane",
    description="All ten digits share one plane: walk from a 1 to a 7 and watch where they meet.",
    model=VAEConfig(latent=2, width=512, depth=3),
    objective=ElboConfig(),
    pixels="binarized",
    steps=10_000,
)
best = replace(
    plane,
    title="Handwritten digits",
    description="A convolutional VAE, trained for likelihood: digits from thirty-two numbers, softer than real ones.",
    model=VAEConfig(latent=32, net="conv", width=32, depth=1),
    objective=ElboConfig(warm_up=0.05),
    optimizer=AdamConfig(lr=1.5e-3),
    batch=64,
    steps=66_000,  # after 22,000 the ELBO was −90.2 nats, after all −88.1
)
conditional = replace(
    plane,
    title="Handwritten digits by class",
    description="You choose the digit, the latents choose the handwriting: one style, ten digits.",
    model=VAEConfig(latent=10, width=512, depth=3, classes=10),
    objective=ElboConfig(label_dropout=0.0),  # told at times, not at others, it hides the class in z as well
    steps=10_000,
)
autoencoder = Recipe(
    data="mnist",
    title="Handwritten digits, autoencoder",
    description="No prior, only a code: it gives back what it is given, but between the codes lie holes.",
    model=AutoencoderConfig(latent=16, width=512, depth=2),
    objective=ReconstructionConfig(code_penalty=1e-3),
    steps=8_000,
)

# Posteriors that flow

flowing = replace(
    best,  # whose networks it has: mnist-vae is what it would be without a flow
    title="Handwritten digits, with a posterior that flows",
    description="A convolutional VAE that need not believe in a round posterior: a flow bends it to what a digit asks.",
    model=IAFVAEConfig(latent=32, steps=4, flow_width=320, width=32, depth=1),
    # After 66,000 steps: 81.6 nats by IW-1000, where as many without a flow come to 83.4
)
flowing_plane = replace(
    plane,
    title="Handwritten digits on a plane, with a flow",
    description="The plane of mnist-vae-2d by the same networks, whose posteriors may take any shape.",
    model=IAFVAEConfig(latent=2, steps=4, flow_width=128, net="dense", width=512, depth=3),
)

# Decoders that draw pixel by pixel

strokes = replace(
    best,
    title="Handwritten digits, PixelVAE",
    description="Thirty-two numbers say which digit, a small network draws its strokes pixel by pixel: nothing blurs.",
    model=PixelVAEConfig(latent=32, width=32, depth=1, maps=32, pixel_width=32, pixel_depth=2),
    # With neither, and a layer more, the pixels had learnt to do without the latent after 900 steps: 1.4 nats of rate.
    objective=ElboConfig(warm_up=0.3, free_bits=0.4),
    batch=128,
    steps=10_000,
    sheets=10,
)

# Adversarial

# Two fully connected players: without a bound on its slope the critic is sure of itself within 2,000 steps.
rules = AdversarialConfig(critic=CriticConfig(width=512, depth=3), r1=0.2, lazy_reg_fraction=0.25)

game = Recipe(
    data="mnist",
    title="Handwritten digits, GAN",
    description="A generator that learnt to write by fooling a critic: no likelihood anywhere.",
    model=GANConfig(latent=64, width=512, depth=3),
    objective=rules,
    optimizer=AdamConfig(lr=3e-4, betas=(0.5, 0.999), warm_up=0.0),
    batch=64,
    steps=20_000,
)
minimax = replace(
    game,
    title="Handwritten digits, minimax GAN",
    description="The game as first written down: it learns because the slope of its critic is kept small.",
    objective=replace(rules, payoff="minimax"),
)
wasserstein = replace(
    game,
    title="Handwritten digits, Wasserstein GAN",
    description="A critic of bounded slope measures how far made digits are from written ones.",
    objective=AdversarialConfig(
        payoff="wasserstein", critic=CriticConfig(width=512, depth=3), gradient_penalty=10.0, critic_steps=5
    ),
    optimizer=AdamConfig(lr=3e-4, betas=(0.0, 0.9), warm_up=0.0),
    steps=8_000,
)
# The paper's critic has batch norm. Without, and its slope kept small, samples are truer and more various here.
conv_rules = AdversarialConfig(critic=CriticConfig(net="conv", width=32, depth=1), r1=0.05, lazy_reg_fraction=0.125)

# Two layers that bend the latent first: a tenth to a fifth of the Fréchet distance (1.06 → .19, 1.42 → .24), since the
# gaps between digits want a generator that is steep there.
convolutional = replace(
    game,
    title="Handwritten digits, DCGAN",
    description="A convolutional generator: strokes as crisp as written ones.",
    model=DCGANConfig(latent=64, width=64, mapping=2),
    objective=conv_rules,
    optimizer=AdamConfig(lr=5e-4, betas=(0.0, 0.99), warm_up=0.0),
    steps=10_000,
)
least_squares = replace(
    convolutional,
    title="Handwritten digits, least-squares GAN",
    description="The critic scores by squares, so that even a picture it is sure of still pulls.",
    objective=replace(conv_rules, payoff="least-squares"),
)
by_class = replace(
    convolutional,
    title="Handwritten digits by class, GAN",
    description="You choose the digit, the latent chooses the hand: a GAN that is told the class.",
    model=DCGANConfig(latent=32, width=64, classes=10),
)
# By pairs of a made and a written picture, slopes small on both (R3GAN), all thousand appear; before, one colour stayed
# blobs.
stacked = replace(
    convolutional,
    data="stacked-mnist",
    title="Three digits in one picture, DCGAN",
    description="A digit in red, one in green, one in blue: a thousand modes to find, and to count.",
    model=DCGANConfig(shape=(3, 28, 28), latent=64, width=64),
    objective=replace(
        conv_rules,
        critic=replace(conv_rules.critic, width=64),
        relativistic=True,
        r1=0.2,
        r2=0.2,
        lazy_reg_fraction=0.25,
    ),
)
pairs = ALIConfig(latent=64, width=32, depth=1)
# What ties a picture to its reconstruction keeps its class: that of 27 % of held-out digits without it (after 1,500
# steps), of 68 % by a weight of 5, of 96 % by 100. Few steps, too: the better the codes fill the prior, the more often
# a code's nearest neighbour is of another class (2.6 % after 2,500 steps; 7 % after 12,000 by a weight of 5).
by_pairs = JointConfig(critic=conv_rules.critic, r1=0.05, lazy_reg_fraction=0.125, picture_cycle=100.0)
inference = replace(
    game,
    title="Handwritten digits, ALI",
    description="A generator and an encoder, taught by a critic of pairs: digits in, digits out.",
    model=pairs,
    objective=by_pairs,
    optimizer=AdamConfig(lr=5e-4, betas=(0.0, 0.99), warm_up=0.0),
    steps=2_500,
)
# A seventh of the Fréchet distance (6.4 → .88), for one in a hundred neighbours. The encoder reads through noise: like
# digits then have near codes.
mapped = replace(
    inference,
    title="Handwritten digits, ALI with a mapping",
    description="Two layers bend the latent before it is drawn: truer digits than mnist-ali's, codes a little less so.",
    model=replace(pairs, mapping=2),
    objective=replace(by_pairs, picture_cycle=20.0, encoder_noise=0.3),
    steps=4_000,
)
bidirectional = replace(
    mapped,
    title="Handwritten digits, BiGAN",
    description="ALI with an encoder that is a function: one latent a digit, and no doubt about it.",
    model=replace(pairs, mapping=2, stochastic=False),
)
hierarchical = replace(
    inference,
    title="Handwritten digits, hierarchical ALI",
    description="Two levels of latents: the upper says, mostly, what is written, the lower adds how.",
    model=HierarchicalALIConfig(latent=40, z2_dim=8, width=32, depth=1),
    objective=replace(by_pairs, picture_cycle=5.0, latent_cycle=0.1),
    steps=12_000,
)

# Pixel by pixel: each layer sees a row further up. Ten, by a net that could not tell where on the sheet it was, drew
# the lower half of a digit with the upper one out of view, and strokes below it: 87.2 nats on a thousand test digits.
# Four more, and a bias for every place: 81.8 on all of them 33,000 steps later, gated 81.0 after 9,300, and 77.7 given
# the class after 8,000 more.

pixels = Recipe(
    data="mnist",
    title="Handwritten digits, pixel by pixel",
    description="Every pixel is drawn from what lies above it and to its left: no latent, and an exact likelihood.",
    model=PixelCNNConfig(width=64, depth=14, gated=False, position_bias_layers=14),
    objective=LikelihoodConfig(),
    pixels="binarized",
    optimizer=AdamConfig(lr=1e-3, clip=100.0),
    batch=16,
    steps=200_000,
    sheets=8,
)
pixels_gated = replace(
    pixels,
    title="Handwritten digits, pixel by pixel, gated",
    description="Two stacks, one for the rows above and one for the row: nothing that came before is overlooked.",
    model=PixelCNNConfig(width=64, depth=14, position_bias_layers=2),
)
pixels_by_class = replace(
    pixels_gated,
    title="Handwritten digits by class, pixel by pixel",
    description="You choose the digit, the pixels follow; and of a given digit it tells which class explains it best.",
    model=PixelCNNConfig(width=64, depth=14, classes=10, position_bias_layers=2),
)
# Small batches pay: 4,900 of 16 pictures took it from the 84.8 nats that batches of 128 had led to, to 80.8.
pixels_recurrent = replace(
    pixels,
    title="Handwritten digits, pixel by pixel, recurrent",
    description="A memory sweeps in from both upper corners: each pixel is drawn from all the strokes before it.",
    model=PixelRNNConfig(width=64, depth=2),
    steps=60_000,
)

RECIPES = {
    "mnist-vae-2d": plane,
    "mnist-vae": best,
    "mnist-cvae": conditional,
    "mnist-ae": autoencoder,
    "mnist-iaf-vae": flowing,
    "mnist-iaf-vae-2d": flowing_plane,
    "mnist-pixelvae": strokes,
    "mnist-gan": game,
    "mnist-gan-minimax": minimax,
    "mnist-lsgan": least_squares,
    "mnist-wgan-gp": wasserstein,
    "mnist-dcgan": convolutional,
    "mnist-cgan": by_class,
    "stacked-mnist-dcgan": stacked,
    "mnist-ali": inference,
    "mnist-ali-mapped": mapped,
    "mnist-bigan": bidirectional,
    "mnist-hali": hierarchical,
    "mnist-pixelcnn": pixels,
    "mnist-pixelcnn-gated": pixels_gated,
    "mnist-pixelcnn-conditional": pixels_by_class,
    "mnist-pixelrnn": pixels_recurrent,
}
