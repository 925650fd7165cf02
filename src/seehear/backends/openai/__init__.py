"""OpenAI and every server that speaks its protocol: one file for each thing that is done with it."""
