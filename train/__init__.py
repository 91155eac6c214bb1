"""How a data set becomes a checkpoint: data, objectives, the one loop, recipes, evaluation."""
