"""Sub-commands of `secretsync` that need Kubernetes, found by their entry points.

quickstart   the command line
stage        what is started: a KMS, an API server, the operator
story        what happens on it, told step by step
simulate     the command line
inputs       the manifests that it is given, checked
"""
