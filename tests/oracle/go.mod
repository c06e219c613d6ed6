module secretsync/tests/oracle

go 1.26
