"""What stands in for the clouds' own services near a machine, on a listener of its own (kms-api §2.3, §14.2).

aws      the metadata service of EC2 (version 2 only), the credentials service of containers, STS for web identity
azure    the metadata service, and Entra for federated identities
gcp      the metadata service, the token service and the API that signs
server   the listener, and what a program must know to find it
"""
