"""What a checkpoint is on disk: card, files, catalogue, directions."""
