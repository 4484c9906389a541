"""The crash loop: a market under full load is killed again and again, and loses nothing.

`python -m benchmarks.crash --cycles N` opens a market as anybody would, with a
worker and two server processes, and kills with SIGKILL, by chance: a server
process, the worker (which takes its market with it), PostgreSQL, or all at
once. Every request was written to disk before it was sent and every answer when
it came; so after each recovery it can be said what became of each of them.
"""
