"""What can be said about pictures and models: densities, outliers, neighbours, receptive fields."""
