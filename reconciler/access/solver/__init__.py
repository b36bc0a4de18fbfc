"""Whether access grew or shrank, proved over all requests.

It shares no code with the evaluator that checks its findings.
"""
