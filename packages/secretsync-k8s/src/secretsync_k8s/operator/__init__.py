"""`secretsync-operator`: the kinds, run on a cluster.

main         arguments, signals, exit codes
settings     flags and environment become one frozen value
app          puts the parts together, starts and stops them
objects      the custom resources, between their watch and the engine
reporter     outcomes become status, events and counts
counting     a backend whose requests are counted
install_key  the key of all digests, made once
flags logs metrics   the outer parts
"""
