"""Whether access grew or shrank, proved over all requests; shares no code with the evaluator that checks it."""
