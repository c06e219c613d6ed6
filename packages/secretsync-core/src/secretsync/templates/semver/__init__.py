"""Semantic versions and what constrains them, as github.com/Masterminds/semver, which Sprig uses, takes them."""
