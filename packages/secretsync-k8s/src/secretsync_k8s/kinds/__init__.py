"""The custom resources: what each means, and nothing about how it is watched, scheduled or written."""
