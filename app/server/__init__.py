"""The web server: the live channel, uploads, static files, and who may ask."""
