"""How the weights are made. Offline, in a process of its own; only this needs scikit-learn."""
