"""Lives of agents in virtual time, with a KMS that lends: everything goes wrong that does, and no invariant may break."""
