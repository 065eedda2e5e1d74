"""Grade a class: intake, sandbox, judge, ledger, feedback, report."""
