"""What a person sees: the Streamlit pages, the live components, and the web server that carries them."""
