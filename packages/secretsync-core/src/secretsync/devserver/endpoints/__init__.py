"""The KMS's endpoints by subject: paths, parameters and bodies (kms-api §1 to §7, §10). No network in here."""
