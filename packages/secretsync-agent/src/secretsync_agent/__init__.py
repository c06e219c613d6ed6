"""The agent: templates, token files and commands beside a process, a drop-in for the KMS Agent (agent).

settings     what it is told, as values
arguments    the command line: parse(argv, environ) -> Arguments | None, None after help was shown
config       the file and the environment: load(arguments, environ) -> Settings, or every problem at once
"""
