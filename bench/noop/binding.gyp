{ "targets": [{ "target_name": "noop", "sources": ["noop.c"] }] }
