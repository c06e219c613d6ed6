"""What secrets are read from: one module or folder a store, each an implementation of `ports.Backend`."""
