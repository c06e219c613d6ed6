"""The agent: templates, token files and commands beside a process, a drop-in for the KMS Agent (agent).

main         the process: command line, signals, exit codes
arguments    the command line · config document checks logins environment: the file and what surrounds it
settings     all of that, as values
app          puts the parts together on the engine
targets      what is kept right: files made by templates, sinks, the token · rendering functions caution: of templates
identity     how the agent logs in · traffic: its requests
local        what is asked of the machine · dry: files that are only told of
reports      what came of it, in the words of logs · readiness: for others
leases       what few configurations need, and is loaded then · keeping: leases for the next process
commands     what runs after changes · supervisor: the program of `exec` · children deadman: processes, and their end
"""
