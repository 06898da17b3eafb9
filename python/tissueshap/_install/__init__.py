"""What tissueshap needs to be installed, what of it is there, and how to install the rest."""
