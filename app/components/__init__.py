"""The live components: ES modules and CSS under `web/`, and the Python that mounts them."""
