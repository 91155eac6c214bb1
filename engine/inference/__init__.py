"""A model at work on one device: requests become batches, batches become pictures."""
