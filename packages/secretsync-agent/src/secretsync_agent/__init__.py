"""An empty room: the agent comes later. See the README beside the package."""
