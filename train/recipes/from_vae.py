"""ALI that begins as a VAE: it gives pictures back from the first step, and the game makes them sharp."""

from train.objectives.critics import CriticConfig
from train.objectives.joint import JointConfig
from train.recipe import AdamConfig

# Alone against 3,000 fixed pictures of celeba-vae, a critic like this one (r1 .02) came in 200 steps to a loss of .37,
# from .69; with its pictures shifted and r1 .4 only to .66, so a residual one to .65, those of patches to .65 to .68.
# A model that outruns its critic draws a coloured grain.
RULES = JointConfig(
    relativistic=True,
    critic=CriticConfig(net="conv", width=32, depth=0, minibatch_deviation=True),
    critic_rate=4.0,
    r1=0.1,
    r2=0.1,
    lazy_reg_fraction=0.125,
    picture_cycle=30.0,
    rebuilt=1.0,
    silent=0.03,
)
STEPS = AdamConfig(lr=1e-4, betas=(0.0, 0.99), warm_up=0.0)
